"""Receiving accounts of the city, out of the directory's topic; those of units with stalls move their stalls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.orm import Session

from kit.events import Event
from kit.inbox import BatchHandler
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
        active_time=_moment(message.active_time) if message.HasField("active_time") else None,
        retire_time=_moment(message.retire_time) if message.HasField("retire_time") else None,
    )


def _moment(value: Timestamp) -> datetime:
    return datetime.fromtimestamp(value.seconds, UTC).replace(microsecond=value.nanos // 1_000)
