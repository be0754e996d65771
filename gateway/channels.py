"""The channels of live events: who may listen to each, and what its owner says came after a sequence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from fastapi import Request
from google.protobuf.json_format import MessageToDict

from gateway.clients import Clients
from gateway.live import STALL, Caught, Event, Screen, Sequences, as_json, states
from gateway.rest.wire import inside, name
from gateway.state import State
from gateway.viewers import Viewer
from kit import auth, speech
from kit.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1.pilots_events_pb2 import StallEvent
from xoai.schools.v1 import schools_service_pb2 as schools_pb

_INVOICE: Final = "invoice:"
_BATCH: Final = "batch:"
_CREDITS: Final = "credits:"
_SALE: Final = "sale:"
_EVERY: Final = "credits:all"
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
# Behind every sequence that there will ever be: what a screen asks with that knows nothing and wants no history.
_END: Final = 2**62
# Pages of 500 events that a phone catches up with at most; who was away for longer loads the stall anew.
_MOST_PAGES: Final = 20
_PAID: Final = (StallEvent.TYPE_SALE_PAID, StallEvent.TYPE_STANDING_PAID)


class UnknownChannel(InvalidArgument):
    reason = "UNKNOWN_CHANNEL"
    vi = "Không có kênh “{channel}”."
    en = "There is no channel “{channel}”."


async def screen_of(
    request: Request, state: State, viewer: Viewer, channel: str, after: int | None, *, is_back: bool
) -> Screen:
    """A screen that listens to a channel, behind a sequence. Raises errors of ours for who may not, or what is not."""
    opener = next((opener for head, opener in _OPENERS.items() if channel.startswith(head)), None)
    if opener is None:
        raise UnknownChannel(channel=channel[:60])
    is_look_up = opener in (_invoice, _sale)
    address = request.client.host if request.client else ""
    if is_look_up:
        state.limits.check(address, viewer.device)
    # Open before its owner is asked: what happens in between is heard.
    screen = await opener(request, state, viewer, channel)
    try:
        await screen.begin(after, is_back=is_back)
    except NotFound:
        if is_look_up:
            state.limits.miss(address, viewer.device)
        raise
    return screen


async def _invoice(request: Request, state: State, viewer: Viewer, channel: str) -> Screen:
    """A bill's, for everybody who has its reference."""
    reference = channel.removeprefix(_INVOICE)

    async def snapshot() -> Event:
        return _of_bill(await state.bills.bill(reference))

    return state.live.open_screen(channel, states(snapshot))


async def _sale(request: Request, state: State, viewer: Viewer, channel: str) -> Screen:
    """A sale's at a stall, for everybody who has its reference."""
    reference = channel.removeprefix(_SALE)

    async def snapshot() -> Event:
        return _of_sale(await state.stalls.sale(reference))

    return state.live.open_screen(channel, states(snapshot))


async def _batch(request: Request, state: State, viewer: Viewer, channel: str) -> Screen:
    """A collection round's, for who may read its invoices; what is asked again asks for the permission again."""
    round_id = inside("rnd", channel.removeprefix(_BATCH))
    if not viewer.is_signed_in:
        raise Unauthenticated()
    clients, token, subject = state.clients, viewer.token, viewer.subject

    async def snapshot() -> Event:
        question = schools_pb.GetRoundRequest(id=round_id)
        found = await clients.call(clients.schools.GetRound, question, token)
        if not subject.may("invoices.read", UUID(found.organisation_id)):
            raise PermissionDenied(permission="invoices.read")
        return Event(0, "batch", "{}")

    return state.live.open_screen(f"{_BATCH}{round_id}", states(snapshot))


async def _credits(request: Request, state: State, viewer: Viewer, channel: str) -> Screen:
    """An organisation's credits, or those of all, for as long as the listener's proof is good."""
    if not viewer.is_signed_in:
        raise Unauthenticated()
    organisation_id = "" if channel == _EVERY else inside("org", channel.removeprefix(_CREDITS))
    tenants = viewer.subject.tenants("credits.read")
    if not (tenants.everywhere or UUID(organisation_id or _NOBODY) in tenants.organisation_ids):
        raise PermissionDenied(permission="credits.read")
    key, token = state.settings.subject_key.get_secret_value(), viewer.token

    async def snapshot() -> Event:
        auth.verify(token, key)
        return Event(0, "credits", "{}")

    return state.live.open_screen(
        f"{_CREDITS}{organisation_id}" if organisation_id else _EVERY, states(snapshot)
    )


