"""Alarms that were closed, and closing one with what was done."""

from __future__ import annotations

from starlette.responses import Response

from gateway.fields import fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.market.frame import INSPECT, ROOT, MarketPageNotFound, alarms_of, inside, show
from kit.errors import Error
from xoai.pilots.v1 import trust_service_pb2 as pb

routes = page_routes()


async def _one(page: Page, alarm_id: str, errors: dict[str, str] | None = None, note: str = "") -> Response:
    found = await alarms_of(page, with_closed=True)
    alarm = next((each for each in found if each.id == alarm_id), None)
    if alarm is None:
        raise MarketPageNotFound()
    return show(page, "alarm", page.gettext("Cảnh báo"), alarm=alarm, errors=errors, note=note)


@routes.get("/cho/da-dong", INSPECT, include_in_schema=False)
async def closed(page: CurrentPage) -> Response:
    """What was closed in the last thirty days, by whom and why."""
    found = [each for each in await alarms_of(page, with_closed=True) if each.HasField("close_time")]
    title = page.gettext("Cảnh báo đã đóng trong 30 ngày")
    return show(page, "closed", title, tab=f"{ROOT}/da-dong", alarms=found)


@routes.get("/cho/canh-bao/{alarm}", INSPECT, include_in_schema=False)
async def one(page: CurrentPage, alarm: str) -> Response:
    """One alarm, letter by letter, with the form that closes it."""
    return await _one(page, inside("alm", alarm))


@routes.post("/cho/canh-bao/{alarm}", INSPECT, include_in_schema=False)
async def close(page: CurrentPage, alarm: str) -> Response:
    """Close an alarm with what was done."""
    alarm_id = inside("alm", alarm)
    fields = await fields_of(page)
    note = fields.text("note", page.gettext("Ghi đã làm gì"))
    if not fields.errors:
        request = pb.CloseAlarmRequest(request_id=fields.request_id, id=alarm_id, note=note)
        try:
            await page.call(page.state.clients.trust.CloseAlarm, request)
        except Error as error:
            fields.refuse(error, {}, "note")
    if fields.errors:
        return await _one(page, alarm_id, fields.errors, note)
    return page.redirect(f"{ROOT}?xong=dong")
