"""A volunteer's visit, step by step: the code on paper, consent, the bill for half an hour, a page of paper."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from gateway.access import holds
from gateway.bills import reference_of
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.shell import Shell
from gateway.web.volunteer.asked import asked_for, guide_request
from kit import auth, clock, ids
from kit.errors import Error, FailedPrecondition, NotFound, Unavailable
from kit.messages import timestamp
from kit.references.code import check
from kit.text import clean_display
from xoai.pilots.v1 import trust_service_pb2 as pb

routes = page_routes()
SERVE: Final = holds("helper.serve")
ROOT: Final = "/giup"
_MOST_WORDS: Final = 200


class VisitPageNotFound(NotFound):
    reason = "VISIT_PAGE_NOT_FOUND"
    vi = "Không tìm thấy lượt giúp này. Mở lại từ danh sách hôm nay."
    en = "This visit could not be found. Open it again from today's list."


class NothingToPrint(FailedPrecondition):
    reason = "NOTHING_TO_PRINT"
    vi = "Phiếu này không còn khoản phải nộp nên không có gì để in."
    en = "Nothing is owed on this bill any more, so there is nothing to print."


def _ways(page: Page) -> dict[str, str]:
    """How somebody may agree, in words that are kept with the visit."""
    _ = page.gettext
    return {
        "self": _("Chính người ấy đồng ý bằng lời"),
        "self_signed": _("Chính người ấy ký giấy"),
        "family": _("Người nhà đồng ý thay"),
    }


def _show(
    page: Page, template: str, title: str, errors: dict[str, str] | None = None, **context: Any
) -> Response:
    found = errors or {}
    return page.render(
        f"volunteer/{template}.html",
        status=422 if found else 200,
        shell=Shell(
            unit=page.gettext("Giúp bà con nộp tiền"),
            home=ROOT,
            place=page.gettext("Tổ công nghệ số cộng đồng"),
        ),
        title=title,
        errors=found,
        ref=lambda id: ids.external("vis", UUID(id)),
        **context,
    )


async def _today(page: Page) -> pb.ListHelperVisitsResponse:
    found: pb.ListHelperVisitsResponse = await page.call(
        page.state.clients.trust.ListHelperVisits, pb.ListHelperVisitsRequest()
    )
    return found


async def _start(page: Page, errors: dict[str, str] | None = None, code: str = "") -> Response:
    today = await _today(page)
    title = page.gettext("Tìm phiếu theo mã trên giấy")
    return _show(page, "start", title, errors, code=code, today=today)


@routes.get("/giup", SERVE, include_in_schema=False)
async def start(page: CurrentPage) -> Response:
    """The field for the code on paper, and today's visits with the cap."""
    return await _start(page)


def _consent(page: Page, reference: str, fields: Fields | None = None) -> Response:
    return _show(
        page,
        "consent",
        page.gettext("Hỏi người được giúp"),
        fields.errors if fields else None,
        reference=reference,
        ways=list(_ways(page).items()),
        values=fields.values() if fields else {},
    )


@routes.post("/giup", SERVE, include_in_schema=False)
async def ask(page: CurrentPage) -> Response:
    """The code is well-formed: now somebody has to agree. Nothing of the bill is looked up before that."""
    typed = await page.field("code")
    reference = reference_of(typed)
    if not check(reference):
        error = page.gettext(
            "Mã chưa đúng. Đọc lại từng chữ dưới mã QR trên giấy: 13 chữ và số, bắt đầu bằng XD hoặc XQ"
        )
        return await _start(page, {"code": error}, typed[:60])
    return _consent(page, reference)


