"""Fan-out of live events: bounded, by kind, never waiting for a slow listener."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

import pytest

from kit.events import Delivery, Subscription, TransientEventsError
from kit.testing.events_memory import MemoryLog
from services.notifications.consume import TOPICS, Follower, live_events
from services.notifications.domain import (
    CHANNEL_KINDS,
    LiveEvent,
    StreamTooSlow,
    TooManyStreams,
)
from services.notifications.flows import Hub
from tests.support.events import make_event
from xoai.invoices.v1 import invoices_events_pb2 as pb
from xoai.pilots.v1 import pilots_events_pb2 as pilots_pb
from xoai.reconciliation.v1 import reconciliation_events_pb2 as reconciliation_pb

EVENT = LiveEvent("invoice:XDK7M4P9RT3HQ", 1, "invoice.changed", "{}")
BATCH_EVENT = LiveEvent("batch:round-1", 0, "invoice.changed", "{}")


def changed(**overrides: object) -> bytes:
    fields: dict[str, object] = {
        "invoice_id": "0190a000-0000-7000-8000-0000000000aa",
        "sequence": 3,
        "reference": "XDK7M4P9RT3HQ",
        "batch_id": "round-1",
        "group_name": "6A2",
        "state": pb.InvoiceChanged.STATE_PART_PAID,
        "amount_due": 600_000,
        "amount_paid": 100_000,
        "payment_id": "p",
        "payment_amount": 100_000,
        "receipt_number": "00000012",
    }
    return pb.InvoiceChanged(**(fields | overrides)).SerializeToString()  # type: ignore[arg-type]


def fact(**overrides: object) -> Delivery:
    event = make_event(topic=TOPICS[0], event_type="InvoiceChanged", payload=changed(**overrides))
    return Delivery(event, 0, 0)


def test_a_change_is_told_to_the_bill_and_to_its_batch() -> None:
    """The bill's channel carries the owner's sequence; the batch's carries none and names the bill instead."""
    own, batch = live_events(fact().event)
    assert (own.channel, own.sequence) == ("invoice:XDK7M4P9RT3HQ", 3)
    assert (batch.channel, batch.sequence) == ("batch:round-1", 0)
    assert json.loads(own.data_json) == {
        "state": "part_paid",
        "amount_due": 600_000,
        "amount_paid": 100_000,
        "sequence": 3,
        "receipt_number": "00000012",
        "payment_amount": 100_000,
    }
    assert json.loads(batch.data_json)["reference"] == "XDK7M4P9RT3HQ"


def test_a_credit_is_told_to_its_desk_and_to_the_city() -> None:
    """Whether it waits and why; no amount, no memo, no name."""
    message = reconciliation_pb.CreditChanged(
        credit_id="c", organisation_id="o", amount=5, amount_suspense=5, suspense_reason="NO_REFERENCE"
    )
    event = make_event(topic=TOPICS[1], event_type="CreditChanged", payload=message.SerializeToString())
    told = live_events(event)
    assert [(each.channel, each.sequence) for each in told] == [("credits:o", 0), ("credits:all", 0)]
    assert json.loads(told[0].data_json) == {"waits": True, "reason": "NO_REFERENCE"}


def test_a_traders_credit_is_told_to_the_trader_alone() -> None:
    """What waits at stalls is on no desk of the city's."""
    message = reconciliation_pb.CreditChanged(credit_id="c", organisation_id="o", amount=5, merchant=True)
    event = make_event(topic=TOPICS[1], event_type="CreditChanged", payload=message.SerializeToString())
    assert [each.channel for each in live_events(event)] == ["credits:o"]


def test_money_at_a_stall_is_told_to_its_phones_and_to_the_sales_payer() -> None:
    """Phones get the whole event; a sale's channel is open to anybody and gets neither proof nor account."""
    message = pilots_pb.StallEvent(
        stall_id="s",
        sequence=41,
        type=pilots_pb.StallEvent.TYPE_SALE_PAID,
        amount=20_000,
        payer_account_last_four="4417",
        sale_reference="XQK7M4P9RT3HQ",
        sale_state="part_paid",
        sale_amount=50_000,
        sale_paid=20_000,
        sale_sequence=2,
        proof="472",
    )
    event = make_event(topic=TOPICS[2], event_type="StallEvent", payload=message.SerializeToString())
    phones, payer = live_events(event)
    assert (phones.channel, phones.sequence) == ("stall:s", 41)
    data = json.loads(phones.data_json)
    assert (data["type"], data["amount"], data["proof"]) == ("TYPE_SALE_PAID", "20000", "472")
    assert (payer.channel, payer.sequence) == ("sale:XQK7M4P9RT3HQ", 2)
    assert json.loads(payer.data_json) == {"state": "part_paid", "amount": 50_000, "paid": 20_000}
    assert {phones.kind, payer.kind} <= CHANNEL_KINDS


