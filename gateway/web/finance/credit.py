"""One credit at the right of the list: what came, why the machine did not decide, and what a person can do about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.finance import words
from gateway.web.finance.frame import READ, Desk, desk_of, inside, outside
from gateway.web.finance.memos import Comparison, Piece, compared, compared_amount, marked
from gateway.web.finance.payers import payer_url
from gateway.web.finance.queue import Filter, Queue, filter_of, first_of, queue_of
from gateway.web.finance.results import result_of
from gateway.web.finance.words import Chip, State
from kit.errors import Error
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = page_routes()
_UNDECIDED: Final = frozenset({"POSSIBLE_DUPLICATE", "AWAITING_CONFIRMATION", "UNKNOWN_ACCOUNT"})
_SURE_ENOUGH: Final = 35
# Reasons that name a payer or a payable, not only an amount.
_NAMING: Final = frozenset({"name_in_memo", "code_in_memo", "reference_near"})
_MOST_TYPED: Final = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A payable that the credit may be for, as the desk shows it."""

    found: pb.Suggestion
    chips: list[Chip]
    sureness: str
    comparison: Comparison | None
    digits: list[Piece]
    # Đồng that taking it would apply, and what would be left over.
    takes: int
    rest: int
    reason: str

    @property
    def ref(self) -> str:
        """The payable as forms name it."""
        return outside("inv", self.found.payable_id)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A payment that has to be undone before another one can be."""

    payment: pb.Payment
    href: str


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment out of the credit."""

    payment: pb.Payment
    ref: str
    rule: str


