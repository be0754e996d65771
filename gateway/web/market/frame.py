"""The frame of the market board's pages: its tabs, and how alarms stand on them."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from gateway import addresses
from gateway.access import holds
from gateway.page import Page
from gateway.roles import role_names
from gateway.shell import Shell, tabs
from gateway.web.market import words
from kit.errors import NotFound
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.pilots.v1 import trust_service_pb2 as pb

INSPECT: Final = holds("pilots.inspect")
ROOT: Final = "/cho"


class MarketPageNotFound(NotFound):
    reason = "MARKET_PAGE_NOT_FOUND"
    vi = "Không tìm thấy trang này trong các chợ và tuyến phố."
    en = "This page could not be found among the markets and streets."


# Raises MarketPageNotFound for a damaged id.
inside: Final = partial(addresses.inside, MarketPageNotFound)
outside: Final = addresses.outside


def show(
    page: Page,
    template: str,
    title: str,
    *,
    tab: str = ROOT,
    errors: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    """A page of the market board. With `errors` it is a form again."""
    found = errors or {}
    return page.render(
        f"market/{template}.html",
        status=422 if found else 200,
        shell=_shell(page, tab),
        title=title,
        errors=found,
        done=page.request.query_params.get("xong", ""),
        alarm_words=lambda alarm: words.of_alarm(page, alarm),
        difference_words=lambda difference: words.of_difference(page, difference),
        note_words=lambda alarm: words.of_note(page, alarm),
        ref=outside,
        **context,
    )


async def alarms_of(page: Page, *, programme_id: str = "", with_closed: bool = False) -> list[pb.Alarm]:
    """Alarms, open ones first, with banks named as everywhere else."""
    request = pb.ListAlarmsRequest(programme_id=programme_id, with_closed=with_closed)
    found: list[pb.Alarm] = list((await page.call(page.state.clients.trust.ListAlarms, request)).alarms)
    for alarm in found:
        if alarm.bin and alarm.bank_name == alarm.bin:
            alarm.bank_name = await page.state.bills.bank_name(alarm.bin)
            alarm.text = alarm.text.replace(alarm.bin, alarm.bank_name)
            alarm.text_en = alarm.text_en.replace(alarm.bin, alarm.bank_name)
    return found


def _shell(page: Page, tab: str) -> Shell:
    _ = page.gettext
    memberships = page.viewer.memberships(directory_pb.Organisation.KIND_CITY) or page.viewer.memberships()
    here = memberships[0] if memberships else None
    return Shell(
        unit=_("Chợ và phố"),
        home=ROOT,
        place=here.organisation_name if here else "Xoài",
        tabs=tabs(
            tab,
            (_("Việc cần làm"), ROOT),
            (_("Kiểm tra một mã"), f"{ROOT}/kiem-tra"),
            (_("Cảnh báo đã đóng"), f"{ROOT}/da-dong"),
        ),
        role=role_names(_).get(here.role, "") if here else "",
    )
