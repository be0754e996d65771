"""The servicer of sales: who may call what, and each call's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Permission, Subject
from kit.errors import Error, FailedPrecondition, InvalidArgument
from kit.grpc_server import Edge
from services.pilots.domain.errors_sales import BadSaleField, ReferenceTaken
from services.pilots.flows import books, cash, questions, selling, stall_days
from services.pilots.flows.access import READ, SELL
from services.pilots.flows.codes import TRIES
from services.pilots.ports.codes import Code, Codes
from services.pilots.ports.credits import Credits
from services.pilots.rpc.sales import book_file, held, sums
from services.pilots.rpc.sales.held import HeldDesk
from services.pilots.rpc.sales.messages import (
    book_to,
    cash_to,
    day_in,
    day_to,
    event_to,
    public_sale_to,
    sale_to,
    taking_to,
    unassigned_to,
    uuid_in,
)
from services.pilots.rpc.sales.sums import SumsDesk
from services.pilots.store.events import sequences
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import sales_service_pb2_grpc as pb_grpc

# As many as one gateway has screens at most.
_MOST_STALLS: Final = 5_000

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "CreateSale": Permission(SELL),
    "CancelSale": Permission(SELL),
    "SettleSale": Permission(SELL),
    "GetSale": Permission(READ),
    "GetPublicSale": Permission(anyone=True),
    "AnswerQuestion": Permission(SELL),
    "ListUnassigned": Permission(READ),
    "AssignToStall": Permission(SELL),
    "ListStallEvents": Permission(READ),
    "ListStallSequences": Permission(services=("gateway",)),
    "GetDay": Permission(READ),
    "EnterCash": Permission(SELL),
    "TakeBackCash": Permission(SELL),
    "MarkPrivate": Permission(SELL),
    "CloseDay": Permission(SELL),
    "GetDayBook": Permission(READ),
    "ExportDayBook": Permission(READ),
    **held.PERMISSIONS,
    **sums.PERMISSIONS,
}


class SalesServicer(HeldDesk, SumsDesk, pb_grpc.SalesServiceServicer):
    """RPCs of sales; `page_key` signs page tokens. Calls to other services are made outside of transactions."""

    PERMISSIONS: Mapping[str, Permission] = PERMISSIONS

    def __init__(self, edge: Edge, codes: Codes, credits: Credits, page_key: str) -> None:
        self._edge = edge
        self._codes = codes
        self._credits = credits
        self._page_key = page_key

    def CreateSale(self, request: pb.CreateSaleRequest, context: grpc.ServicerContext) -> pb.Sale:
        rest_of = uuid_in("rest_of_sale_id", request.rest_of_sale_id) if request.rest_of_sale_id else None
        wish = selling.Wish(uuid_in("stall_id", request.stall_id), request.amount, rest_of)
        for _ in range(TRIES - 1):
            # Something else has the code that was drawn: another one, of which nobody sees anything.
            with suppress(ReferenceTaken):
                return self._create_sale(request, context, wish)
        return self._create_sale(request, context, wish)

    def _create_sale(
        self, request: pb.CreateSaleRequest, context: grpc.ServicerContext, wish: selling.Wish
    ) -> pb.Sale:
        draft: selling.Draft | Error
        payload = ""
        try:
            draft = self._edge.query(
                context, lambda session, subject: selling.draft_sale(session, subject, wish)
            )
            code = Code(draft.account.bin, draft.account.number, draft.reference, draft.amount)
            (payload,) = self._codes.encode([code])
        except (InvalidArgument, FailedPrecondition) as refused:
            draft = refused

        def effect(session: Session, subject: Subject) -> pb.Sale:
            if isinstance(draft, Error):
                # Raised here: the repeat of a sale that was opened gets its answer, whatever happened since.
                raise draft
            return sale_to(selling.open_sale(session, subject, wish, draft, payload))

        return self._edge.command(context, request, pb.Sale, effect)

    def CancelSale(self, request: pb.CancelSaleRequest, context: grpc.ServicerContext) -> pb.Sale:
        id = uuid_in("id", request.id)
        return self._edge.command(
            context,
            request,
            pb.Sale,
            lambda session, subject: sale_to(selling.cancel_sale(session, subject, id)),
        )

    def SettleSale(self, request: pb.SettleSaleRequest, context: grpc.ServicerContext) -> pb.Sale:
        id = uuid_in("id", request.id)

        def effect(session: Session, subject: Subject) -> pb.Sale:
            return sale_to(selling.settle_sale(session, subject, id, rest_in_cash=request.rest_in_cash))

        return self._edge.command(context, request, pb.Sale, effect)

    def GetSale(self, request: pb.GetSaleRequest, context: grpc.ServicerContext) -> pb.Sale:
        id = uuid_in("id", request.id)
        return self._edge.query(
            context, lambda session, subject: sale_to(selling.get_sale(session, subject, id))
        )

    def GetPublicSale(self, request: pb.GetPublicSaleRequest, context: grpc.ServicerContext) -> pb.PublicSale:
        sale, stall = self._edge.query(
            context, lambda session, _: selling.get_public_sale(session, request.reference)
        )
        return public_sale_to(sale, stall, self._codes.bank_name(sale.account.bin))

    def AnswerQuestion(
        self, request: pb.AnswerQuestionRequest, context: grpc.ServicerContext
    ) -> pb.AnswerQuestionResponse:
        credit_id = uuid_in("credit_id", request.credit_id)
        asked = self._edge.query(
            context,
            lambda session, subject: questions.find_question(session, subject, credit_id, is_yes=request.yes),
        )
        if asked is not None and request.request_id:
            is_decided = (
                self._assign(request.request_id, asked)
                if request.yes
                else self._credits.decline(request.request_id, credit_id, asked.reason)
            )
            asked = asked if is_decided else None

        def effect(session: Session, subject: Subject) -> pb.AnswerQuestionResponse:
            questions.note_answer(session, subject, credit_id, asked, is_yes=request.yes)
            return pb.AnswerQuestionResponse()

        # The answer of a repeat is stored: it does not ask whether the question is still open.
        return self._edge.command(context, request, pb.AnswerQuestionResponse, effect)

    def AssignToStall(
        self, request: pb.AssignToStallRequest, context: grpc.ServicerContext
    ) -> pb.AssignToStallResponse:
        credit_id = uuid_in("credit_id", request.credit_id)
        stall_id = uuid_in("stall_id", request.stall_id)
        found = self._edge.query(
            context,
            lambda session, subject: questions.find_unassigned(session, subject, credit_id, stall_id),
        )
        if found is not None and request.request_id and not self._assign(request.request_id, found):
            found = None

        def effect(session: Session, subject: Subject) -> pb.AssignToStallResponse:
            questions.note_assignment(session, subject, stall_id, found)
            return pb.AssignToStallResponse()

        return self._edge.command(context, request, pb.AssignToStallResponse, effect)

    def ListUnassigned(
        self, request: pb.ListUnassignedRequest, context: grpc.ServicerContext
    ) -> pb.ListUnassignedResponse:
        organisation_id = uuid_in("organisation_id", request.organisation_id)

        def read(session: Session, subject: Subject) -> pb.ListUnassignedResponse:
            found = questions.list_unassigned(session, subject, organisation_id)
            return pb.ListUnassignedResponse(credits=[unassigned_to(credit) for credit in found])

        return self._edge.query(context, read)

    def ListStallEvents(
        self, request: pb.ListStallEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListStallEventsResponse:
        stall_id = uuid_in("stall_id", request.stall_id)

        def read(session: Session, subject: Subject) -> pb.ListStallEventsResponse:
            kept, more, sequence = stall_days.list_events(session, subject, stall_id, request.after)
            return pb.ListStallEventsResponse(
                events=[event_to(each) for each in kept], more=more, sequence=sequence
            )

        return self._edge.query(context, read)

    def ListStallSequences(
        self, request: pb.ListStallSequencesRequest, context: grpc.ServicerContext
    ) -> pb.ListStallSequencesResponse:
        stall_ids = [uuid_in("stall_ids", stall_id) for stall_id in request.stall_ids]
        if len(stall_ids) > _MOST_STALLS:
            raise BadSaleField(field="stall_ids", value=str(len(stall_ids)))
        found = self._edge.query(context, lambda session, _: sequences(session, stall_ids))
        return pb.ListStallSequencesResponse(sequences=[found.get(stall_id, 0) for stall_id in stall_ids])

    def GetDay(self, request: pb.GetDayRequest, context: grpc.ServicerContext) -> pb.Day:
        stall_id, book_date = uuid_in("stall_id", request.stall_id), day_in(request.book_date)
        size = pages.size(request.page_size)
        parts = ["day", str(stall_id), request.book_date]
        position = pages.position(request.page_token, parts, self._page_key)
        before = int(position[0]) if position else None

        def read(session: Session, subject: Subject) -> pb.Day:
            shown = stall_days.get_day(session, subject, stall_id, book_date, before, size + 1)
            page, token = pages.cut(
                shown.entries, size, lambda entry: (entry.sequence,), parts, self._page_key
            )
            return day_to(shown, page, token)

        return self._edge.query(context, read)

    def EnterCash(self, request: pb.EnterCashRequest, context: grpc.ServicerContext) -> pb.Taking:
        stall_id = uuid_in("stall_id", request.stall_id)
        sale_id = uuid_in("sale_id", request.sale_id) if request.sale_id else None

        def effect(session: Session, subject: Subject) -> pb.Taking:
            return cash_to(cash.enter_cash(session, subject, stall_id, request.amount, sale_id))

        return self._edge.command(context, request, pb.Taking, effect)

    def TakeBackCash(self, request: pb.TakeBackCashRequest, context: grpc.ServicerContext) -> pb.Taking:
        id = uuid_in("id", request.id)
        return self._edge.command(
            context,
            request,
            pb.Taking,
            lambda session, subject: cash_to(cash.take_back_cash(session, subject, id)),
        )

    def MarkPrivate(self, request: pb.MarkPrivateRequest, context: grpc.ServicerContext) -> pb.Taking:
        payment_id = uuid_in("payment_id", request.payment_id)

        def effect(session: Session, subject: Subject) -> pb.Taking:
            taking = stall_days.mark_private(session, subject, payment_id, is_private=request.private)
            return taking_to(taking)

        return self._edge.command(context, request, pb.Taking, effect)

    def CloseDay(self, request: pb.CloseDayRequest, context: grpc.ServicerContext) -> pb.Day:
        stall_id, book_date = uuid_in("stall_id", request.stall_id), day_in(request.book_date)

        def effect(session: Session, subject: Subject) -> pb.Day:
            return day_to(stall_days.close_day(session, subject, stall_id, book_date), (), "")

        return self._edge.command(context, request, pb.Day, effect)

    def GetDayBook(self, request: pb.GetDayBookRequest, context: grpc.ServicerContext) -> pb.DayBook:
        organisation_id = uuid_in("organisation_id", request.organisation_id)
        return self._edge.query(
            context,
            lambda session, subject: book_to(books.get_book(session, subject, organisation_id, request.year)),
        )

    def ExportDayBook(
        self, request: pb.ExportDayBookRequest, context: grpc.ServicerContext
    ) -> pb.ExportedBook:
        organisation_id = uuid_in("organisation_id", request.organisation_id)
        book = self._edge.query(
            context,
            lambda session, subject: books.get_book(session, subject, organisation_id, request.year),
        )
        return pb.ExportedBook(file_name=book_file.file_name(book), content=book_file.write(book))

    def _assign(self, request_id: str, asked: questions.Asked) -> bool:
        credit = asked.credit
        return self._credits.assign(
            request_id, credit.credit_id, credit.version, asked.payable_id, credit.amount, asked.reason
        )
