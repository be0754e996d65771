"""Reconciliation's consumers as its process composes them: inbox, poison, and the parts of the process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from kit import inbox
from kit.events import Delivery, Event
from kit.inbox import Consumer
from kit.runtime import Process
from kit.settings import Settings
from kit.testing.events_memory import MemoryLog
from kit.testing.service import SUBJECT_KEY
from services.reconciliation import consume
from services.reconciliation.__main__ import compose
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make


def consumer(recon: Reconciliation, name: str, topics: Sequence[str]) -> Consumer:
    log = MemoryLog()
    log.create_topics(topics)
    return Consumer(
        name,
        lambda: log.subscribe(name, topics),
        recon.database,
        consume.OWNERS_HANDLERS if name == consume.OWNERS else None,
        batch_handlers=consume.OWNERS_BATCH_HANDLERS
        if name == consume.OWNERS
        else consume.CREDITS_BATCH_HANDLERS,
    )


def deliveries(events: Sequence[Event]) -> list[Delivery]:
    return [Delivery(event, 0, offset) for offset, event in enumerate(events)]


def test_one_bad_report_stops_nobody(recon: Reconciliation) -> None:
    """A report without an amount goes to the dead letters; all others of its batch are paid, and once only."""
    payables = [make.payable() for _ in range(8)]
    recon.tell(*payables)
    messages: list[Any] = [make.report(payable.reference) for payable in payables]
    messages.insert(3, make.report("x", 0))
    credits = consumer(recon, consume.CREDITS, consume.CREDITS_TOPICS)
    batch = deliveries([make.event(message) for message in messages])
    handled = credits.handle(batch)
    assert (handled.events, handled.dead_letters) == (8, 1)
    assert credits.handle(batch).repeats == 9
    with recon.database.begin() as session:
        (letter,) = inbox.open_letters(session, consumer=consume.CREDITS)
    assert "tells of no money" in letter.error
    assert [recon.applied(payable) for payable in payables] == [100_000] * 8


def test_owners_facts_come_mixed(recon: Reconciliation) -> None:
    """Accounts and payables of one batch are handled by their own handlers."""
    owners = consumer(recon, consume.OWNERS, consume.OWNERS_TOPICS)
    payable = make.payable()
    facts = [
        make.account(account_number="77"),
        payable,
        make.account(account_number="78"),
        make.newer(payable),
    ]
    handled = owners.handle(deliveries([make.event(fact) for fact in facts]))
    assert (handled.events, handled.dead_letters) == (4, 0)
    assert recon.rows("SELECT version FROM payable") == [(2,)]
    assert recon.rows("SELECT count(*) FROM receiving_account") == [(3,)]


def test_money_survives_a_crash_between_handling_and_commit(recon: Reconciliation) -> None:
    """What was rolled back leaves nothing behind and is handled again whole."""
    payable = make.payable()
    recon.tell(payable)
    event = make.event(make.report(payable.reference))
    try:
        with recon.database.begin() as session:
            recon.handle(session, [event])
            raise ConnectionError("the process died here")
    except ConnectionError:
        assert recon.credits() == []
    consumer(recon, consume.CREDITS, consume.CREDITS_TOPICS).handle(deliveries([event]))
    assert recon.applied(payable) == 100_000


def test_the_process_is_composed(recon: Reconciliation) -> None:
    """Every RPC has its permission entry, and the process serves."""
    settings = Settings(mode="test", subject_key=SecretStr(SUBJECT_KEY), grpc_listen="127.0.0.1:0")
    process = Process(settings, roles=["serve"], name="reconciliation")
    compose(process)
    process.start()
    try:
        assert process.port > 0
    finally:
        process.stop()
