"""A merchant's stalls: the list, one stall with its opening hours, and where money without a code goes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.merchant.book import book_of, revenue_of
from gateway.web.merchant.frame import (
    MANAGE,
    READ,
    Merchant,
    crumbs_of,
    merchant_of,
    stall_of,
    stall_url,
    stalls_of,
)
from kit import clock
from kit.errors import Error
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = page_routes()
_RULES: Final = {
    "never": pb.Stall.DEFAULT_RULE_NEVER,
    "always": pb.Stall.DEFAULT_RULE_ALWAYS,
    "hours": pb.Stall.DEFAULT_RULE_OPENING_HOURS,
}
_HOUR: Final = re.compile(r"([01]?\d|2[0-3])[:hH.]([0-5]\d)?|24[:hH.](?:00)?")


def rule_words(page: Page) -> list[tuple[str, str]]:
    """What may become of money without a code, in words."""
    _ = page.gettext
    return [
        ("never", _("Để chờ: tôi tự chọn quầy cho từng khoản")),
        ("always", _("Luôn ghi vào quầy này")),
        ("hours", _("Ghi vào quầy này trong giờ mở cửa, ngoài giờ thì để chờ")),
    ]


def hour_words(minute: int) -> str:
    """`06:00` of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(fields: Fields, name: str, page: Page) -> int:
    """A time of day such as 6:00, 6h or 6h30, in minutes; an error at the field if it is none."""
    typed = fields.text(name)
    match = _HOUR.fullmatch(typed)
    if match is None:
        fields.errors[name] = page.gettext("Ghi giờ như 06:00 hoặc 21:30")
        return 0
    return int(match[1] or 24) * 60 + int(match[2] or 0)


@routes.get("/quay-hang/chu", READ, include_in_schema=False)
async def mine(page: CurrentPage) -> Response:
    """The merchant's stalls with what they took today, what waits for the owner's word, and who sees what."""
    merchant = merchant_of(page)
    stalls, book, waiting = await asyncio.gather(
        stalls_of(merchant), book_of(merchant, clock.today().year), _waiting(merchant)
    )
    today = {day.stall_id: day for day in book.days if day.current}
    return merchant.render(
        "stalls",
        page.gettext("Quầy của tôi"),
        stalls=stalls,
        today=today,
        revenue=sum(revenue_of(day) for day in today.values()),
        revenue_of=revenue_of,
        waiting=waiting,
        year_revenue=book.revenue,
    )


async def _waiting(merchant: Merchant) -> Sequence[sales_pb.Unassigned]:
    """Money that the owner has to say something about."""
    page = merchant.page
    request = sales_pb.ListUnassignedRequest(organisation_id=merchant.id)
    reply: sales_pb.ListUnassignedResponse = await page.call(page.state.clients.sales.ListUnassigned, request)
    return reply.credits


def _show(merchant: Merchant, stall: pb.Stall, fields: Fields | None = None) -> Response:
    rule = next((name for name, value in _RULES.items() if value == stall.default_rule), "never")
    values = {"rule": rule, "open": hour_words(stall.open_minute), "close": hour_words(stall.close_minute)}
    return merchant.render(
        "stall",
        merchant.page.gettext("Quầy %(number)s: %(name)s", number=stall.number, name=stall.name),
        crumbs=crumbs_of(merchant, stall),
        errors=fields.errors if fields else None,
        values=values | (fields.values() if fields else {}),
        stall=stall,
        rules=rule_words(merchant.page),
    )


@routes.get("/quay-hang/chu/{stl}", READ, include_in_schema=False)
async def one(page: CurrentPage, stl: str) -> Response:
    """One stall and what can be done with it."""
    return _show(*await stall_of(page, stl))


@routes.post("/quay-hang/chu/{stl}", MANAGE, include_in_schema=False)
async def change(page: CurrentPage, stl: str) -> Response:
    """Other opening hours, another rule for money without a code."""
    merchant, stall = await stall_of(page, stl)
    fields = await fields_of(page)
    wanted = pb.Stall()
    wanted.CopyFrom(stall)
    wanted.open_minute = minute_of(fields, "open", page)
    wanted.close_minute = minute_of(fields, "close", page)
    wanted.default_rule = _RULES.get(fields.text("rule"), pb.Stall.DEFAULT_RULE_NEVER)
    if not fields.errors and wanted.open_minute >= wanted.close_minute:
        fields.errors["close"] = page.gettext("Giờ đóng cửa phải sau giờ mở cửa")
    if not fields.errors:
        request = pb.UpdateStallRequest(request_id=fields.request_id, stall=wanted)
        try:
            await page.call(page.state.clients.stalls.UpdateStall, request)
        except Error as error:
            fields.refuse(error, {"open_minute": "open", "close_minute": "close"}, "rule")
    if fields.errors:
        return _show(merchant, stall, fields)
    return page.redirect(f"{stall_url(stall.id)}?xong=sua")
