"""A receipt as PDF, sealed and signed by the invoices service, and the keys by which anybody checks it."""

from __future__ import annotations

import base64
from typing import Any

from starlette.responses import JSONResponse, Response

from gateway import formats
from gateway.access import PUBLIC
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from kit import auth
from kit.errors import NotFound
from xoai.invoices.v1 import invoices_service_pb2 as pb

routes = page_routes()


async def receipt_pdf(page: Page, opened: pb.OpenedBill, number: str, *, is_masked: bool) -> Response:
    """The receipt of this number on an opened bill; initials only if masked. Raises NotFound."""
    receipt = next((receipt for receipt in opened.receipts if receipt.number == number), None)
    if receipt is None:
        raise NotFound()
    view = await page.state.bills.view(opened.bill)
    request = pb.PrintReceiptRequest(
        id=receipt.id,
        masked=is_masked,
        unit_name=view.organisation.name,
        school=view.is_school,
        check_address=f"{page.settings.public_url}/p/{opened.bill.reference}",
        trial=page.settings.is_sandbox,
    )
    # The paper is made for the gateway: that the payer may have it was proved before.
    token = page.state.clients.sign(auth.service("gateway"))
    chunks = [
        chunk.content
        async for chunk in page.state.clients.stream(
            page.state.clients.invoices.PrintReceipt, request, token, timeout=20.0
        )
    ]
    headers = {"Content-Disposition": f'attachment; filename="bien-nhan-{receipt.number}.pdf"'}
    return Response(b"".join(chunks), media_type="application/pdf", headers=headers)


@routes.get("/.well-known/xoai-receipt-keys.json", PUBLIC, include_in_schema=False)
async def keys(page: CurrentPage) -> Response:
    """The public keys that sign receipts, for whoever checks one offline (`xoai receipt verify --offline --key`)."""
    reply = await page.call(page.state.clients.invoices.ListReceiptKeys, pb.ListReceiptKeysRequest())
    return JSONResponse({"keys": [_key(key) for key in reply.keys]})


def _key(key: pb.ReceiptKey) -> dict[str, Any]:
    revoked = formats.moment(key.revoke_time)
    created = formats.moment(key.create_time)
    return {
        "id": key.id,
        "algorithm": "Ed25519",
        "public_key": base64.b64encode(key.public_key).decode(),
        "create_time": created.isoformat() if created else None,
        "revoke_time": revoked.isoformat() if revoked else None,
    }
