"""Receiving accounts: proposed by one person, approved by a second, in force after the cooling-off."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.directory import publish, store
from services.directory.domain import (
    Account,
    AccountKnown,
    AccountNotFound,
    AccountState,
    NoticeKind,
    check_account,
)
from services.directory.flows import notices, organisations


def propose(
    session: Session,
    subject: Subject,
    organisation_id: UUID,
    *,
    bin: str,
    account_number: str,
    holder_name: str,
    purpose: str,
    replaces_account_id: UUID | None,
    reason: str,
) -> Account:
    """Ask for an account to receive. Raises OrganisationNotFound, BadField, AccountKnown, AccountNotFound."""
    check_account(bin, account_number, holder_name)
    organisations.get(session, organisation_id)
    if replaces_account_id is not None:
        replaced = _lock(session, replaces_account_id)
        if replaced.organisation_id != organisation_id:
            raise AccountNotFound()
    account = Account(
        id=ids.new(),
        organisation_id=organisation_id,
        bin=bin,
        account_number=account_number,
        holder_name=holder_name.strip(),
        purpose=purpose.strip(),
        state=AccountState.PROPOSED,
        propose_person_id=subject.label,
        propose_time=clock.now(),
        replaces_account_id=replaces_account_id,
        reason=reason,
    )
    if not store.add_account(session, account):
        raise AccountKnown(account_number=account_number)
    _record(session, subject, "account.propose", NoticeKind.PROPOSED, account)
    return account


def approve(session: Session, subject: Subject, id: UUID) -> Account:
    """The second person's word, with a fresh second factor.

    Raises FreshProofNeeded, AccountNotFound, SamePerson, AccountStateForbids.
    """
    subject.require_fresh_proof()
    account = _lock(session, id)
    received = store.received_before(session, account.organisation_id, account.propose_time)
    approved = account.approved(subject.label, clock.now(), received_before=received)
    store.save_account(session, approved)
    _record(session, subject, "account.approve", NoticeKind.APPROVED, approved)
    publish.accounts_changed(session, [approved])
    return approved


def reject(session: Session, subject: Subject, id: UUID, reason: str) -> Account:
    """Stop a proposed or cooling account. Raises AccountNotFound, AccountStateForbids."""
    rejected = _lock(session, id).rejected(reason)
    store.save_account(session, rejected)
    _record(session, subject, "account.reject", NoticeKind.REJECTED, rejected)
    return rejected


def retire(session: Session, subject: Subject, id: UUID, reason: str) -> Account:
    """Stop asking money to an account; what still arrives is matched. Raises AccountNotFound, AccountStateForbids."""
    retired = _lock(session, id).retired(clock.now(), reason)
    store.save_account(session, retired)
    _record(session, subject, "account.retire", NoticeKind.RETIRED, retired)
    publish.accounts_changed(session, [retired])
    return retired


def end_cooling_off(session: Session, subject: Subject) -> int:
    """Put accounts in force whose cooling-off is over, and retire those they replace; returns how many."""
    due = store.due_accounts(session, clock.now())
    changed: list[Account] = []
    for account in due:
        active = account.active()
        store.save_account(session, active)
        _record(session, subject, "account.activate", NoticeKind.IN_FORCE, active)
        changed.append(active)
        if account.replaces_account_id is None:
            continue
        replaced = store.lock_account(session, account.replaces_account_id)
        if replaced is not None and replaced.state is AccountState.ACTIVE:
            retired = replaced.retired(clock.now(), f"thay bằng tài khoản đuôi {account.account_number[-4:]}")
            store.save_account(session, retired)
            _record(session, subject, "account.retire", NoticeKind.RETIRED, retired)
            changed.append(retired)
    publish.accounts_changed(session, changed)
    return len(due)


def announce_again(session: Session, after: UUID | None, limit: int) -> UUID | None:
    """Announce a page of accounts anew, for a log that was lost; the id to go on after, or None at the end."""
    accounts = store.accounts_after(session, after, limit)
    publish.accounts_changed(session, accounts)
    return accounts[-1].id if accounts else None


def _lock(session: Session, id: UUID) -> Account:
    account = store.lock_account(session, id)
    if account is None:
        raise AccountNotFound()
    return account


def _record(session: Session, subject: Subject, action: str, kind: NoticeKind, account: Account) -> None:
    """Write down who did it, and tell every member of the organisation."""
    notices.tell(session, subject, kind, account)
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"account:{account.id}",
        organisation_id=account.organisation_id,
        detail={
            "bin": account.bin,
            "last_four": account.account_number[-4:],
            "state": account.state.value,
            "active_time": account.active_time,
            "reason": account.reason,
        },
    )