@dataclass(frozen=True, slots=True)
class CreditView:
    """A credit with everything that its page needs."""

    credit: pb.Credit
    detail: pb.CreditDetail
    ref: str
    unit: str
    # The bank of an account that no organisation has registered; empty for all others.
    strange_bank: str
    state: State
    memo: list[Piece]
    offers: list[Offer]
    searched: str
    found: list[Offer]
    payments: list[Paid]
    # The payable that the credit did not pay whole, while something of it is open.
    short: pb.Suggestion | None
    history: list[tuple[pb.CreditEvent, str]]
    # Where its forms lead to, with the list's filter, and the credit that follows.
    query: str
    next_ref: str
    may_assign: bool
    may_undo: bool
    is_undecided: bool

    @property
    def here(self) -> str:
        """The address of its page."""
        return f"/doi-soat/khoan/{self.ref}"

    def action(self, name: str) -> str:
        """The address of one of its forms."""
        return f"{self.here}/{name}{self.query}"

    @property
    def is_waiting(self) -> bool:
        return bool(self.credit.amount_suspense)

    @staticmethod
    def ref_of(credit_id: str) -> str:
        """Another credit as forms name it."""
        return outside("crd", credit_id)

    @property
    def payer_href(self) -> str:
        """The page of the payer for whom a part is kept."""
        return payer_url(self.credit.organisation_id, self.credit.payer_id)

    @property
    def choices(self) -> list[Offer]:
        """The payables among which money can be split: what was searched for first, each once, with something open."""
        by_id = {offer.found.payable_id: offer for offer in (*self.offers, *self.found)}
        ordered = {offer.found.payable_id: offer for offer in (*self.found, *by_id.values())}
        return [offer for offer in ordered.values() if offer.found.amount_open and not offer.found.is_void]

    @property
    def first_is_sure(self) -> bool:
        """Whether Enter may take the first suggestion: not where it is a guess, nor where money would be left over."""
        if not self.offers or self.offers[0].found.score < _SURE_ENOUGH or self.pair:
            return False
        return not self.offers[0].rest or self.offers[0].comparison is not None

    @property
    def pair_offers(self) -> list[Offer]:
        """The two payables of `pair` as they are offered."""
        return [offer for offer in self.offers if offer.found.payable_id in self.pair]

    @property
    def pair(self) -> frozenset[str]:
        """Two payables of different payers, both named in the memo, that together are the amount: most likely two children."""
        named = [
            offer.found
            for offer in self.offers
            if any(why.fits and why.code in _NAMING for why in offer.found.reasons)
        ]
        for one, other in combinations(named, 2):
            if (
                one.payer_id != other.payer_id
                and one.amount_open + other.amount_open == self.credit.amount_suspense
            ):
                return frozenset((one.payable_id, other.payable_id))
        return frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form that could not be carried out leaves on the page: errors, what was typed, which form is open."""

    errors: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    open_form: str = ""
    status: int = 200
    # What somebody else did meanwhile, and what stands in the way of an undo.
    conflict: str = ""
    blockers: list[Blocker] = field(default_factory=list)


@routes.get("/doi-soat", READ, include_in_schema=False)
async def desk(page: CurrentPage) -> Response:
    """The list; where there is room beside it, its first credit."""
    found, wanted = await desk_of(page), filter_of(page)
    queue = await queue_of(found, wanted)
    first = first_of(queue.rows)
    return await show(found, queue, first, is_opened=False)


@routes.get("/doi-soat/hang-doi", READ, include_in_schema=False)
async def list_part(page: CurrentPage, khoan: str = "", mo: bool = False) -> Response:
    """The list alone, for a page that is open: money arrives while somebody works. `mo`: beside an opened credit."""
    found, wanted = await desk_of(page), filter_of(page)
    queue = await queue_of(found, wanted)
    return page.render("finance/queue.html", queue=queue, desk=found, current=inside("crd", khoan), opened=mo)


@routes.get("/doi-soat/khoan/{crd}", READ, include_in_schema=False)
async def one(page: CurrentPage, crd: str, tach: bool = False) -> Response:
    """One credit beside the list, or on a phone instead of it."""
    found, wanted = await desk_of(page), filter_of(page)
    queue = await queue_of(found, wanted)
    return await show(found, queue, inside("crd", crd), shown=Shown(open_form="split" if tach else ""))


async def show(
    found: Desk, queue: Queue, credit_id: str, *, is_opened: bool = True, shown: Shown | None = None
) -> Response:
    """The desk with a credit; empty `credit_id` shows the list alone."""
    page = found.page
    shown = shown or Shown()
    view, result = await asyncio.gather(
        _view(found, queue, credit_id) if credit_id else _nothing(), result_of(found)
    )
    title = page.gettext("Khoản tiền") if is_opened else page.gettext("Cần xử lý")
    return found.render(
        "desk",
        title,
        tab=queue.filter.tab,
        searched=queue.filter.search,
        queue=queue,
        view=view,
        current=credit_id,
        opened=is_opened,
        result=result,
        shown=shown,
        errors=shown.errors,
        status=shown.status,
    )


async def _nothing() -> None:
    return None


async def _view(found: Desk, queue: Queue, credit_id: str) -> CreditView:
    page, service = found.page, found.page.state.clients.reconciliation
    searched = " ".join(page.request.query_params.get("phieu", "").split())[:_MOST_TYPED]
    detail, suggested = await asyncio.gather(
        page.call(service.GetCredit, pb.GetCreditRequest(id=credit_id)),
        page.call(service.SuggestPayables, pb.SuggestPayablesRequest(credit_id=credit_id), timeout=5.0),
    )
    credit: pb.Credit = detail.credit
    organisation_id = credit.organisation_id
    sought: list[pb.Suggestion] = []
    if searched:
        request = pb.SearchPayablesRequest(organisation_id=organisation_id, search=searched)
        sought = list((await page.call(service.SearchPayables, request, timeout=5.0)).payables)
    short = await _short(found, detail) if "UNDERPAID" in credit.exceptions else None
    is_strange = credit.suspense_reason == "UNKNOWN_ACCOUNT"
    strange_bank = await page.state.bills.bank_name(credit.bin) if is_strange else ""
    _ = page.gettext
    waits = bool(credit.amount_suspense) and credit.suspense_reason not in _UNDECIDED
    offers = [offer_of(each, credit, _) for each in suggested.suggestions] if waits else []
    next_id = queue.after(credit_id)
    return CreditView(
        credit=credit,
        detail=detail,
        ref=outside("crd", credit.id),
        unit=found.name_of(organisation_id),
        strange_bank=strange_bank,
        state=words.state_of(credit, _, has_near_reference=bool(offers and offers[0].comparison)),
        memo=marked(credit.memo, offers[0].found if offers else None),
        offers=offers,
        searched=searched,
        found=[offer_of(each, credit, _) for each in sought],
        payments=[Paid(each, outside("pay", each.id), words.rule(each, _)) for each in detail.payments],
        short=short,
        history=[(event, words.action(event, _)) for event in detail.events],
        query=_query(queue.filter),
        next_ref=outside("crd", next_id) if next_id else "",
        may_assign=found.may("credits.assign", organisation_id),
        may_undo=found.may("credits.undo", organisation_id),
        is_undecided=credit.suspense_reason in _UNDECIDED,
    )


async def _short(found: Desk, detail: pb.CreditDetail) -> pb.Suggestion | None:
    """The payable that this credit paid a part of, if a rest of it is still open."""
    standing = [row for row in detail.payments if not row.reverse_time.seconds]
    if not standing:
        return None
    page = found.page
    request = pb.SearchPayablesRequest(
        organisation_id=detail.credit.organisation_id, search=standing[-1].reference
    )
    listed = await page.call(page.state.clients.reconciliation.SearchPayables, request, timeout=5.0)
    paid = standing[-1].payable_id
    return next((row for row in listed.payables if row.payable_id == paid and row.amount_open), None)


def _query(wanted: Filter) -> str:
    url = wanted.url("")
    return url if url.startswith("?") else ""


def offer_of(found: pb.Suggestion, credit: pb.Credit, _: words.Gettext) -> Offer:
    """A payable as it is offered for what waits of a credit."""
    amount = credit.amount_suspense
    chips = words.chips(found, amount, _)
    takes = min(amount, found.amount_open)
    comparison = compared(found, credit.memo)
    fitting = [chip.text for chip in chips if chip.fits]
    return Offer(
        found=found,
        chips=chips,
        sureness=words.sureness(found.score, _),
        comparison=comparison,
        digits=compared_amount(found.amount_open, amount) if found.amount_open != amount else [],
        takes=takes,
        rest=amount - takes,
        reason=_("Theo gợi ý: %(chips)s", chips=", ".join(fitting) or _("chọn tay")),
    )


async def refused(found: Desk, credit_id: str, shown: Shown) -> Response:
    """The credit as it is now, with what could not be done."""
    queue = await queue_of(found, filter_of(found.page))
    return await show(found, queue, credit_id, shown=shown)


async def blockers_of(page: Page, error: Error) -> list[Blocker]:
    """What has to be undone first, as the service lists it."""
    ids = [id for id in error.metadata.get("payments", "").split(", ") if id]
    if not ids:
        return []
    request = pb.ListPaymentsRequest(ids=ids)
    listed = await page.call(page.state.clients.reconciliation.ListPayments, request)
    return [Blocker(payment, _place_of(payment)) for payment in listed.payments]


def _place_of(payment: pb.Payment) -> str:
    """Where a payment can be undone."""
    if payment.credit_id:
        return f"/doi-soat/khoan/{outside('crd', payment.credit_id)}#{outside('pay', payment.id)}"
    return "/doi-soat/tien-du"