async def _stall(request: Request, state: State, viewer: Viewer, channel: str) -> Screen:
    """A stall's, for its paired phones and for who may read it: the stall's service decides, each time it is asked."""
    try:
        stall_id = str(UUID(channel.removeprefix(STALL)))
    except ValueError as error:
        raise UnknownChannel(channel=channel[:60]) from error
    if request.cookies.get(state.cookies.stall):
        viewer = await state.viewers.phone(request)
    elif not viewer.is_signed_in:
        raise Unauthenticated()
    source = _Stall(state, stall_id, viewer.token, viewer.phone_key)
    return state.live.open_screen(f"{STALL}{stall_id}", source, gapless=True)


def stall_sequences(clients: Clients) -> Sequences:
    """Where the channels of stalls stand, which the gateway asks for itself."""

    async def ask(channels: Sequence[str]) -> Sequence[int]:
        question = sales_pb.ListStallSequencesRequest(
            stall_ids=[channel.removeprefix(STALL) for channel in channels]
        )
        token = clients.sign(auth.service("gateway"))
        reply = await clients.call(clients.sales.ListStallSequences, question, token)
        return list(reply.sequences)

    return ask


class _Stall:
    """Everything that happened at a stall after a sequence; who was away hears first how much they missed."""

    __slots__ = ("_phone_key", "_stall_id", "_state", "_token")

    def __init__(self, state: State, stall_id: str, token: str, phone_key: str) -> None:
        self._state, self._stall_id = state, stall_id
        self._token, self._phone_key = token, phone_key

    async def __call__(self, after: int | None, is_back: bool) -> Caught:
        events: list[StallEvent] = []
        reply = await self._list(_END if after is None else after)
        events += reply.events
        for _ in range(_MOST_PAGES):
            if not reply.more:
                break
            reply = await self._list(events[-1].sequence)
            events += reply.events
        told = [Event(event.sequence, "stall.event", _data(event)) for event in events]
        if is_back and after is not None:
            told = [*_missed(events, after), *told]
        # More than that many, and it goes on with the next question.
        return Caught(told, events[-1].sequence if reply.more else reply.sequence)

    async def _list(self, after: int) -> sales_pb.ListStallEventsResponse:
        clients = self._state.clients
        question = sales_pb.ListStallEventsRequest(stall_id=self._stall_id, after=after)
        try:
            reply: sales_pb.ListStallEventsResponse = await clients.call(
                clients.sales.ListStallEvents, question, self._token
            )
        except Unauthenticated:
            if not self._phone_key:
                raise
            # The proof lasts for minutes, the phone for a day: ask who it is, which also says if it was removed.
            self._token = (await self._state.viewers.phone_of(self._phone_key)).token
            reply = await clients.call(clients.sales.ListStallEvents, question, self._token)
        return reply


def _missed(events: Sequence[StallEvent], after: int) -> list[Event]:
    """How many payments came meanwhile, and their sum, as it is said: before each of them is told."""
    amounts = [event.amount for event in events if event.type in _PAID]
    if not amounts:
        return []
    said = speech.missed(len(amounts), sum(amounts))
    data = {"count": len(amounts), "amount": sum(amounts), "clips": list(said.clips), "spoken": said.text}
    # Under the sequence that the phone had: a line that is lost again goes on behind the same one.
    return [Event(after, "stall.missed", as_json(data))]


def _data(event: StallEvent) -> str:
    """An event in the form in which live ones come."""
    return as_json(MessageToDict(event, preserving_proto_field_name=True))


def _of_bill(bill: invoices_pb.PublicBill) -> Event:
    data = {
        "state": name(invoices_pb.Invoice.State, bill.state, "STATE_"),
        "amount_due": bill.amount_due,
        "amount_paid": bill.amount_paid,
    }
    return Event(bill.sequence, "invoice", as_json(data))


def _of_sale(sale: sales_pb.PublicSale) -> Event:
    data = {
        "state": name(sales_pb.Sale.State, sale.state, "STATE_"),
        "amount": sale.amount,
        "amount_paid": sale.amount_paid,
    }
    return Event(sale.sequence, "sale", as_json(data))


_Opener = Callable[[Request, State, Viewer, str], Awaitable[Screen]]
_OPENERS: Final[dict[str, _Opener]] = {
    _INVOICE: _invoice,
    _BATCH: _batch,
    _CREDITS: _credits,
    STALL: _stall,
    _SALE: _sale,
}
