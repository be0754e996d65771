"""What there is to do at the markets and streets, and one of them with its stalls."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.web.market.frame import INSPECT, ROOT, MarketPageNotFound, alarms_of, show
from kit.errors import NotFound
from xoai.pilots.v1 import trust_service_pb2 as pb

routes = page_routes()
_PAGE = 100


@routes.get("/cho", INSPECT, include_in_schema=False)
async def overview(page: CurrentPage) -> Response:
    """Open alarms on top, then every market and street with its morning checks."""
    boards, alarms = await asyncio.gather(
        page.call(page.state.clients.trust.ListBoards, pb.ListBoardsRequest()), alarms_of(page)
    )
    _, count = page.gettext, len(alarms)
    title = (
        _("Không có cảnh báo nào") if not count else _("%(count)s cảnh báo cần người đến xem", count=count)
    )
    return show(page, "overview", title, alarms=alarms, boards=boards.boards)


@routes.get("/cho/{programme}", INSPECT, include_in_schema=False)
async def one(page: CurrentPage, programme: str, trang: str = "") -> Response:
    """A market or street: its alarms, boards to be taken away, and every stall's morning check."""
    request = pb.GetBoardRequest(programme_id=programme[:80], page_size=_PAGE, page_token=trang)
    try:
        board = await page.call(page.state.clients.trust.GetBoard, request)
    except NotFound as error:
        raise MarketPageNotFound() from error
    alarms = await alarms_of(page, programme_id=board.summary.programme_id)
    return show(
        page,
        "programme",
        board.summary.programme_name,
        tab=ROOT,
        alarms=alarms,
        summary=board.summary,
        stalls=board.stalls,
        to_take_away=[stall for stall in board.stalls if stall.flagged],
        next_token=board.next_page_token,
        is_first=not trang,
    )
