"""Role × route × method: who is kept out of what, generated from the route table and the roles themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.access import PUBLIC, STALL_DEVICE, Access, declared_access
from gateway.app import create_app
from services.directory.roles import API_KEY_PERMISSIONS, PERMISSIONS, Role
from tests.support.fake_directory import PASSWORD
from tests.support.fake_platform import FakePlatform
from tests.support.gateway import settings_for
from tests.support.stall_phone import pair

_PARAMETER = re.compile(r"\{[^}]+\}")
Table = dict[tuple[str, str], Access]


@pytest.fixture(scope="module")
def table(platform: FakePlatform, tmp_path_factory: pytest.TempPathFactory) -> Table:
    app = create_app(settings_for(platform, tmp_path_factory.mktemp("routes")))
    return declared_access(app)


@pytest.fixture
def signed_in(platform: FakePlatform, address: str) -> Iterator[httpx.Client]:
    """A person whose permissions a test sets."""
    kept = platform.permissions
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        form = client.get("/dang-nhap").text
        token = re.search(r'name="form_token" value="([^"]+)"', form)
        assert token is not None
        client.post(
            "/dang-nhap",
            data={"login": "lan.chi@hoamai.example", "password": PASSWORD, "form_token": token[1]},
        )
        yield client
    platform.permissions = kept


def place(path: str) -> str:
    """An address of a route; what the parameters name need not exist, the guard comes first."""
    return _PARAMETER.sub("x1", path)


def test_visitors_are_kept_out(table: Table, address: str) -> None:
    """Without a session each closed route says so (or leads to the login page), whatever the method."""
    with httpx.Client(base_url=address, headers={"Origin": address}) as visitor:
        for (method, path), access in table.items():
            if access == PUBLIC:
                continue
            answer = visitor.request(method, place(path))
            if method == "GET" and not path.startswith("/v1"):
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/dang-nhap"), (method, path)
            else:
                assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_kept_out_of_what_it_may_not(
    role: Role, table: Table, platform: FakePlatform, signed_in: httpx.Client
) -> None:
    """A route whose permission the role lacks is refused, before anything is looked up."""
    platform.permissions = PERMISSIONS[role]
    refused = [
        (method, path)
        for (method, path), access in table.items()
        if access.permission and access.permission not in PERMISSIONS[role]
    ]
    for method, path in refused:
        answer = signed_in.request(method, place(path))
        assert answer.status_code == 403, (role, method, path)


@pytest.fixture
def phone(platform: FakePlatform, address: str) -> Iterator[httpx.Client]:
    """A stall's paired phone."""
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        pair(client, platform.stalls.open_pairing(platform.stalls.add_stall()))
        yield client


def test_people_do_not_pass_for_phones(table: Table, platform: FakePlatform, signed_in: httpx.Client) -> None:
    """No role, nor all of them together, comes to what a stall's phone does."""
    platform.permissions = frozenset().union(*PERMISSIONS.values())
    phones = [key for key, access in table.items() if access == STALL_DEVICE]
    assert len(phones) > 10
    for method, path in phones:
        answer = signed_in.request(method, place(path))
        assert (answer.status_code, answer.json()["reason"]) == (401, "PHONE_NOT_PAIRED"), (method, path)


def test_a_phone_comes_to_nothing_else(table: Table, phone: httpx.Client) -> None:
    """A paired phone is a visitor wherever phones are not meant, whatever the method."""
    for (method, path), access in table.items():
        if access in (PUBLIC, STALL_DEVICE):
            continue
        answer = phone.request(method, place(path))
        assert answer.status_code == (303 if method == "GET" and not path.startswith("/v1") else 401), path


def test_what_a_phone_sends_needs_its_screen(table: Table, phone: httpx.Client) -> None:
    """Without the token of its screen, or from another site, a paired phone changes nothing."""
    for (method, path), access in table.items():
        if method == "GET" or access != STALL_DEVICE:
            continue
        assert phone.request(method, place(path)).status_code == 403, path
        foreign = phone.request(method, place(path), headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403, path


def test_unsafe_methods_need_a_form_of_ours(
    table: Table, platform: FakePlatform, signed_in: httpx.Client
) -> None:
    """With every permission there is, a POST without the form's token, or from another site, changes nothing."""
    platform.permissions = frozenset().union(*PERMISSIONS.values())
    for (method, path), access in table.items():
        # Senders that prove themselves by what they send: no cookie opens these.
        proves_itself = path.startswith(("/v1/callbacks/", "/v1/oauth/"))
        if method == "GET" or proves_itself or access == STALL_DEVICE:
            continue
        answer = signed_in.request(method, place(path), headers={"Accept-Language": "en"})
        assert answer.status_code == 403, (method, path, access)
        foreign = signed_in.request(method, place(path), headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403, (method, path)


def test_roles_ask_for_permissions_that_exist(table: Table) -> None:
    """A route never asks for a permission that nobody can have: nobody could come in, and nobody would notice."""
    known = API_KEY_PERMISSIONS.union(*PERMISSIONS.values())
    assert {access.permission for access in table.values()} - {""} <= known


def test_public_routes_are_these(table: Table) -> None:
    """A new route that anybody may use is a decision: it is written down here."""
    public = {f"{method} {path}" for (method, path), access in table.items() if access == PUBLIC}
    listed = set((Path(__file__).parent / "public_routes.txt").read_text().split("\n")) - {""}
    assert public == listed