@routes.post("/giup/luot", SERVE, include_in_schema=False)
async def begin(page: CurrentPage) -> Response:
    """Begin the visit with what was agreed."""
    fields = await fields_of(page)
    _ = page.gettext
    ways = _ways(page)
    reference = reference_of(fields.text("reference"))
    way = fields.text("way", _("Chọn ai đồng ý và bằng cách nào"))
    words = clean_display(fields.text("words"))[:_MOST_WORDS]
    if way == "family" and not words:
        fields.errors["words"] = _("Ghi người nhà là ai, như con gái Nguyễn Thị Lan")
    if not fields.text("agreed"):
        fields.errors["agreed"] = _("Đánh dấu khi người ấy đã đồng ý; chưa đồng ý thì dừng ở đây")
    if fields.errors or way not in ways:
        return _consent(page, reference, fields)
    device = page.viewer.subject.id
    page.state.limits.check(page.address, device)
    request = pb.BeginHelperVisitRequest(
        request_id=fields.request_id,
        reference=reference,
        consent=f"{ways[way]}: {words}" if words else ways[way],
        consented=True,
    )
    try:
        visit = await page.call(page.state.clients.trust.BeginHelperVisit, request, timeout=4.0)
    except Error as error:
        if isinstance(error, NotFound):
            page.state.limits.miss(page.address, device)
        if error.http_status >= 500 or error.http_status in (401, 403):
            raise
        return await _start(page, {"code": page.error_text(error)}, reference)
    return page.redirect(f"{ROOT}/luot/{ids.external('vis', UUID(visit.id))}")


async def _visit(page: Page, visit: str) -> pb.HelperVisit:
    try:
        id = str(ids.internal("vis", visit))
        found: pb.HelperVisit = await page.call(
            page.state.clients.trust.GetHelperVisit, pb.GetHelperVisitRequest(id=id)
        )
    except Error as error:
        if error.http_status in (400, 404):
            raise VisitPageNotFound() from error
        raise
    return found


@routes.get("/giup/luot/{visit}", SERVE, include_in_schema=False)
async def show(page: CurrentPage, visit: str) -> Response:
    """The bill with its code, while it may be seen; then only that it is over."""
    found = await _visit(page, visit)
    if not found.reference:
        return _show(page, "over", page.gettext("Đã hết 30 phút"), visit=found)
    asked = await asked_for(page, found.reference)
    late = await _late(page, asked.bin)
    # A second more than there is: a page that loads anew at its end finds it over.
    left = max(found.view_until.seconds - int(clock.now().timestamp()), 0) + 1
    return _show(page, "visit", asked.title, visit=found, asked=asked, late=late, seconds_left=left)


async def _late(page: Page, bin_code: str) -> pb.BankFeed | None:
    """The bank's feed, if it tells of money late now."""
    try:
        return next((feed for feed in await page.state.feeds.late() if feed.bin == bin_code), None)
    except Unavailable:
        # The page is worth more than the remark.
        return None


@routes.post("/giup/luot/{visit}/huong-dan", SERVE, include_in_schema=False)
async def guide(page: CurrentPage, visit: str) -> Response:
    """One page of paper with four ways to pay; that it was printed is noted first."""
    fields = await fields_of(page)
    found = await _visit(page, visit)
    if not found.reference:
        return _show(page, "over", page.gettext("Đã hết 30 phút"), visit=found)
    asked = await asked_for(page, found.reference)
    if not asked.has_guide:
        raise NothingToPrint()
    request = pb.MarkGuidePrintedRequest(request_id=fields.request_id, id=found.id)
    await page.call(page.state.clients.trust.MarkGuidePrinted, request)
    paper = guide_request(page, asked, found.helper_name)
    paper.print_time.CopyFrom(timestamp(clock.now()))
    # The paper is made for the gateway: that the volunteer may have it was asked before.
    token = page.state.clients.sign(auth.service("gateway"))
    chunks = [
        chunk.content
        async for chunk in page.state.clients.stream(
            page.state.clients.documents.RenderGuide, paper, token, timeout=20.0
        )
    ]
    headers = {"Content-Disposition": 'attachment; filename="huong-dan-nop-tien.pdf"'}
    return Response(b"".join(chunks), media_type="application/pdf", headers=headers)
