"""Receiving accounts as the directory announces them; money that came before its account's registration moves over."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.reconciliation.domain.credit import Account
from services.reconciliation.domain.joining import account_lock
from services.reconciliation.flows.again import PAGE, look_again, may_move_by_rule
from services.reconciliation.store import batch, waiting


def define(session: Session, account: Account) -> None:
    """Take in a registration, if it is newer than what is known. What waits beyond a page is the sweeper's."""
    batch.lock_accounts(session, [account_lock(account.bin, account.account_number)])
    if not batch.save_account(session, account):
        return
    ids = waiting.at_account(session, account.bin, account.account_number, PAGE)
    if ids:
        look_again(session, ids, may=may_move_by_rule, reason="its account was registered")
