"""The sums: amounts are balances of the ledger, counts are credits, each once however often it was told."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.reconciliation.domain import ledger
from services.reconciliation.store import lists


@dataclass(frozen=True, slots=True)
class Summary:
    """Amounts in đồng; received = applied + payers' credit + suspense + refundable."""

    credits_received: int
    credits_applied: int
    credits_suspense: int
    callback_only_credits: int
    reports_joined: int
    amount_received: int
    amount_applied: int
    amount_payer_credit: int
    amount_suspense: int
    amount_refundable: int
    ledger_debits: int
    ledger_credits: int


def summarise(session: Session, organisation_id: str, *, without_merchants: bool) -> Summary:
    """Of one organisation, or (empty) of all that the transaction may see."""
    sums = dict.fromkeys(
        (ledger.BANK, ledger.COLLECTED, ledger.PAYER_CREDIT, ledger.SUSPENSE, ledger.REFUND_DUE), 0
    )
    for _, account, balance in lists.balances(session, organisation_id, without_merchants=without_merchants):
        for head in sums:
            if account.startswith(head):
                sums[head] += balance
    debits, credits = lists.turnover(session, organisation_id, without_merchants=without_merchants)
    return Summary(
        *lists.counts(session, organisation_id, without_merchants=without_merchants),
        sums[ledger.BANK],
        -sums[ledger.COLLECTED],
        -sums[ledger.PAYER_CREDIT],
        -sums[ledger.SUSPENSE],
        -sums[ledger.REFUND_DUE],
        debits,
        credits,
    )
