"""Notices of a released round: what each family's paper holds, out of the invoices that were issued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from kit import clock
from kit.errors import FailedPrecondition
from kit.messages import timestamp
from kit.words import amount_in_words
from services.schools.domain.fees import LegalKind, fee_kinds
from services.schools.domain.rounds import Bill, Round, RoundPupil
from services.schools.ports.neighbours import Neighbours
from xoai.common.v1 import common_pb2
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as schools_pb
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb

_AT_ONCE: Final = 100
_KINDS: Final = {
    LegalKind.TUITION.value: documents_pb.ITEM_KIND_TUITION,
    LegalKind.SERVICE.value: documents_pb.ITEM_KIND_SERVICE,
    LegalKind.AGREED.value: documents_pb.ITEM_KIND_AGREED,
    LegalKind.PASS_THROUGH.value: documents_pb.ITEM_KIND_PASS_THROUGH,
}


class NoNotices(FailedPrecondition):
    reason = "NO_NOTICES"
    vi = "Chưa có phiếu nào để in: đợt thu chưa phát hành, hoặc lớp này không có ai phải nộp."
    en = "There is nothing to print: the round is not released, or nobody in this class has to pay."


class NoticePrinter:
    """Prints the notices of a round."""

    def __init__(self, neighbours: Neighbours, public_url: str, *, is_trial: bool) -> None:
        self._neighbours = neighbours
        self._place = public_url.split("://", 1)[-1].rstrip("/")
        self._is_trial = is_trial

    def print(
        self, value: Round, pupils: Sequence[RoundPupil], notice_ids: dict[UUID, str], *, large_print: bool
    ) -> Iterator[common_pb2.FileChunk]:
        """The notices of these pupils as one PDF, in their order. Raises NoNotices."""
        invoices = self._neighbours.invoices_of(
            value.organisation_id, [notice_ids[pupil.id] for pupil in pupils]
        )
        by_notice: dict[str, list[invoices_pb.Invoice]] = {}
        for invoice in invoices:
            if invoice.state in (invoices_pb.Invoice.STATE_OPEN, invoices_pb.Invoice.STATE_PART_PAID):
                by_notice.setdefault(invoice.notice_id, []).append(invoice)
        shown = [pupil for pupil in pupils if notice_ids[pupil.id] in by_notice]
        if not shown:
            raise NoNotices()
        payloads = self._payloads([item for pupil in shown for item in by_notice[notice_ids[pupil.id]]])
        school = self._neighbours.organisation(value.organisation_id)

        def requests() -> Iterator[documents_pb.RenderNoticesRequest]:
            for start in range(0, len(shown), _AT_ONCE):
                yield documents_pb.RenderNoticesRequest(
                    large_print=large_print,
                    file_name=f"phieu-thu-{school.code}.pdf",
                    notices=[
                        self._notice(
                            school,
                            value,
                            pupil,
                            [self._part(each, payloads) for each in by_notice[notice_ids[pupil.id]]],
                        )
                        for pupil in shown[start : start + _AT_ONCE]
                    ],
                )

        return self._neighbours.render(requests())

    def print_preview(
        self, value: Round, pupil: RoundPupil, bills: Sequence[Bill], *, large_print: bool
    ) -> Iterator[common_pb2.FileChunk]:
        """One family's paper as a release would make it now, without a code. Raises NoNotices."""
        if not bills:
            raise NoNotices()
        school = self._neighbours.organisation(value.organisation_id)
        planned = [_planned_part(bill) for bill in bills]
        parts = [
            documents_pb.NoticePart(
                lines=[row for line in part.lines for row in _rows(line)], amount_due=part.amount
            )
            for part in planned
        ]
        notice = self._notice(school, value, pupil, parts)
        notice.preview = True
        request = documents_pb.RenderNoticesRequest(
            large_print=large_print, file_name=f"phieu-xem-truoc-{school.code}.pdf", notices=[notice]
        )
        return self._neighbours.render(iter([request]))

    def preview(
        self, value: Round, pupil: RoundPupil, notice_id: str, bills: Sequence[Bill]
    ) -> schools_pb.Notice:
        """One family's notice: what was issued, with its codes, and what a release would add."""
        issued = [
            invoice
            for invoice in self._neighbours.invoices_of(value.organisation_id, [notice_id])
            if invoice.state != invoices_pb.Invoice.STATE_VOID
        ]
        payloads = self._payloads([item for item in issued if item.amount_due > item.amount_paid])
        parts = [_issued_part(invoice, payloads.get(invoice.reference, "")) for invoice in issued]
        parts += [_planned_part(bill) for bill in bills]
        amount = sum(part.amount for part in parts)
        return schools_pb.Notice(
            pupil_id=str(pupil.id),
            pupil_name=pupil.full_name,
            class_name=pupil.class_name,
            pupil_code=pupil.codes[0] if pupil.codes else "",
            round_title=value.title,
            school_year=value.school_year,
            due_date=value.due_date.isoformat(),
            amount=amount,
            amount_words=amount_in_words(amount),
            parts=parts,
            voluntary_lines=[
                schools_pb.NoticeLine(
                    title=item.title,
                    unit_price=item.unit_price,
                    quantity_milli=item.quantity_milli,
                    unit=item.unit,
                    amount=item.full_amount(),
                    legal_kind=item.legal_kind.value,
                    fee_kind=item.fee_kind,
                )
                for item in value.items
                if item.voluntary
            ],
        )

    def _payloads(self, invoices: Sequence[invoices_pb.Invoice]) -> dict[str, str]:
        codes = [
            vietqr_pb.TransferCode(
                bin=invoice.bin,
                account_number=invoice.account_number,
                amount=invoice.amount_due - invoice.amount_paid,
                purpose=invoice.reference,
            )
            for invoice in invoices
        ]
        return dict(zip([item.reference for item in invoices], self._neighbours.codes(codes), strict=True))

    def _notice(
        self,
        school: directory_pb.Organisation,
        value: Round,
        pupil: RoundPupil,
        parts: Sequence[documents_pb.NoticePart],
    ) -> documents_pb.NoticeContent:
        return documents_pb.NoticeContent(
            unit_name=school.name,
            unit_address=school.address,
            school_year=value.school_year,
            round_name=value.period,
            title=value.title,
            pupil_name=pupil.full_name,
            class_name=pupil.class_name,
            pupil_code=pupil.codes[0] if pupil.codes else "",
            parts=parts,
            due_date=value.due_date.isoformat(),
            contact=value.contact or f"{school.name} {school.phone}",
            print_time=timestamp(clock.now()),
            trial=self._is_trial,
        )

    def _part(self, invoice: invoices_pb.Invoice, payloads: dict[str, str]) -> documents_pb.NoticePart:
        payload = payloads[invoice.reference]
        lines = [row for line in _issued_part(invoice, payload).lines for row in _rows(line)]
        if invoice.amount_paid:
            lines.append(documents_pb.NoticeLine(title="Đã nộp", amount=-invoice.amount_paid))
        return documents_pb.NoticePart(
            lines=lines,
            amount_due=invoice.amount_due - invoice.amount_paid,
            payment=documents_pb.PaymentDetails(
                payload=payload,
                holder=invoice.holder_name,
                account=invoice.account_number,
                bank=self._neighbours.bank_name(invoice.bin),
                memo=invoice.reference,
                page_address=f"{self._place}/p/{invoice.reference}",
            ),
        )


