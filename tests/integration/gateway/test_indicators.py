"""The operation centre's feed over HTTP: OAuth2 client credentials, catching up, hidden figures."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kit import auth, clock, ids
from services.pilots.domain.definitions import DEFINITIONS
from tests.support.fake_access import SUBJECT_KEY
from tests.support.fake_directory import API_KEY
from tests.support.fake_platform import FakePlatform

CLIENT_ID = ids.external("key", uuid.UUID(int=8))
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def _may_read(platform: FakePlatform) -> Iterator[None]:
    """The key has the permission; the clock stands where it was afterwards."""
    before = platform.permissions
    platform.permissions = before | {"indicators.read"}
    yield
    platform.permissions = before
    clock.set_offset(timedelta())


@pytest.fixture
def system(address: str) -> Iterator[httpx.Client]:
    """A system: no cookies, no origin."""
    with httpx.Client(base_url=address) as started:
        yield started


def basic(name: str = CLIENT_ID, secret: str = API_KEY) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def access_token(system: httpx.Client) -> str:
    answer = system.post("/v1/oauth/token", data=GRANT, headers=basic())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def test_a_token_by_basic_or_form_opens_the_feed(system: httpx.Client) -> None:
    """RFC 6749: the secret by HTTP Basic or in the form; the answer is not to be stored."""
    by_basic = system.post("/v1/oauth/token", data={**GRANT, "scope": "indicators.read"}, headers=basic())
    by_form = system.post("/v1/oauth/token", data={**GRANT, "client_id": CLIENT_ID, "client_secret": API_KEY})
    for answer in (by_basic, by_form):
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"
        body = answer.json()
        assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 600, "indicators.read")
        feed = system.get("/v1/indicators", headers={"Authorization": f"Bearer {body['access_token']}"})
        assert feed.status_code == 200, feed.text


@pytest.mark.parametrize(
    ("form", "headers", "status", "code"),
    [
        ({}, basic(), 400, "invalid_request"),
        ({"grant_type": "password"}, basic(), 400, "unsupported_grant_type"),
        ({**GRANT, "scope": "invoices.read"}, basic(), 400, "invalid_scope"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT, basic(secret="xoai_guessed"), 401, "invalid_client"),
        (GRANT, basic(name=ids.external("key", uuid.UUID(int=9))), 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic ###"}, 401, "invalid_client"),
        (GRANT, {"Authorization": f"Bearer {API_KEY}"}, 401, "invalid_client"),
        ({**GRANT, "client_id": CLIENT_ID, "client_secret": API_KEY}, basic(), 400, "invalid_request"),
        ({**GRANT, "client_id": "other"}, basic(), 400, "invalid_request"),
    ],
)
def test_errors_are_those_of_the_rfc(
    system: httpx.Client, form: dict[str, str], headers: dict[str, str], status: int, code: str
) -> None:
    """Section 5.2: the code in the body, 401 with a challenge for a client that tried HTTP Basic."""
    answer = system.post("/v1/oauth/token", data=form, headers=headers)
    if not form:
        answer = system.post(
            "/v1/oauth/token",
            content="",
            headers={**headers, "Content-Type": "application/x-www-form-urlencoded"},
        )
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) is (status == 401 and "Authorization" in headers)


def test_a_repeated_parameter_or_another_form_is_refused(system: httpx.Client) -> None:
    """Parameters stand once, in the form's own encoding."""
    twice = system.post(
        "/v1/oauth/token",
        content="grant_type=client_credentials&grant_type=client_credentials",
        headers={**basic(), "Content-Type": "application/x-www-form-urlencoded"},
    )
    as_json = system.post("/v1/oauth/token", json=GRANT, headers=basic())
    for answer in (twice, as_json):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_key_without_the_permission_gets_no_token(platform: FakePlatform, system: httpx.Client) -> None:
    """The key must have been given the feed."""
    platform.permissions = frozenset({"invoices.read"})
    answer = system.post("/v1/oauth/token", data=GRANT, headers=basic())
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_a_token_is_for_the_feed_alone_and_for_ten_minutes(system: httpx.Client) -> None:
    """What the key may do besides the token may not; it is no subject token; once it is over it opens nothing."""
    token = access_token(system)
    headers = {"Authorization": f"Bearer {token}"}
    assert system.get("/v1/invoices", headers=headers).status_code == 403
    with pytest.raises(auth.Unauthenticated):
        auth.verify(token.removeprefix("at_"), SUBJECT_KEY)
    forged = auth.sign(
        auth.Subject(auth.Kind.API_KEY, "x", "", {"*": frozenset({"indicators.read"})}), SUBJECT_KEY
    )
    assert system.get("/v1/indicators", headers={"Authorization": f"Bearer at_{forged}"}).status_code == 401
    clock.set_offset(timedelta(seconds=601))
    over = system.get("/v1/indicators", headers=headers)
    assert (over.status_code, over.headers["content-type"]) == (401, "application/problem+json")
    assert over.headers["www-authenticate"] == "Bearer"


def test_a_consumer_that_was_away_catches_up(system: httpx.Client) -> None:
    """It asks for what came after its last one until there is no more; a hidden figure is null and not 0."""
    headers = {"Authorization": f"Bearer {access_token(system)}"}
    got: list[dict[str, Any]] = []
    while True:
        after = got[-1]["sequence"] if got else 0
        page = system.get("/v1/indicators", params={"after": after, "page_size": 1}, headers=headers).json()
        got += page["indicators"]
        if got[-1]["sequence"] == page["last_sequence"]:
            break
    assert [each["sequence"] for each in got] == [3, 6, 9]
    assert [each["value"] for each in got] == [1_000_000, None, 3_000_000]
    assert (got[0]["period_from"], got[0]["unit"], got[0]["complete"]) == ("2026-11-16", "dong", True)


@pytest.mark.parametrize("query", ["after=-1", "after=x", "page_size=501", "after=99999999999999999999"])
def test_wrong_questions_name_the_field(system: httpx.Client, query: str) -> None:
    """A problem document says which parameter is wrong."""
    answer = system.get(
        f"/v1/indicators?{query}", headers={"Authorization": f"Bearer {access_token(system)}"}
    )
    assert answer.status_code == 400
    assert answer.json()["violations"][0]["field"] == query.partition("=")[0]


def test_definitions_are_open_to_everybody(system: httpx.Client) -> None:
    """The table of definitions needs no key."""
    found = system.get("/v1/indicators/definitions").json()["definitions"]
    assert [each["name"] for each in found] == [each.name for each in DEFINITIONS]
    assert system.get("/v1/indicators").status_code == 401
