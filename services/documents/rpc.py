"""DocumentsService over gRPC: what a paper holds as protobuf, the paper as a stream of pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from kit import clock
from kit.auth import Permission
from kit.errors import InvalidArgument
from kit.messages import moment_if_set
from kit.words import amount_in_words
from services.documents.domain import (
    Basis,
    GuideContent,
    ItemKind,
    NoticeContent,
    NoticeLine,
    NoticePart,
    PackContent,
    PackEntry,
    PaymentDetails,
    ReceiptContent,
    ReceiptRow,
    StandContent,
    StandWithoutCode,
)
from services.documents.typesetting import (
    digest_of,
    guide_pdf,
    notices_pdf,
    pack_pdf,
    page_count,
    receipt_pdf,
    stands_pdf,
)
from xoai.common.v1 import common_pb2
from xoai.documents.v1 import documents_service_pb2 as pb
from xoai.documents.v1 import documents_service_pb2_grpc as pb_grpc

_CHUNK_BYTES = 256 * 1024
_KINDS = {
    pb.ITEM_KIND_TUITION: ItemKind.TUITION,
    pb.ITEM_KIND_SERVICE: ItemKind.SERVICE,
    pb.ITEM_KIND_AGREED: ItemKind.AGREED,
    pb.ITEM_KIND_PASS_THROUGH: ItemKind.PASS_THROUGH,
    pb.ITEM_KIND_VOLUNTARY: ItemKind.VOLUNTARY,
}


class NothingToPrint(InvalidArgument):
    reason = "NOTHING_TO_PRINT"
    vi = "Không có gì để in."
    en = "There is nothing to print."


class DocumentsServicer(pb_grpc.DocumentsServiceServicer):
    """Papers for the other services and the gateway; it keeps nothing."""

    PERMISSIONS: Mapping[str, Permission] = {
        "RenderNotices": Permission(services=("schools", "utilities", "taxes")),
        "RenderReceipt": Permission(services=("invoices",)),
        "RenderStands": Permission(services=("gateway",)),
        "RenderPack": Permission(services=("gateway",)),
        "RenderGuide": Permission(services=("gateway",)),
    }

    def RenderNotices(
        self, request_iterator: Iterator[pb.RenderNoticesRequest], context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        notices: list[NoticeContent] = []
        large_print, file_name = False, "phieu-thu.pdf"
        for request in request_iterator:
            large_print = large_print or request.large_print
            file_name = request.file_name or file_name
            notices += [_notice(content) for content in request.notices]
        if not notices:
            raise NothingToPrint()
        yield from _chunks(notices_pdf(notices, large_print=large_print), file_name)

    def RenderReceipt(
        self, request: pb.RenderReceiptRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        receipt = ReceiptContent(
            unit_name=request.unit_name,
            budget_code=request.budget_code,
            book=request.book,
            number=request.number,
            issue_time=_time(request.issue_time),
            rows=tuple(ReceiptRow(row.label, row.text) for row in request.rows),
            amount=request.amount,
            amount_words=amount_in_words(request.amount),
            check_address=request.check_address,
            chain_mark=request.chain_mark,
            previous_number=request.previous_number or None,
            key_id=request.key_id,
            cancel_reason=request.cancel_reason,
            is_trial=request.trial,
            attachment=request.attachment.decode(),
        )
        pdf = receipt_pdf(receipt)
        yield from _chunks(pdf, f"bien-nhan-{request.number:08d}.pdf", digest_of(pdf))

    def RenderStands(
        self, request: pb.RenderStandsRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        if not request.stands:
            raise NothingToPrint()
        large = request.paper == pb.RenderStandsRequest.PAPER_A5
        stands = [_stand(stand) for stand in request.stands]
        pdf = stands_pdf(stands, large=large, outline=request.outline, is_trial=request.trial)
        yield from _chunks(pdf, f"bang-ma-{'a5' if large else 'a6'}.pdf")

    def RenderPack(
        self, request: pb.RenderPackRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        if not request.entries:
            raise NothingToPrint()
        entries = tuple(PackEntry(entry.amount, entry.payload, entry.reference) for entry in request.entries)
        pdf = pack_pdf(PackContent(_stand(request.stand), entries, request.trial))
        yield from _chunks(pdf, f"ma-theo-so-tien-{request.stand.stall_number}.pdf")

    def RenderGuide(
        self, request: pb.RenderGuideRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        guide = GuideContent(
            biller_name=request.biller_name,
            payer_masked=request.payer_masked,
            title=request.title,
            amount=request.amount,
            amount_words=amount_in_words(request.amount),
            due_date=date.fromisoformat(request.due_date) if request.due_date else None,
            reference=request.reference,
            payment=_payment(request.payment),
            help_phone=request.help_phone,
            helper_name=request.helper_name,
            print_time=_time(request.print_time),
            is_trial=request.trial,
        )
        yield from _chunks(guide_pdf(guide), f"cach-nop-{request.reference}.pdf")


def _chunks(pdf: bytes, file_name: str, page_digest: bytes = b"") -> Iterator[common_pb2.FileChunk]:
    for start in range(0, len(pdf), _CHUNK_BYTES):
        chunk = common_pb2.FileChunk(content=pdf[start : start + _CHUNK_BYTES])
        if start == 0:
            chunk.file_name, chunk.media_type, chunk.page_count = (
                file_name,
                "application/pdf",
                page_count(pdf),
            )
            chunk.page_digest = page_digest
        yield chunk


def _notice(content: pb.NoticeContent) -> NoticeContent:
    parts = tuple(_part(part) for part in content.parts)
    return NoticeContent(
        unit_name=content.unit_name,
        unit_address=content.unit_address,
        school_year=content.school_year,
        round_name=content.round_name,
        title=content.title,
        pupil_name=content.pupil_name,
        class_name=content.class_name,
        pupil_code=content.pupil_code,
        parts=parts,
        amount_words=amount_in_words(sum(part.amount_due for part in parts)),
        due_date=date.fromisoformat(content.due_date),
        contact=content.contact,
        print_time=_time(content.print_time),
        other_ways=content.other_ways,
        is_preview=content.preview,
        is_trial=content.trial,
    )


def _part(part: pb.NoticePart) -> NoticePart:
    return NoticePart(
        lines=tuple(_line(line) for line in part.lines),
        amount_due=part.amount_due,
        payment=_payment(part.payment) if part.HasField("payment") else None,
    )


def _payment(payment: pb.PaymentDetails) -> PaymentDetails:
    return PaymentDetails(
        payload=payment.payload,
        holder=payment.holder,
        account=payment.account,
        bank=payment.bank,
        memo=payment.memo,
        page_address=payment.page_address,
    )


def _stand(stand: pb.StandContent) -> StandContent:
    # Without an account in force a stall has no board, hence no date of one either.
    if not stand.issue_date:
        raise StandWithoutCode(stall=stand.stall_number)
    return StandContent(
        account_holder=stand.account_holder,
        account_last_four=stand.account_last_four,
        bank_name=stand.bank_name,
        stall_number=stand.stall_number,
        stall_name=stand.stall_name,
        programme_name=stand.programme_name,
        issue_number=stand.issue_number,
        issue_date=date.fromisoformat(stand.issue_date),
        check_code=stand.check_code,
        check_address=stand.check_address,
        payload=stand.payload,
    )


def _line(line: pb.NoticeLine) -> NoticeLine:
    kind = _KINDS.get(line.kind)
    basis = (
        Basis(
            kind=kind,
            ceiling=line.ceiling or None,
            ceiling_unit=line.ceiling_unit or "tháng",
            source=line.source,
            agreed_date=date.fromisoformat(line.agreed_date) if line.agreed_date else None,
            recipient=line.recipient,
            is_confirmed=line.confirmed,
        )
        if kind is not None
        else None
    )
    return NoticeLine(
        title=line.title,
        amount=line.amount,
        basis=basis,
        note=line.note,
        quantity=Decimal(line.quantity_milli) / 1000 if line.quantity_milli else None,
        unit=line.unit,
        unit_price=line.unit_price if line.HasField("unit_price") else None,
    )


def _time(value: Timestamp) -> datetime:
    """The moment in a message; an absent one is now."""
    return moment_if_set(value) or clock.now()
