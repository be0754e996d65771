"""The ledger at a glance: every account with its balance, per organisation or together, and whether the sides agree."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.web.finance import words
from gateway.web.finance.frame import Desk, desk_of, inside, outside
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = page_routes()
TAB: Final = "/doi-soat/so-cai"
# The order of a trial balance: where money is, what it is for, whose it is, what it costs.
_ORDER: Final = (
    "bank",
    "cash",
    "in_transit",
    "collected",
    "payer_credit",
    "suspense",
    "refund_due",
    "fee",
    "write_off",
)


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account with its balance on one side, đồng."""

    title: str
    code: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation's books in one row. `difference` is what keeps its two sides apart: nothing."""

    name: str
    href: str
    bank: int
    collected: int
    payer_credit: int
    suspense: int
    difference: int


@routes.get("/doi-soat/so-cai", holds("ledger.read"), include_in_schema=False)
async def ledger(page: CurrentPage) -> Response:
    """Balances, turnover, and each organisation's row."""
    desk = await desk_of(page)
    unit = page.request.query_params.get("don-vi", "")
    organisation_id = inside("org", unit)
    service = page.state.clients.reconciliation
    balances, sums = await asyncio.gather(
        page.call(
            service.ListLedgerBalances,
            pb.ListLedgerBalancesRequest(organisation_id=organisation_id, payers_together=True),
            timeout=5.0,
        ),
        page.call(
            service.SummariseCredits,
            pb.SummariseCreditsRequest(organisation_id=organisation_id),
            timeout=10.0,
        ),
    )
    accounts = _accounts(desk, balances.balances, merged=not organisation_id and desk.is_of_many)
    return desk.render(
        "ledger",
        page.gettext("Sổ cái"),
        tab=TAB,
        unit=unit,
        unit_name=desk.names.get(organisation_id, ""),
        accounts=accounts,
        debits=sum(row.debit for row in accounts),
        credits=sum(row.credit for row in accounts),
        sums=sums,
        units=[] if organisation_id or not desk.is_of_many else _units(desk, balances.balances),
    )


def _accounts(desk: Desk, balances: list[pb.LedgerBalance], *, merged: bool) -> list[Account]:
    """The accounts; for many organisations together by kind, each bank account being one organisation's own."""
    totals: defaultdict[str, int] = defaultdict(int)
    for row in balances:
        head = row.ledger_account.partition(":")[0]
        totals[head if merged and head == "bank" else row.ledger_account] += row.balance
    _ = desk.page.gettext
    ordered = sorted(totals.items(), key=lambda item: (_place(item[0]), item[0]))
    return [
        Account(
            _("Tiền ở ngân hàng, mọi tài khoản") if code == "bank" else words.ledger_account(code, _),
            code,
            max(balance, 0),
            max(-balance, 0),
        )
        for code, balance in ordered
        if balance
    ]


def _place(code: str) -> int:
    head = code.partition(":")[0]
    return _ORDER.index(head) if head in _ORDER else len(_ORDER)


def _units(desk: Desk, balances: list[pb.LedgerBalance]) -> list[Unit]:
    by_unit: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in balances:
        by_unit[row.organisation_id][row.ledger_account.partition(":")[0]] += row.balance
    rows = [
        Unit(
            desk.name_of(id),
            f"{TAB}?don-vi={outside('org', id)}",
            heads["bank"],
            -heads["collected"],
            -heads["payer_credit"],
            -heads["suspense"],
            sum(heads.values()),
        )
        for id, heads in by_unit.items()
    ]
    return sorted(rows, key=lambda unit: unit.name)
