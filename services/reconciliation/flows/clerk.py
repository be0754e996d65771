"""What people decide: assign, undo, use a payer's credit, keep, park, confirm, resolve. Each with its reason, audited.

Order of locks: payables, then credits, then ledger accounts, each sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit
from kit.auth import Subject
from services.reconciliation.domain import errors, ledger
from services.reconciliation.domain.book import Book
from services.reconciliation.domain.credit import (
    UNDECIDED,
    Credit,
    FundKind,
    Payment,
    Reason,
)
from services.reconciliation.domain.ladder import Decision
from services.reconciliation.domain.ledger import EntryKind
from services.reconciliation.domain.payable import Payable
from services.reconciliation.domain.undoing import keep_for, merge, reverse, take_back_kept, use_payer_credit
from services.reconciliation.flows.again import look_again
from services.reconciliation.flows.auditing import note
from services.reconciliation.flows.sight import (
    ASSIGN,
    UNDO,
    hides_merchants,
    lock_credit,
    read_credit,
    require,
    sight_of,
    visible,
)
from services.reconciliation.flows.work import open_book, save
from services.reconciliation.store import books, lists, payables
from services.reconciliation.store import credit as credit_rows


def assign(
    session: Session,
    subject: Subject,
    credit_id: str,
    allocations: Sequence[tuple[str, int]],
    reason: str,
    credit_version: int,
    keep_rest_for: str = "",
) -> None:
    """Move suspense to payables of the organisation that received it. Raises CreditMoved if somebody was faster.

    What is left stays in suspense, or is kept for one of the payables' payers, `keep_rest_for`.
    """
    _say_why(reason)
    amounts = dict(allocations)
    if not amounts or len(amounts) != len(allocations) or min(amounts.values()) <= 0:
        raise errors.BadAmount()
    locked = {payable.id: payable for payable in payables.lock(session, ids=amounts)}
    credit = lock_credit(session, subject, ASSIGN, credit_id)
    _must_be_the_seen(credit, credit_version)
    _must_be_decided(credit)
    for id, amount in amounts.items():
        _may_take(locked.get(id), credit.organisation_id, amount)
    total = sum(amounts.values())
    if total > credit.amount_suspense:
        raise errors.NothingInSuspense(left=credit.amount_suspense, wanted=total)
    book = open_book()
    book.learn(locked.values())
    left = credit.amount_suspense - total
    kept = left if keep_rest_for else 0
    if kept:
        _may_keep_for(credit, keep_rest_for, {locked[id].payer for id in amounts})
    suspended = left - kept
    decision = Decision(
        payments=tuple((locked[id], amount) for id, amount in sorted(amounts.items())),
        kept=kept,
        payer=keep_rest_for if kept else "",
        suspended=suspended,
        reason=_rest_waits_as(credit.reason) if suspended else Reason.NONE,
        waiting_key=credit.waiting_key if suspended else "",
        rule="person",
        rule_detail=reason,
    )
    book.settle(credit, decision, EntryKind.ASSIGNED, subject.label, reason)
    credit.park_reason = ""
    save(session, book)
    note(
        session, subject, "credit.assign", credit, reason=reason, allocations=amounts, kept=kept, moved=total
    )


def undo(session: Session, subject: Subject, payment_id: str, reason: str) -> Payment:
    """Undo a payment by an opposite entry. Raises LaterPaymentsStand with the list of what to undo first."""
    _say_why(reason)
    payment = books.read_payment(session, payment_id, without_merchants=hides_merchants(subject, UNDO))
    if payment is None:
        raise errors.PaymentNotFound(payment=payment_id)
    require(subject, UNDO, payment.organisation_id)
    locked = payables.lock(session, ids=[payment.payable_id])
    credit = (
        lock_credit(session, subject, UNDO, payment.credit_id)
        if payment.fund_kind is FundKind.BANK_CREDIT
        else None
    )
    done = books.read_reversal(session, payment_id)
    if done is not None:
        raise errors.AlreadyUndone(time=done.post_time.isoformat(), why=done.reason)
    later = [
        each
        for each in books.standing_payments(session, [payment.payable_id])
        if each.applied_version > payment.applied_version
    ]
    if later:
        raise errors.LaterPaymentsStand(payments=", ".join(each.id for each in later))
    book = open_book()
    book.learn(locked)
    reverse(book, payment, credit, EntryKind.UNDONE, subject.label, reason)
    if credit is not None:
        credit.reason = Reason.UNDONE
        _take_back(session, book, payment, credit, subject, reason)
    save(session, book)
    audit.record(
        session,
        subject=subject.label,
        action="payment.undo",
        object=f"payment:{payment.id}",
        organisation_id=UUID(payment.organisation_id),
        detail={
            "by": subject.name,
            "reason": reason,
            "amount": payment.amount,
            "moved": payment.amount,
            "payable": payment.payable_id,
        },
    )
    return payment


def use_credit(
    session: Session,
    subject: Subject,
    *,
    organisation_id: str,
    payer: str,
    payable_id: str,
    amount: int,
    reason: str,
) -> Payment:
    """Pay a payable out of a payer's credit, never across organisations. Raises PayerCreditTooSmall."""
    _say_why(reason)
    if amount <= 0:
        raise errors.BadAmount()
    require(subject, ASSIGN, organisation_id)
    if hides_merchants(subject, ASSIGN) and lists.is_merchant(session, organisation_id):
        raise errors.PayableNotFound()
    locked = payables.lock(session, ids=[payable_id])
    payable = locked[0] if locked else None
    _may_take(payable, organisation_id, amount)
    assert payable is not None
    left = -books.lock_balance(session, organisation_id, ledger.payer_credit(payer))
    if left < amount:
        raise errors.PayerCreditTooSmall(left=left, wanted=amount)
    book = open_book()
    book.learn(locked)
    payment = use_payer_credit(book, payable, payer, amount, subject.label, reason)
    save(session, book)
    audit.record(
        session,
        subject=subject.label,
        action="payer_credit.use",
        object=f"payment:{payment.id}",
        organisation_id=UUID(organisation_id),
        detail={
            "by": subject.name,
            "reason": reason,
            "amount": amount,
            "payable": payable_id,
            "payer": payer,
        },
    )
    return payment


