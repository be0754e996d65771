"""A receipt as PDF: the gateway gives the documents service all that stands on the paper."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from gateway import formats
from gateway.page import Page
from kit import auth
from kit.errors import NotFound
from kit.text import clean_display
from kit.words import amount_in_words
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb


async def receipt_pdf(page: Page, opened: invoices_pb.OpenedBill, number: str) -> Response:
    """The receipt of this number on an opened bill. Raises NotFound."""
    receipt = next((receipt for receipt in opened.receipts if receipt.number == number), None)
    if receipt is None:
        raise NotFound()
    view = await page.state.bills.view(opened.bill)
    request = documents_pb.RenderReceiptRequest(
        unit_name=view.organisation.name,
        book=f"{receipt.series}/{receipt.year}" if receipt.series else str(receipt.year),
        number=int(receipt.number),
        issue_time=receipt.issue_time,
        rows=[
            documents_pb.ReceiptRow(label=label, text=text) for label, text in _rows(view.is_school, receipt)
        ],
        amount=receipt.amount,
        check_address=f"{page.settings.public_url}/p/{opened.bill.reference}",
        cancel_reason=receipt.cancel_reason,
        trial=page.settings.is_sandbox,
    )
    # The paper is made for the gateway: that the payer may have it was proved before.
    token = page.state.clients.sign(auth.service("gateway"))
    chunks = [
        chunk.content
        async for chunk in page.state.clients.stream(
            page.state.clients.documents.RenderReceipt, request, token, timeout=10.0
        )
    ]
    headers = {"Content-Disposition": f'attachment; filename="bien-nhan-{receipt.number}.pdf"'}
    return Response(b"".join(chunks), media_type="application/pdf", headers=headers)


def _rows(is_school: bool, receipt: invoices_pb.Receipt) -> list[tuple[str, str]]:
    """What stands on the paper, line by line. A receipt is a Vietnamese paper whatever the page's language."""
    payer = (
        f"{receipt.payer_name}, lớp {receipt.group_name}"
        if receipt.group_name and is_school
        else receipt.payer_name
    )
    rows = [("Học sinh" if is_school else "Người nộp", payer), ("Khoản thu", receipt.title)]
    rows += [(line.title, f"{formats.money(line.amount)}") for line in receipt.lines[:6]]
    rows.append(("Bằng chữ", amount_in_words(receipt.amount)))
    rows.append(("Ngân hàng ghi có", _at(receipt.bank_time)))
    if receipt.payer_account_last_four:
        rows.append(("Trả từ", f"Tài khoản đuôi {receipt.payer_account_last_four}"))
    rows.append(("Mã thanh toán", receipt.reference))
    if receipt.bank_reference:
        rows.append(("Mã ngân hàng", clean_display(receipt.bank_reference)))
    return rows


def _at(time: Timestamp) -> str:
    return f"{formats.clock_time(time)} ngày {formats.day(time)}"
