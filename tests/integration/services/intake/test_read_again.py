"""Reading a message again on a real database: told once, only what was not told before, and two clerks at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from kit import clock
from kit.db import Database
from kit.errors import Error
from kit.postgres import Server
from kit.seal import Sealer
from kit.testing.service import DATA_KEY, service_database, staff
from services.intake import arrival, verify
from services.intake.adapters import adapter_of
from services.intake.domain import Verified
from services.intake.flows import again, connections
from services.intake.store import writing

ACCOUNT, LATER = "90210000011187", "90210000022298"
CLERK = staff("intake.close")


class Inbox:
    """A connection of a bank that signs, and what it sends."""

    def __init__(self, database: Database) -> None:
        self.database = database
        values = {
            "provider": "xoai", "name": "Ngân hàng Thử", "auth": "", "secret": "whsec_dGVzdHM=", "bin": "970499",
            "account_numbers": [ACCOUNT], "confirm_above": 0, "pull_url": "", "pull_secret": "",
            "allowed_addresses": [],
        }  # fmt: skip
        with database.begin() as session:
            self.id = connections.create(session, staff("intake.manage"), Sealer(DATA_KEY), uuid4(), values)

    def send(self, *credits: dict[str, Any]) -> None:
        body = Verified(json.dumps({"credits": credits}).encode())
        with self.database.begin() as session:
            origin = connections.origin(session, connections.get(session, self.id))
            writing.store(session, [arrival.of_callback(adapter_of("xoai"), origin, body, clock.now())])

    def know(self, account: str) -> None:
        with self.database.begin() as session:
            connections.set_virtual_accounts(
                session, staff("intake.manage"), self.id, [(account, ACCOUNT, "")]
            )

    def open(self) -> list[UUID]:
        with self.database.begin() as session:
            found = session.execute(text("SELECT id FROM intake_exception WHERE state = 'open' ORDER BY id"))
            return list(found.scalars())

    def told(self) -> int:
        with self.database.begin() as session:
            return int(session.execute(text("SELECT count(*) FROM outbox")).scalar_one())

    def read(self, id: UUID) -> int:
        with self.database.begin() as session:
            return again.read(session, CLERK, id)[1]


@pytest.fixture
def inbox(postgres_server: Server) -> Iterator[Inbox]:
    with service_database(postgres_server, "intake") as database:
        yield Inbox(database)
        with database.begin() as session:
            assert verify.findings(session) == []


def credit(number: int | None, account: str = ACCOUNT, **changes: Any) -> dict[str, Any]:
    named = {} if number is None else {"provider_transaction_id": f"T{number}"}
    return {**named, "account": account, "amount": 50_000, "memo": "tien hoc", **changes}


def test_only_what_was_not_told_before_is_told(inbox: Inbox) -> None:
    """One of two credits was for an unknown account; read again, the other one stays one."""
    inbox.send(credit(1), credit(2, LATER))
    assert inbox.told() == 1
    (id,) = inbox.open()
    with pytest.raises(again.StillUnreadable):
        inbox.read(id)
    assert inbox.open() == [id]
    inbox.know(LATER)
    assert inbox.read(id) == 1
    assert inbox.told() == 2
    assert inbox.open() == []
    with pytest.raises(again.ExceptionClosed):
        inbox.read(id)


def test_credits_without_an_id_are_not_told_twice(inbox: Inbox) -> None:
    """Where one of them was told already nobody can say which: refused, nothing announced."""
    inbox.send(credit(None), credit(None, LATER))
    inbox.know(LATER)
    (id,) = inbox.open()
    with pytest.raises(again.NotReadable):
        inbox.read(id)
    assert inbox.told() == 1
    assert inbox.open() == [id]


def test_a_message_of_which_nothing_was_told_is_read_whole(inbox: Inbox) -> None:
    """Without ids as well, since none of it was announced."""
    inbox.send(credit(None, LATER), credit(None, LATER))
    inbox.know(LATER)
    assert len(inbox.open()) == 2
    assert inbox.read(inbox.open()[0]) == 2
    assert inbox.open() == []


def test_a_repeat_with_another_amount_stays_one(inbox: Inbox) -> None:
    inbox.send(credit(1))
    inbox.send(credit(1, amount=51_000))
    (id,) = inbox.open()
    with pytest.raises(again.NotReadable):
        inbox.read(id)
    assert inbox.open() == [id]
    assert inbox.told() == 1


def test_two_clerks_read_at_once(inbox: Inbox) -> None:
    """The second waits for the first and then finds it closed."""
    inbox.send(credit(7, LATER))
    inbox.know(LATER)
    (id,) = inbox.open()
    worked, commit = Event(), Event()

    def first() -> int:
        with inbox.database.begin() as session:
            new = again.read(session, CLERK, id)[1]
            worked.set()
            commit.wait(5)
        return new

    def second() -> str:
        worked.wait(5)
        commit.set()
        try:
            inbox.read(id)
        except Error as error:
            return error.reason
        return ""

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(first), pool.submit(second)
        assert (one.result(10), other.result(10)) == (1, "EXCEPTION_CLOSED")
    assert inbox.told() == 1
