"""What waits for a person now: money at the desks by reason and age, and alarms of the market boards. No week's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from gateway import formats
from gateway.page import Page
from gateway.web.finance.words import reasons
from kit import clock
from kit.errors import Unavailable
from xoai.pilots.v1 import city_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of work, how much of it waits, and how long the oldest has waited; empty where nothing says."""

    name: str
    count: int
    age: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Money that waits at the desks, and alarms. `at` is empty where reconciliation did not answer."""

    count: int
    age: str
    at: str
    money: Sequence[Row]
    alarms: Row


async def waiting_of(page: Page, view: pb.CityView) -> Waiting:
    """Asked for anew with each page; a desk that does not answer leaves the rest."""
    _ = page.gettext
    oldest = datetime.fromisoformat(view.oldest_alarm_time) if view.oldest_alarm_time else None
    alarms = Row(_("Cảnh báo chờ ban quản lý chợ"), view.open_alarms, _age(page, oldest))
    request = reconciliation_pb.SummariseExceptionsRequest()
    try:
        found: reconciliation_pb.ExceptionsSummary = await page.call(
            page.state.clients.reconciliation.SummariseExceptions, request
        )
    except Unavailable:
        return Waiting(0, "", "", (), alarms)
    names = reasons(_)
    rows = [
        Row(
            names[row.reason].text if row.reason in names else row.reason,
            row.count,
            _age(page, _moment(row.oldest_time)),
        )
        for row in found.reasons
    ]
    if found.parked:
        rows.append(Row(_("Để lại, có ghi lý do"), found.parked, ""))
    oldest = _moment(found.oldest_time) if found.HasField("oldest_time") else None
    now = _moment(found.as_of)
    at = _("%(time)s ngày %(day)s", time=formats.hour_minute(now), day=formats.day(now))
    return Waiting(found.count, _age(page, oldest), at, rows, alarms)


def _age(page: Page, since: datetime | None) -> str:
    """`2 ngày`, `5 giờ`, `chưa đến một giờ`."""
    if since is None:
        return ""
    hours = int((clock.now() - since).total_seconds()) // 3_600
    plural = page.catalogue.ngettext
    if hours >= 24:
        return plural("%(num)s ngày", "%(num)s ngày", hours // 24) % {"num": hours // 24}
    if hours >= 1:
        return plural("%(num)s giờ", "%(num)s giờ", hours) % {"num": hours}
    return page.gettext("chưa đến một giờ")


def _moment(value: Timestamp) -> datetime:
    return value.ToDatetime(tzinfo=UTC)
