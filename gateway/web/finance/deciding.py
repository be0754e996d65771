"""What a clerk decides, each by a form with its own idempotency key: assign, split, keep, park, confirm, resolve, undo."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from gateway.formats import money
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.finance import words
from gateway.web.finance.credit import Shown, blockers_of, refused
from gateway.web.finance.frame import ASSIGN, UNDO, Desk, desk_of, error_words, inside
from gateway.web.finance.queue import filter_of
from kit.errors import Error
from kit.money import parse_vnd
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = page_routes()
_MOST_REASON: Final = 500
_MOST_ALLOCATIONS: Final = 50


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of the desk as it was sent."""

    page: Page
    desk: Desk
    credit_id: str
    ref: str
    values: dict[str, str]

    @property
    def request_id(self) -> str:
        return self.values.get("request_id", "")

    @property
    def reason(self) -> str:
        return self.values.get("reason", "")[:_MOST_REASON]

    @property
    def version(self) -> int:
        """The version of the credit that the person looked at."""
        typed = self.values.get("version", "")
        return int(typed) if typed.isdecimal() and len(typed) < 16 else 0

    def done(self, deed: str, *, stay: bool = False) -> Response:
        """Go on with the credit that follows, and say there what was done."""
        wanted = filter_of(self.page)
        following = self.ref if stay else self.values.get("next", "")
        path = f"/doi-soat/khoan/{following}" if following and inside("crd", following) else "/doi-soat"
        return self.page.redirect(wanted.url(path, xong=self.ref, viec=deed))


async def _sent(page: Page, crd: str) -> Sent:
    form = await page.form()
    values = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    return Sent(page, await desk_of(page), inside("crd", crd), crd, values)


async def _carry_out(
    sent: Sent, form: str, deed: str, command: Callable[[], Awaitable[Any]], *, stay: bool = False
) -> Response:
    """Do it; what cannot be done is said on the credit's page, with the form as it was filled in."""
    try:
        await command()
    except Error as error:
        is_foreign = error.http_status in (401, 403, 404) and error.reason != "PAYABLE_NOT_FOUND"
        if error.http_status >= 500 or is_foreign:
            raise
        return await _refuse(sent, form, error)
    return sent.done(deed, stay=stay)


async def _refuse(sent: Sent, form: str, error: Error) -> Response:
    page = sent.page
    if error.http_status == 409:
        blockers = await blockers_of(page, error)
        conflict = await _conflict(sent, error, bool(blockers))
        shown = Shown(status=409, conflict=conflict, blockers=blockers, values=sent.values)
        return await refused(sent.desk, sent.credit_id, shown)
    field = f"{form}-reason" if error.reason == "REASON_MISSING" else form
    shown = Shown(
        errors={field: error_words(page, error)},
        values=sent.values,
        open_form=form,
        status=422,
    )
    return await refused(sent.desk, sent.credit_id, shown)


async def _conflict(sent: Sent, error: Error, has_blockers: bool) -> str:
    if error.reason == "CREDIT_MOVED":
        return await what_happened(sent)
    if has_blockers:
        return sent.page.gettext("Lần ghi sau còn dựa vào lần này, phải hoàn tác trước:")
    return error_words(sent.page, error)


async def what_happened(sent: Sent) -> str:
    """Who was faster and what they did, out of the credit as it is now."""
    page = sent.page
    _ = page.gettext
    request = pb.GetCreditRequest(id=sent.credit_id)
    detail: pb.CreditDetail = await page.call(page.state.clients.reconciliation.GetCredit, request)
    if detail.events:
        event = detail.events[-1]
        who = event.person_name or _("Một người khác")
        return f"{who} {words.action(event, _)}. {_where(detail, _)}"
    return _("Máy vừa xử lý khoản này. %(where)s", where=_where(detail, _))


def _where(detail: pb.CreditDetail, _: words.Gettext) -> str:
    """Where the money is now."""
    credit = detail.credit
    parts = []
    for payment in detail.payments:
        if not payment.reverse_time.seconds:
            who = ", ".join(part for part in (payment.payer_name, payment.group_name) if part)
            parts.append(
                _(
                    "%(amount)s ở phiếu %(reference)s của %(who)s",
                    amount=money(payment.amount),
                    reference=payment.reference,
                    who=who,
                )
            )
    if credit.amount_payer_credit:
        parts.append(_("%(amount)s giữ cho người nộp", amount=money(credit.amount_payer_credit)))
    if credit.amount_suspense:
        parts.append(_("%(amount)s chờ xử lý", amount=money(credit.amount_suspense)))
    return _("Bây giờ: %(parts)s.", parts="; ".join(parts)) if parts else ""


@routes.post("/doi-soat/khoan/{crd}/ghi", ASSIGN, include_in_schema=False)
async def assign(page: CurrentPage, crd: str) -> Response:
    """Money goes to one payable; what is over is kept for its payer if the form says so."""
    sent = await _sent(page, crd)
    amount = sent.values.get("amount", "")
    request = pb.AssignCreditRequest(
        request_id=sent.request_id,
        credit_id=sent.credit_id,
        allocations=[
            pb.Allocation(
                payable_id=inside("inv", sent.values.get("payable", "")),
                amount=int(amount) if amount.isdecimal() and len(amount) < 16 else 0,
            )
        ],
        reason=sent.reason,
        credit_version=sent.version,
        keep_rest_for_payer_id=sent.values.get("keep", ""),
    )
    return await _carry_out(sent, "assign", "ghi", lambda: _call(page, "AssignCredit", request))


