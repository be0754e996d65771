"""Facts of the directory as events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kit import clock, ids, outbox
from kit.events import Event
from kit.messages import timestamp
from services.directory import store
from services.directory.domain import Account, AccountState
from xoai.directory.v1 import directory_events_pb2 as pb

ACCOUNTS = "directory.accounts"
_STATES = {
    AccountState.ACTIVE: pb.AccountChanged.STATE_ACTIVE,
    AccountState.RETIRED: pb.AccountChanged.STATE_RETIRED,
}


def accounts_changed(session: Session, accounts: Sequence[Account]) -> None:
    """Announce accounts that are or were in force; one that never was is nobody's business."""
    told = [account for account in accounts if account.state in _STATES]
    if told:
        kinds = store.kinds_of_organisations(session, {account.organisation_id for account in told})
        outbox.add(session, [_event(account, kinds[account.organisation_id]) for account in told])


def _event(account: Account, organisation_kind: str) -> Event:
    snapshot = pb.AccountChanged(
        account_id=str(account.id),
        version=account.version,
        organisation_id=str(account.organisation_id),
        bin=account.bin,
        account_number=account.account_number,
        holder_name=account.holder_name,
        state=_STATES[account.state],
        active_time=timestamp(account.active_time),
        retire_time=timestamp(account.retire_time),
        organisation_kind=organisation_kind,
    )
    return Event(
        event_id=ids.event_id(f"account:{account.id}", account.version, "AccountChanged"),
        topic=ACCOUNTS,
        key=str(account.organisation_id),
        ordering_id=str(account.id),
        event_type="AccountChanged",
        version=account.version,
        occur_time=clock.now(),
        payload=snapshot.SerializeToString(),
    )