def park(session: Session, subject: Subject, credit_id: str, reason: str, credit_version: int = 0) -> None:
    """Set a suspense credit aside with a reason, or (without one) take it up again.

    Of what a trader handed over, the reason is the city's answer to him.
    """
    credit = lock_credit(session, subject, ASSIGN, credit_id, at_desk=True)
    _must_be_the_seen(credit, credit_version)
    if reason and not credit.amount_suspense:
        raise errors.NothingInSuspense(left=0, wanted=credit.amount)
    book = open_book()
    book.touch(credit)
    credit.park_reason = reason
    save(session, book)
    note(session, subject, "credit.park" if reason else "credit.unpark", credit, reason=reason)


def keep_for_payer(
    session: Session, subject: Subject, credit_id: str, payer: str, reason: str, credit_version: int = 0
) -> None:
    """Keep all suspense of a credit for a payer of the same organisation."""
    _say_why(reason)
    if not payer:
        raise errors.PayerMissing()
    credit = lock_credit(session, subject, ASSIGN, credit_id)
    _must_be_the_seen(credit, credit_version)
    _must_be_decided(credit)
    if not credit.amount_suspense:
        raise errors.CreditMoved(happened=credit.describe())
    if credit.payer not in ("", payer):
        raise errors.KeptForAnother(payer=credit.payer)
    moved = credit.amount_suspense
    book = open_book()
    keep_for(book, credit, payer, subject.label, reason)
    credit.park_reason = ""
    save(session, book)
    note(session, subject, "credit.keep_for_payer", credit, reason=reason, payer=payer, moved=moved)


def confirm(session: Session, subject: Subject, credit_id: str, reason: str, credit_version: int = 0) -> None:
    """A person vouches for money that only a weakly proven callback told of; the rules decide what it pays."""
    _say_why(reason)

    def vouch(book: Book, credit: Credit) -> None:
        credit.is_confirmed = True
        book.touch(credit)

    held = Reason.AWAITING_CONFIRMATION
    _decide_by_rule(session, subject, credit_id, credit_version, held, "credit.confirm", reason, vouch)


def decline(session: Session, subject: Subject, credit_id: str, reason: str) -> None:
    """Money without a code is not of the sale that it asks about: it goes to its account's default code, else it waits.

    A yes assigns the money to the sale. Raises CreditMoved if the question is over.
    """
    _say_why(reason)

    def let_go(book: Book, credit: Credit) -> None:
        credit.asked_payable_id = ""

    _decide_by_rule(session, subject, credit_id, 0, Reason.ASKED, "credit.decline", reason, let_go)


