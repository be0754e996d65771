"""`/thanh-pho`: how the cashless streets, markets and fairs do, for those who run the city. No single stall is in it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.roles import role_names
from gateway.shell import Shell, tabs
from gateway.web.city import schematic, table, trend
from gateway.web.city.waiting import waiting_of
from gateway.web.city.words import Words, is_shown
from xoai.pilots.v1 import city_service_pb2 as pb

routes = page_routes()
READ: Final = holds("city.read")
_HOME: Final = "/thanh-pho"


@routes.get(_HOME, READ, include_in_schema=False)
async def overview(page: CurrentPage, ky: str = "") -> Response:
    """The newest published week, or the one that is asked for."""
    view = await _view(page, ky)
    words, measure = Words(page), schematic.measure_of(view)
    waiting = await waiting_of(page, view)
    return page.render(
        "city/centre.html",
        shell=_shell(page, view),
        view=view,
        words=words,
        title=_title(page, view, words),
        drawing=schematic.draw(view, words, _sizes(page, view), measure),
        is_share=measure.is_share,
        steps=[measure.bound_text(place, words) for place in (0, -1)],
        trend=trend.draw(view, words, english=page.locale == "en"),
        waiting=waiting,
    )


@routes.get(f"{_HOME}/so-lieu.csv", READ, include_in_schema=False)
async def download(page: CurrentPage, ky: str = "") -> Response:
    """The same tables as a file."""
    return table.csv_file(await _view(page, ky))


async def _view(page: Page, period_to: str) -> pb.CityView:
    request = pb.GetCityViewRequest(period_to=period_to[:20])
    view: pb.CityView = await page.call(page.state.clients.city.GetCityView, request)
    return view


def _shell(page: Page, view: pb.CityView) -> Shell:
    _ = page.gettext
    memberships = page.viewer.memberships()
    known = role_names(_)
    wards = sum(1 for row in view.wards if row.code)
    place = page.catalogue.ngettext(
        "Địa bàn Đồng Xoài, %(num)s phường, xã", "Địa bàn Đồng Xoài, %(num)s phường, xã", wards
    ) % {"num": wards}
    return Shell(
        unit=_("Trung tâm điều hành"),
        home=_HOME,
        place=place if wards else _("Địa bàn Đồng Xoài"),
        tabs=tabs(_HOME, (_("Tuyến phố và hội chợ"), _HOME), (_("Số liệu mở"), "/mo")),
        role=next((known[row.role] for row in memberships if row.role in known), ""),
    )


def _title(page: Page, view: pb.CityView, words: Words) -> str:
    """What the week says, as far as it may be said."""
    if view.period_to and is_shown(view.total.share_permille):
        share = words.share(view.total.share_permille)
        return page.gettext("%(share)s doanh thu ở tuyến phố và hội chợ là không tiền mặt", share=share)
    if view.period_to and is_shown(view.total.transfers):
        amount = words.money(view.total.transfers)
        return page.gettext("Tuyến phố và hội chợ thu %(amount)s không tiền mặt", amount=amount)
    return page.gettext("Tuyến phố và hội chợ")


def _sizes(page: Page, view: pb.CityView) -> dict[str, str]:
    return {
        row.code: page.catalogue.ngettext("%(num)s quầy", "%(num)s quầy", row.stalls.value)
        % {"num": row.stalls.value}
        for row in view.programmes
    }
