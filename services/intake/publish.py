"""What intake announces: one report of money."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kit import ids
from kit.events import Event
from kit.messages import stamp
from services.intake.domain import Credit
from xoai.intake.v1 import intake_events_pb2 as pb

if TYPE_CHECKING:
    from services.intake.arrival import Arrival

TOPIC = "intake.bank-credits"
_CHANNELS = {
    "callback": pb.BankCreditReported.CHANNEL_CALLBACK,
    "pull": pb.BankCreditReported.CHANNEL_PULL,
}


def credit_reported(arrival: Arrival, report_id: UUID, account: str, credit: Credit, source_id: str) -> Event:
    """The event of one report; `account` is the main account that received."""
    from services.intake.arrival import needs_confirmation

    origin = arrival.origin
    name = str(report_id)
    fact = pb.BankCreditReported(
        report_id=name,
        channel=_CHANNELS[arrival.channel],
        provider=origin.provider,
        source_id=source_id,
        bin=origin.bin,
        account_number=account,
        virtual_account=credit.virtual_account
        or (credit.account if credit.account in origin.virtual_accounts and credit.account else ""),
        amount=credit.amount,
        currency_code=credit.currency,
        memo=credit.memo or "",
        bank_reference=credit.bank_reference or "",
        provider_transaction_id=credit.provider_transaction_id or "",
        payer_name=credit.payer_name or "",
        payer_account=credit.payer_account or "",
        payer_bin=credit.payer_bin or "",
        test=credit.test,
        needs_confirmation=needs_confirmation(origin, credit.amount),
    )
    if credit.occur_time is not None:
        stamp(fact.occur_time, credit.occur_time)
    stamp(fact.arrive_time, arrival.arrive_time)
    return Event(
        event_id=ids.event_id("report:" + name, 1, "BankCreditReported"),
        topic=TOPIC,
        key=account,
        ordering_id=name,
        event_type="BankCreditReported",
        version=1,
        occur_time=arrival.arrive_time,
        payload=fact.SerializeToString(),
    )