def resolve_duplicate(
    session: Session, subject: Subject, credit_id: str, same_as: str, reason: str, credit_version: int = 0
) -> None:
    """Decide a possible duplicate: the same money as another credit, or (without one) money of its own."""
    _say_why(reason)
    if not same_as:
        held = Reason.POSSIBLE_DUPLICATE
        _decide_by_rule(session, subject, credit_id, credit_version, held, "credit.own_money", reason)
        return
    locked = credit_rows.lock(session, {credit_id, same_as}, sight_of(subject, ASSIGN))
    credit = visible(locked, subject, ASSIGN, credit_id)
    same = visible(locked, subject, ASSIGN, same_as)
    _must_be_the_seen(credit, credit_version)
    if credit.reason is not Reason.POSSIBLE_DUPLICATE:
        raise errors.CreditMoved(happened=credit.describe())
    if not _may_be_one(session, credit, same):
        raise errors.NotTheSameMoney()
    book = open_book()
    merge(book, credit, same, subject.label, reason)
    save(session, book)
    note(session, subject, "credit.same_money", credit, reason=reason, same_as=same_as)


def _may_be_one(session: Session, credit: Credit, same: Credit) -> bool:
    if credit.id == same.id or same.merged_into or not same.is_in_ledger:
        return False
    if credit.is_merchant and credit.organisation_id != same.organisation_id:
        # What another unit has of it is not a trader's to see or to say.
        return False
    if (credit.place, credit.amount) != (same.place, same.amount):
        return False
    sources = {report.source_id for report in credit_rows.reports_of(session, credit.id, credit.memo)}
    others = {report.source_id for report in credit_rows.reports_of(session, same.id, same.memo)}
    return not sources & others


def _decide_by_rule(
    session: Session,
    subject: Subject,
    credit_id: str,
    credit_version: int,
    held: Reason,
    action: str,
    reason: str,
    prepare: Callable[[Book, Credit], None] | None = None,
) -> None:
    """Let the ladder decide on a credit that is held for this reason, once its locks are taken in their order.

    Under a tenant's eyes a payable of another organisation looks as if it had not come yet; the sweeper, who sees all,
    then says WRONG_ACCOUNT within a minute.
    """
    seen = read_credit(session, subject, ASSIGN, credit_id, at_desk=held is Reason.AWAITING_CONFIRMATION)

    def may(credit: Credit) -> bool:
        _must_be_the_seen(credit, credit_version)
        if credit.reason is not held:
            raise errors.CreditMoved(happened=credit.describe())
        return True

    look_again(session, [credit_id], may=may, prepare=prepare, subject=subject.label, reason=reason)
    note(session, subject, action, seen, reason=reason)


def _take_back(
    session: Session, book: Book, payment: Payment, credit: Credit, subject: Subject, reason: str
) -> None:
    """What the same decision kept for the payer goes back with it, if it is still there."""
    kept = min(payment.kept, credit.amount_payer_credit)
    if not kept:
        return
    left = -books.lock_balance(session, credit.organisation_id, ledger.payer_credit(credit.payer))
    if left < kept:
        uses = books.uses_of_payer_credit(session, credit.organisation_id, credit.payer)
        raise errors.LaterPaymentsStand(payments=", ".join(each.id for each in uses))
    take_back_kept(book, credit, kept, EntryKind.UNDONE, subject.label, reason)


def _rest_waits_as(reason: Reason) -> Reason:
    """A rest is not the amount that was asked about."""
    return Reason.NO_REFERENCE if reason is Reason.ASKED else reason


def _may_take(payable: Payable | None, organisation_id: str, amount: int) -> None:
    if payable is None or payable.organisation_id != organisation_id:
        raise errors.PayableNotFound()
    reference = payable.definition.reference
    if payable.definition.is_void:
        raise errors.PayableIsVoid(reference=reference)
    if payable.takes(amount) < amount:
        raise errors.AmountAboveOpen(reference=reference, open=payable.open, wanted=amount)


def _may_keep_for(credit: Credit, payer: str, payers: set[str]) -> None:
    if payer not in payers:
        raise errors.PayerMissing()
    if credit.payer not in ("", payer):
        raise errors.KeptForAnother(payer=credit.payer)


def _must_be_the_seen(credit: Credit, credit_version: int) -> None:
    """Raise CreditMoved if the credit is not any more what the person looked at; 0 compares nothing."""
    if credit_version and credit.version != credit_version:
        raise errors.CreditMoved(happened=credit.describe())


def _must_be_decided(credit: Credit) -> None:
    if credit.reason in UNDECIDED and credit.amount_suspense:
        raise errors.MustBeDecidedFirst(state=credit.reason)
    if not credit.is_in_ledger:
        raise errors.CreditMoved(happened=credit.describe())


def _say_why(reason: str) -> None:
    if not reason.strip():
        raise errors.ReasonMissing()
