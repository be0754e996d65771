"""What happened to the accounts of a person's organisations: shown at the login until it is read."""

from __future__ import annotations

from starlette.responses import Response

from gateway.access import SIGNED_IN
from gateway.guards import CurrentPage, page_routes
from gateway.web.people import home_of, safe_target
from kit.errors import Unauthenticated
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()


@routes.get("/thong-bao", SIGNED_IN, include_in_schema=False)
async def show(page: CurrentPage, next: str = "", het: bool = False) -> Response:
    """Unread notices; with `het` also those that were read."""
    if page.viewer.person is None:
        raise Unauthenticated()
    found = await page.call(page.state.clients.directory.ListNotices, pb.ListNoticesRequest(with_read=het))
    return page.render(
        "notices.html",
        notices=found.notices,
        unread=[item.id for item in found.notices if not item.HasField("read_time")],
        next=safe_target(next) or home_of(page.viewer.person),
        everything=het,
    )


@routes.post("/thong-bao", SIGNED_IN, include_in_schema=False)
async def read(page: CurrentPage) -> Response:
    """Note the shown ones as read, and go on."""
    if page.viewer.person is None:
        raise Unauthenticated()
    ids = [value for value in (await page.form()).getlist("notice") if isinstance(value, str)]
    await page.call(page.state.clients.directory.ReadNotices, pb.ReadNoticesRequest(ids=ids))
    return page.redirect(safe_target(await page.field("next")) or home_of(page.viewer.person))
