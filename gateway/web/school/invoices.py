"""One invoice: its lines and receipts; voided with a reason, or its amounts changed before any payment."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.receipts import receipt_pdf
from gateway.web.school.frame import School, inside, outside, school_of
from gateway.web.school.tracking import READ_BILLS
from kit.errors import Error
from xoai.invoices.v1 import invoices_service_pb2 as pb

routes = page_routes()
VOID, CHANGE, LINK = holds("invoices.void"), holds("invoices.change"), holds("invoices.link")


async def _invoice(school: School, inv: str) -> pb.Invoice:
    """The invoice in an address. Raises SchoolPageNotFound for another school's."""
    request = pb.GetInvoiceRequest(id=inside("inv", inv))
    found: pb.Invoice = await school.page.call(school.page.state.clients.invoices.GetInvoice, request)
    school.own(found.organisation_id)
    return found


async def _receipts(school: School, invoice: pb.Invoice) -> list[pb.Receipt]:
    request = pb.ListReceiptsRequest(organisation_id=school.id, invoice_id=invoice.id, page_size=100)
    reply = await school.page.call(school.page.state.clients.invoices.ListReceipts, request)
    return list(reply.receipts)


async def _show(
    school: School,
    invoice: pb.Invoice,
    *,
    fields: Fields | None = None,
    open_form: str = "",
    done: str = "",
    link: pb.PayLink | None = None,
) -> Response:
    page = school.page
    receipts, bank = await asyncio.gather(_receipts(school, invoice), page.state.bills.bank_name(invoice.bin))
    errors = fields.errors if fields else {}
    is_school_round = invoice.source_service == "schools" and bool(invoice.batch_id)
    crumbs = [(page.gettext("Đợt thu"), school.url("dot-thu"))]
    if is_school_round:
        crumbs.append((invoice.title, school.round_url(invoice.batch_id)))
    return school.render(
        "invoice",
        invoice.payer_name,
        tab="dot-thu",
        crumbs=[*crumbs, (invoice.reference, "")],
        invoice=invoice,
        lines=sorted(invoice.lines, key=lambda line: line.priority),
        receipts=receipts,
        bank=bank,
        round_ref=outside("rnd", invoice.batch_id) if is_school_round else "",
        pupil_ref=outside("pup", invoice.payer_id) if is_school_round and invoice.payer_id else "",
        values=fields.values() if fields else {},
        errors=errors,
        open_form=open_form,
        done=done,
        link=f"{page.settings.public_url}/p/{link.reference}/{link.link_token}" if link else "",
        link_until=link.expire_time if link else None,
        status=422 if errors else 200,
    )


@routes.get("/truong/{org}/phieu/{inv}", READ_BILLS, include_in_schema=False)
async def one_invoice(page: CurrentPage, org: str, inv: str, da: str = "") -> Response:
    """One invoice with all that happened to it."""
    school = await school_of(page, org, "invoices.read")
    return await _show(school, await _invoice(school, inv), done=da)


@routes.post("/truong/{org}/phieu/{inv}/huy", VOID, include_in_schema=False)
async def void(page: CurrentPage, org: str, inv: str) -> Response:
    """Void it; money that comes for it then waits for a person."""
    school = await school_of(page, org, "invoices.void")
    invoice, fields = await asyncio.gather(_invoice(school, inv), fields_of(page))
    reason = fields.text("reason", page.gettext("Ghi lý do huỷ"))
    if not fields.errors:
        request = pb.VoidInvoiceRequest(request_id=fields.request_id, id=invoice.id, reason=reason)
        try:
            await page.call(page.state.clients.invoices.VoidInvoice, request)
            return page.redirect(f"{school.invoice_url(invoice.id)}?da=huy")
        except Error as error:
            fields.refuse(error, {"reason": "reason"}, "reason")
    return await _show(school, invoice, fields=fields, open_form="void")


@routes.post("/truong/{org}/phieu/{inv}/sua", CHANGE, include_in_schema=False)
async def change(page: CurrentPage, org: str, inv: str) -> Response:
    """Other amounts before any payment; the printed code still finds the invoice."""
    school = await school_of(page, org, "invoices.change")
    invoice, fields = await asyncio.gather(_invoice(school, inv), fields_of(page))
    missing = page.gettext("Ghi số tiền, 0 nếu không thu")
    lines = []
    for line in invoice.lines:
        typed = fields.amount(f"amount-{line.id}", missing)
        changed = pb.InvoiceLine()
        changed.CopyFrom(line)
        if typed != line.amount:
            # Another amount is no longer price times quantity.
            changed.amount, changed.unit_price, changed.quantity_milli = typed, 0, 0
        lines.append(changed)
    reason = fields.text("change_reason", page.gettext("Ghi lý do sửa"))
    places = {f"lines.{place}": f"amount-{line.id}" for place, line in enumerate(invoice.lines)}
    first = f"amount-{invoice.lines[0].id}" if invoice.lines else "change_reason"
    if not fields.errors and all(new == old for new, old in zip(lines, invoice.lines, strict=True)):
        fields.errors[first] = page.gettext("Chưa có số tiền nào khác trước")
    if not fields.errors:
        request = pb.ChangeInvoiceRequest(
            request_id=fields.request_id, id=invoice.id, lines=lines, reason=reason
        )
        try:
            await page.call(page.state.clients.invoices.ChangeInvoice, request)
            return page.redirect(f"{school.invoice_url(invoice.id)}?da=sua")
        except Error as error:
            fields.refuse(error, {**places, "reason": "change_reason"}, first)
    return await _show(school, invoice, fields=fields, open_form="change")


@routes.post("/truong/{org}/phieu/{inv}/lien-ket", LINK, include_in_schema=False)
async def make_link(page: CurrentPage, org: str, inv: str) -> Response:
    """A link that opens the invoice for its family without a second fact; shown here once and in no address of ours."""
    school = await school_of(page, org, "invoices.link")
    invoice, fields = await asyncio.gather(_invoice(school, inv), fields_of(page))
    request = pb.CreatePayLinkRequest(request_id=fields.request_id, id=invoice.id)
    link = await page.call(page.state.clients.invoices.CreatePayLink, request)
    return await _show(school, invoice, link=link)


@routes.post("/truong/{org}/phieu/{inv}/thu-hoi", LINK, include_in_schema=False)
async def revoke_links(page: CurrentPage, org: str, inv: str) -> Response:
    """Every link given out so far stops opening the invoice."""
    school = await school_of(page, org, "invoices.link")
    invoice, fields = await asyncio.gather(_invoice(school, inv), fields_of(page))
    request = pb.RevokePayLinksRequest(request_id=fields.request_id, id=invoice.id)
    await page.call(page.state.clients.invoices.RevokePayLinks, request)
    return page.redirect(f"{school.invoice_url(invoice.id)}?da=thu-hoi")


@routes.get("/truong/{org}/phieu/{inv}/bien-nhan/{number}.pdf", READ_BILLS, include_in_schema=False)
async def receipt(page: CurrentPage, org: str, inv: str, number: str) -> Response:
    """One receipt as PDF."""
    school = await school_of(page, org, "invoices.read")
    invoice = await _invoice(school, inv)
    bill, receipts = await asyncio.gather(
        page.state.bills.bill(invoice.reference), _receipts(school, invoice)
    )
    return await receipt_pdf(page, pb.OpenedBill(bill=bill, receipts=receipts), number, is_masked=False)
