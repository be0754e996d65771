"""Callbacks over real HTTP into real PostgreSQL: a 2xx means a committed row, whatever is sent."""

from __future__ import annotations

import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette

from kit import fault, ids
from kit.db import Database
from kit.postgres import Server
from kit.seal import Sealer
from kit.testing.service import DATA_KEY, service_database, settings_for, staff
from services.intake import verify
from services.intake.flows import connections
from services.intake.http import CallbackEndpoint

SECRET = "một khoá của SePay"
ACCOUNT = "90210000011187"


@dataclass
class Bank:
    """The bank's side: a connection and the address to call back."""

    database: Database
    url: str
    connection_id: Any

    def post(self, body: bytes, *, secret: str = SECRET, stamp: int | None = None) -> httpx.Response:
        moment = str(stamp if stamp is not None else int(time.time()))
        signature = hmac.digest(secret.encode(), f"{moment}.".encode() + body, "sha256").hex()
        headers = {"x-sepay-signature": f"sha256={signature}", "x-sepay-timestamp": moment}
        return httpx.post(self.url, content=body, headers=headers, timeout=10)

    def count(self, table: str, condition: str = "true") -> int:
        with self.database.begin() as session:
            return int(session.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}")).scalar_one())


def transfer(number: int, **changes: Any) -> bytes:
    """SePay's body of one transfer."""
    body = {
        "id": number,
        "gateway": "Ngan hang Thu",
        "transactionDate": "2026-11-22 08:15:02",
        "accountNumber": ACCOUNT,
        "content": "XDK7M4PQ9R nop tien",
        "transferType": "in",
        "transferAmount": 936_000,
        "referenceCode": f"FT{number}",
        **changes,
    }
    return json.dumps(body).encode()


@pytest.fixture
def bank(postgres_server: Server) -> Iterator[Bank]:
    with service_database(postgres_server, "intake") as database:
        values = {
            "provider": "sepay", "name": "SePay", "auth": "hmac", "secret": SECRET, "bin": "970499",
            "account_numbers": [ACCOUNT], "confirm_above": 0, "pull_url": "", "pull_secret": "",
            "allowed_addresses": [],
        }  # fmt: skip
        with database.begin() as session:
            id = connections.create(session, staff("intake.manage"), Sealer(DATA_KEY), uuid4(), values)
        name = str(database.engine.url.database)
        endpoint = CallbackEndpoint(Starlette(), settings_for(postgres_server, name))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(endpoint, port=port, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            path = f"/v1/callbacks/sepay/{ids.external('con', id)}"
            yield Bank(database, f"http://127.0.0.1:{port}{path}", id)
        finally:
            server.should_exit = True
            thread.join()


def test_accepted_means_committed_and_announced(bank: Bank) -> None:
    """A proven callback is answered in the provider's form, and its report stands in the outbox."""
    answer = bank.post(transfer(1))
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert bank.count("report", "announced") == bank.count("outbox") == 1


def test_concurrent_repeats_have_one_effect(bank: Bank) -> None:
    """Ten deliveries of one transfer at once are all accepted and announced once; nine are counted as repeats."""
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: bank.post(transfer(2)), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert bank.count("outbox") == 1
    with bank.database.begin() as session:
        assert session.execute(text("SELECT repeats FROM tally")).scalar_one() == 9
        assert verify.findings(session) == []


def test_first_callback_after_a_pull_is_no_repeat(bank: Bank) -> None:
    """The list told of it first: the first callback is the delivery that was due, only the second one is a repeat."""
    bank.post(transfer(7))
    with bank.database.begin() as session:
        session.execute(text("UPDATE report SET called_back = false"))
    bank.post(transfer(7))
    assert bank.count("tally", "repeats > 0") == 0
    bank.post(transfer(7))
    assert bank.count("tally", "repeats = 1") == 1
    assert bank.count("outbox") == 1


def test_same_id_with_other_money_is_for_a_person(bank: Bank) -> None:
    """Another amount under a known id is accepted, changes nothing, and opens an exception."""
    bank.post(transfer(3))
    assert bank.post(transfer(3, transferAmount=1_000)).status_code == 200
    assert bank.count("outbox") == 1
    assert bank.count("intake_exception", "reason = 'CONFLICTING_REPEAT'") == 1


def test_a_crash_before_repeats_are_judged_leaves_nothing_unaccounted_for(bank: Bank) -> None:
    """A repeat and a conflict whose first commit was the last are answered 503, stand as repeats, and are judged later."""

    def lose_the_database(name: str) -> None:
        if name == "collector.stored":
            raise psycopg.OperationalError("the connection is lost")

    assert bank.post(transfer(41)).status_code == 200
    fault.install(lose_the_database)
    try:
        assert bank.post(transfer(41)).status_code == 503
        assert bank.post(transfer(41, transferAmount=1_000)).status_code == 503
    finally:
        fault.install(None)
    assert bank.count("callback", "outcome = 'repeat'") == 2
    with bank.database.begin() as session:
        assert verify.findings(session) == []
    assert bank.post(transfer(41, transferAmount=1_000)).status_code == 200
    assert bank.count("intake_exception", "reason = 'CONFLICTING_REPEAT'") == 1
    with bank.database.begin() as session:
        assert verify.findings(session) == []


@pytest.mark.parametrize(
    ("secret", "age"),
    [("một khoá khác", 0), (SECRET, -310), (SECRET, 310)],
    ids=["forged", "expired", "from the future"],
)
def test_unproven_is_refused_and_not_kept(bank: Bank, secret: str, age: int) -> None:
    """A forged or stale callback is 401; nothing of it is kept but a count."""
    assert bank.post(transfer(4), secret=secret, stamp=int(time.time()) + age).status_code == 401
    assert bank.count("callback") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"transferAmount": 936_000.5},
        {"transferAmount": -1},
        {"transferAmount": 10**18},
        {"accountNumber": "999"},
    ],
    ids=["fraction", "negative", "huge", "foreign account"],
)
def test_proven_but_unusable_waits_for_a_person(bank: Bank, changes: dict[str, Any]) -> None:
    """What is proven but cannot be taken as money is stored, answered 2xx, and never announced."""
    assert bank.post(transfer(5, **changes)).status_code == 200
    assert bank.count("callback") == 1
    assert bank.count("outbox") == 0


def test_too_large_and_unknown_are_refused(bank: Bank) -> None:
    """A body over 256 KB and a connection that nobody has are refused at once."""
    assert bank.post(b" " * (256 * 1024 + 1)).status_code == 413
    other = bank.url.rsplit("/", 1)[0] + "/" + ids.external("con", uuid4())
    assert httpx.post(other, content=transfer(6)).status_code == 404


def test_a_commit_that_hangs_is_answered_busy(bank: Bank) -> None:
    """While the table is locked a callback is told to come again within some seconds, and stored when it does."""
    with bank.database.connect(autocommit=False) as lock:
        lock.execute("LOCK TABLE callback IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = bank.post(transfer(77))
        assert answer.status_code == 503
        assert time.monotonic() - began < 3.5
    again = bank.post(transfer(77))
    assert again.status_code == 200
    assert bank.count("report", "dedupe_key IS NOT NULL") == bank.count("outbox") == 1
