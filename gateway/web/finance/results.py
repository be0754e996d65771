"""What was just done, said from what the books hold now: the strip under the credit that follows, with its undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.formats import money
from gateway.web.finance.frame import Desk, inside, outside
from gateway.web.finance.words import Gettext
from kit.errors import NotFound
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

_DEEDS: Final = frozenset({"ghi", "de-lai", "lay-lai", "giu", "xac-nhan", "trung", "rieng", "hoan-tac"})


@dataclass(frozen=True, slots=True)
class Result:
    """The sentence, and how to take the deed back: payments to undo, or the park to lift."""

    kind: str
    text: str
    ref: str
    payments: list[str]
    can_unpark: bool = False

    @property
    def can_undo(self) -> bool:
        return bool(self.payments) or self.can_unpark


async def result_of(desk: Desk) -> Result | None:
    """The result named in the address, if there is one."""
    query = desk.page.request.query_params
    deed, ref = query.get("viec", ""), query.get("xong", "")
    if deed not in _DEEDS or not ref:
        return None
    page = desk.page
    request = pb.GetCreditRequest(id=inside("crd", ref))
    _ = page.gettext
    try:
        detail: pb.CreditDetail = await page.call(page.state.clients.reconciliation.GetCredit, request)
    except NotFound:
        # What a trader handed over is theirs alone again.
        text = _("Đã quyết định. Khoản này lại chỉ chủ quầy thấy.")
        return Result("neutral", text, ref, []) if deed == "xac-nhan" else None
    credit = detail.credit
    standing = [row for row in detail.payments if not row.reverse_time.seconds]
    newest = max((row.post_time.ToNanoseconds() for row in standing), default=0)
    last = [row for row in standing if row.post_time.ToNanoseconds() == newest]
    if deed in ("ghi", "xac-nhan", "rieng") and last:
        return Result(
            "received",
            _paid(last, credit, _) if deed == "ghi" else _decided(deed, last, credit, _),
            ref,
            [outside("pay", row.id) for row in last]
            if desk.may("credits.undo", credit.organisation_id)
            else [],
        )
    if deed == "de-lai" and credit.park_reason:
        text = _("Đã để lại %(amount)s: %(why)s.", amount=money(credit.amount), why=credit.park_reason)
        return Result("neutral", text, ref, [], can_unpark=True)
    texts = {
        "lay-lai": _("Đã lấy lại %(amount)s để xử lý.", amount=money(credit.amount)),
        "giu": _("Đã giữ %(amount)s cho người nộp.", amount=money(credit.amount_payer_credit)),
        "xac-nhan": _("Đã xác nhận %(amount)s.", amount=money(credit.amount)),
        "rieng": _("Đã quyết định %(amount)s là tiền riêng.", amount=money(credit.amount)),
        "trung": _("Đã gộp %(amount)s vào khoản đã báo trước.", amount=money(credit.amount)),
        "hoan-tac": _("Đã hoàn tác. %(amount)s chờ xử lý.", amount=money(credit.amount_suspense)),
    }
    return Result("neutral", texts[deed], ref, []) if deed in texts else None


def _paid(last: list[pb.Payment], credit: pb.Credit, _: Gettext) -> str:
    total = money(sum(row.amount for row in last))
    if len(last) > 1:
        text = _("Đã ghi %(amount)s vào %(count)s phiếu.", amount=total, count=len(last))
    else:
        who = ", ".join(part for part in (last[0].payer_name, last[0].group_name) if part)
        text = _("Đã ghi %(amount)s cho %(who)s.", amount=total, who=who or last[0].reference)
    if credit.amount_payer_credit:
        kept = _("Giữ %(amount)s cho người nộp.", amount=money(credit.amount_payer_credit))
        text = f"{text} {kept}"
    return text


def _decided(deed: str, last: list[pb.Payment], credit: pb.Credit, _: Gettext) -> str:
    head = _("Đã xác nhận.") if deed == "xac-nhan" else _("Là tiền riêng.")
    return f"{head} {_paid(last, credit, _)}"
