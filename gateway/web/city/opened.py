"""`/mo`: the open statistics. Everybody may read and take them; the page says what is not shown, and why."""

from __future__ import annotations

from starlette.responses import Response

from gateway.access import PUBLIC
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.city import table, trend
from gateway.web.city.words import Words
from xoai.pilots.v1 import city_service_pb2 as pb

routes = page_routes()


@routes.get("/mo", PUBLIC, include_in_schema=False)
async def statistics(page: CurrentPage, ky: str = "") -> Response:
    """The newest published week, or the one that is asked for."""
    view = await _view(page, ky)
    words = Words(page)
    defined = await page.call(page.state.clients.city.ListDefinitions, pb.ListDefinitionsRequest())
    return page.render(
        "city/open.html",
        view=view,
        words=words,
        trend=trend.draw(view, words, english=page.locale == "en"),
        definitions=defined.definitions,
    )


@routes.get("/mo/so-lieu.csv", PUBLIC, include_in_schema=False)
async def download(page: CurrentPage, ky: str = "") -> Response:
    """The same tables as a file."""
    return table.csv_file(await _view(page, ky))


async def _view(page: Page, period_to: str) -> pb.CityView:
    request = pb.GetOpenStatisticsRequest(period_to=period_to[:20])
    view: pb.CityView = await page.call(page.state.clients.city.GetOpenStatistics, request)
    return view
