"""What came in but could not become a credit: messages that nobody can read, repeats with other amounts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.finance.frame import Desk, desk_of, inside, outside, with_query
from gateway.web.finance.letters import may_see, stuck_of
from kit.errors import Error
from xoai.intake.v1 import intake_service_pb2 as pb

routes = page_routes()
TAB: Final = "/doi-soat/tin-loi"
_PAGE: Final = 30
_MOST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Trouble:
    """An exception of intake, with the message that it stands for."""

    row: pb.IntakeException
    ref: str
    title: str
    advice: str
    unit: str
    callback: pb.Callback | None
    may_close: bool

    @property
    def may_be_read_again(self) -> bool:
        """A repeat with another amount stays one however often it is read."""
        return self.may_close and self.is_message and self.row.reason != "CONFLICTING_REPEAT"

    @property
    def is_message(self) -> bool:
        """Whether the bank sent it by itself; a page of its list is read anew by the next pull."""
        return self.callback is not None and self.callback.channel == "callback"


@routes.get("/doi-soat/tin-loi", holds("intake.read"), include_in_schema=False)
async def troubles(page: CurrentPage) -> Response:
    """Open exceptions, the newest first; closed ones too if asked for."""
    return await _show(await desk_of(page))


async def _show(desk: Desk, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    page = desk.page
    query = page.request.query_params
    unit, with_closed, token = query.get("don-vi", ""), query.get("xong") == "1", query.get("trang", "")
    request = pb.ListExceptionsRequest(
        organisation_id=inside("org", unit), with_closed=with_closed, page_size=_PAGE, page_token=token
    )
    listed = await page.call(page.state.clients.intake.ListExceptions, request)
    rows, (stuck, away) = await asyncio.gather(
        asyncio.gather(*(_trouble(desk, row) for row in listed.exceptions)), stuck_of(page)
    )
    here = {"don-vi": unit, "xong": "1" if with_closed else ""}
    return desk.render(
        "troubles",
        page.gettext("Tin lỗi"),
        tab=TAB,
        rows=rows,
        unit=unit,
        with_closed=with_closed,
        next_href=with_query(TAB, **here, trang=listed.next_page_token) if listed.next_page_token else "",
        query=with_query("", **here),
        done=query.get("viec", ""),
        count=int(query.get("so", "0")) if query.get("so", "0").isdecimal() else 0,
        stuck=stuck,
        away=away,
        may_replay=may_see(page),
        errors=errors or {},
        status=status,
    )


async def _trouble(desk: Desk, row: pb.IntakeException) -> Trouble:
    page = desk.page
    callback: pb.Callback | None = None
    if row.callback_id:
        try:
            request = pb.GetCallbackRequest(id=row.callback_id)
            callback = await page.call(page.state.clients.intake.GetCallback, request)
        except Error as error:
            if error.http_status != 404:
                raise
    title, advice = _words(page, row.reason)
    return Trouble(
        row,
        outside("exc", row.id),
        title,
        advice,
        desk.name_of(row.organisation_id),
        callback,
        desk.may("intake.close", row.organisation_id) and row.state == pb.IntakeException.STATE_OPEN,
    )


def _words(page: Page, reason: str) -> tuple[str, str]:
    _ = page.gettext
    known = {
        "CONFLICTING_REPEAT": (
            _("Báo lại với số tiền khác"),
            _("Tin đầu đã được ghi. Hỏi ngân hàng số nào đúng rồi đóng việc này."),
        ),
        "UNKNOWN_ACCOUNT": (
            _("Tài khoản không thuộc kết nối"),
            _("Quản trị thêm tài khoản vào kết nối, rồi đọc lại tin."),
        ),
        "AMOUNT_NOT_WHOLE": (
            _("Số tiền không phải số đồng nguyên"),
            _("Không đoán số tiền. Hỏi nhà cung cấp gửi lại."),
        ),
    }
    return known.get(
        reason, (_("Không đọc được tin"), _("Gửi nội dung cho nhà cung cấp; sửa xong thì đọc lại tin."))
    )


@routes.post("/doi-soat/tin-loi/{exc}/dong", holds("intake.close"), include_in_schema=False)
async def close(page: CurrentPage, exc: str) -> Response:
    """Close an exception with what was done about it."""
    desk = await desk_of(page)
    reason = (await page.field("reason"))[:_MOST_REASON]
    if not reason:
        return await _show(desk, errors={f"reason-{exc}": page.gettext("Xin ghi lý do.")}, status=422)
    request = pb.CloseExceptionRequest(
        request_id=await page.field("request_id"), id=inside("exc", exc), reason=reason
    )
    await page.call(page.state.clients.intake.CloseException, request)
    return page.redirect(with_query(TAB, **_kept(page), viec="dong"))


@routes.post("/doi-soat/tin-loi/{exc}/doc-lai", holds("intake.close"), include_in_schema=False)
async def read_again(page: CurrentPage, exc: str) -> Response:
    """Read a message once more, as its connection is set up now."""
    request = pb.ReadAgainRequest(request_id=await page.field("request_id"), exception_id=inside("exc", exc))
    try:
        reply = await page.call(page.state.clients.intake.ReadAgain, request, timeout=10.0)
    except Error as error:
        if error.http_status != 409:
            raise
        desk = await desk_of(page)
        return await _show(desk, errors={exc: page.error_text(error)}, status=409)
    return page.redirect(with_query(TAB, **_kept(page), viec="doc-lai", so=str(reply.reports_new)))


def _kept(page: Page) -> dict[str, str]:
    query = page.request.query_params
    return {name: query.get(name, "") for name in ("don-vi", "xong")}