def _rows(line: schools_pb.NoticeLine) -> list[documents_pb.NoticeLine]:
    """An item as one row at its full amount, and what is taken off as a row of its own."""
    kind = fee_kinds().get(line.fee_kind)
    full = documents_pb.NoticeLine(
        title=line.title,
        amount=line.amount + line.exempted,
        kind=_KINDS.get(line.legal_kind, documents_pb.ITEM_KIND_UNSPECIFIED),
        quantity_milli=line.quantity_milli if line.unit_price else 0,
        unit=line.unit,
        source=kind.legal_basis if kind else "",
        confirmed=kind.is_confirmed if kind else False,
    )
    if line.unit_price:
        full.unit_price = line.unit_price
    if not line.exempted:
        return [full]
    off = documents_pb.NoticeLine(
        title=f"Miễn giảm {line.title}", amount=-line.exempted, note=line.exemption_reason
    )
    return [full, off]


def _issued_part(invoice: invoices_pb.Invoice, payload: str) -> schools_pb.NoticePart:
    return schools_pb.NoticePart(
        reference=invoice.reference,
        invoice_id=invoice.id,
        account=common_pb2.BankAccount(
            id=invoice.account_id,
            bin=invoice.bin,
            account_number=invoice.account_number,
            holder_name=invoice.holder_name,
        ),
        amount=max(0, invoice.amount_due - invoice.amount_paid),
        lines=[
            schools_pb.NoticeLine(
                title=line.title,
                unit_price=line.unit_price,
                quantity_milli=line.quantity_milli,
                unit=line.unit,
                exempted=line.exempted,
                exemption_reason=line.exemption_reason,
                amount=line.amount,
                legal_kind=line.ledger_class,
                fee_kind=line.fee_kind,
            )
            for line in invoice.lines
        ],
        qr_payload=payload,
    )


def _planned_part(bill: Bill) -> schools_pb.NoticePart:
    account = bill.account
    return schools_pb.NoticePart(
        account=common_pb2.BankAccount(
            id=str(account.id),
            bin=account.bin,
            account_number=account.account_number,
            holder_name=account.holder_name,
        ),
        amount=bill.amount,
        lines=[
            schools_pb.NoticeLine(
                title=charge.item.title,
                unit_price=charge.item.unit_price if charge.full == charge.item.full_amount() else 0,
                quantity_milli=charge.item.quantity_milli,
                unit=charge.item.unit,
                exempted=charge.exempted,
                exemption_reason=charge.reason,
                amount=charge.amount,
                legal_kind=charge.item.legal_kind.value,
                fee_kind=charge.item.fee_kind,
            )
            for charge in bill.charges
        ],
    )
