"""Boards and packs: issued with codes that another service wrote, for the account that is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.pilots.domain import payables
from services.pilots.domain.errors_stalls import (
    ChangedMeanwhile,
    TooManyPackCodes,
)
from services.pilots.domain.stalls import (
    MOST_PACK_CODES,
    Account,
    PackCode,
    Stall,
    Stand,
    StandState,
    checked_amounts,
    checked_reason,
    new_check_code,
)
from services.pilots.flows import access, codes, events
from services.pilots.publish import payables as publish
from services.pilots.store import stalls as stall_store
from services.pilots.store import stands as store
from services.pilots.store.stands import Wanting

_REISSUED: Final = "Đã phát bảng mới"


@dataclass(frozen=True, slots=True)
class WrittenCode:
    """A standing code's VietQR text, and the account that it names."""

    bin: str
    account_number: str
    payload: str


def manageable(session: Session, subject: Subject, stall_id: UUID) -> tuple[Stall, Account]:
    """A stall for which the subject may issue boards and packs, with its account.

    Raises StallNotFound, PermissionDenied, StallWithdrawn, StallWaitsForAccount.
    """
    stall = access.manageable(session, subject, stall_id)
    return stall, stall.require_account()


def issue(session: Session, subject: Subject, stall_id: UUID, reason: str, code: WrittenCode) -> Stand:
    """Issue the next board of a stall; the one before is flagged. Raises ChangedMeanwhile if the account moved on."""
    reason = checked_reason(reason)
    stall = access.manageable(session, subject, stall_id, lock=True)
    account = stall.require_account()
    if (account.bin, account.number) != (code.bin, code.account_number):
        raise ChangedMeanwhile()
    store.flag(session, [stall_id], f"{_REISSUED}: {reason}")
    (stand,) = _next_stands(session, [stall], {stall_id: code.payload})
    events.stalls_changed(session, [stall], clock.now())
    audit.record(
        session,
        subject=subject.label,
        action="stand.issue",
        object=f"stall:{stall.id}",
        organisation_id=stall.organisation_id,
        detail={"issue_number": stand.issue_number, "reason": reason},
    )
    return stand


def issue_wanted(session: Session, codes: Mapping[UUID, WrittenCode]) -> int:
    """Issue the boards that accounts in force made necessary; how many. A stall whose account moved on waits on."""
    stalls = stall_store.get_many(session, codes, lock=True)
    wanting = store.still_wanting(session, [stall.id for stall in stalls])
    ready = [
        stall
        for stall in stalls
        if stall.id in wanting
        and stall.account is not None
        and (stall.account.bin, stall.account.number) == (codes[stall.id].bin, codes[stall.id].account_number)
    ]
    if not ready:
        return 0
    # A person may have issued one for this account meanwhile: that one goes too, there is one board in use.
    store.flag(session, [stall.id for stall in ready], _REISSUED)
    _next_stands(session, ready, {stall.id: codes[stall.id].payload for stall in ready})
    events.stalls_changed(session, ready, clock.now())
    return len(ready)


def wanted(session: Session, limit: int) -> list[Wanting]:
    """Stalls that need a board."""
    return store.wanting(session, limit)


def of_stall(session: Session, subject: Subject, stall_id: UUID) -> list[Stand]:
    """Every board of a stall that the subject may see, the newest first."""
    stall = access.readable(session, subject, stall_id)
    return store.of_stall(session, stall.id)


def issue_pack(session: Session, subject: Subject, stall_id: UUID, amounts: Sequence[int]) -> list[PackCode]:
    """Give a stall codes for amounts; those that it has stay. The whole pack, from small to large.

    Raises BadPackAmount, TooManyPackCodes, and what `manageable` raises.
    """
    wanted_amounts = checked_amounts(amounts)
    stall = access.manageable(session, subject, stall_id, lock=True)
    account = stall.require_account()
    known = {code.amount for code in store.pack_codes(session, [stall_id])}
    missing = [amount for amount in wanted_amounts if amount not in known]
    if len(known) + len(missing) > MOST_PACK_CODES:
        raise TooManyPackCodes(most=MOST_PACK_CODES)
    if missing:
        added = _add_codes(session, stall, missing)
        publish.changed(session, [payables.of_pack(stall, account, code) for code in added])
        events.stalls_changed(session, [stall], clock.now())
        audit.record(
            session,
            subject=subject.label,
            action="pack.issue",
            object=f"stall:{stall.id}",
            organisation_id=stall.organisation_id,
            detail={"amounts": missing},
        )
    return store.pack_codes(session, [stall_id])


def pack_of(session: Session, subject: Subject, stall_id: UUID) -> tuple[Stall, list[PackCode]]:
    """A stall that the subject may see, with the codes of its pack."""
    stall = access.readable(session, subject, stall_id)
    return stall, store.pack_codes(session, [stall.id])


def _add_codes(session: Session, stall: Stall, amounts: Sequence[int]) -> list[PackCode]:
    """Insert a code for each amount. Raises StallReferencesUsedUp."""
    wanted = {ids.new(): amount for amount in amounts}
    references = codes.draw(session, list(wanted))
    added = [PackCode(id, stall.id, amount, references[id], 1) for id, amount in wanted.items()]
    store.add_pack_codes(session, stall.organisation_id, added, clock.now())
    return added


def _next_stands(session: Session, stalls: Sequence[Stall], payloads: Mapping[UUID, str]) -> list[Stand]:
    """Insert the next board of each locked stall."""
    numbers = store.last_numbers(session, [stall.id for stall in stalls])
    stands = []
    for stall in stalls:
        account = stall.require_account()
        stands.append(
            Stand(
                stall_id=stall.id,
                issue_number=numbers.get(stall.id, 0) + 1,
                state=StandState.IN_USE,
                issue_date=clock.today(),
                bin=account.bin,
                account_number=account.number,
                account_holder=account.holder_name,
                payload=payloads[stall.id],
                check_code=new_check_code(),
            )
        )
    store.add(session, stands)
    return stands
