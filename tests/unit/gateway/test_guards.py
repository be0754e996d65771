"""What every route and form stands behind: declared access, form tokens, origins, safe targets, limits, cookies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import Request

from gateway.access import (
    BEFORE_PROOF,
    SecondFactorNeeded,
    check_all_declared,
    holds,
)
from gateway.guards import page_routes
from gateway.lookups import LookupLimits, TooManyLookups
from gateway.problems import FormExpired, WrongOrigin
from gateway.proofs import Proof, ProofExpired, Proofs
from gateway.settings import GatewaySettings
from gateway.viewers import check_form_token, check_origin, form_token
from gateway.web.people import safe_target
from kit import auth, clock
from kit.errors import PermissionDenied, Unauthenticated

KEY = "a key of the tests, long enough to be one"


def settings(**overrides: Any) -> GatewaySettings:
    values: dict[str, Any] = {
        "mode": "test",
        "subject_key": KEY,
        "grpc_addresses": "127.0.0.1:1",
        **overrides,
    }
    return GatewaySettings(**values)


def test_a_route_without_declared_access_stops_the_start() -> None:
    """Forgetting is safe: the process does not come up."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    page_routes().add_to(app)
    app.add_api_route("/forgotten", lambda: None)
    with pytest.raises(LookupError, match="GET /forgotten"):
        check_all_declared(app)


def test_a_permission_admits_only_who_holds_it() -> None:
    """A visitor has to sign in; a person without the permission is refused."""

    class Somebody:
        is_proved = True

        def __init__(self, signed_in: bool, *held: str) -> None:
            self.is_signed_in, self._held = signed_in, held

        def may(self, permission: str) -> bool:
            return permission in self._held

    access = holds("invoices.read")
    access.admit(Somebody(True, "invoices.read"))
    with pytest.raises(Unauthenticated):
        access.admit(Somebody(False))
    with pytest.raises(PermissionDenied):
        access.admit(Somebody(True, "credits.read"))
    unproved = Somebody(True, "invoices.read")
    unproved.is_proved = False
    with pytest.raises(SecondFactorNeeded):
        access.admit(unproved)
    BEFORE_PROOF.admit(unproved)


def test_form_tokens_belong_to_one_session() -> None:
    """A token is good for its session again and again, differs each time, and is good for no other."""
    first, second = form_token("session a"), form_token("session a")
    assert first != second
    check_form_token("session a", first)
    check_form_token("session a", second)
    for key, token in (("session b", first), ("session a", ""), ("session a", "x.y"), ("", form_token(""))):
        with pytest.raises(FormExpired):
            check_form_token(key, token)


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"origin": "https://xoai.example", "host": "x"},
        {"origin": "http://10.0.0.1:8080", "host": "10.0.0.1:8080"},
    ],
)
def test_our_own_pages_may_send(headers: dict[str, str]) -> None:
    check_origin(request(**headers), "https://xoai.example")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "origin": "https://xoai.example"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "https://evil.example", "host": "xoai.example"},
        {"origin": "null", "host": "xoai.example"},
        {},
        {"origin": "", "host": ""},
    ],
)
def test_other_sites_may_not(headers: dict[str, str]) -> None:
    """Neither another site nor a request that says nothing of where it comes from."""
    with pytest.raises(WrongOrigin):
        check_origin(request(**headers), "https://xoai.example")


@pytest.mark.parametrize(
    "path", ["/truong", "/truong/dot-thu/1", "/doi-soat?view=all", "/tai-khoan", "/p/XD7K4M9QRT3HP"]
)
def test_logins_lead_on_to_our_pages(path: str) -> None:
    assert safe_target(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "truong",
        "/truongx",
        "/dang-xuat",
        "",
        "javascript:alert(1)",
        "/truong\r\nX: y",
    ],
)
def test_logins_lead_nowhere_else(path: str) -> None:
    assert safe_target(path) == ""


def test_misses_are_limited_by_device_and_bill() -> None:
    """Five misses a minute; then even a right code waits. Others at the same address go on. A bill bears twenty a day."""
    limits = LookupLimits()
    for _ in range(5):
        limits.check("10.0.0.1", "a")
        limits.miss("10.0.0.1", "a")
    assert limits.left("10.0.0.1", "a") == 0
    with pytest.raises(TooManyLookups):
        limits.check("10.0.0.1", "a")
    limits.check("10.0.0.1", "b")
    limits.check("10.0.0.2", "a")
    for device in range(20):
        limits.miss("10.0.1.1", f"device {device}", "XD7K4M9QRT3HP")
    with pytest.raises(TooManyLookups):
        limits.check("10.0.1.2", "fresh", "XD7K4M9QRT3HP")
    limits.check("10.0.1.2", "fresh", "XDOTHER")


def test_an_address_with_ever_new_devices_is_limited_too() -> None:
    """Throwing the cookie away helps for a minute at most."""
    limits = LookupLimits()
    for device in range(60):
        limits.miss("10.0.0.9", f"device {device}")
    with pytest.raises(TooManyLookups):
        limits.check("10.0.0.9", "one more")


def test_proofs_open_only_their_bill_and_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an hour, one bill, one gateway's key; the proof itself cannot be read from outside."""
    proofs, proof = Proofs(KEY), Proof("second_fact", "2018-03-27")
    sealed = proofs.seal("XDA", proof)
    assert proofs.open("XDA", sealed) == proof
    assert "2018" not in sealed
    for reference, text in (("XDB", sealed), ("XDA", sealed[:-4] + "AAAA"), ("XDA", ""), ("XDA", "é")):
        with pytest.raises(ProofExpired):
            proofs.open(reference, text)
    with pytest.raises(ProofExpired):
        Proofs(KEY + "!").open("XDA", sealed)
    late = clock.now()
    monkeypatch.setattr(clock, "now", lambda: late.replace(year=late.year + 1))
    with pytest.raises(ProofExpired):
        proofs.open("XDA", sealed)


def test_production_needs_https(tmp_path: Path) -> None:
    """Without TLS a session cookie would travel in the clear: the process does not start."""
    with pytest.raises(ValidationError, match="https"):
        settings(mode="production", public_url="http://xoai.example")
    assert settings(mode="production", public_url="https://xoai.example").secure_cookies
    assert not settings(public_url="http://127.0.0.1:8080").secure_cookies


def test_visitors_are_nobody() -> None:
    """A visitor's subject holds no permission at all."""
    assert not auth.public().may("invoices.read")
