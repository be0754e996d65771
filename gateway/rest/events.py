"""Live events as a stream of server-sent events."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from gateway.access import PUBLIC
from gateway.bills import BillNotFound
from gateway.guards import CurrentViewer, api_routes
from gateway.live import Event, as_json
from gateway.rest.wire import name
from gateway.state import state_of
from kit.errors import InvalidArgument
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

routes = api_routes("Live events")
_INVOICE: Final = "invoice:"


class UnknownChannel(InvalidArgument):
    reason = "UNKNOWN_CHANNEL"
    vi = "Không có kênh “{channel}”."
    en = "There is no channel “{channel}”."


@routes.get("/v1/events", PUBLIC, summary="Listen to a channel", response_class=StreamingResponse)
async def listen(
    request: Request,
    viewer: CurrentViewer,
    channel: Annotated[str, Query(max_length=100, description="invoice:REFERENCE")],
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=20)] = "",
) -> Response:
    """A stream of server-sent events. The id of an event is its sequence; `Last-Event-ID` goes on behind it.

    Anybody who has an invoice's reference may listen to `invoice:REFERENCE`; its events hold amounts and state, never
    a name. The data of an event is `{"channel", "sequence", "type", "data"}`.
    """
    state = state_of(request)
    if not channel.startswith(_INVOICE):
        raise UnknownChannel(channel=channel[:60])
    reference = channel.removeprefix(_INVOICE)
    address = request.client.host if request.client else ""
    state.limits.check(address, viewer.device)
    try:
        await state.bills.bill(reference)
    except BillNotFound:
        state.limits.miss(address, viewer.device)
        raise

    async def snapshot() -> Event:
        return _as_event(await state.bills.bill(reference))

    seen = int(last_event_id) if last_event_id.isdecimal() else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = state.live.listen(channel, snapshot, seen)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _as_event(bill: invoices_pb.PublicBill) -> Event:
    data = {
        "state": name(invoices_pb.Invoice.State, bill.state, "STATE_"),
        "amount_due": bill.amount_due,
        "amount_paid": bill.amount_paid,
    }
    return Event(bill.sequence, "invoice", as_json(data))