@routes.post("/doi-soat/khoan/{crd}/tach", ASSIGN, include_in_schema=False)
async def split(page: CurrentPage, crd: str) -> Response:
    """Money goes to several payables, so much to each."""
    sent = await _sent(page, crd)
    errors: dict[str, str] = {}
    parts: list[pb.Allocation] = []
    for name, typed in sent.values.items():
        if not name.startswith("part-") or not typed:
            continue
        try:
            amount = parse_vnd(typed)
        except Error as error:
            errors[name] = page.error_text(error)
            continue
        if amount:
            parts.append(pb.Allocation(payable_id=inside("inv", name.removeprefix("part-")), amount=amount))
    if not parts and not errors:
        errors["split"] = page.gettext("Ghi số tiền cho ít nhất một phiếu")
    if not sent.reason:
        errors["split-reason"] = page.gettext("Xin ghi lý do.")
    if errors:
        shown = Shown(errors=errors, values=sent.values, open_form="split", status=422)
        return await refused(sent.desk, sent.credit_id, shown)
    request = pb.AssignCreditRequest(
        request_id=sent.request_id,
        credit_id=sent.credit_id,
        allocations=parts[:_MOST_ALLOCATIONS],
        reason=sent.reason,
        credit_version=sent.version,
    )
    return await _carry_out(sent, "split", "ghi", lambda: _call(page, "AssignCredit", request))


@routes.post("/doi-soat/khoan/{crd}/giu", ASSIGN, include_in_schema=False)
async def keep(page: CurrentPage, crd: str) -> Response:
    """All that waits is kept for a payer."""
    sent = await _sent(page, crd)
    request = pb.KeepForPayerRequest(
        request_id=sent.request_id,
        credit_id=sent.credit_id,
        payer_id=sent.values.get("payer", ""),
        reason=sent.reason,
        credit_version=sent.version,
    )
    return await _carry_out(sent, "assign", "giu", lambda: _call(page, "KeepForPayer", request))


@routes.post("/doi-soat/khoan/{crd}/de-lai", ASSIGN, include_in_schema=False)
async def park(page: CurrentPage, crd: str) -> Response:
    """Set aside with a reason."""
    sent = await _sent(page, crd)
    if not sent.reason:
        shown = Shown(
            errors={"park-reason": page.gettext("Xin ghi lý do.")},
            values=sent.values,
            open_form="park",
            status=422,
        )
        return await refused(sent.desk, sent.credit_id, shown)
    request = _park(sent, sent.reason)
    return await _carry_out(sent, "park", "de-lai", lambda: _call(page, "ParkCredit", request))


@routes.post("/doi-soat/khoan/{crd}/lay-lai", ASSIGN, include_in_schema=False)
async def unpark(page: CurrentPage, crd: str) -> Response:
    """Take up again what was set aside."""
    sent = await _sent(page, crd)
    request = _park(sent, "")
    return await _carry_out(sent, "park", "lay-lai", lambda: _call(page, "ParkCredit", request), stay=True)


def _park(sent: Sent, reason: str) -> pb.ParkCreditRequest:
    return pb.ParkCreditRequest(
        request_id=sent.request_id,
        credit_id=sent.credit_id,
        reason=reason,
        credit_version=sent.version,
    )


@routes.post("/doi-soat/khoan/{crd}/xac-nhan", ASSIGN, include_in_schema=False)
async def confirm(page: CurrentPage, crd: str) -> Response:
    """A person vouches that the money is there; the rules then decide."""
    sent = await _sent(page, crd)
    request = pb.ConfirmCreditRequest(
        request_id=sent.request_id,
        credit_id=sent.credit_id,
        reason=sent.reason,
        credit_version=sent.version,
    )
    return await _carry_out(sent, "confirm", "xac-nhan", lambda: _call(page, "ConfirmCredit", request))


@routes.post("/doi-soat/khoan/{crd}/trung", ASSIGN, include_in_schema=False)
async def resolve(page: CurrentPage, crd: str) -> Response:
    """A possible duplicate is the same money as another credit, or money of its own."""
    sent = await _sent(page, crd)
    same = sent.values.get("same", "")
    if not same:
        shown = Shown(
            errors={"resolve": page.gettext("Chọn là một khoản hay hai khoản")},
            values=sent.values,
            open_form="resolve",
            status=422,
        )
        return await refused(sent.desk, sent.credit_id, shown)
    is_own = same == "rieng"
    request = pb.ResolveDuplicateRequest(
        request_id=sent.request_id,
        credit_id=sent.credit_id,
        same_as_credit_id="" if is_own else inside("crd", same),
        reason=sent.reason,
        credit_version=sent.version,
    )
    deed = "rieng" if is_own else "trung"
    return await _carry_out(sent, "resolve", deed, lambda: _call(page, "ResolveDuplicate", request))


@routes.post("/doi-soat/khoan/{crd}/hoan-tac", UNDO, include_in_schema=False)
async def undo(page: CurrentPage, crd: str) -> Response:
    """Take payments of this credit off their payables; each by a key made of the form's."""
    sent = await _sent(page, crd)
    refs = [ref for ref in sent.values.get("payments", "").split() if ref][:_MOST_ALLOCATIONS]

    async def take_back() -> None:
        for ref in refs:
            request = pb.UndoPaymentRequest(
                request_id=_derived(sent.request_id, ref),
                payment_id=inside("pay", ref),
                reason=sent.reason,
            )
            await _call(page, "UndoPayment", request)

    return await _carry_out(sent, "undo", "hoan-tac", take_back, stay=True)


def _derived(request_id: str, ref: str) -> str:
    """A key for one of several commands of a form; none if the form had none."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{request_id}/{ref}")) if request_id else ""


async def _call(page: Page, method: str, request: Any) -> Any:
    return await page.call(getattr(page.state.clients.reconciliation, method), request, timeout=10.0)
