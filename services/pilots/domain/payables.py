"""What a stall asks money with: its standing code, the codes of its pack, its sales. Reconciliation matches them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.pilots.domain.stalls import Account, DefaultRule, PackCode, Stall

# The ledger class of all money at stalls.
LEDGER_CLASS: Final = "stall_takings"


@dataclass(frozen=True, slots=True)
class Payable:
    """A payable of a stall. Without an amount it stands: it takes what comes and is never paid.

    `default_hours` are the minutes of the day in which the code takes what reaches its account without a code; equal
    ones mean always, None never. It is never void: what still comes is the trader's (decision 17).
    """

    id: UUID
    version: int
    reference: str
    organisation_id: UUID
    account: Account
    change_time: datetime
    amount_due: int | None = None
    ask_until: datetime | None = None
    default_hours: tuple[int, int] | None = None
    title: str = ""
    group_name: str = ""


def standing(stall: Stall, account: Account) -> Payable:
    """The stall's own code."""
    hours = None
    if stall.is_account_default:
        always = stall.default_rule is DefaultRule.ALWAYS
        hours = (0, 0) if always else (stall.open_minute, stall.close_minute)
    return Payable(
        id=stall.id,
        version=stall.version,
        reference=stall.reference,
        organisation_id=stall.organisation_id,
        account=account,
        change_time=stall.change_time,
        default_hours=hours,
        title=stall.title,
        group_name=stall.programme_name,
    )


def of_pack(stall: Stall, account: Account, code: PackCode) -> Payable:
    """A code of the stall's pack; its amount stands in the QR only."""
    return Payable(
        id=code.id,
        version=code.version,
        reference=code.reference,
        organisation_id=stall.organisation_id,
        account=account,
        change_time=stall.change_time,
        title=stall.title,
        group_name=stall.programme_name,
    )
