"""The chain of seals on real PostgreSQL: in chunks, raced for, interrupted, tampered with."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import grpc
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit import clock, migrate
from kit.db import Database
from kit.inbox import Consumer
from kit.postgres import Server
from services.invoices import jobs
from services.invoices.domain.errors import ReceiptNotSealed
from services.invoices.domain.seals import GENESIS, Place, canonical, chain_hash
from services.invoices.flows import seals as flow
from services.invoices.store import seals as store
from services.invoices.verify import findings
from tests.integration.services.invoices.calls import assert_books_hold, issue, rows
from tests.support.invoices import (
    ORGANISATION,
    OTHER_ORGANISATION,
    deliveries,
    draft_message,
    make_applied,
    make_reversed,
)

YEAR = clock.today().year
BOOK = Place(ORGANISATION, "BN", YEAR)


def pay(channel: grpc.Channel, consumer: Consumer, count: int, organisation: UUID = ORGANISATION) -> None:
    """This many bills, paid in one batch: as many receipts."""
    drafts = [draft_message() for _ in range(count)]
    outcomes = issue(channel, *drafts, organisation_id=str(organisation))
    facts = [make_applied(UUID(outcome.invoice_id)) for outcome in outcomes]
    consumer.handle(deliveries(facts))


def sealed_numbers(database: Database, organisation: UUID = ORGANISATION) -> list[int]:
    found = rows(
        database,
        "SELECT number FROM receipt_seal WHERE organisation_id = :o ORDER BY number",
        o=organisation,
    )
    return [row.number for row in found]


def follow(database: Database, place: Place = BOOK) -> int:
    """Reckon the chain anew from the records, apart from the service's own check; how many links held."""
    last, number = GENESIS, 0
    with database.begin() as session:
        while (seal := store.find(session, place, number + 1)) is not None:
            number += 1
            record = store.find_record(session, place, number)
            assert record is not None
            assert seal.previous_hash == last
            assert seal.hash == chain_hash(last, canonical(record.sealed, seal.salt))
            last = seal.hash
    return number


def tamper(server: Server, database: Database, statement: str) -> None:
    """Change what nobody may change, as somebody with the database's own password could."""
    with psycopg.connect(server.dsn(str(database.engine.url.database)), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(sql.SQL(statement))  # type: ignore[arg-type]


def broken(database: Database) -> list[tuple[str, str]]:
    with database.begin() as session:
        return [
            (found.what, found.where) for found in findings(session) if found.where.startswith("receipt 0")
        ]


def test_books_are_sealed_in_order_across_chunks(
    channel: grpc.Channel, consumer: Consumer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks that end inside a book and begin inside another; then more payments, and the chain goes on."""
    monkeypatch.setattr(flow.seal_chunk, "__defaults__", (None, 4))
    pay(channel, consumer, 6)
    pay(channel, consumer, 3, OTHER_ORGANISATION)
    assert jobs.seal_receipts(database) == 9
    pay(channel, consumer, 3)
    assert jobs.seal_receipts(database) == 3
    assert jobs.seal_receipts(database) == 0
    assert sealed_numbers(database) == list(range(1, 10))
    assert follow(database) == 9
    assert follow(database, replace(BOOK, organisation_id=OTHER_ORGANISATION)) == 3
    assert_books_hold(database)


def test_each_year_has_a_chain_of_its_own(
    channel: grpc.Channel, consumer: Consumer, database: Database
) -> None:
    """Number 1 of a year follows nothing."""
    pay(channel, consumer, 2)
    clock.set_offset(datetime(YEAR + 1, 1, 2, tzinfo=UTC) - clock.now())
    pay(channel, consumer, 1)
    assert jobs.seal_receipts(database) == 3
    assert (follow(database), follow(database, replace(BOOK, year=YEAR + 1))) == (2, 1)
    assert_books_hold(database)


def test_sealers_that_race_make_one_chain(
    channel: grpc.Channel, consumer: Consumer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three at once while payments go on: every number sealed once, each after the one before it."""
    monkeypatch.setattr(flow.seal_chunk, "__defaults__", (None, 3))
    faults: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(12):
                jobs.seal_receipts(database)
        except BaseException as error:
            faults.append(error)

    sealers = [threading.Thread(target=work) for _ in range(3)]
    for sealer in sealers:
        sealer.start()
    for _ in range(8):
        pay(channel, consumer, 5)
    for sealer in sealers:
        sealer.join(timeout=60)
    jobs.seal_receipts(database)
    assert faults == []
    assert sealed_numbers(database) == list(range(1, 41))
    assert follow(database) == 40


def test_a_payment_that_is_not_committed_holds_its_numbers_back(
    channel: grpc.Channel, consumer: Consumer, database: Database
) -> None:
    """Numbers become visible in order: whoever draws later ones waits for the book's counter until the first commits."""
    pay(channel, consumer, 2)
    drawing = threading.Event()
    draw = text(
        "UPDATE receipt_counter SET last_number = last_number + 1 WHERE organisation_id = :o RETURNING last_number"
    )

    def later() -> None:
        with database.begin() as session:
            drawing.set()
            assert session.execute(draw, {"o": ORGANISATION}).scalar_one() == 3

    with database.engine.connect() as first:
        transaction = first.begin()
        assert first.execute(draw, {"o": ORGANISATION}).scalar_one() == 3
        waiter = threading.Thread(target=later)
        waiter.start()
        drawing.wait(5)
        # Neither number is seen yet, and the sealer does not wait for anybody.
        assert jobs.seal_receipts(database) == 2
        transaction.rollback()
    waiter.join(timeout=10)
    # The first gave its number back; the second drew it. Its receipt is not there in this test: a gap, never passed.
    pay(channel, consumer, 1)
    assert jobs.seal_receipts(database) == 0
    assert sealed_numbers(database) == [1, 2]
    with pytest.raises(ReceiptNotSealed), database.begin() as session:
        flow.seal_of(session, BOOK, 4)


def test_a_sealer_that_dies_leaves_nothing_half_done(
    channel: grpc.Channel, consumer: Consumer, database: Database
) -> None:
    """Gone between its insert and its commit: the next one starts where the last commit ended."""
    pay(channel, consumer, 3)

    def seal_and_die() -> None:
        with database.begin() as session:
            assert flow.seal_chunk(session) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal_and_die()
    assert sealed_numbers(database) == []
    assert jobs.seal_receipts(database) == 3
    assert follow(database) == 3


def test_a_receipt_cancelled_before_or_after_keeps_its_place(
    channel: grpc.Channel, consumer: Consumer, database: Database
) -> None:
    """The cancellation is a fact beside the chain; no hash changes by it."""
    outcomes = issue(channel, draft_message(), draft_message(), draft_message())
    facts = [make_applied(UUID(outcome.invoice_id)) for outcome in outcomes]
    consumer.handle(deliveries([facts[0], make_reversed(facts[0]), *facts[1:]]))
    jobs.seal_receipts(database)
    before = rows(database, "SELECT hash FROM receipt_seal ORDER BY number")
    consumer.handle(deliveries([make_reversed(facts[1])], start=10))
    assert jobs.seal_receipts(database) == 0
    assert rows(database, "SELECT hash FROM receipt_seal ORDER BY number") == before
    assert follow(database) == 3
    assert_books_hold(database)


def test_sealing_on_demand_seals_what_comes_before_and_its_own_book_only(
    channel: grpc.Channel, consumer: Consumer, database: Database
) -> None:
    pay(channel, consumer, 3)
    pay(channel, consumer, 2, OTHER_ORGANISATION)
    with database.begin() as session:
        seal = flow.seal_of(session, BOOK, 2)
    assert seal.number == 2
    assert sealed_numbers(database) == [1, 2, 3]
    assert sealed_numbers(database, OTHER_ORGANISATION) == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE receipt SET amount = amount + 1 WHERE number = 3", "does not follow"),
        ("UPDATE receipt SET splits = '[[\"1.2\", 600000]]' WHERE number = 3", "does not follow"),
        ("UPDATE receipt SET bank_reference = 'FT1' WHERE number = 3", "does not follow"),
        (
            "UPDATE invoice SET payer_name = 'Trần Thị B' FROM receipt WHERE invoice_id = id AND number = 3",
            "does not follow",
        ),
        ("UPDATE receipt_seal SET hash = salt || salt WHERE number = 3", "does not follow"),
        ("DELETE FROM receipt WHERE number = 3", "gone"),
        ("DELETE FROM receipt_seal WHERE number = 3", "sealed after number 3"),
        ("DELETE FROM receipt_seal WHERE number = 3; DELETE FROM receipt WHERE number = 3", "missing"),
    ],
)
def test_tampering_is_found(
    postgres_server: Server,
    channel: grpc.Channel,
    consumer: Consumer,
    database: Database,
    statement: str,
    what: str,
) -> None:
    """`xoai verify` names the number whose record or seal was changed behind everybody's back."""
    pay(channel, consumer, 5)
    jobs.seal_receipts(database)
    assert broken(database) == []
    tamper(postgres_server, database, statement)
    found = broken(database)
    assert any(what in each and f"{number:08}" in where for each, where in found for number in (3, 4)), found


