"""Follows the owners' topics from their ends, in memory only: what is missed here, a screen asks the owner for.

Each replica reads under a group of its own, so that every replica hears everything.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from kit import log, metrics
from kit.events import Delivery, Event, Subscription, TransientEventsError
from services.notifications.domain import BATCH, CREDITS, EVERY, INVOICE, SALE, STALL, LiveEvent
from services.notifications.flows import Hub
from xoai.invoices.v1 import invoices_events_pb2 as invoices_pb
from xoai.pilots.v1 import pilots_events_pb2 as pilots_pb
from xoai.reconciliation.v1 import reconciliation_events_pb2 as reconciliation_pb

NAME: Final = "notifications.live"
TOPICS: Final = ("invoices.invoices", "reconciliation.credits", "pilots.stalls")
# The log wakes a waiting poll; this is only how long a stop may take.
_POLL_SECONDS: Final = 0.5
_MOST_EVENTS: Final = 1_000
_FIRST_BACK_OFF: Final = 0.1
_LONGEST_BACK_OFF: Final = 5.0

_log = log.get(__name__)


def live_events(event: Event) -> list[LiveEvent]:
    """The live events of a fact: for the bill's own channel, and for that of its batch. No name, no memo.

    A credit that is not, or no longer, wholly on bills is told to the desks of its organisation and of the city; a
    trader's is nobody else's business. What happens at a stall is told to its phones, and, where it is about a sale, to
    the sale's payer.
    """
    if event.event_type == "StallEvent":
        return _of_stall(pilots_pb.StallEvent.FromString(event.payload))
    if event.event_type == "CreditChanged":
        return _of_credit(reconciliation_pb.CreditChanged.FromString(event.payload))
    if event.event_type != "InvoiceChanged":
        return []
    changed = invoices_pb.InvoiceChanged.FromString(event.payload)
    data: dict[str, object] = {
        "state": _STATES.get(changed.state, ""),
        "amount_due": changed.amount_due,
        "amount_paid": changed.amount_paid,
        "sequence": changed.sequence,
        "receipt_number": changed.receipt_number,
    }
    if changed.payment_id:
        data["payment_amount"] = changed.payment_amount
    events = [LiveEvent(f"{INVOICE}:{changed.reference}", changed.sequence, "invoice.changed", _json(data))]
    if changed.batch_id:
        data["reference"] = changed.reference
        data["group"] = changed.group_name
        events.append(LiveEvent(f"{BATCH}:{changed.batch_id}", 0, "invoice.changed", _json(data)))
    return events


def _of_credit(changed: reconciliation_pb.CreditChanged) -> list[LiveEvent]:
    data = _json({"waits": changed.amount_suspense > 0, "reason": changed.suspense_reason})
    return [
        LiveEvent(f"{CREDITS}:{place}", 0, "credit.changed", data)
        for place in ((changed.organisation_id,) if changed.merchant else (changed.organisation_id, EVERY))
    ]


def _of_stall(told: pilots_pb.StallEvent) -> list[LiveEvent]:
    data = _json(MessageToDict(told, preserving_proto_field_name=True))
    events = [LiveEvent(f"{STALL}:{told.stall_id}", told.sequence, "stall.event", data)]
    if told.sale_reference:
        # The payer's page fetches the rest itself: no proof and no account are in what anybody may listen to.
        data = _json({"state": told.sale_state, "amount": told.sale_amount, "paid": told.sale_paid})
        channel = f"{SALE}:{told.sale_reference}"
        events.append(LiveEvent(channel, told.sale_sequence, "sale.changed", data))
    return events


class Follower:
    """Reads the topics and hands what it reads to the hub; an outage of the log is waited out."""

    def __init__(self, subscription_factory: Callable[[], Subscription], hub: Hub) -> None:
        self._subscription_factory = subscription_factory
        self._hub = hub

    def run(self, stop: threading.Event) -> None:
        """Follow until `stop` is set, then end the streams."""
        subscription: Subscription | None = None
        back_off = _FIRST_BACK_OFF
        try:
            while not stop.is_set():
                try:
                    if subscription is None:
                        subscription = self._subscription_factory()
                        # It begins at the end of the log: what came before is known by the owners alone.
                        self._hub.start_anew()
                    deliveries = subscription.poll(max_events=_MOST_EVENTS, timeout=_POLL_SECONDS)
                    back_off = _FIRST_BACK_OFF
                    self.hand_on(deliveries)
                except TransientEventsError as error:
                    _log.warning("live events wait for the log", error=str(error), seconds=round(back_off, 1))
                    if subscription is not None:
                        subscription.close()
                        subscription = None
                    stop.wait(random.uniform(back_off / 2, back_off))
                    back_off = min(back_off * 2, _LONGEST_BACK_OFF)
        finally:
            self._hub.close()
            if subscription is not None:
                subscription.close()

    def hand_on(self, deliveries: Sequence[Delivery]) -> None:
        """Turn a batch into live events. What cannot be read is counted: screens lose nothing but a moment."""
        events: list[LiveEvent] = []
        for delivery in deliveries:
            try:
                events += live_events(delivery.event)
            except DecodeError:
                metrics.EVENTS_HANDLED.labels(NAME, "undecodable").inc()
                _log.error("live event cannot be read", event_id=str(delivery.event.event_id))
        if events:
            self._hub.put(events)
            metrics.EVENTS_HANDLED.labels(NAME, "live").inc(len(events))


def _json(data: dict[str, object]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


_STATES: Final = {
    number: name.removeprefix("STATE_").lower() for name, number in invoices_pb.InvoiceChanged.State.items()
}
