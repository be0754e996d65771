"""Events of every release stay readable: one sample of each type and version, handled by everyone who hears it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from google.protobuf.message import Message
from sqlalchemy import text

from kit import clock, ids
from kit.db import Database
from kit.events import Delivery, Event
from kit.inbox import Consumer
from kit.postgres import Server
from kit.testing.service import service_database
from services.invoices import consume as invoices
from services.notifications.consume import live_events
from services.pilots.consume import accounts as pilots_accounts
from services.pilots.consume import sales as pilots_sales
from services.reconciliation import consume as reconciliation
from xoai.directory.v1 import directory_events_pb2
from xoai.intake.v1 import intake_events_pb2
from xoai.invoices.v1 import invoices_events_pb2
from xoai.payables.v1 import payables_events_pb2
from xoai.pilots.v1 import pilots_events_pb2
from xoai.reconciliation.v1 import reconciliation_events_pb2

GOLDEN: Final = Path(__file__).parent / "golden"
MODULES: Final = (
    directory_events_pb2,
    intake_events_pb2,
    invoices_events_pb2,
    payables_events_pb2,
    pilots_events_pb2,
    reconciliation_events_pb2,
)
# Parts of an event, which are none by themselves.
PARTS: Final = {"Split", "PayableLine", "AccountDefault"}
# Heard outside this release: by the desks' queues, by billers' own systems and by the operation centre.
EXTERNAL: Final = {"CreditChanged", "IndicatorPublished"}
# Heard by live screens alone: their channels.
LIVE: Final = {"InvoiceChanged": {"invoice", "batch"}, "StallEvent": {"stall"}}
# Consumers with their topics' handlers; what a handler must have left behind.
TRACES: Final = {
    "AccountChanged": "SELECT count(*) FROM receiving_account",
    "PayableChanged": "SELECT count(*) FROM payable",
    "BankCreditReported": "SELECT count(*) FROM credit",
}
SAMPLES: Final = sorted(path.name for path in GOLDEN.glob("*.binpb"))


def types() -> dict[str, type[Message]]:
    """Every event type of the contracts."""
    return {
        name: getattr(module, name)
        for module in MODULES
        for name in module.DESCRIPTOR.message_types_by_name
        if name not in PARTS
    }


def event(sample: str) -> Event:
    kind, version, _ = sample.split(".")
    payload = (GOLDEN / sample).read_bytes()
    return Event(
        event_id=ids.event_id(sample, int(version), kind),
        topic="golden",
        key="golden",
        ordering_id="golden",
        event_type=kind,
        version=int(version),
        occur_time=clock.now(),
        payload=payload,
    )


@contextmanager
def consumer_of(kind: str, server: Server) -> Iterator[tuple[Consumer, Database]]:
    """The consumer that hears a type, on a database of its own service."""
    owners = {**reconciliation.OWNERS_HANDLERS, **reconciliation.OWNERS_BATCH_HANDLERS}
    if kind in invoices.BATCH_HANDLERS:
        service, handlers, batches = "invoices", {}, dict(invoices.BATCH_HANDLERS)
    elif kind in owners:
        service = "reconciliation"
        handlers, batches = dict(reconciliation.OWNERS_HANDLERS), dict(reconciliation.OWNERS_BATCH_HANDLERS)
    else:
        service, handlers, batches = "reconciliation", {}, dict(reconciliation.CREDITS_BATCH_HANDLERS)

    def no_log() -> Any:
        raise LookupError("samples are handed over directly")

    with service_database(server, service) as database:
        yield Consumer("golden", no_log, database, handlers, batch_handlers=batches), database


def test_every_event_type_has_a_sample() -> None:
    """A new type comes with its first sample; a sample of a type that is gone would be a broken promise."""
    assert {sample.split(".")[0] for sample in SAMPLES} == set(types())


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_read_whole(sample: str) -> None:
    """No field of a released event is unknown today, and reading loses nothing."""
    kind = types()[sample.split(".")[0]]
    payload = (GOLDEN / sample).read_bytes()
    message = kind.FromString(payload)
    assert message.SerializeToString(deterministic=True) == payload
    message.DiscardUnknownFields()  # type: ignore[attr-defined]
    assert message.SerializeToString(deterministic=True) == payload


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.split(".")[0] not in EXTERNAL | set(LIVE)])
def test_a_sample_is_handled(sample: str, postgres_server: Server) -> None:
    """The consumer handles it, leaves its trace, and parks nothing."""
    told = event(sample)
    with consumer_of(told.event_type, postgres_server) as (consumer, database):
        handled = consumer.handle([Delivery(told, 0, 0)])
        assert (handled.events, handled.unknown, handled.dead_letters) == (1, 0, 0)
        if told.event_type in TRACES:
            with database.begin() as session:
                assert session.execute(text(TRACES[told.event_type])).scalar_one() == 1


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.split(".")[0] in LIVE])
def test_live_screens_understand_a_sample(sample: str) -> None:
    """It becomes an event of the bill's channel and of its batch, or of the stall's."""
    channels = {live.channel.partition(":")[0] for live in live_events(event(sample))}
    assert channels >= LIVE[sample.split(".")[0]]


PILOTS: Final = {
    **pilots_accounts.BATCH_HANDLERS,
    **pilots_sales.PAYMENTS_HANDLERS,
    **pilots_sales.CREDITS_HANDLERS,
}


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.split(".")[0] in PILOTS])
def test_the_pilots_handle_a_sample(sample: str, postgres_server: Server) -> None:
    """What directory and reconciliation tell is heard at the stalls too, also where it is of no stall."""

    def no_log() -> Any:
        raise LookupError("samples are handed over directly")

    with service_database(postgres_server, "pilots") as database:
        consumer = Consumer("golden", no_log, database, batch_handlers=PILOTS)
        handled = consumer.handle([Delivery(event(sample), 0, 0)])
        assert (handled.events, handled.unknown, handled.dead_letters) == (1, 0, 0)
