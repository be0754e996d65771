"""Live events as a stream of server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from gateway.access import PUBLIC
from gateway.guards import CurrentViewer, api_routes
from gateway.live import Event, Snapshot, as_json
from gateway.rest.wire import inside, name
from gateway.state import State, state_of
from gateway.viewers import Viewer
from kit import auth
from kit.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.schools.v1 import schools_service_pb2 as schools_pb

routes = api_routes("Live events")
_INVOICE: Final = "invoice:"
_SALE: Final = "sale:"
_BATCH: Final = "batch:"
_CREDITS: Final = "credits:"
_EVERY: Final = "credits:all"
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"


class UnknownChannel(InvalidArgument):
    reason = "UNKNOWN_CHANNEL"
    vi = "Không có kênh “{channel}”."
    en = "There is no channel “{channel}”."


@routes.get("/v1/events", PUBLIC, summary="Listen to a channel", response_class=StreamingResponse)
async def listen(
    request: Request,
    viewer: CurrentViewer,
    channel: Annotated[
        str,
        Query(
            max_length=100,
            description="invoice:REFERENCE, sale:REFERENCE, batch:rnd_… of a round, or credits:org_… of an organisation",
        ),
    ],
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=20)] = "",
) -> Response:
    """A stream of server-sent events. The id of an event is its sequence; `Last-Event-ID` goes on behind it.

    Anybody who has an invoice's reference may listen to `invoice:REFERENCE`, who has a sale's to `sale:REFERENCE`; the
    events hold amounts and state, never a name. Who may read the invoices of a collection round may listen to `batch:rnd_…`; its events have the sequence 0.
    Who may read the bank credits of an organisation may listen to `credits:org_…`, and who may do so everywhere to
    `credits:all`: something changed in what waits for a person. Their sequence is 0 as well.
    The data of an event is `{"channel", "sequence", "type", "data"}`.
    """
    state = state_of(request)
    seen = int(last_event_id) if last_event_id.isdecimal() else None
    if channel.startswith(_BATCH):
        return _stream(state.live.listen(*await _batch(state, viewer, channel), seen))
    if channel.startswith(_CREDITS):
        return _stream(state.live.listen(*await _credits(state, viewer, channel), seen))
    snapshot = _by_reference(state, channel)
    address = request.client.host if request.client else ""
    state.limits.check(address, viewer.device)
    try:
        await snapshot()
    except NotFound:
        state.limits.miss(address, viewer.device)
        raise
    return _stream(state.live.listen(channel, snapshot, seen))


def _by_reference(state: State, channel: str) -> Snapshot:
    """What a bill's or a sale's channel tells to whoever has the reference. Raises UnknownChannel."""

    async def bill() -> Event:
        return _of_bill(await state.bills.bill(channel.removeprefix(_INVOICE)))

    async def sale() -> Event:
        return _of_sale(await state.stalls.sale(channel.removeprefix(_SALE)))

    if channel.startswith(_INVOICE):
        return bill
    if channel.startswith(_SALE):
        return sale
    raise UnknownChannel(channel=channel[:60])


def _stream(events: AsyncIterator[str]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _batch(state: State, viewer: Viewer, channel: str) -> tuple[str, Snapshot]:
    """The inner channel of a round, for who may read its invoices; what is asked again asks for the permission again."""
    round_id = inside("rnd", channel.removeprefix(_BATCH))

    async def snapshot() -> Event:
        request = schools_pb.GetRoundRequest(id=round_id)
        found = await state.clients.call(state.clients.schools.GetRound, request, viewer.token)
        if not viewer.may("invoices.read", found.organisation_id):
            raise PermissionDenied(permission="invoices.read")
        return Event(0, "batch", "{}")

    if not viewer.is_signed_in:
        raise Unauthenticated()
    await snapshot()
    return f"{_BATCH}{round_id}", snapshot


async def _credits(state: State, viewer: Viewer, channel: str) -> tuple[str, Snapshot]:
    """The inner channel of an organisation's credits, or of all, for as long as the listener's proof is good."""
    if not viewer.is_signed_in:
        raise Unauthenticated()
    organisation_id = "" if channel == _EVERY else inside("org", channel.removeprefix(_CREDITS))
    tenants = viewer.subject.tenants("credits.read")
    if not (tenants.everywhere or UUID(organisation_id or _NOBODY) in tenants.organisation_ids):
        raise PermissionDenied(permission="credits.read")

    async def snapshot() -> Event:
        auth.verify(viewer.token, state.settings.subject_key.get_secret_value())
        return Event(0, "credits", "{}")

    return f"{_CREDITS}{organisation_id}" if organisation_id else _EVERY, snapshot


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
