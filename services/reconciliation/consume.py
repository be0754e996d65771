"""What reconciliation hears: payables, receiving accounts, and money. Batches as a whole, set-based."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from kit.events import Event
from kit.inbox import BatchHandler, EventHandler
from kit.messages import moment, moment_if_set
from services.reconciliation.domain.credit import Account, Channel, Report
from services.reconciliation.domain.payable import Definition, Kind, Line
from services.reconciliation.domain.words import words_of
from services.reconciliation.flows import accounts, arrivals, payables
from services.reconciliation.store.payables import Card
from xoai.directory.v1 import directory_events_pb2
from xoai.intake.v1 import intake_events_pb2
from xoai.payables.v1 import payables_events_pb2

# Names of consumers stand in the inbox: they stay for ever. What owners say and what banks say are heard apart, so that
# a bill run never holds up money.
OWNERS: Final = "reconciliation.owners"
OWNERS_TOPICS: Final = ("invoices.payables", "pilots.payables", "directory.accounts")
CREDITS: Final = "reconciliation.credits"
CREDITS_TOPICS: Final = ("intake.bank-credits",)

_CHANNELS: Final = {
    intake_events_pb2.BankCreditReported.CHANNEL_CALLBACK: Channel.CALLBACK,
    intake_events_pb2.BankCreditReported.CHANNEL_PULL: Channel.PULL,
    intake_events_pb2.BankCreditReported.CHANNEL_STATEMENT: Channel.STATEMENT,
}
# The directory's word for a trader's organisation.
_MERCHANT: Final = "merchant"
_Changed = payables_events_pb2.PayableChanged
_KINDS: Final = {
    _Changed.KIND_INVOICE: Kind.INVOICE,
    _Changed.KIND_SALE: Kind.SALE,
    _Changed.KIND_STANDING: Kind.STANDING,
}


def on_bank_credits(session: Session, events: Sequence[Event]) -> None:
    """A batch of reports of money."""
    arrivals.receive(session, [_report(event.payload) for event in events])


def on_payables(session: Session, events: Sequence[Event]) -> None:
    """A batch of snapshots of payables."""
    payables.define(session, [_snapshot(event.payload) for event in events])


def on_account(session: Session, event: Event) -> None:
    """A snapshot of a receiving account."""
    message = directory_events_pb2.AccountChanged.FromString(event.payload)
    accounts.define(
        session,
        Account(
            account_id=message.account_id,
            version=message.version,
            organisation_id=message.organisation_id,
            bin=message.bin,
            account_number=message.account_number,
            holder_name=message.holder_name,
            is_active=message.state == directory_events_pb2.AccountChanged.STATE_ACTIVE,
            active_time=moment_if_set(message.active_time),
            retire_time=moment_if_set(message.retire_time),
            is_merchant=message.organisation_kind == _MERCHANT,
        ),
    )


def _report(payload: bytes) -> Report:
    message = intake_events_pb2.BankCreditReported.FromString(payload)
    memo, bank_reference, payer_name = message.memo, message.bank_reference, message.payer_name
    if b"\x00" in payload:
        # PostgreSQL holds no NUL; a memo with one is still a memo.
        memo, bank_reference, payer_name = (
            text.replace("\x00", "") for text in (memo, bank_reference, payer_name)
        )
    return Report(
        message.report_id,
        _CHANNELS[message.channel],
        message.provider,
        message.source_id,
        message.bin,
        message.account_number,
        message.virtual_account,
        message.amount,
        message.currency_code,
        memo,
        bank_reference,
        message.provider_transaction_id,
        moment_if_set(message.occur_time),
        moment(message.arrive_time),
        payer_name,
        message.payer_account,
        message.payer_bin,
        message.test,
        message.needs_confirmation,
    )


def _snapshot(payload: bytes) -> payables.Snapshot:
    message = _Changed.FromString(payload)
    takes_rest = message.HasField("account_default")
    definition = Definition(
        version=message.version,
        kind=_KINDS[message.kind],
        is_void=message.state == _Changed.STATE_VOID,
        reference=message.reference,
        organisation_id=message.organisation_id,
        account_id=message.account_id,
        virtual_account=message.virtual_account,
        payer_id=message.payer_id,
        amount_due=message.amount_due if message.HasField("amount_due") else None,
        due_date=message.due_date,
        is_oldest_first=message.oldest_first,
        ask_until=moment_if_set(message.ask_until),
        open_minute=message.account_default.open_minute if takes_rest else None,
        close_minute=message.account_default.close_minute if takes_rest else None,
    )
    lines = tuple(
        Line(line.line_id, line.ledger_class, line.amount, line.priority, line.paused, 0)
        for line in message.lines
    )
    card = Card(
        message.payable_id,
        message.organisation_id,
        message.title,
        message.payer_name,
        message.group_name,
        message.search_text,
        words_of(message.search_text, message.group_name),
    )
    return payables.Snapshot(message.payable_id, definition, lines, card)


OWNERS_HANDLERS: Final[Mapping[str, EventHandler]] = {"AccountChanged": on_account}
OWNERS_BATCH_HANDLERS: Final[Mapping[str, BatchHandler]] = {"PayableChanged": on_payables}
CREDITS_BATCH_HANDLERS: Final[Mapping[str, BatchHandler]] = {"BankCreditReported": on_bank_credits}
