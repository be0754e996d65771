"""Receiving accounts of the city, out of the directory's topic; those of units with stalls move their stalls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit.events import Event
from kit.inbox import BatchHandler
from kit.messages import moment_if_set
from services.pilots.domain.stalls import Account, AnnouncedAccount
from services.pilots.flows import accounts
from xoai.directory.v1 import directory_events_pb2 as pb

# The name under which inbox and dead letters keep what was done: never change it.
NAME: Final = "pilots.accounts"
TOPIC: Final = "directory.accounts"


def on_accounts(session: Session, events: Sequence[Event]) -> None:
    """Snapshots of receiving accounts, in the order told."""
    accounts.take_in(session, [_account(event) for event in events])


BATCH_HANDLERS: Final[dict[str, BatchHandler]] = {"AccountChanged": on_accounts}


def _account(event: Event) -> AnnouncedAccount:
    message = pb.AccountChanged.FromString(event.payload)
    return AnnouncedAccount(
        account=Account(UUID(message.account_id), message.bin, message.account_number, message.holder_name),
        organisation_id=UUID(message.organisation_id),
        version=message.version,
        is_active=message.state == pb.AccountChanged.STATE_ACTIVE,
        active_time=moment_if_set(message.active_time),
        retire_time=moment_if_set(message.retire_time),
    )
