"""The reconciliation service over gRPC: protobuf to flows and back; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit import clock, pages
from kit.auth import Permission, Subject
from kit.grpc_server import Edge
from kit.messages import timestamp
from kit.rpc import dead_letters
from kit.rpc.dead_letters import DeadLetters
from services.reconciliation.domain.credit import Sight
from services.reconciliation.flows import clerk, detail, suggesting, summary
from services.reconciliation.flows.sight import ASSIGN, UNDO
from services.reconciliation.rpc import exceptions, held, present
from services.reconciliation.rpc.exceptions import ExceptionsDesk
from services.reconciliation.rpc.fields import BadIdentifier, acts_for_city, id_in, only_one
from services.reconciliation.rpc.held import STALLS, HeldDesk
from services.reconciliation.store import lists, queue
from xoai.common.v1 import common_pb2 as common_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

_VIEWS = {
    pb.ListCreditsRequest.VIEW_UNSPECIFIED: "all",
    pb.ListCreditsRequest.VIEW_ALL: "all",
    pb.ListCreditsRequest.VIEW_SUSPENSE: "suspense",
    pb.ListCreditsRequest.VIEW_PARKED: "parked",
    pb.ListCreditsRequest.VIEW_OVER: "over",
    pb.ListCreditsRequest.VIEW_APPLIED: "applied",
    pb.ListCreditsRequest.VIEW_SHORT_OPEN: "short_open",
    pb.ListCreditsRequest.VIEW_OVER_OPEN: "over_open",
    pb.ListCreditsRequest.VIEW_TWICE_OPEN: "twice_open",
}
_READERS = ("cli", "gateway")
_OLD_HOURS: Final = 24
_MOST_IDS: Final = 100


class ReconciliationServicer(HeldDesk, ExceptionsDesk, pb_grpc.ReconciliationServiceServicer):
    """Opens the one transaction of each call. `page_key` signs page tokens."""

    PERMISSIONS: Mapping[str, Permission] = {
        "ListCredits": Permission("credits.read", services=_READERS),
        "GetCredit": Permission("credits.read", services=_READERS),
        "SuggestPayables": Permission("credits.read"),
        "SearchPayables": Permission("credits.read"),
        "AssignCredit": Permission(ASSIGN, services=STALLS),
        "DeclineAsked": Permission(ASSIGN, services=STALLS),
        "UndoPayment": Permission(UNDO),
        "UsePayerCredit": Permission(ASSIGN),
        "ParkCredit": Permission(ASSIGN),
        "ResolveDuplicate": Permission(ASSIGN, services=STALLS),
        "ConfirmCredit": Permission(ASSIGN),
        "KeepForPayer": Permission(ASSIGN),
        "SummariseQueue": Permission("credits.read"),
        "ListPayments": Permission("credits.read"),
        "ListPayerCredits": Permission("credits.read", services=_READERS),
        "ListLedgerBalances": Permission("ledger.read", services=_READERS),
        "SummariseCredits": Permission("credits.read", services=_READERS),
        **held.PERMISSIONS,
        **exceptions.PERMISSIONS,
        "ListDeadLetters": dead_letters.PERMISSION,
        "ReplayDeadLetters": dead_letters.PERMISSION,
    }

    def __init__(self, edge: Edge, page_key: str, letters: DeadLetters | None = None) -> None:
        self._edge = edge
        self._page_key = page_key
        self._letters = letters or DeadLetters(edge.database)

    def ListCredits(
        self, request: pb.ListCreditsRequest, context: grpc.ServicerContext
    ) -> pb.ListCreditsResponse:
        organisation_id = id_in(request.organisation_id, "organisation_id", may_be_empty=True)
        wanted = lists.Filter(
            organisation_id or only_one(context),
            _VIEWS[request.view],
            request.suspense_reason,
            request.search,
            request.oldest_first,
            clock.now() - timedelta(hours=request.older_than_hours) if request.older_than_hours > 0 else None,
            acts_for_city(context),
        )
        filters = (
            organisation_id,
            wanted.view,
            wanted.reason,
            wanted.search,
            wanted.is_oldest_first,
            request.older_than_hours,
        )
        after = pages.position(request.page_token, filters, self._page_key)
        size = pages.size(request.page_size)

        def read(session: Session, subject: Subject) -> pb.ListCreditsResponse:
            found = lists.credits(session, wanted, str(after[0]) if after else "", size)
            count, amount = lists.suspense(
                session, organisation_id, without_merchants=wanted.without_merchants
            )
            return pb.ListCreditsResponse(
                credits=[
                    present.credit(each, hides_payer=wanted.without_merchants) for each in found.credits
                ],
                next_page_token=pages.token((found.after,), filters, self._page_key) if found.after else "",
                suspense_count=count,
                suspense_amount=amount,
                searched_until_time=timestamp(found.searched_until) if found.searched_until else None,
            )

        return self._edge.query(context, read)

    def GetCredit(self, request: pb.GetCreditRequest, context: grpc.ServicerContext) -> pb.CreditDetail:
        id = id_in(request.id, "id")
        sight = _sight(context)
        hides = acts_for_city(context)
        return self._edge.query(
            context,
            lambda session, _: present.detail(detail.read(session, id, sight), hides_payer=hides),
        )

    def SuggestPayables(
        self, request: pb.SuggestPayablesRequest, context: grpc.ServicerContext
    ) -> pb.SuggestPayablesResponse:
        id = id_in(request.credit_id, "credit_id")
        sight = _sight(context)
        found = self._edge.query(context, lambda session, _: suggesting.suggest(session, id, sight))
        return pb.SuggestPayablesResponse(suggestions=[present.suggestion(each) for each in found])

    def SearchPayables(
        self, request: pb.SearchPayablesRequest, context: grpc.ServicerContext
    ) -> pb.SearchPayablesResponse:
        id = id_in(request.organisation_id, "organisation_id")
        hides = acts_for_city(context)
        found = self._edge.query(
            context,
            lambda session, _: suggesting.search(session, id, request.search, without_merchants=hides),
        )
        return pb.SearchPayablesResponse(payables=[present.suggestion(each) for each in found])

    def AssignCredit(self, request: pb.AssignCreditRequest, context: grpc.ServicerContext) -> pb.CreditDetail:
        id = id_in(request.credit_id, "credit_id")
        wanted = [(id_in(each.payable_id, "payable_id"), each.amount) for each in request.allocations]

        def assign(session: Session, subject: Subject) -> None:
            clerk.assign(
                session,
                subject,
                id,
                wanted,
                request.reason,
                request.credit_version,
                request.keep_rest_for_payer_id,
            )

        return self._change(context, request, id, assign)

    def DeclineAsked(self, request: pb.DeclineAskedRequest, context: grpc.ServicerContext) -> pb.CreditDetail:
        id = id_in(request.credit_id, "credit_id")
        return self._change(
            context,
            request,
            id,
            lambda session, subject: clerk.decline(session, subject, id, request.reason),
        )

    def UndoPayment(self, request: pb.UndoPaymentRequest, context: grpc.ServicerContext) -> pb.CreditDetail:
        id = id_in(request.payment_id, "payment_id")

        def undo(session: Session, subject: Subject) -> pb.CreditDetail:
            payment = clerk.undo(session, subject, id, request.reason)
            if payment.credit_id:
                found = detail.read(session, payment.credit_id, _sight(context))
                return present.detail(found, hides_payer=acts_for_city(context))
            cards = detail.cards_of(session, [payment])
            return pb.CreditDetail(payments=[present.payment(payment, None, cards)])

        return self._edge.command(context, request, pb.CreditDetail, undo)

    def UsePayerCredit(self, request: pb.UsePayerCreditRequest, context: grpc.ServicerContext) -> pb.Payment:
        organisation_id = id_in(request.organisation_id, "organisation_id")
        payable_id = id_in(request.payable_id, "payable_id")

        def use(session: Session, subject: Subject) -> pb.Payment:
            payment = clerk.use_credit(
                session,
                subject,
                organisation_id=organisation_id,
                payer=request.payer_id,
                payable_id=payable_id,
                amount=request.amount,
                reason=request.reason,
            )
            return present.payment(payment, None, detail.cards_of(session, [payment]))

        return self._edge.command(context, request, pb.Payment, use)

    def ParkCredit(self, request: pb.ParkCreditRequest, context: grpc.ServicerContext) -> pb.CreditDetail:
        id = id_in(request.credit_id, "credit_id")
        return self._change(
            context,
            request,
            id,
            lambda session, subject: clerk.park(session, subject, id, request.reason, request.credit_version),
        )

    def ResolveDuplicate(
        self, request: pb.ResolveDuplicateRequest, context: grpc.ServicerContext
    ) -> pb.CreditDetail:
        id = id_in(request.credit_id, "credit_id")
        same_as = id_in(request.same_as_credit_id, "same_as_credit_id", may_be_empty=True)

        def resolve(session: Session, subject: Subject) -> None:
            clerk.resolve_duplicate(session, subject, id, same_as, request.reason, request.credit_version)

        return self._change(context, request, id, resolve)

    def ConfirmCredit(
        self, request: pb.ConfirmCreditRequest, context: grpc.ServicerContext
    ) -> pb.CreditDetail:
        id = id_in(request.credit_id, "credit_id")
        return self._change(
            context,
            request,
            id,
            lambda session, subject: clerk.confirm(
                session, subject, id, request.reason, request.credit_version
            ),
        )

    def KeepForPayer(self, request: pb.KeepForPayerRequest, context: grpc.ServicerContext) -> pb.CreditDetail:
        id = id_in(request.credit_id, "credit_id")

        def keep(session: Session, subject: Subject) -> None:
            clerk.keep_for_payer(
                session, subject, id, request.payer_id, request.reason, request.credit_version
            )

        return self._change(context, request, id, keep)

    def SummariseQueue(
        self, request: pb.SummariseQueueRequest, context: grpc.ServicerContext
    ) -> pb.QueueSummary:
        id = id_in(request.organisation_id, "organisation_id", may_be_empty=True)
        now = clock.now()
        old_before = now - timedelta(hours=request.old_hours if request.old_hours > 0 else _OLD_HOURS)
        day_start = datetime.combine(clock.business_date(now), time.min, clock.CITY_ZONE)
        hides = acts_for_city(context)
        return present.queue(
            self._edge.query(
                context,
                lambda session, _: queue.summarise(
                    session, id, old_before, day_start, without_merchants=hides
                ),
            )
        )

    def ListPayments(
        self, request: pb.ListPaymentsRequest, context: grpc.ServicerContext
    ) -> pb.ListPaymentsResponse:
        ids = [id_in(id, "ids") for id in request.ids[:_MOST_IDS]]
        payable_id = id_in(request.payable_id, "payable_id", may_be_empty=True)
        organisation_id = id_in(request.organisation_id, "organisation_id", may_be_empty=not request.payer_id)
        if not (ids or payable_id or request.payer_id):
            raise BadIdentifier(value="", field="payable_id")
        hides = acts_for_city(context)

        def read(session: Session, subject: Subject) -> pb.ListPaymentsResponse:
            found = queue.payments(
                session, ids, payable_id, organisation_id, request.payer_id, without_merchants=hides
            )
            cards = detail.cards_of(session, [payment for payment, _ in found])
            return pb.ListPaymentsResponse(
                payments=[present.payment(payment, reversal, cards) for payment, reversal in found]
            )

        return self._edge.query(context, read)

    def ListPayerCredits(
        self, request: pb.ListPayerCreditsRequest, context: grpc.ServicerContext
    ) -> pb.ListPayerCreditsResponse:
        organisation_id = id_in(request.organisation_id, "organisation_id", may_be_empty=True)
        filters = (organisation_id, request.payer_id)
        after = pages.position(request.page_token, filters, self._page_key)
        size, hides = pages.size(request.page_size), acts_for_city(context)
        rows = self._edge.query(
            context,
            lambda session, _: lists.payer_credits(
                session,
                organisation_id,
                request.payer_id,
                str(after[0]) if after else "",
                size + 1,
                without_merchants=hides,
            ),
        )
        page, token = pages.cut(
            rows, size, lambda row: (f"{row[0]} payer_credit:{row[1]}",), filters, self._page_key
        )
        return pb.ListPayerCreditsResponse(
            payer_credits=[
                pb.PayerCredit(organisation_id=organisation, payer_id=payer, payer_name=name, amount=amount)
                for organisation, payer, name, amount in page
            ],
            next_page_token=token,
        )

    def ListLedgerBalances(
        self, request: pb.ListLedgerBalancesRequest, context: grpc.ServicerContext
    ) -> pb.ListLedgerBalancesResponse:
        id = id_in(request.organisation_id, "organisation_id", may_be_empty=True)
        read = lists.balances_by_kind if request.payers_together else lists.balances
        hides = acts_for_city(context)
        rows = self._edge.query(context, lambda session, _: read(session, id, without_merchants=hides))
        return pb.ListLedgerBalancesResponse(
            balances=[
                pb.LedgerBalance(organisation_id=organisation, ledger_account=account, balance=balance)
                for organisation, account, balance in rows
            ]
        )

    def SummariseCredits(
        self, request: pb.SummariseCreditsRequest, context: grpc.ServicerContext
    ) -> pb.CreditsSummary:
        id = id_in(request.organisation_id, "organisation_id", may_be_empty=True)
        hides = acts_for_city(context)

        def read(session: Session, subject: Subject) -> pb.CreditsSummary:
            found = summary.summarise(session, id, without_merchants=hides)
            rows, letters = lists.backlog(session)
            return present.summary(found, rows, letters)

        return self._edge.query(context, read)

    def ListDeadLetters(
        self, request: common_pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> common_pb.ListDeadLettersResponse:
        return self._letters.list(context)

    def ReplayDeadLetters(
        self, request: common_pb.ReplayDeadLettersRequest, context: grpc.ServicerContext
    ) -> common_pb.ReplayDeadLettersResponse:
        return self._letters.replay(request, context)

    def _change(
        self,
        context: grpc.ServicerContext,
        request: object,
        credit_id: str,
        change: Callable[[Session, Subject], None],
    ) -> pb.CreditDetail:
        def effect(session: Session, subject: Subject) -> pb.CreditDetail:
            change(session, subject)
            # Once it is decided, what was handed over is hidden again; the answer to the deciding call is not.
            found = detail.read(session, credit_id, Sight.ALL)
            return present.detail(found, hides_payer=acts_for_city(context))

        return self._edge.command(context, request, pb.CreditDetail, effect)


def _sight(context: grpc.ServicerContext) -> Sight:
    """What a look at one credit finds."""
    return Sight.CITY_DESK if acts_for_city(context) else Sight.ALL
