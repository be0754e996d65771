"""Checking what stands at a stall against the register; a difference raises an alarm in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import clock, ids
from kit.auth import Subject
from kit.errors import PermissionDenied
from services.pilots.domain.alarms import Kind, Occasion
from services.pilots.domain.checks import (
    BankNames,
    Code,
    Named,
    Naming,
    Outcome,
    Place,
    Unreadable,
    Verdict,
    judge,
)
from services.pilots.domain.errors_trust import CheckedStallNotFound, SaleCodeScanned
from services.pilots.flows import access
from services.pilots.store import alarms
from services.pilots.store import checks as store

# What is kept of a text that was scanned; a VietQR is shorter.
MOST_KEPT: Final = 1_024


@dataclass(frozen=True, slots=True)
class Scan:
    """What was scanned or pasted, read. `stall_id` None: the code itself says which stall it claims to be."""

    payload: str
    code: Code | Unreadable
    stall_id: UUID | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that was kept. `alarm_id`: of the alarm that it raised or counted up."""

    id: UUID
    place: Place | None
    verdict: Verdict
    check_time: datetime
    alarm_id: UUID | None


def require_checker(subject: Subject, *, of_own_stall: bool) -> None:
    """Raise PermissionDenied unless the subject may check boards: an inspector any, others one of their own stalls."""
    if not subject.may(access.CITY_READ) and not (of_own_stall and subject.may(access.READ)):
        raise PermissionDenied(permission=access.READ if of_own_stall else access.CITY_READ)


def check_stand(session: Session, subject: Subject, scan: Scan, banks: BankNames) -> Checked:
    """Compare a code with its stall's board, and keep what came out. Raises CheckedStallNotFound, SaleCodeScanned."""
    now = clock.now()
    if scan.stall_id is not None and not subject.may(access.CITY_READ):
        access.require_stall(session, subject, scan.stall_id)
    named = store.named(session, scan.code.reference) if isinstance(scan.code, Code) else None
    place = _place(session, scan, named)
    if (
        named is not None
        and named.naming is Naming.SALE
        and place is not None
        and named.place.stall_id == place.stall_id
    ):
        raise SaleCodeScanned(stall=place.number)
    verdict = judge(scan.code, place, named, banks)
    is_of_board = named is not None and named.naming is Naming.STALL
    check = store.StoredCheck(ids.new(), place, subject.label, verdict, scan.payload, is_of_board)
    store.add(session, check, now)
    alarm_id = None
    if verdict.outcome is Outcome.DIFFERS:
        alarm_id = alarms.raise_alarm(session, _occasion(check, scan), now)
    return Checked(check.id, place, verdict, now, alarm_id)


def _place(session: Session, scan: Scan, named: Named | None) -> Place | None:
    if scan.stall_id is not None:
        place = store.place(session, scan.stall_id)
        if place is None:
            raise CheckedStallNotFound()
        return place
    if named is not None:
        return named.place
    if isinstance(scan.code, Code):
        return store.place_of_account(session, scan.code.bin, scan.code.account_number)
    return None


def _occasion(check: store.StoredCheck, scan: Scan) -> Occasion:
    place, verdict = check.place, check.verdict
    if place is not None:
        place_of = str(place.stall_id)
    elif isinstance(scan.code, Code):
        place_of = f"{scan.code.bin}/{scan.code.account_number}"
    else:
        place_of = scan.code.reason
    return Occasion(
        Kind.CODE_DIFFERS,
        place_of,
        {
            "check_id": str(check.id),
            "differences": [each.to_json() for each in verdict.differences],
            "vi": verdict.vi,
            "en": verdict.en,
        },
        place.programme_id if place else None,
        place.stall_id if place else None,
    )
