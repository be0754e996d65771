"""What came in for a round: sums by class from invoices, and what waits for a person from reconciliation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway import formats
from gateway.web.school.frame import School
from kit import clock
from kit.errors import Unavailable
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb
from xoai.schools.v1 import schools_service_pb2 as pb

_RECENT = 5


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts and sums of a round, in all or of a class; voided invoices are left out of `invoices`."""

    name: str
    invoices: int
    paid: int
    part_paid: int
    void: int
    due: int
    received: int
    payers: int

    @property
    def unpaid(self) -> int:
        """Invoices that are not paid in full."""
        return self.invoices - self.paid

    @property
    def rest(self) -> int:
        """What is still to come, đồng."""
        return max(self.due - self.received, 0)


def _sums(group: invoices_pb.GroupSummary) -> Sums:
    return Sums(
        name=group.group_name,
        invoices=group.invoices - group.void,
        paid=group.paid,
        part_paid=group.part_paid,
        void=group.void,
        due=group.amount_due,
        received=group.amount_paid,
        payers=group.payers,
    )


async def sums_of(school: School, round_id: str) -> tuple[list[Sums], Sums]:
    """A round's classes in natural order, and the whole."""
    request = invoices_pb.SummariseBatchRequest(organisation_id=school.id, batch_id=round_id)
    reply = await school.page.call(school.page.state.clients.invoices.SummariseBatch, request)
    return [_sums(group) for group in reply.groups], _sums(reply.total)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A payment that came today."""

    at: str
    pupil: str
    group: str
    amount: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person at the desk, and what came today. `is_known` False: the desk did not answer."""

    suspense_count: int = 0
    suspense_amount: int = 0
    over_count: int = 0
    twice_count: int = 0
    today: list[Arrival] = field(default_factory=list)
    is_known: bool = True


async def waiting_at_the_desk(school: School) -> Waiting:
    """What reconciliation holds for this school; nothing for who may not see credits."""
    if not school.may("credits.read"):
        return Waiting()
    clients, views = school.page.state.clients, reconciliation_pb.ListCreditsRequest
    try:
        applied, over, twice = await asyncio.gather(
            school.page.call(
                clients.reconciliation.ListCredits,
                views(organisation_id=school.id, view=views.VIEW_APPLIED, page_size=_RECENT),
            ),
            school.page.call(
                clients.reconciliation.ListCredits,
                views(organisation_id=school.id, view=views.VIEW_OVER_OPEN, page_size=200),
            ),
            school.page.call(
                clients.reconciliation.ListCredits,
                views(organisation_id=school.id, view=views.VIEW_TWICE_OPEN, page_size=200),
            ),
        )
        today = await _today(school, applied.credits)
    except Unavailable:
        # Said on the page: the round's own figures do not hang on the desk.
        return Waiting(is_known=False)
    return Waiting(
        suspense_count=applied.suspense_count,
        suspense_amount=applied.suspense_amount,
        over_count=len(over.credits),
        twice_count=len(twice.credits),
        today=today,
    )


async def _today(school: School, credits: list[reconciliation_pb.Credit]) -> list[Arrival]:
    """Today's credits with the pupils whose invoices they paid, newest first."""
    today = clock.today()
    fresh = []
    for credit in credits:
        at = formats.moment(credit.bank_time)
        if at is not None and at.date() == today:
            fresh.append(credit)
    details = await asyncio.gather(
        *(
            school.page.call(
                school.page.state.clients.reconciliation.GetCredit,
                reconciliation_pb.GetCreditRequest(id=credit.id),
            )
            for credit in fresh
        )
    )
    return [
        Arrival(
            formats.hour_minute(detail.credit.bank_time),
            payment.payer_name,
            payment.group_name,
            payment.amount,
        )
        for detail in details
        for payment in detail.payments
        if not payment.reverse_time.seconds
    ]


async def late_invoices(school: School, round_: pb.Round) -> int:
    """Invoices that a release would issue now: of late pupils and late items."""
    request = pb.PreviewRoundRequest(round_id=round_.id)
    reply = await school.page.call(school.page.state.clients.schools.PreviewRound, request, timeout=10.0)
    return int(reply.invoices)
