"""Money without a code at a stall: is it for the one sale that waits, or for the stall that takes such money?

A question costs the seller a tap and a wrong guess costs a buyer his peace: one sale is asked about once, and only money
of the last minutes asks. Pure: decides from the payables that the transaction has locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from kit.clock import CITY_ZONE
from services.reconciliation.domain.credit import Credit, Reason
from services.reconciliation.domain.ladder import Decision, pay
from services.reconciliation.domain.payable import Kind, Payable

# What the bank did longer ago is nobody's who stands at the stall now.
ASK_FOR: Final = timedelta(minutes=10)
DEFAULT_RULE: Final = "account_default"


def without_code(
    credit: Credit, amount: int, here: Iterable[Payable], asked: Collection[str], now: datetime
) -> Decision | None:
    """What becomes of `amount` without a code among the payables of its account; None: no stall is known for it.

    `asked` are the sales that other money asks about. What was asked about once, or is a rest, does not ask any more.
    """
    payables = list(here)
    if credit.asked_payable_id:
        if any(each.id == credit.asked_payable_id and waits_for(each, amount, now) for each in payables):
            return _ask(amount, credit.asked_payable_id)
    elif credit.reason is not Reason.ASKED and amount == credit.amount and credit.bank_time > now - ASK_FOR:
        fitting = [each for each in payables if waits_for(each, amount, now) and each.id not in asked]
        if len(fitting) == 1:
            return _ask(amount, fitting[0].id)
    defaults = [each for each in payables if takes_without_code(each)]
    if len(defaults) == 1 and is_open(defaults[0], credit.bank_time):
        return pay(defaults[0], amount, DEFAULT_RULE, defaults[0].definition.reference)
    return None


def waits_for(payable: Payable, amount: int, now: datetime) -> bool:
    """True for a sale that still waits for exactly this amount."""
    until = payable.definition.ask_until
    return (
        payable.definition.kind is Kind.SALE
        and until is not None
        and until > now
        and payable.open == amount > 0
    )


def takes_without_code(payable: Payable) -> bool:
    """True for a standing code to which money without a code goes, at some hours at least."""
    return payable.definition.open_minute is not None and not payable.definition.is_void


def is_open(payable: Payable, moment: datetime) -> bool:
    """True within the hours of such a code; equal minutes mean always, later ones than the end reach past midnight."""
    first, last = payable.definition.open_minute or 0, payable.definition.close_minute or 0
    if first == last:
        return True
    here = moment.astimezone(CITY_ZONE)
    minute = here.hour * 60 + here.minute
    return first <= minute < last if first < last else minute >= first or minute < last


def _ask(amount: int, payable_id: str) -> Decision:
    return Decision(suspended=amount, reason=Reason.ASKED, asked_payable_id=payable_id)
