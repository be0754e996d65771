"""Notices: what happens to an organisation's accounts is told to every member, until each has read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import clock, ids
from kit.auth import Subject
from services.directory import store
from services.directory.domain import Account, NoticeKind

_MOST = 50


def tell(session: Session, subject: Subject, kind: NoticeKind, account: Account) -> None:
    """Tell the account's organisation, in the transaction that changes the account."""
    store.add_notice(
        session,
        id=ids.new(),
        organisation_id=account.organisation_id,
        kind=kind.value,
        account_id=account.id,
        subject=subject.label,
        create_time=clock.now(),
    )


def find_all(session: Session, person_id: UUID, *, with_read: bool) -> Sequence[Row[Any]]:
    """A member's notices, newest first: all unread ones, or the newest fifty with those that were read."""
    return store.list_notices(session, person_id, with_read=with_read, limit=_MOST)


def read(session: Session, person_id: UUID, notices: Sequence[UUID]) -> None:
    """Note that a member has read notices; those of other organisations are passed over."""
    store.read_notices(session, person_id, notices, clock.now())
