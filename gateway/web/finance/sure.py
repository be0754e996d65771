"""Many credits at once: those whose reference is merely cut or has a wrong letter and whose amount is equal, with a preview."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.finance.credit import Offer, offer_of
from gateway.web.finance.frame import ASSIGN, Desk, desk_of, error_words, inside, outside
from gateway.web.finance.memos import Piece, marked
from gateway.web.finance.queue import PAGE, filter_of
from kit.errors import Error
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = page_routes()
PATH: Final = "/doi-soat/rat-chac"
_AT_ONCE: Final = 8
_SURE: Final = 85
_DOUBTFUL: Final = 70


@dataclass(frozen=True, slots=True)
class Sure:
    """A waiting credit with the one payable that it is surely for."""

    credit: pb.Credit
    unit: str
    memo: list[Piece]
    offer: Offer

    @property
    def name(self) -> str:
        """The credit as its field of the form is called."""
        return f"take-{outside('crd', self.credit.id)}"

    @property
    def value(self) -> str:
        """What is taken if its box is ticked: the payable, the amount and the version that was looked at."""
        return f"{self.offer.ref} {self.offer.takes} {self.credit.version}"


@dataclass(frozen=True, slots=True)
class Left:
    """A credit that could not be assigned, and why."""

    href: str
    amount: int
    why: str


@routes.get(PATH, ASSIGN, include_in_schema=False)
async def preview(page: CurrentPage) -> Response:
    """The sure ones among the oldest that wait, each with what it would pay."""
    return await _show(await desk_of(page))


async def _show(desk: Desk, *, done: int = 0, amount: int = 0, left: list[Left] | None = None) -> Response:
    rows = await _sure_ones(desk)
    return desk.render(
        "sure",
        desk.page.gettext("Các khoản rất chắc"),
        tab="/doi-soat",
        rows=rows,
        total=sum(row.credit.amount_suspense for row in rows),
        path=filter_of(desk.page).url(PATH),
        back=filter_of(desk.page).url(),
        done=done,
        amount=amount,
        left=left or [],
        status=409 if left else 200,
    )


async def _sure_ones(desk: Desk) -> list[Sure]:
    page, service = desk.page, desk.page.state.clients.reconciliation
    request = pb.ListCreditsRequest(
        organisation_id=filter_of(page).organisation_id,
        view=pb.ListCreditsRequest.VIEW_SUSPENSE,
        suspense_reason="NO_REFERENCE",
        oldest_first=True,
        page_size=PAGE,
    )
    listed = await page.call(service.ListCredits, request, timeout=5.0)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def judge(credit: pb.Credit) -> Sure | None:
        async with gate:
            asked = pb.SuggestPayablesRequest(credit_id=credit.id)
            found = (await page.call(service.SuggestPayables, asked, timeout=10.0)).suggestions
        return _sure(desk, credit, list(found))

    judged = await asyncio.gather(
        *(judge(credit) for credit in listed.credits if desk.may("credits.assign", credit.organisation_id))
    )
    # Two credits for one payable are no longer sure, whichever came first.
    wanted = [sure for sure in judged if sure is not None]
    payables = [sure.offer.found.payable_id for sure in wanted]
    return [sure for sure in wanted if payables.count(sure.offer.found.payable_id) == 1]


def _sure(desk: Desk, credit: pb.Credit, found: list[pb.Suggestion]) -> Sure | None:
    """The credit if its best suggestion has a near reference and an equal amount, and the next one is far behind."""
    if not found or found[0].score < _SURE or (len(found) > 1 and found[1].score >= _DOUBTFUL):
        return None
    offer = offer_of(found[0], credit, desk.page.gettext)
    fits = {why.code for why in found[0].reasons if why.fits}
    if not {"reference_near", "amount_equal"} <= fits or offer.rest or found[0].is_void:
        return None
    return Sure(credit, desk.name_of(credit.organisation_id), marked(credit.memo, found[0]), offer)


@routes.post(PATH, ASSIGN, include_in_schema=False)
async def accept(page: CurrentPage) -> Response:
    """Assign each ticked credit by a command of its own; one that somebody else settled meanwhile stops no other."""
    desk = await desk_of(page)
    form = await page.form()
    request_id = await page.field("request_id")
    done = amount = 0
    left: list[Left] = []
    for name, value in form.multi_items():
        if not name.startswith("take-") or not isinstance(value, str) or done + len(left) >= PAGE:
            continue
        ref = name.removeprefix("take-")
        request = _request(page, request_id, ref, value)
        try:
            await page.call(page.state.clients.reconciliation.AssignCredit, request, timeout=10.0)
        except Error as error:
            if error.http_status not in (400, 404, 409):
                raise
            left.append(
                Left(f"/doi-soat/khoan/{ref}", request.allocations[0].amount, error_words(page, error))
            )
            continue
        done += 1
        amount += request.allocations[0].amount
    return await _show(desk, done=done, amount=amount, left=left)


def _request(page: Page, request_id: str, ref: str, value: str) -> pb.AssignCreditRequest:
    payable, takes, version = [*value.split(), "", "", ""][:3]
    return pb.AssignCreditRequest(
        request_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{request_id}/{ref}")) if request_id else "",
        credit_id=inside("crd", ref),
        allocations=[
            pb.Allocation(
                payable_id=inside("inv", payable),
                amount=int(takes) if takes.isdecimal() and len(takes) < 16 else 0,
            )
        ],
        reason=page.gettext("Duyệt cùng lúc các khoản rất chắc: mã gần giống, số tiền bằng nhau"),
        credit_version=int(version) if version.isdecimal() and len(version) < 16 else 0,
    )