def test_a_standing_codes_money_has_no_channel_of_a_payer() -> None:
    """Nobody but the stall hears of it."""
    message = pilots_pb.StallEvent(stall_id="s", sequence=1, type=pilots_pb.StallEvent.TYPE_STANDING_PAID)
    event = make_event(topic=TOPICS[2], event_type="StallEvent", payload=message.SerializeToString())
    assert [each.channel for each in live_events(event)] == ["stall:s"]


def test_an_invoice_without_batch_has_one_channel() -> None:
    """No batch, no batch channel; other kinds of facts tell nothing."""
    assert [event.kind for event in live_events(fact(batch_id="").event)] == ["invoice"]
    assert live_events(make_event(event_type="SomethingElse")) == []


def test_each_stream_gets_its_kinds_in_order() -> None:
    """Every stream hears everything of the kinds it asked for."""
    hub = Hub()
    all_kinds, batches = hub.open(CHANNEL_KINDS), hub.open(frozenset({"batch"}))
    hub.put([EVENT, BATCH_EVENT])
    hub.close()
    assert list(all_kinds) == [[EVENT, BATCH_EVENT]]
    assert list(batches) == [[BATCH_EVENT]]


def test_a_slow_stream_is_dropped_and_holds_nobody_up() -> None:
    """Over its bound a stream ends with an error, keeps nothing, and others go on."""
    hub = Hub(most_waiting=3)
    slow, quick = hub.open(CHANNEL_KINDS), hub.open(CHANNEL_KINDS)
    reader = iter(quick)
    for _ in range(5):
        hub.put([EVENT])
        assert next(reader) == [EVENT]
    with pytest.raises(StreamTooSlow):
        next(iter(slow))


def test_streams_are_few() -> None:
    """Each stream holds a thread, so their number is bounded; one that left makes room."""
    hub = Hub(most_streams=1)
    stream = hub.open(CHANNEL_KINDS)
    with pytest.raises(TooManyStreams):
        hub.open(CHANNEL_KINDS)
    hub.leave(stream)
    assert hub.streams == 0
    hub.open(CHANNEL_KINDS)


def test_a_waiting_reader_is_woken() -> None:
    """An event reaches a reader that waits; closing the hub ends it, and ends streams opened afterwards."""
    hub = Hub()
    stream = hub.open(CHANNEL_KINDS)
    seen: list[Sequence[LiveEvent]] = []
    reader = threading.Thread(target=lambda: seen.extend(stream))
    reader.start()
    hub.put([EVENT])
    hub.close()
    reader.join(5)
    assert not reader.is_alive()
    assert seen == [[EVENT]]
    assert list(hub.open(CHANNEL_KINDS)) == []


def test_follower_skips_what_cannot_be_read() -> None:
    """Bytes that are no event do not stop the events behind them."""
    hub = Hub()
    stream = hub.open(CHANNEL_KINDS)
    broken = Delivery(make_event(topic=TOPICS[0], event_type="InvoiceChanged", payload=b"\xff\xff"), 0, 0)
    Follower(lambda: MemoryLog().subscribe("g", []), hub).hand_on([broken, fact()])
    hub.close()
    assert [event.kind for events in stream for event in events] == ["invoice", "batch"]


def test_follower_reads_from_the_end_and_ends_streams_opened_before_it() -> None:
    """What was written before is not told; a stream from before the subscription must connect again."""
    log = MemoryLog()
    log.create_topics(TOPICS)
    log.publisher().publish([fact(sequence=1).event])
    hub = Hub()
    early = hub.open(CHANNEL_KINDS)
    stop = threading.Event()
    follower = Follower(lambda: log.subscribe("g", TOPICS, from_end=True), hub)
    thread = threading.Thread(target=follower.run, args=(stop,), daemon=True)
    thread.start()
    assert list(early) == []
    hub.leave(early)
    stream = iter(hub.open(CHANNEL_KINDS))
    log.publisher().publish([fact(sequence=2).event])
    assert [event.sequence for event in next(stream)] == [2, 0]
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_follower_waits_out_an_outage_of_the_log() -> None:
    """The log is away at first: the follower tries again and then follows."""
    log = MemoryLog()
    log.create_topics(TOPICS)
    tries: list[int] = []

    def subscribe() -> Subscription:
        tries.append(1)
        if len(tries) == 1:
            raise TransientEventsError("away")
        return log.subscribe("g", TOPICS, from_end=True)

    stop = threading.Event()
    hub = Hub()
    thread = threading.Thread(target=Follower(subscribe, hub).run, args=(stop,), daemon=True)
    thread.start()
    deadline = threading.Event()
    while len(tries) < 2 and not deadline.wait(0.01):
        assert thread.is_alive()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert len(tries) == 2