def test_a_chain_made_anew_from_the_middle_is_found_by_an_older_paper(
    channel: grpc.Channel, consumer: Consumer, database: Database, postgres_server: Server
) -> None:
    """Whoever can write everything can also seal anew; the marks on the papers that are out then no longer agree."""
    pay(channel, consumer, 3)
    jobs.seal_receipts(database)
    with database.begin() as session:
        on_paper = store.find(session, BOOK, 3)
    tamper(postgres_server, database, "UPDATE receipt SET amount = amount + 1 WHERE number = 2")
    tamper(postgres_server, database, "DELETE FROM receipt_seal WHERE number >= 2")
    jobs.seal_receipts(database)
    assert broken(database) == []
    with database.begin() as session:
        assert store.find(session, BOOK, 3) != on_paper


def test_seals_can_be_added_and_never_changed(
    channel: grpc.Channel, consumer: Consumer, database: Database
) -> None:
    """Neither by the worker nor by the app role, and no second seal for a number."""
    pay(channel, consumer, 1)
    jobs.seal_receipts(database)
    for statement in (
        "DELETE FROM receipt_seal",
        "UPDATE receipt_seal SET salt = hash",
        "TRUNCATE receipt_seal",
        "INSERT INTO receipt_seal SELECT * FROM receipt_seal",
    ):
        with pytest.raises(DBAPIError), database.begin() as session:
            session.execute(text(statement))
    granted = rows(
        database,
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_name = 'receipt_seal' AND grantee <> :owner",
        owner=migrate.roles("invoices")[0],
    )
    assert {row.privilege_type for row in granted if row.grantee in migrate.roles("invoices")} == {
        "SELECT",
        "INSERT",
    }


def test_recording_payments_knows_nothing_of_seals(database: Database) -> None:
    """The payment's transaction has no statement, trigger, index or column more because of them."""
    triggers = rows(
        database,
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        " AND tgrelid IN ('receipt'::regclass, 'receipt_counter'::regclass, 'invoice'::regclass)",
    )
    keys = rows(
        database,
        "SELECT conname FROM pg_constraint WHERE contype = 'f'"
        " AND (confrelid = 'receipt'::regclass OR conrelid = 'receipt_seal'::regclass)",
    )
    assert (triggers, keys) == ([], [])
