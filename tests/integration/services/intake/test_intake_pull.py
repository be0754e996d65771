"""Pulls over real sockets: SePay's list in both orders, the sandbox bank's list, and what goes wrong on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from services.intake.adapters import sepay
from services.intake.adapters.pull import LARGEST_PAGE, Page, PullSource
from services.intake.adapters.sandbox_pull import SandboxPull
from services.intake.adapters.sepay_pull import SepayPull
from services.intake.domain import (
    BodyFormUnknown,
    DuplicateKey,
    PullFailed,
    PullIncomplete,
    PullRefused,
    Verified,
)

Asked = dict[str, str]
Respond = Callable[[str, Asked, dict[str, str]], tuple[int, bytes]]


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """An HTTP server that answers with `respond(path, query, headers)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = respond(parts.path, dict(parse_qsl(parts.query)), headers)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if status == 302:
                self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as found:
        yield found


def transaction(identity: int, **changes: Any) -> dict[str, Any]:
    day = date(2025, 11, 1) + timedelta(days=identity // 10)
    return {
        "id": str(identity),
        "bank_brand_name": "Vietcombank",
        "account_number": "0123499999",
        "transaction_date": f"{day} 10:00:00",
        "amount_out": "0.00",
        "amount_in": f"{identity}000.00",
        "accumulated": "0.00",
        "transaction_content": f"XOA {identity}",
        "reference_number": f"FT{identity}",
        "code": None,
        "sub_account": None,
        "bank_account_id": "19",
        **changes,
    }


class SepayList:
    """SePay's list as documented; `newest` says which part a limit keeps, which the documentation does not."""

    def __init__(self, count: int, newest: bool) -> None:
        self.all = [transaction(identity) for identity in range(1, count + 1)]
        self.newest = newest
        self.asked: list[Asked] = []

    def __call__(self, path: str, query: Asked, headers: dict[str, str]) -> tuple[int, bytes]:
        assert path == "/userapi/transactions/list"
        assert headers["authorization"] == "Bearer api-token"
        self.asked.append(query)
        found = [
            one
            for one in self.all
            if one["account_number"] == query["account_number"]
            and int(one["id"]) >= int(query.get("since_id", "0"))
            and one["transaction_date"][:10] <= query.get("transaction_date_max", "9999")
        ]
        found.sort(key=lambda one: int(one["id"]), reverse=self.newest)
        body = {
            "status": 200,
            "error": None,
            "messages": {"success": True},
            "transactions": found[: int(query["limit"])],
        }
        return 200, json.dumps(body).encode()


def everything(source: PullSource, account: str, after: str | None = None) -> list[Page]:
    pages = []
    for _ in range(50):
        pages.append(source.list_since(account, after))
        after = pages[-1].next_cursor
        if not pages[-1].more:
            return pages
    raise AssertionError("never ends")


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("count", [0, 1, 299, 300, 301, 1000])
def test_sepay_list_in_either_order(client: httpx.Client, newest: bool, count: int) -> None:
    """Whichever part a cut list holds, every transaction is found, and the cursor is the highest id."""
    listing = SepayList(count, newest)
    waited: list[float] = []
    with serving(listing) as base:
        source = SepayPull("api-token", client, f"{base}/userapi/", limit=300, pause=waited.append)
        pages = everything(source, "0123499999")
    found = {told.dedupe_key for page in pages for told in page.reading.told}
    assert found == {str(identity) for identity in range(1, count + 1)}
    assert pages[-1].next_cursor == (str(count) if count else None)
    assert len(waited) >= (1 if count >= 300 else 0)
    assert listing.asked[0] == {"account_number": "0123499999", "limit": "300"}


def test_sepay_goes_back_a_little(client: httpx.Client) -> None:
    """A sweep looks again at the last ids, so one that appears late is found; the cursor never goes back."""
    listing = SepayList(1000, newest=True)
    late = listing.all.pop(950)
    with serving(listing) as base:
        source = SepayPull("api-token", client, f"{base}/userapi", pause=lambda seconds: None)
        first = source.list_since("0123499999", None)
        listing.all.append(late)
        second = source.list_since("0123499999", first.next_cursor)
        assert listing.asked[-1]["since_id"] == "800"
        assert late["id"] in {told.dedupe_key for told in second.reading.told}
        listing.all.clear()
        assert source.list_since("0123499999", second.next_cursor) == Page(
            source.list_since("x", None).reading, "1000", False
        )


def test_sepay_elements_are_those_of_the_callbacks(client: httpx.Client) -> None:
    """A pulled transaction has the key and the digest of its callback, so it is a repeat of it."""
    listing = SepayList(0, newest=True)
    listing.all = [
        transaction(7, sub_account="VA7"),
        transaction(8, amount_in="0.00", amount_out="5000.00"),
        transaction(9, amount_in="5000.50"),
        transaction(10, amount_in="0.00"),
    ]
    with serving(listing) as base:
        reading = SepayPull("api-token", client, f"{base}/userapi").list_since("0123499999", None).reading
    callback = {
        "id": 7,
        "transactionDate": "2025-11-01 10:00:00",
        "accountNumber": "0123499999",
        "content": "XOA 7",
        "transferType": "in",
        "transferAmount": 7000,
        "subAccount": "VA7",
        "referenceCode": "FT7",
    }
    (told,) = reading.told
    (same,) = sepay.read(Verified(json.dumps(callback).encode())).told
    assert (told.dedupe_key, told.digest, told.credit) == (same.dedupe_key, same.digest, same.credit)
    assert [(one.dedupe_key, one.warning) for one in reading.passed_over] == [
        ("8", "MONEY_OUT"),
        ("10", "NO_AMOUNT"),
    ]
    assert [(one.dedupe_key, one.reason) for one in reading.unreadable] == [("9", "AMOUNT_NOT_WHOLE")]


def test_sepay_day_beyond_the_limit(client: httpx.Client) -> None:
    """A day that no list can hold is said, not cut."""
    listing = SepayList(0, newest=True)
    listing.all = [transaction(identity, transaction_date="2025-11-01 10:00:00") for identity in range(1, 20)]
    with serving(listing) as base, pytest.raises(PullIncomplete) as caught:
        SepayPull("api-token", client, f"{base}/userapi", limit=10, pause=lambda seconds: None).list_since(
            "0123499999", None
        )
    assert caught.value.metadata == {"day": "2025-11-01", "limit": "10"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"{}", PullRefused),
        (403, b"{}", PullRefused),
        (429, b"{}", PullFailed),
        (500, b"", PullFailed),
        (302, b"", PullFailed),
        (200, b'{"status":500,"error":"x"}', PullFailed),
        (200, b'{"status":200}', BodyFormUnknown),
        (200, b"[]", BodyFormUnknown),
        (200, b'{"transactions":[1]}', BodyFormUnknown),
        (200, b'{"transactions":[{"id":"x"}]}', BodyFormUnknown),
        (200, b'{"transactions":[],"transactions":[]}', DuplicateKey),
        (200, b" " * (LARGEST_PAGE + 1), PullFailed),
    ],
)
def test_what_goes_wrong(client: httpx.Client, status: int, body: bytes, error: type[Exception]) -> None:
    """Refusals, failures and strange bodies are errors with a reason, and no redirect is followed with the key."""
    paths: list[str] = []

    def respond(path: str, query: Asked, headers: dict[str, str]) -> tuple[int, bytes]:
        paths.append(path)
        return status, body

    with serving(respond) as base, pytest.raises(error):
        SepayPull("api-token", client, f"{base}/userapi").list_since("1", None)
    assert paths == ["/userapi/transactions/list"]


def test_nobody_there(client: httpx.Client) -> None:
    """A provider that does not answer is a failure to repeat later."""
    with serving(lambda *asked: (200, b"{}")) as base:
        pass
    for source in (SepayPull("api-token", client, base), SandboxPull(base, client)):
        with pytest.raises(PullFailed):
            source.list_since("1", None)


def test_sandbox_list(client: httpx.Client) -> None:
    """The sandbox bank's list is read page by page to its end, in the normalised form."""
    credits = [
        {
            "provider_transaction_id": f"S{position}",
            "account": "19001234",
            "amount": 1000 + position,
            "currency": "VND",
            "memo": "m",
            "occur_time": "2025-11-22T07:02:37Z",
            "test": False,
        }
        for position in range(7)
    ]
    asked: list[Asked] = []

    def respond(path: str, query: Asked, headers: dict[str, str]) -> tuple[int, bytes]:
        assert path == "/statement"
        assert headers["authorization"] == "Bearer t"
        asked.append(query)
        start = int(query.get("after", "0"))
        page = credits[start : start + 3]
        return 200, json.dumps({"transactions": page, "next": str(start + len(page))}).encode()

    with serving(respond) as base:
        pages = everything(SandboxPull(base, client, "t"), "19001234")
        assert [told.dedupe_key for page in pages for told in page.reading.told] == [
            f"S{position}" for position in range(7)
        ]
        assert asked[:2] == [{"account": "19001234"}, {"account": "19001234", "after": "3"}]
        again = SandboxPull(base, client, "t").list_since("19001234", pages[-1].next_cursor)
        assert (again.reading.told, again.next_cursor, again.more) == ((), "7", False)


def test_sandbox_without_next(client: httpx.Client) -> None:
    """A list without a following cursor ends where it was."""
    with serving(lambda *asked: (200, b'{"transactions":[],"next":null}')) as base:
        assert SandboxPull(base, client).list_since("1", "c9").next_cursor == "c9"
        assert SandboxPull(base, client).list_since("1", None).next_cursor is None
