"""Stalls: made by enrolment, changed by their merchants and the city, withdrawn once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids, references
from kit.auth import Kind as SubjectKind
from kit.auth import Subject
from services.pilots.domain import payables
from services.pilots.domain.errors_stalls import (
    ChangedMeanwhile,
    ConsentMissing,
    ProgrammeNotFound,
    SectionNotFound,
    StallNotFound,
    StallNumberTaken,
)
from services.pilots.domain.programmes import Programme
from services.pilots.domain.stalls import (
    Account,
    DefaultRule,
    Relation,
    Stall,
    StallState,
    StallWish,
    account_in_force,
    checked_hours,
    checked_reason,
    checked_text,
    checked_wish,
)
from services.pilots.domain.units import Unit
from services.pilots.flows import access, codes, events
from services.pilots.publish import payables as payables_topic
from services.pilots.store import accounts, devices, programmes, stands
from services.pilots.store import stalls as store
from services.pilots.store.stalls import Listed, StallFilter

# Why a board is to be taken away, as its merchant reads it.
_WITHDRAWN: Final = "Quầy đã ngừng hoạt động"
_OTHER_ACCOUNT: Final = "Tài khoản nhận tiền đã đổi"
_NO_ACCOUNT: Final = "Tài khoản nhận tiền không còn hiệu lực"


@dataclass(frozen=True, slots=True)
class StallChange:
    """What may be changed of a stall; `version` is the one that the change was made from."""

    version: int
    section_code: str
    number: str
    name: str
    goods: str
    default_rule: DefaultRule
    open_minute: int
    close_minute: int
    relation: Relation
    consent: str


def create_stall(session: Session, subject: Subject, unit: Unit, wish: StallWish) -> Stall:
    """Make a stall of a unit, which is made as well if it is new. It is active if the unit has an account in force.

    Raises ProgrammeNotFound, SectionNotFound, StallNumberTaken, BadStallField, ConsentMissing.
    """
    (made,) = create_stalls(session, subject, wish.programme_id, [(unit, wish)])
    if made is None:
        raise StallNumberTaken(number=wish.number)
    return made


def create_stalls(
    session: Session, subject: Subject, programme_id: UUID, wanted: Sequence[tuple[Unit, StallWish]]
) -> list[Stall | None]:
    """Make stalls of one programme, as `create_stall` does; None in the place of one whose number is taken.

    Raises ProgrammeNotFound, SectionNotFound, BadStallField, ConsentMissing.
    """
    now = clock.now()
    programme = programmes.get(session, programme_id)
    if programme is None:
        raise ProgrammeNotFound(id=programme_id)
    units = {unit.organisation_id: unit for unit, _ in wanted}
    accounts.lock_organisations(session, list(units))
    store.add_units(session, units.values(), now)
    known = accounts.of_organisations(session, units)
    in_force = {id: account_in_force(known.get(id, ())) for id in units}
    planned = []
    for unit, wish in wanted:
        wish = checked_wish(wish)
        section_id = _section_id(programme, wish.section_code)
        planned.append(_new_stall(unit, wish, programme, section_id, in_force[unit.organisation_id], now))
    added = _insert(session, planned)
    _account_moved(session, sorted(added), [account for account in in_force.values() if account], now)
    made = {stall.id: stall for stall in store.get_many(session, added)}
    for stall in made.values():
        detail: dict[str, object] = {"number": stall.number, "reference": stall.reference}
        _audit(session, subject, "stall.create", stall, {"programme": programme.code, **detail})
    return [made.get(stall.id) for stall in planned]


def update_stall(session: Session, subject: Subject, id: UUID, change: StallChange) -> Stall:
    """Change a stall that still has the change's version. Hours that are the programme's follow the programme.

    Raises StallNotFound, StallWithdrawn, ChangedMeanwhile, SectionNotFound, StallNumberTaken, BadStallField, …
    """
    now = clock.now()
    stall = _locked(session, subject, id)
    if stall.version != change.version:
        raise ChangedMeanwhile()
    programme = programmes.get(session, stall.programme_id)
    assert programme is not None
    open_minute, close_minute = checked_hours(change.open_minute, change.close_minute)
    number = checked_text("number", change.number, 12).upper()
    consent = checked_text("consent", change.consent, 300, least=0)
    if change.relation is not Relation.SELF and not consent:
        raise ConsentMissing()
    changed = replace(
        stall,
        section_id=_section_id(programme, change.section_code.strip().upper()),
        number=number,
        name=checked_text("name", change.name, 80),
        goods=checked_text("goods", change.goods, 120, least=0),
        default_rule=change.default_rule,
        open_minute=open_minute,
        close_minute=close_minute,
        has_own_hours=(open_minute, close_minute) != (programme.open_minute, programme.close_minute),
        relation=change.relation,
        consent=consent,
        version=stall.version + 1,
        change_time=now,
    )
    store.save(session, changed)
    _announce(session, [id], [stall.account] if stall.account else [], now)
    events.stalls_changed(session, [changed], now)
    detail = {
        field: getattr(changed, field)
        for field in ("number", "name", "goods", "default_rule", "open_minute", "close_minute", "relation")
        if getattr(changed, field) != getattr(stall, field)
    }
    _audit(session, subject, "stall.update", changed, detail)
    return get(session, id)


def withdraw_stall(session: Session, subject: Subject, id: UUID, reason: str) -> Stall:
    """End a stall: its board is flagged, its phones are revoked. Money that still comes stays the trader's.

    Raises StallNotFound, StallWithdrawn, StallReasonMissing.
    """
    now = clock.now()
    reason = checked_reason(reason)
    stall = _locked(session, subject, id)
    gone = replace(
        stall,
        state=StallState.WITHDRAWN,
        withdraw_reason=reason,
        version=stall.version + 1,
        change_time=now,
    )
    store.save(session, gone)
    stands.flag(session, [id], _WITHDRAWN)
    stands.set_needed(session, [id], is_needed=False)
    devices.revoke_all(session, id, now)
    _announce(session, [id], [stall.account] if stall.account else [], now)
    events.stalls_changed(session, [gone], now)
    _audit(session, subject, "stall.withdraw", gone, {"reason": reason, "number": stall.number})
    return get(session, id)


def get(session: Session, key: UUID | str) -> Stall:
    """A stall by its id, or by its code as typed. Raises StallNotFound."""
    found = store.get(session, key if isinstance(key, UUID) else references.normalise(key))
    if found is None:
        raise StallNotFound()
    return found


def find(
    session: Session, subject: Subject, filter: StallFilter, after: Sequence[Any] | None, limit: int
) -> list[Listed]:
    """A page of the stalls that the subject may see, in the natural order of their numbers; a phone sees its own."""
    if subject.kind is SubjectKind.DEVICE:
        filter = replace(filter, stall_id=access.device_of(session, subject).stall_id)
    elif filter.organisation_id is not None:
        access.require_any(subject, filter.organisation_id, access.READ, access.CITY_READ, access.CITY_MANAGE)
    return store.find(session, filter, after, limit)


def put_on_accounts(session: Session, organisation_ids: Iterable[UUID]) -> list[Stall]:
    """Give the stalls of units the account that is in force now; those whose account changed.

    The board in use of each is flagged and a new one wanted; phones load their stall anew. Codes are announced with the
    new account; money that comes by the old one is still found, by its code.
    """
    now = clock.now()
    organisation_ids = sorted(set(organisation_ids))
    known = accounts.of_organisations(session, organisation_ids)
    before: dict[UUID, Stall] = {}
    moved: list[Stall] = []
    for stall in store.of_organisations(session, organisation_ids, lock=True):
        account = account_in_force(known.get(stall.organisation_id, ()))
        if account == stall.account:
            continue
        before[stall.id] = stall
        moved.append(
            replace(
                stall,
                account=account,
                state=StallState.ACTIVE if account else StallState.WAITING,
                is_account_default=stall.is_account_default and account is not None,
                version=stall.version + 1,
                change_time=now,
            )
        )
    if not moved:
        return []
    store.save_many(session, moved)
    affected = [account for stall in (*before.values(), *moved) if (account := stall.account)]
    stands.flag(session, [stall.id for stall in moved if stall.account], _OTHER_ACCOUNT)
    stands.flag(session, [stall.id for stall in moved if not stall.account], _NO_ACCOUNT)
    stands.advance_pack_codes(session, [stall.id for stall in moved if stall.account])
    _account_moved(session, [stall.id for stall in moved], affected, now)
    events.stalls_changed(session, moved, now)
    return moved


def follow_programme(session: Session, programme_id: UUID) -> None:
    """Announce the stalls of a programme whose name, dates or hours changed: standing codes and phones follow it."""
    now = clock.now()
    stalls = store.get_many(session, store.advance_programme(session, programme_id, now))
    asking = [(stall, account) for stall in stalls if (account := stall.account)]
    payables_topic.changed(session, [payables.standing(stall, account) for stall, account in asking])
    events.stalls_changed(session, stalls, now)


def publish(session: Session, stalls: Sequence[Stall]) -> int:
    """Announce the standing codes and pack codes of stalls that have, or had, an account; how many."""
    asking = {stall.id: (stall, account) for stall in stalls if (account := stall.account)}
    standing = [payables.standing(stall, account) for stall, account in asking.values()]
    packs = [
        payables.of_pack(*asking[code.stall_id], code) for code in stands.pack_codes(session, list(asking))
    ]
    payables_topic.changed(session, [*standing, *packs])
    return len(standing) + len(packs)


def _locked(session: Session, subject: Subject, id: UUID) -> Stall:
    """A standing stall for a change by its merchant or the city, with the decision about its account in hand."""
    stall = store.get(session, id)
    if stall is None:
        raise StallNotFound()
    access.require_any(subject, stall.organisation_id, access.MANAGE, access.CITY_MANAGE)
    accounts.lock_organisations(session, [stall.organisation_id])
    stall = store.get(session, id, lock=True)
    assert stall is not None
    stall.require_standing()
    return stall


def _section_id(programme: Programme, code: str) -> UUID:
    for section in programme.sections:
        if section.code == code:
            return section.id
    raise SectionNotFound(code=code[:60])


def _new_stall(
    unit: Unit,
    wish: StallWish,
    programme: Programme,
    section_id: UUID,
    account: Account | None,
    now: datetime,
) -> Stall:
    return Stall(
        id=ids.new(),
        organisation_id=unit.organisation_id,
        unit_name=unit.name,
        unit_kind=unit.kind.value,
        holder_name=unit.holder_name,
        phone=unit.phone,
        programme_id=programme.id,
        programme_code=programme.code,
        programme_name=programme.name,
        cut_off_minute=programme.cut_off_minute,
        section_id=section_id,
        section_code=wish.section_code,
        number=wish.number,
        name=wish.name,
        goods=wish.goods,
        reference="",
        state=StallState.ACTIVE if account else StallState.WAITING,
        account=account,
        relation=wish.relation,
        consent=wish.consent,
        default_rule=wish.default_rule,
        open_minute=programme.open_minute,
        close_minute=programme.close_minute,
        has_own_hours=False,
        has_pin=False,
        withdraw_reason="",
        version=1,
        sequence=0,
        change_time=now,
        start_date=programme.start_date,
        end_date=programme.end_date,
    )


def _insert(session: Session, stalls: Sequence[Stall]) -> set[UUID]:
    """Insert stalls under codes of their own; the ids of those whose number was free. Raises StallReferencesUsedUp."""
    references = codes.draw(session, [stall.id for stall in stalls])
    return store.add(session, [replace(stall, reference=references[stall.id]) for stall in stalls])


def _account_moved(
    session: Session, stall_ids: Sequence[UUID], affected: Sequence[Account], now: datetime
) -> None:
    """After stalls got an account: a board is wanted, and reconciliation hears of their codes."""
    with_account = [stall.id for stall in store.get_many(session, stall_ids) if stall.account]
    stands.set_needed(session, with_account, is_needed=True)
    _announce(session, stall_ids, affected, now)


def _announce(
    session: Session, stall_ids: Sequence[UUID], affected: Sequence[Account], now: datetime
) -> None:
    """Announce stalls as they stand, and those that became or ceased to be the default of an account by it."""
    others = store.settle_defaults(session, affected, now)
    publish(session, store.get_many(session, {*stall_ids, *others}))


def _audit(session: Session, subject: Subject, action: str, stall: Stall, detail: dict[str, object]) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"stall:{stall.id}",
        organisation_id=stall.organisation_id,
        detail=detail,
    )
