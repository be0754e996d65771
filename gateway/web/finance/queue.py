"""The list at the left: which credits are shown, how many there are of each kind, and where each of them leads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from gateway import formats
from gateway.page import Page
from gateway.web.finance import words
from gateway.web.finance.frame import Desk, inside, outside, with_query
from gateway.web.finance.words import State
from kit import clock
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

PAGE: Final = 50
OLD_HOURS: Final = 24
_MOST_TYPED: Final = 100
_VIEWS: Final = {
    "": pb.ListCreditsRequest.VIEW_SUSPENSE,
    "de-lai": pb.ListCreditsRequest.VIEW_PARKED,
    "thieu": pb.ListCreditsRequest.VIEW_SHORT_OPEN,
    "thua": pb.ListCreditsRequest.VIEW_OVER_OPEN,
    "hai-lan": pb.ListCreditsRequest.VIEW_TWICE_OPEN,
    "tat-ca": pb.ListCreditsRequest.VIEW_ALL,
}
_TABS: Final = {"de-lai": "/doi-soat?xem=de-lai", "tat-ca": "/doi-soat?xem=tat-ca"}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to, as the address says it."""

    view: str = ""
    reason: str = ""
    unit: str = ""
    search: str = ""
    is_old: bool = False
    is_oldest_first: bool = False
    token: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The filter as names and values of an address."""
        return {
            "xem": self.view,
            "ly-do": self.reason.lower().replace("_", "-"),
            "don-vi": self.unit,
            "tim": self.search,
            "cu": "1" if self.is_old else "",
            "xep": "cu-truoc" if self.is_oldest_first else "",
            "trang": self.token,
        }

    def url(self, path: str = "/doi-soat", **more: str) -> str:
        """A page of the desk that keeps this filter."""
        return with_query(path, **self.query, **more)

    @property
    def first_url(self) -> str:
        """The list from its beginning."""
        return replace(self, token="").url()

    @property
    def tab(self) -> str:
        """The tab that this list stands under."""
        return _TABS.get(self.view, "/doi-soat")

    @property
    def organisation_id(self) -> str:
        return inside("org", self.unit)


def filter_of(page: Page) -> Filter:
    """The filter in the page's address; what nobody knows narrows nothing."""
    query = page.request.query_params
    reason = query.get("ly-do", "").upper().replace("-", "_")
    view = query.get("xem", "")
    search = " ".join(query.get("tim", "").split())[:_MOST_TYPED]
    if search and "xem" not in query:
        # Who looks for something looks among everything.
        view = "tat-ca"
    return Filter(
        view=view if view in _VIEWS else "",
        reason=reason if reason in words.REASONS else "",
        unit=query.get("don-vi", "")[:40],
        search=search,
        is_old=query.get("cu") == "1",
        is_oldest_first=query.get("xep") == "cu-truoc",
        token=query.get("trang", ""),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A credit in the list."""

    credit: pb.Credit
    href: str
    unit: str
    time: str
    state: State


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of the filter."""

    text: str
    count: int
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """The list with its counts."""

    filter: Filter
    rows: list[Row]
    choices: list[Choice]
    waiting: int
    today: int
    today_settled: int
    next_href: str
    # Where a search has come to, if it has not looked through everything.
    searched_until: Timestamp | None
    # Repeats with other amounts that intake holds: not credits, so they lead to a page of their own.
    conflicting: int

    @property
    def is_first_page(self) -> bool:
        return not self.filter.token

    @property
    def total(self) -> int:
        """How many credits the list has in all, as far as it is counted; at least those that are shown."""
        counted = next((choice.count for choice in self.choices if choice.is_current), 0)
        return max(counted, len(self.rows))

    def place_of(self, credit_id: str) -> int:
        """Where a credit stands in the list, from 1; 0 if it does not."""
        return next((place for place, row in enumerate(self.rows, 1) if row.credit.id == credit_id), 0)

    def after(self, credit_id: str) -> str:
        """The credit to go on with once this one is settled; empty if nothing else is in the list."""
        place = self.place_of(credit_id)
        others = [row.credit.id for row in self.rows if row.credit.id != credit_id]
        if not others:
            return ""
        return others[min(max(place - 1, 0), len(others) - 1)]


async def queue_of(desk: Desk, wanted: Filter) -> Queue:
    """Read the list and its counts."""
    page, service = desk.page, desk.page.state.clients.reconciliation
    request = pb.ListCreditsRequest(
        organisation_id=wanted.organisation_id,
        view=_VIEWS[wanted.view],
        suspense_reason=wanted.reason,
        search=wanted.search,
        oldest_first=wanted.is_oldest_first,
        older_than_hours=OLD_HOURS if wanted.is_old else 0,
        page_size=PAGE,
        page_token=wanted.token,
    )
    listed, counted, conflicting = await asyncio.gather(
        page.call(service.ListCredits, request, timeout=5.0),
        page.call(
            service.SummariseQueue,
            pb.SummariseQueueRequest(organisation_id=wanted.organisation_id, old_hours=OLD_HOURS),
            timeout=5.0,
        ),
        _conflicting(desk, wanted),
    )
    next_filter = replace(wanted, token=listed.next_page_token)
    return Queue(
        filter=wanted,
        rows=[_row(desk, wanted, credit) for credit in listed.credits],
        choices=_choices(page, wanted, counted),
        waiting=sum(row.count for row in counted.reasons),
        today=counted.today,
        today_settled=counted.today_settled,
        next_href=next_filter.url() if listed.next_page_token else "",
        searched_until=listed.searched_until_time if listed.HasField("searched_until_time") else None,
        conflicting=conflicting,
    )


async def _conflicting(desk: Desk, wanted: Filter) -> int:
    if not desk.may("intake.read"):
        return 0
    request = intake_pb.ListExceptionsRequest(organisation_id=wanted.organisation_id, page_size=PAGE)
    reply = await desk.page.call(desk.page.state.clients.intake.ListExceptions, request)
    return sum(1 for row in reply.exceptions if row.reason == "CONFLICTING_REPEAT")


def _row(desk: Desk, wanted: Filter, credit: pb.Credit) -> Row:
    at = formats.moment(credit.bank_time) or formats.moment(credit.arrive_time)
    is_today = at is not None and at.date() == clock.today()
    return Row(
        credit=credit,
        href=wanted.url(f"/doi-soat/khoan/{outside('crd', credit.id)}"),
        unit=desk.name_of(credit.organisation_id),
        time=at.strftime("%H:%M" if is_today else "%d/%m") if at else "",
        state=words.state_of(credit, desk.page.gettext),
    )


def _choices(page: Page, wanted: Filter, counted: pb.QueueSummary) -> list[Choice]:
    """The filter's buttons: all, then each kind of which there is any, and the one that is chosen."""
    _ = page.gettext
    counts = {row.reason: row.count for row in counted.reasons}
    known = words.reasons(_)
    base = replace(wanted, view="", reason="", search="", is_old=False, token="")
    found = [(_("Tất cả"), sum(counts.values()), base)]
    found += [
        (known[reason].text, counts.get(reason, 0), replace(base, reason=reason)) for reason in words.REASONS
    ]
    found += [
        (_("Nộp thiếu"), counted.short_open, replace(base, view="thieu")),
        (_("Nộp thừa"), counted.over_open, replace(base, view="thua")),
        (_("Nộp hai lần"), counted.twice_open, replace(base, view="hai-lan")),
        (_("Cũ hơn 1 ngày"), counted.old, replace(base, is_old=True)),
        (_("Để lại"), counted.parked, replace(base, view="de-lai")),
    ]
    here = replace(wanted, search="", token="")
    return [
        Choice(text, count, target.url(), target == here)
        for place, (text, count, target) in enumerate(found)
        if count or not place or target == here
    ]


def first_of(rows: Sequence[Row]) -> str:
    """The id of the credit on top; empty for an empty list."""
    return rows[0].credit.id if rows else ""
