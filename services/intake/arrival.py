"""A proven body made ready to be stored: its reports with their events, its exceptions, and nothing else to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kit import ids
from kit.events import Event
from services.intake import publish
from services.intake.adapters import Adapter
from services.intake.domain import BodyUnreadable, Credit, Reading, Verified

CONFIRM_ABOVE: Final = 20_000_000  # đồng; where the connection says nothing else
_ACCOUNT_UNKNOWN: Final = "UNKNOWN_ACCOUNT"


@dataclass(frozen=True, slots=True)
class Origin:
    """The connection a body came through, as far as reading it needs."""

    connection_id: UUID
    organisation_id: UUID
    provider: str
    bin: str
    account_numbers: frozenset[str]
    virtual_accounts: dict[str, str]
    confirm_above: int
    is_signed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One element under the provider's own id; `event` is there if it is a credit to be announced."""

    id: UUID
    dedupe_key: str | None
    digest: bytes
    event: Event | None


@dataclass(slots=True)
class Arrival:
    """One body: a callback, or one page of a pull."""

    id: UUID
    origin: Origin
    channel: str
    arrive_time: datetime
    raw_body: bytes
    reports: list[Report] = field(default_factory=list)
    exceptions: list[tuple[str, str]] = field(default_factory=list)
    warnings: Sequence[str] = ()

    @property
    def outcome(self) -> str:
        """What became of the body, before repeats are known."""
        if self.exceptions:
            return "exception"
        return "reported" if any(report.event for report in self.reports) else "ignored"


def of_callback(adapter: Adapter, origin: Origin, verified: Verified, now: datetime) -> Arrival:
    """A verified callback; one that cannot be read becomes an exception for a person."""
    arrival = Arrival(ids.new(), origin, "callback", now, verified.raw_body)
    try:
        reading = adapter.read(verified)
    except BodyUnreadable as error:
        arrival.exceptions.append((error.reason, error.text_vi))
        return arrival
    return _filled(arrival, reading, str(origin.connection_id))


def of_pull(origin: Origin, reading: Reading, raw_body: bytes, now: datetime, *, shares_ids: bool) -> Arrival:
    """A page of a provider's list. `shares_ids`: the list names transactions as the callbacks do; otherwise it is a
    source of its own, with ids of its own, and reconciliation joins its reports with those of the callbacks."""
    arrival = Arrival(ids.new(), origin, "pull", now, raw_body)
    if shares_ids:
        return _filled(arrival, reading, str(origin.connection_id))
    return _filled(arrival, reading, f"{origin.connection_id}:pull", ids_of="pull:")


def _filled(arrival: Arrival, reading: Reading, source_id: str, ids_of: str = "") -> Arrival:
    """`ids_of` keeps apart two sources of one connection whose ids may be equal and yet mean different transactions."""
    arrival.warnings = [*reading.warnings, *(item.warning for item in reading.passed_over)]
    for told in reading.told:
        account = _account(arrival.origin, told.credit)
        if account is None:
            arrival.exceptions.append(
                (_ACCOUNT_UNKNOWN, f"{told.place}: tài khoản {told.credit.account or '—'}")
            )
            continue
        report_id = ids.new()
        event = publish.credit_reported(arrival, report_id, account, told.credit, source_id)
        key = None if told.dedupe_key is None else ids_of + told.dedupe_key
        arrival.reports.append(Report(report_id, key, told.digest, event))
    for passed in reading.passed_over:
        if passed.dedupe_key is not None:
            arrival.reports.append(Report(ids.new(), ids_of + passed.dedupe_key, passed.digest, None))
    for unreadable in reading.unreadable:
        arrival.exceptions.append((unreadable.reason, f"{unreadable.place}: {unreadable.detail}"))
    return arrival


def needs_confirmation(origin: Origin, amount: int) -> bool:
    """A large credit of a source without signatures waits until another source or a person confirms it."""
    return not origin.is_signed and amount > (origin.confirm_above or CONFIRM_ABOVE)


def _account(origin: Origin, credit: Credit) -> str | None:
    """The main account that received, or None if this connection may not tell of it."""
    for named in (credit.virtual_account, credit.account):
        if named and named in origin.virtual_accounts:
            return origin.virtual_accounts[named]
    if credit.account is None:
        return next(iter(origin.account_numbers)) if len(origin.account_numbers) == 1 else None
    return credit.account if credit.account in origin.account_numbers else None
