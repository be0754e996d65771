"""What is taken back, moved aside or merged: each by an opposite entry, never by a change of the past."""

from __future__ import annotations

from collections.abc import Sequence

from services.reconciliation.domain import ledger
from services.reconciliation.domain.book import Book
from services.reconciliation.domain.credit import UNASSIGNED, Credit, FundKind, Payment, Reason, Reversal
from services.reconciliation.domain.ladder import Decision, pay
from services.reconciliation.domain.ledger import Entry, EntryKind
from services.reconciliation.domain.payable import Payable, Split
from services.reconciliation.domain.work import BY_RULE


def reverse(
    book: Book, payment: Payment, credit: Credit | None, kind: EntryKind, subject: str, reason: str
) -> Reversal:
    """Undo a payment: its money goes back to the suspense of its credit, or to the payer's credit it came from."""
    payable = book.payables[payment.payable_id].release([Split(*part) for part in payment.splits])
    book.save(payable)
    entry_id = book.new_id()
    amounts: dict[str, int] = {}
    for _, ledger_class, part in payment.splits:
        account = ledger.COLLECTED + ledger_class
        amounts[account] = amounts.get(account, 0) + part
    fund = ledger.SUSPENSE if credit else ledger.payer_credit(payment.payer)
    amounts[fund] = amounts.get(fund, 0) - payment.amount
    reversal = Reversal(
        payment.id,
        payment.organisation_id,
        payment.payable_id,
        payment.credit_id,
        payment.amount,
        payable.applied,
        payable.applied_version,
        reason,
        entry_id,
        subject,
        book.now,
    )
    book.changes.facts.append((reversal, credit, payable.definition.kind))
    if credit:
        book.touch(credit)
        credit.amount_applied -= payment.amount
        credit.amount_suspense += payment.amount
        credit.waiting_key = ""
    book.changes.entries.append(
        Entry(
            entry_id,
            payment.organisation_id,
            payment.credit_id,
            kind,
            book.today,
            credit.bank_date if credit else book.today,
            amounts,
            subject,
            reason,
        )
    )
    return reversal


def take_back_kept(
    book: Book, credit: Credit, amount: int, kind: EntryKind, subject: str, reason: str
) -> None:
    """Move what was kept for the payer back to the credit's suspense."""
    book.touch(credit)
    credit.amount_payer_credit -= amount
    credit.amount_suspense += amount
    amounts = {ledger.payer_credit(credit.payer): amount, ledger.SUSPENSE: -amount}
    if not credit.amount_payer_credit:
        credit.payer = ""
    book.enter(credit, kind, amounts, book.new_id(), subject, reason)


def keep_for(book: Book, credit: Credit, payer: str, subject: str, reason: str) -> None:
    """Move all of the credit's suspense to a payer's credit."""
    decision = Decision(kept=credit.amount_suspense, payer=payer)
    book.settle(credit, decision, EntryKind.KEPT_FOR_PAYER, subject, reason)


def use_payer_credit(
    book: Book, payable: Payable, payer: str, amount: int, subject: str, reason: str
) -> Payment:
    """Pay a payable out of a payer's credit; the caller has made sure that it holds so much."""
    entry_id = book.new_id()
    payment = book.apply(
        payable, amount, 0, FundKind.PAYER_CREDIT, "payer_credit", reason, payer, entry_id, subject, None
    )
    amounts = {ledger.payer_credit(payer): amount}
    for _, ledger_class, part in payment.splits:
        account = ledger.COLLECTED + ledger_class
        amounts[account] = amounts.get(account, 0) - part
    book.changes.entries.append(
        Entry(
            entry_id,
            payable.organisation_id,
            "",
            EntryKind.PAYER_CREDIT_USED,
            book.today,
            book.today,
            amounts,
            subject,
            reason,
        )
    )
    return payment


def apply_anew(book: Book, payments: Sequence[tuple[Payment, Credit | None]]) -> None:
    """Undo all payments of a payable, the last one first, and apply them again to its new definition."""
    reason = "amount or lines changed"
    for payment, credit in reversed(payments):
        reverse(book, payment, credit, EntryKind.APPLIED_ANEW, BY_RULE, reason)
    for payment, credit in payments:
        payable = book.payables[payment.payable_id]
        if credit is None:
            amount = payable.takes(payment.amount)
            if amount:
                use_payer_credit(book, payable, payment.payer, amount, BY_RULE, reason)
            continue
        again = pay(payable, payment.amount, payment.rule, payment.rule_detail)
        kept, payer = again.kept, again.payer
        if kept and credit.payer not in ("", payer):
            # The rest of this credit is another payer's: a person decides.
            kept, payer = 0, ""
            credit.reason = Reason.UNDONE
        rest = Decision(
            again.payments,
            kept,
            payer,
            credit.amount_suspense - sum(amount for _, amount in again.payments) - kept,
            credit.reason,
            credit.waiting_key,
            again.exceptions,
            again.rule,
            again.rule_detail,
        )
        book.settle(credit, rest, EntryKind.APPLIED_ANEW, BY_RULE, reason)


def move_to_owner(book: Book, credit: Credit) -> None:
    """Money of an account that is registered by now leaves the unassigned organisation for its owner."""
    owner = book.owner(credit.place)
    if owner is None or credit.organisation_id != UNASSIGNED:
        return
    book.touch(credit)
    amount = credit.amount_suspense
    kind = EntryKind.MOVED_TO_OWNER
    back = {ledger.SUSPENSE: amount, credit.bank_account: -amount}
    book.enter(credit, kind, back, book.new_id(), BY_RULE, owner.organisation_id)
    credit.organisation_id, credit.account_id = owner.organisation_id, owner.account_id
    credit.is_merchant = owner.is_merchant
    book.changes.moved_reports.append((credit.id, credit.id))
    again = {credit.bank_account: amount, ledger.SUSPENSE: -amount}
    book.enter(credit, kind, again, book.new_id(), BY_RULE, "")


def merge(book: Book, credit: Credit, same: Credit, subject: str, reason: str) -> None:
    """A possible duplicate is the same money as `same`: its bank entry is taken back and it leaves the ledger."""
    book.touch(credit)
    book.touch(same)
    amounts = {ledger.SUSPENSE: credit.amount_suspense, credit.bank_account: -credit.amount_suspense}
    book.enter(credit, EntryKind.SAME_MONEY, amounts, book.new_id(), subject, reason)
    credit.amount_suspense = 0
    credit.reason = Reason.NONE
    credit.is_in_ledger = False
    credit.merged_into = same.id
    book.changes.moved_reports.append((credit.id, same.id))
    same.report_count += credit.report_count
    same.has_statement = same.has_statement or credit.has_statement
    same.is_confirmed = same.is_confirmed or credit.is_confirmed
