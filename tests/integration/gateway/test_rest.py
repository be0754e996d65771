"""The REST API over HTTP: keys, ids, strict bodies, idempotency, problems, events."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from kit import ids
from tests.support.fake_bills import ACCOUNT, OTHER_SCHOOL, SCHOOL
from tests.support.fake_directory import API_KEY, PASSWORD
from tests.support.fake_platform import FakePlatform
from xoai.pilots.v1 import trust_service_pb2 as trust_pb

ORGANISATION = ids.external("org", uuid.UUID(SCHOOL))


@pytest.fixture
def api(address: str) -> Iterator[httpx.Client]:
    """The school's own software."""
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {API_KEY}"}) as started:
        yield started


def draft(**overrides: Any) -> dict[str, Any]:
    """One invoice to be issued."""
    return {
        "source_id": "HD-1",
        "account_id": ids.external("acc", uuid.UUID(ACCOUNT)),
        "title": "Học phí tháng 11",
        "payer_name": "Trần Gia Khang",
        "due_date": "2026-11-30",
        "lines": [{"title": "Học phí", "amount": 120_000, "ledger_class": "hoc_phi"}],
        **overrides,
    }


def issue(api: httpx.Client, *drafts: dict[str, Any], key: str | None = "k-1", **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return api.post(
        "/v1/invoices",
        json={"organisation_id": ORGANISATION, "invoices": list(drafts), **more},
        headers=headers,
    )


def test_issue_read_and_void(platform: FakePlatform, api: httpx.Client) -> None:
    """The snapshot of the account is filled in; the key reaches the service; ids outside have their prefix."""
    answer = issue(api, draft())
    assert answer.status_code == 200, answer.text
    outcome = answer.json()["outcomes"][0]
    assert outcome["outcome"] == "issued"
    sent = next(request for name, request in reversed(platform.requests) if name == "IssueInvoices")
    assert (sent.request_id, sent.source_service, sent.drafts[0].bin) == ("k-1", "api", "970436")
    invoice = api.get(f"/v1/invoices/{outcome['id']}").json()
    assert invoice["state"] == "open"
    assert invoice["amount_due"] == 120_000
    assert invoice["pay_url"].endswith(f"/p/{outcome['reference']}")
    assert api.get(f"/v1/invoices/{outcome['reference']}").json() == invoice
    void = api.post(
        f"/v1/invoices/{outcome['id']}:void", json={"reason": "Nhầm lớp"}, headers={"Idempotency-Key": "k-2"}
    )
    assert void.json()["state"] == "void"


def test_lists_pass_their_filters(platform: FakePlatform, api: httpx.Client) -> None:
    answer = api.get("/v1/invoices", params={"state": ["open", "paid"], "search": "hân", "page_size": 10})
    assert answer.status_code == 200
    sent = next(request for name, request in reversed(platform.requests) if name == "ListInvoices")
    assert (list(sent.states), sent.search, sent.page_size) == ([1, 3], "hân", 10)


def test_another_tenants_invoice_does_not_exist(platform: FakePlatform, api: httpx.Client) -> None:
    """A foreign id is not found, by id and by reference."""
    bill = platform.add_bill(organisation_id=OTHER_SCHOOL)
    outside = ids.external("inv", uuid.UUID(bill.id))
    for path in (f"/v1/invoices/{outside}", f"/v1/invoices/{bill.reference}"):
        assert api.get(path).status_code == 404
    void = api.post(f"/v1/invoices/{outside}:void", json={"reason": "x"}, headers={"Idempotency-Key": "k"})
    assert void.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (draft(surprise=1), "invoices.0.surprise"),
        (draft(lines=[{"title": "x", "amount": 1.5}]), "invoices.0.lines.0.amount"),
        (draft(lines=[{"title": "x", "amount": "1000"}]), "invoices.0.lines.0.amount"),
        (draft(lines=[{"title": "x", "amount": True}]), "invoices.0.lines.0.amount"),
        (draft(lines=[{"title": "x", "amount": 10**16}]), "invoices.0.lines.0.amount"),
        (draft(lines=[]), "invoices.0.lines"),
        (draft(due_date="31/02/2026"), "invoices.0.due_date"),
        (draft(source_id=""), "invoices.0.source_id"),
        (draft(account_id="acc_00000000000000000000000099"), "invoices.0.account_id"),
    ],
)
def test_bodies_are_strict(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    """No field that is not listed, no amount that is not a whole number of đồng, no account of somebody else."""
    answer = issue(api, body)
    assert answer.status_code == 400
    assert [item["field"] for item in answer.json()["violations"]] == [field]


def test_creating_needs_a_key(api: httpx.Client) -> None:
    answer = issue(api, draft(), key=None)
    assert (answer.status_code, answer.json()["reason"]) == (400, "IDEMPOTENCY_KEY_MISSING")


def test_problems_are_said_in_both_languages(api: httpx.Client) -> None:
    """RFC 9457, with the reason for programs and the trace for us."""
    answer = api.get("/v1/invoices/inv_nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["reason"] == "BAD_ID"
    assert problem["type"].endswith("/errors/BAD_ID")
    assert problem["status"] == answer.status_code == 400
    assert "không đúng dạng" in problem["detail"]
    assert "does not have the form" in problem["detail_en"]
    assert problem["instance"] == f"urn:trace:{answer.headers['x-trace-id']}"
    english = api.get("/v1/invoices/inv_nothing", headers={"Accept-Language": "en"}).json()
    assert english["detail"] == english["detail_en"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic eDp5"}, 401),
        ({"Authorization": "Bearer"}, 401),
    ],
)
def test_without_a_good_key_nothing_is_told(address: str, headers: dict[str, str], status: int) -> None:
    answer = httpx.get(f"{address}/v1/invoices", headers=headers)
    assert answer.status_code == status
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_permission_that_is_not_held_is_refused(api: httpx.Client) -> None:
    assert api.get("/v1/credits").status_code == 403
    undo = api.post("/v1/payments/pay_x:undo", json={"reason": "x"}, headers={"Idempotency-Key": "k"})
    assert undo.status_code == 403


def test_unknown_paths_and_methods_are_problems(api: httpx.Client) -> None:
    assert api.get("/v1/nothing").json()["reason"] == "NOT_FOUND"
    wrong = api.delete("/v1/invoices")
    assert (wrong.status_code, wrong.json()["reason"]) == (405, "METHOD_NOT_ALLOWED")
    broken = api.post(
        "/v1/invoices", content=b"{", headers={"Idempotency-Key": "k", "Content-Type": "application/json"}
    )
    assert (broken.status_code, broken.json()["reason"]) == (400, "INVALID_ARGUMENT")


def test_a_session_needs_the_form_token_for_changes(platform: FakePlatform, address: str) -> None:
    """A person's cookie alone moves nothing: another site could send it."""
    bill = platform.add_bill()
    path = f"/v1/invoices/{ids.external('inv', uuid.UUID(bill.id))}:void"
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        page = client.get("/dang-nhap").text
        token = page.split('name="form_token" value="')[1].split('"')[0]
        client.post(
            "/dang-nhap", data={"form_token": token, "login": "lan.chi@hoamai.example", "password": PASSWORD}
        )
        assert client.get("/v1/invoices").status_code == 200
        send: dict[str, Any] = {"json": {"reason": "Nhầm"}, "headers": {"Idempotency-Key": "k"}}
        assert client.post(path, **send).status_code == 403
        own = client.get("/tai-khoan").text.split('name="form_token" value="')[1].split('"')[0]
        send["headers"] = {"Idempotency-Key": "k", "X-CSRF-Token": own}
        assert client.post(path, **send).json()["state"] == "void"


def test_the_description_is_openapi_and_names_permissions(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operation = document["paths"]["/v1/invoices"]["post"]
    assert operation["x-access"] == "invoices.issue"
    assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert not any(path.startswith(("/p", "/static")) for path in document["paths"])


def events(lines: Iterator[str], count: int) -> list[dict[str, Any]]:
    """The next events of a stream."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found


def test_events_tell_the_present_and_what_follows(platform: FakePlatform, client: httpx.Client) -> None:
    """A new screen is told the state now; after a gap only what is newer; nothing personal is in it."""
    bill = platform.add_bill()
    with client.stream(
        "GET", "/v1/events", params={"channel": f"invoice:{bill.reference}"}, timeout=10
    ) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        first = events(lines, 1)[0]
        assert (first["sequence"], first["data"]["state"]) == (1, "open")
        platform.pay(bill, 936_000)
        assert events(lines, 1)[0]["sequence"] == 2
    platform.change(bill, announce=False)
    resumed = {
        "params": {"channel": f"invoice:{bill.reference}"},
        "headers": {"Last-Event-ID": "2"},
        "timeout": 10,
    }
    with client.stream("GET", "/v1/events", **resumed) as stream:
        later = events(stream.iter_lines(), 1)[0]
        assert (later["sequence"], later["data"]) == (
            3,
            {"state": "paid", "amount_due": 936_000, "amount_paid": 936_000},
        )


def test_unknown_channels_are_refused(client: httpx.Client) -> None:
    assert client.get("/v1/events", params={"channel": "stall:1"}).json()["reason"] == "UNKNOWN_CHANNEL"
    assert client.get("/v1/events", params={"channel": "batch:1"}).json()["reason"] == "BAD_ID"
    assert client.get("/v1/events", params={"channel": "invoice:XD2"}).json()["reason"] == "BILL_NOT_FOUND"


def test_a_round_is_not_heard_without_a_right(address: str) -> None:
    """A visitor who knows a round's id hears nothing of it."""
    channel = "batch:" + ids.external("rnd", uuid.uuid4())
    answer = httpx.get(f"{address}/v1/events", params={"channel": channel}, timeout=10)
    assert answer.status_code == 401


def test_bank_feeds_are_anybodys(client: httpx.Client, platform: FakePlatform) -> None:
    """Who is late, since when, by the names that pages say; asked anew after ten seconds at the earliest."""
    feed = trust_pb.BankFeed(bin="970405", bank_name="970405", median_milliseconds=190_000)
    feed.late_since.FromDatetime(datetime(2026, 11, 22, 3, 42, tzinfo=UTC))
    platform.trust.feeds = [feed]
    answer = client.get("/v1/bank-feeds")
    assert answer.json() == {
        "feeds": [
            {
                "bin": "970405",
                "bank_name": "Agribank",
                "median_milliseconds": 190_000,
                "last_arrive_time": None,
                "late_since": "2026-11-22T03:42:00Z",
            }
        ]
    }
    assert answer.headers["cache-control"] == "public, max-age=10"
    platform.trust.feeds = []
    assert len(client.get("/v1/bank-feeds").json()["feeds"]) == 1
