"""What a pay page shows: a public bill, its biller, its bank and the code to scan."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.clients import Clients
from gateway.formats import days_until, tidy_code
from gateway.kept import Kept
from kit import auth
from kit.errors import NotFound
from kit.references.code import check
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb

_SVG: Final = "{http://www.w3.org/2000/svg}"
Kind = directory_pb.Organisation.Kind


class BillNotFound(NotFound):
    reason = "BILL_NOT_FOUND"
    vi = "Không thấy phiếu nào có mã này. Xin xem lại mã in dưới mã QR."
    en = "No bill has this code. Please check the code printed below the QR code."


class BillState(StrEnum):
    """What the page has to say first."""

    WAITING = "waiting"
    SHORT = "short"
    PAID = "paid"
    OVER = "over"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A path of a drawn code with its two colours; empty for none."""

    path: str
    fill: str
    stroke: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code as SVG paths, and the text in it."""

    payload: str
    view_box: str
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class BillView:
    """One bill as its payer sees it."""

    bill: invoices_pb.PublicBill
    organisation: directory_pb.PublicOrganisation
    bank_name: str
    code: Code | None

    @property
    def state(self) -> BillState:
        return state_of_bill(self.bill)

    @property
    def rest(self) -> int:
        """What is still to be paid, đồng."""
        return max(self.bill.amount_due - self.bill.amount_paid, 0)

    @property
    def days_left(self) -> int | None:
        """Days until it is due, negative once past; None without a due date."""
        return days_until(self.bill.due_date) if self.bill.due_date else None

    @property
    def is_school(self) -> bool:
        return self.organisation.kind == Kind.KIND_SCHOOL

    @property
    def last_payment(self) -> invoices_pb.PublicPayment | None:
        """The payment that came last."""
        payments = sorted(
            self.bill.payments, key=lambda payment: (payment.bank_time.seconds, payment.bank_time.nanos)
        )
        return payments[-1] if payments else None

    @property
    def received(self) -> int:
        """What came for this bill in all, đồng: also what was over."""
        return max(sum(payment.amount for payment in self.bill.payments), self.bill.amount_paid)


def state_of_bill(bill: invoices_pb.PublicBill) -> BillState:
    """What the page has to say first about a bill."""
    states = invoices_pb.Invoice.State
    if bill.state == states.STATE_VOID:
        return BillState.VOID
    if bill.state == states.STATE_PAID:
        return BillState.OVER if bill.overpaid or bill.amount_paid > bill.amount_due else BillState.PAID
    return BillState.SHORT if bill.amount_paid else BillState.WAITING


class BillReader:
    """Reads bills for visitors; what seldom changes (billers, banks, drawn codes) is kept for a short while."""

    def __init__(self, clients: Clients, *, sample_bank: str = "") -> None:
        self._clients = clients
        # In demo and tests the sandbox bank has a number that no real list holds.
        self._sample_bank = sample_bank
        self._organisations: Kept[directory_pb.PublicOrganisation] = Kept(60, 500)
        self._banks: Kept[dict[str, str]] = Kept(3_600, 1)
        self._codes: Kept[Code] = Kept(3_600, 2_000)

    @property
    def _token(self) -> str:
        return self._clients.sign(auth.public())

    async def bill(self, reference: str) -> invoices_pb.PublicBill:
        """The public facts of a bill. Raises BillNotFound."""
        if not check(reference):
            raise BillNotFound()
        try:
            reply: invoices_pb.PublicBill = await self._clients.call(
                self._clients.invoices.GetPublicBill,
                invoices_pb.GetPublicBillRequest(reference=reference),
                self._token,
            )
        except NotFound as error:
            raise BillNotFound() from error
        return reply

    async def view(self, bill: invoices_pb.PublicBill) -> BillView:
        """The bill with its biller, its bank, and the code for what is still to be paid."""
        wants_code = state_of_bill(bill) in (BillState.WAITING, BillState.SHORT)
        organisation, bank_name, code = await asyncio.gather(
            self.organisation(bill.organisation_id),
            self.bank_name(bill.bin),
            self.code(bill) if wants_code else _nothing(),
        )
        return BillView(bill, organisation, bank_name, code)

    async def organisation(self, organisation_id: str) -> directory_pb.PublicOrganisation:
        """What anybody may know about a biller."""

        async def read() -> directory_pb.PublicOrganisation:
            request = directory_pb.GetPublicOrganisationRequest(id=organisation_id)
            reply: directory_pb.PublicOrganisation = await self._clients.call(
                self._clients.directory.GetPublicOrganisation, request, self._token
            )
            return reply

        return await self._organisations.get(organisation_id, read)

    async def bank_name(self, bin_: str) -> str:
        """A bank's short name; its number where the list does not know it."""

        async def read() -> dict[str, str]:
            reply = await self._clients.call(
                self._clients.vietqr.ListBanks, vietqr_pb.ListBanksRequest(), self._token
            )
            return {bank.bin: bank.short_name or bank.name for bank in reply.banks}

        return (await self._banks.get("", read)).get(bin_, self._sample_bank or bin_)

    async def code(self, bill: invoices_pb.PublicBill) -> Code:
        """The code for what is still to be paid, drawn."""
        rest = bill.amount_due - bill.amount_paid
        return await self.code_for(bill.bin, bill.account_number, rest, bill.reference)

    async def code_for(self, bin_: str, account_number: str, amount: int, reference: str) -> Code:
        """The code of one transfer of an amount in đồng, drawn."""

        async def read() -> Code:
            return await self._drawn(await self._encode(bin_, account_number, amount, reference))

        return await self._codes.get(f"{bin_}/{account_number}/{amount}/{reference}", read)

    async def drawn(self, payload: str) -> Code:
        """The code of a VietQR text, drawn."""
        return await self._codes.get(payload, lambda: self._drawn(payload))

    async def _drawn(self, payload: str) -> Code:
        return _read_svg(payload, await self._draw(payload, vietqr_pb.DrawCodeRequest.FORMAT_SVG))

    async def picture(self, bill: invoices_pb.PublicBill) -> bytes:
        """The code as a PNG, to be kept in a phone's pictures."""
        return await self.picture_of((await self.code(bill)).payload)

    async def picture_of(self, payload: str) -> bytes:
        """The code of a VietQR text as a PNG."""
        return await self._draw(payload, vietqr_pb.DrawCodeRequest.FORMAT_PNG, size=900)

    async def _encode(self, bin_: str, account_number: str, amount: int, reference: str) -> str:
        code = vietqr_pb.TransferCode(
            bin=bin_, account_number=account_number, amount=amount, purpose=reference
        )
        reply = await self._clients.call(
            self._clients.vietqr.EncodeCodes, vietqr_pb.EncodeCodesRequest(codes=[code]), self._token
        )
        return str(reply.payloads[0])

    async def _draw(
        self, payload: str, format_: vietqr_pb.DrawCodeRequest.Format.ValueType, *, size: int = 0
    ) -> bytes:
        reply = await self._clients.call(
            self._clients.vietqr.DrawCode,
            vietqr_pb.DrawCodeRequest(payload=payload, format=format_, error_correction="M", size=size),
            self._token,
        )
        return bytes(reply.image)


async def _nothing() -> None:
    return None


def reference_of(text: str) -> str:
    """A reference as typed or linked, in its stored form."""
    return tidy_code(text)


def _read_svg(payload: str, image: bytes) -> Code:
    """The paths of a drawn code. It is drawn anew in the page, where no inline style of a drawer is allowed."""
    root = ElementTree.fromstring(image)  # noqa: S314 - made by our own service
    strokes = tuple(
        Stroke(str(element.get("d")), element.get("fill", ""), element.get("stroke", ""))
        for element in root.iter(f"{_SVG}path")
    )
    view_box = root.get("viewBox", "")
    if not strokes or not view_box:
        raise ValueError("the drawn code has no path or no view box")
    return Code(payload, view_box, strokes)
