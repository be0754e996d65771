"""Whose money is it, and how much of it pays what? Pure: decides for one credit from what the book knows.

The ladder: the virtual account names the payer; the payment reference names the payable; else a person decides. Money
goes only to payables of an organisation to which the receiving account belongs or belonged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from kit.references import Found, Outcome
from services.reconciliation.domain.credit import DUPLICATE_PAYMENT, OVERPAID, UNDERPAID, Reason
from services.reconciliation.domain.payable import Payable

VIRTUAL_ACCOUNT_KEY = "va:"


class Payables(Protocol):
    """What the ladder may look at."""

    def by_reference(self, reference: str) -> Payable | None: ...

    def by_virtual_account(self, virtual_account: str) -> Sequence[Payable]: ...


class Decision(NamedTuple):
    """Where a credit's money goes: payments, the payer's credit, and suspense with its reason; together the amount."""

    payments: tuple[tuple[Payable, int], ...] = ()
    kept: int = 0
    payer: str = ""
    suspended: int = 0
    reason: Reason = Reason.NONE
    waiting_key: str = ""
    exceptions: tuple[str, ...] = ()
    rule: str = ""
    rule_detail: str = ""
    # The organisation whose payable it is; empty where the receiving one keeps it.
    organisation_id: str = ""
    asked_payable_id: str = ""


def decide(
    amount: int, organisations: frozenset[str], virtual_account: str, found: Found, payables: Payables
) -> Decision:
    """Decide for đồng that arrived on an account of `organisations`, now or once."""
    if virtual_account:
        own = [
            payable
            for payable in payables.by_virtual_account(virtual_account)
            if payable.organisation_id in organisations
        ]
        if own:
            return _by_virtual_account(amount, own, virtual_account, found, payables)
    if found.outcome is Outcome.MATCH:
        reference = found.references[0]
        payable = payables.by_reference(reference)
        if payable is None:
            return suspend(amount, Reason.AWAITING_PAYABLE, reference)
        if payable.organisation_id not in organisations:
            return suspend(amount, Reason.WRONG_ACCOUNT)
        return pay(payable, amount, "reference", reference)
    # A payer's virtual account may come before his first payable; many are a biller's own and name nobody.
    waiting_key = VIRTUAL_ACCOUNT_KEY + virtual_account if virtual_account else ""
    if found.outcome is Outcome.AMBIGUOUS:
        return suspend(amount, Reason.AMBIGUOUS_REFERENCE, waiting_key)
    return suspend(amount, Reason.NO_REFERENCE, waiting_key)


def waiting_keys(virtual_account: str, found: Found) -> tuple[str, ...]:
    """The keys of the slots under which a credit and its payable meet, whichever comes first."""
    keys = found.references if found.outcome in (Outcome.MATCH, Outcome.AMBIGUOUS) else ()
    return (*keys, VIRTUAL_ACCOUNT_KEY + virtual_account) if virtual_account else keys


def suspend(amount: int, reason: Reason, waiting_key: str = "") -> Decision:
    """Keep all of it in suspense."""
    return Decision(suspended=amount, reason=reason, waiting_key=waiting_key)


def pay(payable: Payable, amount: int, rule: str, detail: str) -> Decision:
    """Pay one payable: short is a part payment, what it does not take is the payer's, void goes to a person."""
    if payable.definition.is_void:
        return suspend(amount, Reason.VOID)
    taken = payable.takes(amount)
    return Decision(
        payments=((payable, taken),) if taken else (),
        kept=amount - taken,
        payer=payable.payer if taken < amount else "",
        exceptions=_exceptions(payable, amount),
        rule=rule,
        rule_detail=detail,
        organisation_id=payable.organisation_id,
    )


def _exceptions(payable: Payable, amount: int) -> tuple[str, ...]:
    """What a person may want to know of a payment that is not exactly what is open."""
    if payable.definition.amount_due is None or amount == payable.open:
        return ()
    if not payable.open:
        return (DUPLICATE_PAYMENT,)
    return (OVERPAID,) if amount > payable.open else (UNDERPAID,)


def _by_virtual_account(
    amount: int, own: Sequence[Payable], virtual_account: str, found: Found, payables: Payables
) -> Decision:
    """The virtual account names a payer: his referenced payable, his equal one, his oldest, or his credit."""
    payers = {payable.payer for payable in own}
    named = [payable for payable in map(payables.by_reference, found.references) if payable is not None]
    if found.outcome not in (Outcome.MATCH, Outcome.AMBIGUOUS):
        named = []
    if any(payable.payer not in payers for payable in named):
        return suspend(amount, Reason.PAYER_MISMATCH)
    if len(named) > 1:
        return suspend(amount, Reason.AMBIGUOUS_REFERENCE)
    if named:
        return pay(named[0], amount, "virtual_account_reference", named[0].definition.reference)
    if len(payers) > 1:
        return suspend(amount, Reason.PAYER_MISMATCH)
    waiting = sorted(
        (payable for payable in own if payable.open), key=lambda each: (each.definition.due_date, each.id)
    )
    equal = [payable for payable in waiting if payable.open == amount]
    if len(equal) == 1:
        return pay(equal[0], amount, "virtual_account_amount", virtual_account)
    rule, detail = "virtual_account", virtual_account
    parts: list[tuple[Payable, int]] = []
    left = amount
    if waiting and all(payable.definition.is_oldest_first for payable in waiting):
        rule = "virtual_account_oldest"
        for payable in waiting:
            taken = min(left, payable.open)
            parts.append((payable, taken))
            left -= taken
            if not left:
                break
    return Decision(
        payments=tuple(parts),
        kept=left,
        payer=own[0].payer if left else "",
        exceptions=(OVERPAID,) if parts and left else (),
        rule=rule,
        rule_detail=detail,
        organisation_id=own[0].organisation_id,
    )
