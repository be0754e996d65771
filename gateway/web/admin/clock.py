"""The demo's clock: a day can be passed over, so that a cooling-off is seen to end. Production has no such page."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.web.admin.frame import ROOT, AdminPageNotFound
from kit.clock import FOLLOW_SECONDS
from xoai.common.v1 import clock_service_pb2 as pb

routes = page_routes()
_DAY_SECONDS: Final = 86_400


@routes.post("/quan-tri/dong-ho", holds("organisations.manage"), include_in_schema=False)
async def pass_a_day(page: CurrentPage) -> Response:
    """Move the clock a day on, or back to the true time; sessions older than half a day end, this one included."""
    if not page.settings.is_sandbox:
        raise AdminPageNotFound()
    clock = page.state.clients.clock
    present = await page.call(clock.GetClock, pb.GetClockRequest())
    is_reset = await page.field("reset") == "1"
    offset = 0 if is_reset else present.offset_seconds + _DAY_SECONDS
    await page.call(clock.MoveClock, pb.MoveClockRequest(offset_seconds=offset))
    # Until every process has heard, tokens signed by one would be old for another.
    await asyncio.sleep(2 * FOLLOW_SECONDS)
    return page.redirect(ROOT)
