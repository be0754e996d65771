"""What the banks and providers sent about a credit, word for word, and what the ledger wrote for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.finance import words
from gateway.web.finance.frame import READ, Desk, desk_of, inside
from gateway.web.finance.queue import filter_of
from kit.errors import Error
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = page_routes()


@dataclass(frozen=True, slots=True)
class Told:
    """One telling: the report, and the message that it stood in where the viewer may see it."""

    report: pb.Report
    channel: str
    callback: intake_pb.Callback | None

    @property
    def is_of_list(self) -> bool:
        """A line of the bank's list: what it said is in the report, there is no message of its own."""
        return self.report.channel == "pull"


@dataclass(frozen=True, slots=True)
class Line:
    """One posting in words: đồng on the debit or on the credit side."""

    account: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry in words."""

    entry: pb.JournalEntry
    title: str
    lines: list[Line]


@routes.get("/doi-soat/khoan/{crd}/tin", READ, include_in_schema=False)
async def reports(page: CurrentPage, crd: str) -> Response:
    """Every telling of a credit with its raw body, and its journal entries."""
    desk = await desk_of(page)
    request = pb.GetCreditRequest(id=inside("crd", crd))
    detail: pb.CreditDetail = await page.call(page.state.clients.reconciliation.GetCredit, request)
    may_see = desk.may("intake.read", detail.credit.organisation_id)
    told = await asyncio.gather(*(_told(page, report, may_see) for report in detail.reports))
    wanted = filter_of(page)
    return desk.render(
        "reports",
        page.gettext("Tin ngân hàng gửi"),
        tab=wanted.tab,
        credit=detail.credit,
        unit=desk.name_of(detail.credit.organisation_id),
        told=told,
        may_see=may_see,
        entries=_entries(desk, detail),
        back=wanted.url(f"/doi-soat/khoan/{crd}"),
    )


async def _told(page: Page, report: pb.Report, may_see: bool) -> Told:
    _ = page.gettext
    channels = {
        "callback": _("Tin báo"),
        "pull": _("Danh sách lấy từ ngân hàng"),
        "statement": _("Sao kê"),
    }
    found: intake_pb.Callback | None = None
    if may_see and report.channel == "callback":
        try:
            request = intake_pb.GetCallbackRequest(report_id=report.id)
            found = await page.call(page.state.clients.intake.GetCallback, request)
        except Error as error:
            # A report that no message of intake told of, or intake is away: the rest of the page still helps.
            if error.http_status not in (404, 503):
                raise
    return Told(report, channels.get(report.channel, report.channel), found)


def _entries(desk: Desk, detail: pb.CreditDetail) -> list[Entry]:
    _ = desk.page.gettext
    titles = {
        "credit_arrived": _("Tiền vào"),
        "assigned": _("Ghi vào phiếu"),
        "undone": _("Hoàn tác"),
        "payer_credit_used": _("Dùng tiền dư"),
        "kept_for_payer": _("Giữ cho người nộp"),
        "applied_anew": _("Ghi lại sau khi phiếu đổi"),
        "voided": _("Phiếu bị huỷ"),
        "moved_to_owner": _("Về đơn vị đã đăng ký tài khoản"),
        "same_money": _("Gộp vì báo trùng"),
    }
    return [
        Entry(
            entry,
            titles.get(entry.kind, entry.kind),
            [
                Line(words.ledger_account(row.ledger_account, _), max(row.amount, 0), max(-row.amount, 0))
                for row in sorted(entry.postings, key=lambda row: -row.amount)
            ],
        )
        for entry in detail.entries
    ]
