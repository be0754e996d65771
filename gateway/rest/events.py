"""Live events as a stream of server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from gateway.access import PUBLIC
from gateway.channels import screen_of
from gateway.guards import CurrentViewer, api_routes
from gateway.state import state_of
from gateway.streams import Stream

routes = api_routes("Live events")


@routes.get("/v1/events", PUBLIC, summary="Listen to a channel", response_class=Stream)
async def listen(
    request: Request,
    viewer: CurrentViewer,
    channel: Annotated[
        str,
        Query(
            max_length=100,
            description="invoice:REFERENCE, batch:rnd_… of a round, credits:org_… of an organisation, stall:ID of a"
            " stall, or sale:REFERENCE",
        ),
    ],
    after: Annotated[int | None, Query(ge=0, le=2**53, description="The last sequence that is known")] = None,
    resume: Annotated[bool, Query(description="The line was lost: say first what was missed")] = False,
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=20)] = "",
) -> Response:
    """A stream of server-sent events. The id of an event is its sequence; `Last-Event-ID`, else `after`, goes on behind
    it.

    Anybody who has an invoice's reference may listen to `invoice:REFERENCE`; its events hold amounts and state, never
    a name. Who may read the invoices of a collection round may listen to `batch:rnd_…`; its events have the sequence 0.
    Who may read the bank credits of an organisation may listen to `credits:org_…`, and who may do so everywhere to
    `credits:all`: something changed in what waits for a person. Their sequence is 0 as well.
    A stall's paired phones, and who may read the stall, listen to `stall:ID`: every event of it, in order, once. Whose
    line was lost (`Last-Event-ID`, or `resume`) is told first how many payments came meanwhile, as `stall.missed`.
    Anybody who has a sale's reference may listen to `sale:REFERENCE`.
    The data of an event is `{"channel", "sequence", "type", "data"}`.
    """
    seen = int(last_event_id) if last_event_id.isdecimal() else after
    is_back = resume or last_event_id.isdecimal()
    return Stream(await screen_of(request, state_of(request), viewer, channel, seen, is_back=is_back))
