"""The pay page of a bill, its code as a picture, and what opens with a second fact or a link."""

from __future__ import annotations

from starlette.responses import Response

from gateway import formats
from gateway.access import PUBLIC
from gateway.bills import BillNotFound, BillState, BillView, reference_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.proofs import Proof
from gateway.stalls import is_stall_code
from gateway.web import sales
from gateway.web.receipts import receipt_pdf
from gateway.web.start import show as show_start
from kit.errors import NotFound
from kit.references.code import check
from xoai.invoices.v1 import invoices_service_pb2 as pb

routes = page_routes()


async def find(page: Page, reference: str) -> BillView:
    """The bill of a reference, within the visitor's limits. Raises BillNotFound, TooManyLookups."""
    device = page.viewer.device
    page.state.limits.check(page.address, device)
    try:
        bill = await page.state.bills.bill(reference)
    except BillNotFound:
        page.state.limits.miss(page.address, device)
        raise
    return await page.state.bills.view(bill)


async def opened(page: Page, reference: str, proof: Proof) -> pb.OpenedBill:
    """The bill with lines and receipts. Raises NotFound for an unknown code and for a wrong proof alike."""
    device = page.viewer.device
    page.state.limits.check(page.address, device, reference)
    try:
        reply: pb.OpenedBill = await page.call(
            page.state.clients.invoices.OpenBill, proof.request(reference), timeout=3.0
        )
    except NotFound:
        page.state.limits.miss(page.address, device, reference)
        raise
    return reply


async def show_opened(page: Page, bill: pb.OpenedBill, proof: Proof) -> Response:
    """The page with lines and receipts."""
    view = await page.state.bills.view(bill.bill)
    return page.render(
        "pay/opened.html",
        view=view,
        lines=sorted(bill.lines, key=lambda line: line.priority),
        group_name=bill.group_name,
        receipts=bill.receipts,
        sealed=page.state.proofs.seal(bill.bill.reference, proof),
    )


def mismatch(page: Page, view: BillView | None = None) -> str:
    """The one text for an unknown code and for a wrong second fact; on a bill's own page it names the fact."""
    if view is None:
        return page.gettext("Mã và ngày sinh (hoặc số điện thoại) không khớp nhau")
    if view.is_school:
        return page.gettext("Mã và ngày sinh không khớp nhau")
    return page.gettext("Mã và số điện thoại không khớp nhau")


def _said(page: Page, view: BillView) -> str:
    """What a screen reader is told when the page has changed by itself."""
    bill = view.bill
    match view.state:
        case BillState.PAID | BillState.OVER:
            return page.gettext("Đã nhận đủ %(amount)s", amount=formats.money(bill.amount_due))
        case BillState.SHORT:
            return page.gettext(
                "Đã nhận %(paid)s, còn thiếu %(rest)s",
                paid=formats.money(bill.amount_paid),
                rest=formats.money(view.rest),
            )
        case BillState.VOID:
            return page.gettext("Phiếu này đã huỷ")
        case BillState.WAITING:
            return page.gettext("Cần nộp %(amount)s", amount=formats.money(bill.amount_due))


@routes.get("/p", PUBLIC, include_in_schema=False)
async def find_by_code(page: CurrentPage, ma: str = "") -> Response:
    """Leads from a typed code to its page."""
    reference = reference_of(ma)
    if check(reference):
        return page.redirect(f"/p/{reference}")
    return show_start(page, status=422, code=ma[:60], errors={"ma": page.error_text(BillNotFound())})


@routes.get("/p/{reference}", PUBLIC, include_in_schema=False)
async def pay_page(page: CurrentPage, reference: str, fragment: bool = False) -> Response:
    """The pay page of a bill or a sale; with `fragment` only the part that changes."""
    tidy = reference_of(reference)
    if tidy != reference:
        return page.redirect(f"/p/{tidy}")
    if is_stall_code(reference):
        return await sales.show(page, reference, fragment=fragment)
    view = await find(page, reference)
    title = f"{_said(page, view)} – {view.organisation.name}"
    template = "pay/main.html" if fragment else "pay/page.html"
    return page.render(template, view=view, title=title, said=_said(page, view))


@routes.get("/p/{reference}/qr.png", PUBLIC, include_in_schema=False)
async def picture(page: CurrentPage, reference: str) -> Response:
    """The code for what is still to be paid, to be kept among a phone's pictures. None once it is paid or void."""
    if is_stall_code(reference):
        return await sales.picture(page, reference)
    view = await find(page, reference)
    if view.code is None:
        raise BillNotFound()
    image = await page.state.bills.picture(view.bill)
    headers = {"Content-Disposition": f'attachment; filename="{view.bill.reference}.png"'}
    return Response(image, media_type="image/png", headers=headers)


@routes.get("/p/{reference}/xem", PUBLIC, include_in_schema=False)
async def ask_second_fact(page: CurrentPage, reference: str) -> Response:
    """Asks for the second fact."""
    view = await find(page, reference)
    return page.render("pay/open.html", view=view, errors={}, value="", left=0)


@routes.post("/p/{reference}/xem", PUBLIC, include_in_schema=False)
async def open_with_second_fact(page: CurrentPage, reference: str) -> Response:
    """Shows lines and receipts, or asks again."""
    typed = await page.field("second_fact")
    proof = Proof("second_fact", formats.birth_date(typed))
    try:
        bill = await opened(page, reference, proof)
    except NotFound:
        view = await find(page, reference)
        left = page.state.limits.left(page.address, page.viewer.device)
        errors = {"second_fact": mismatch(page, view)}
        return page.render("pay/open.html", status=422, view=view, errors=errors, value=typed, left=left)
    return await show_opened(page, bill, proof)


@routes.get("/p/{reference}/bien-nhan/{number}.pdf", PUBLIC, include_in_schema=False)
async def receipt(page: CurrentPage, reference: str, number: str, mo: str = "") -> Response:
    """One receipt as PDF. `mo` is the sealed proof from the page with the lines."""
    proof = page.state.proofs.open(reference, mo)
    bill = await opened(page, reference, proof)
    return await receipt_pdf(page, bill, number, is_masked=True)


@routes.get("/p/{reference}/{link_token}", PUBLIC, include_in_schema=False)
async def open_with_link(page: CurrentPage, reference: str, link_token: str) -> Response:
    """Lines and receipts by an unguessable link."""
    proof = Proof("link_token", link_token)
    try:
        bill = await opened(page, reference, proof)
    except NotFound as error:
        raise BillNotFound() from error
    return await show_opened(page, bill, proof)
