"""Enrolment by list: rows are judged when they are read, when they are corrected, and once more when they are applied.

Applying is: `due` says what is to do, the edge asks the directory for each unit, `settle` makes the stalls. Between the
two nothing is lost by a crash: what the directory did is found again, and a row that is done is never due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.pilots.domain.bank_names import BankNames
from services.pilots.domain.enrolment import (
    Judged,
    Known,
    Outcome,
    judge_checked,
    keys,
    refused,
    taken_number,
)
from services.pilots.domain.enrolment_units import Opened, Refused, UnitRows, units_of
from services.pilots.domain.enrolment_values import Checked, Line, Values, check
from services.pilots.domain.errors_enrolment import (
    EnrolmentHasNoWrongRows,
    EnrolmentNotFound,
    EnrolmentRowDone,
    EnrolmentRowNotFound,
)
from services.pilots.domain.programmes import Programme
from services.pilots.domain.stalls import Relation, StallWish
from services.pilots.domain.units import Unit, UnitKind
from services.pilots.flows import programmes, stalls
from services.pilots.store import enrolments as store
from services.pilots.store import stalls as stall_store

_GOOD: Final = (Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED)


def keep(
    session: Session,
    subject: Subject,
    programme_key: str,
    *,
    file_name: str,
    content: bytes,
    lines: Sequence[Line],
    banks: BankNames,
) -> UUID:
    """Keep a list as read, each row with its outcome. Raises ProgrammeNotFound."""
    programme = programmes.get(session, programme_key)
    id = ids.new()
    store.add(
        session,
        id=id,
        programme_id=programme.id,
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        subject=subject.label,
        person_name=subject.name,
        create_time=clock.now(),
    )
    judged = _judge(session, programme, [check(line, _sections(programme), banks) for line in lines])
    store.save_rows(session, id, judged)
    _record(session, subject, "enrolment.read", id, {"programme": programme.code, "rows": len(judged)})
    return id


def get(session: Session, id: UUID, *, lock: bool = False) -> Row[Any]:
    """A list without its rows. Raises EnrolmentNotFound."""
    found = store.get(session, id, lock=lock)
    if found is None:
        raise EnrolmentNotFound()
    return found


def correct(
    session: Session, subject: Subject, id: UUID, number: int, values: Values, banks: BankNames
) -> Judged:
    """Give a row other values and judge it anew, as the last of all: it is this row that may not repeat another.

    Raises EnrolmentNotFound, EnrolmentRowNotFound, EnrolmentRowDone.
    """
    owner = get(session, id, lock=True)
    row = store.row_of(session, id, number)
    if row is None:
        raise EnrolmentRowNotFound(row=number)
    if row.outcome is Outcome.DONE:
        raise EnrolmentRowDone(row=number)
    programme = programmes.get(session, str(owner.programme_id))
    checked = check(Line(number, values), _sections(programme), banks)
    # Only rows that share a stall, a unit or an account with this one have a say about it.
    beside = store.rows_beside(session, id, checked.values, _GOOD)
    others = [_as_checked(other) for other in beside if other.row != number]
    judged = _judge(session, programme, [*others, checked])[-1]
    store.save_rows(session, id, [judged])
    _record(session, subject, "enrolment.correct", id, {"row": number, "outcome": judged.outcome.value})
    return judged


def due(session: Session, subject: Subject, id: UUID, banks: BankNames) -> tuple[Programme, list[UnitRows]]:
    """What is still to be applied, by unit, and a note of who applies it.

    Other lists may have been applied and blocks taken out since this one was read: its good rows are judged once more.
    """
    owner = get(session, id, lock=True)
    programme = programmes.get(session, str(owner.programme_id))
    good = store.rows_of(session, id, _GOOD)
    sections = _sections(programme)
    checked = [check(Line(row.row, row.values), sections, banks) for row in good]
    known = _known(session, programme, checked)
    judged = judge_checked(checked, known)
    store.save_rows(session, id, [now for was, now in zip(good, judged, strict=True) if was != now])
    units = units_of(judged, programme.code, known)
    if units:
        _record(session, subject, "enrolment.apply", id, {"units": len(units), "rows": _count(units)})
    return programme, units


def settle(
    session: Session, subject: Subject, id: UUID, units: Sequence[tuple[UnitRows, Opened | Refused]]
) -> None:
    """Make and change the stalls of units that the directory knows now; rows of those that it refused are wrong."""
    owner = get(session, id, lock=True)
    programme = programmes.get(session, str(owner.programme_id))
    waiting = {row.row for row in store.rows_of(session, id, (Outcome.NEW, Outcome.CHANGED))}
    due = [(row, opened) for unit, opened in units for row in unit.rows if row.row in waiting]
    wrong = [refused(row, opened.problem) for row, opened in due if isinstance(opened, Refused)]
    good = [(row, opened) for row, opened in due if isinstance(opened, Opened)]
    made = _new_stalls(session, subject, programme, [item for item in good if item[0].stall_id is None])
    wrong += [
        refused(row, taken_number(row)) for row, _ in good if row.stall_id is None and row.row not in made
    ]
    for row, opened in sorted(
        (item for item in good if item[0].stall_id), key=lambda item: str(item[0].stall_id)
    ):
        made[row.row] = _change_stall(session, subject, opened.organisation_id, row)
    store.save_rows(session, id, wrong)
    store.mark_done(
        session,
        id,
        [
            (row.row, made[row.row], opened.organisation_id, opened.account_id)
            for row, opened in good
            if row.row in made
        ],
    )


def wrong_rows(session: Session, id: UUID) -> list[Judged]:
    """Rows that have to be corrected. Raises EnrolmentNotFound, EnrolmentHasNoWrongRows."""
    get(session, id)
    found = store.rows_of(session, id, (Outcome.WRONG,))
    if not found:
        raise EnrolmentHasNoWrongRows()
    return found


def _new_stalls(
    session: Session, subject: Subject, programme: Programme, rows: Sequence[tuple[Judged, Opened]]
) -> dict[int, UUID]:
    """Make the stalls of new rows; their ids by row, without rows whose number was taken meanwhile."""
    if not rows:
        return {}
    wanted = [
        (_unit(opened.organisation_id, row.values), _wish(programme, row.values)) for row, opened in rows
    ]
    stalls_made = stalls.create_stalls(session, subject, programme.id, wanted)
    return {row.row: stall.id for (row, _), stall in zip(rows, stalls_made, strict=True) if stall}


def _change_stall(session: Session, subject: Subject, organisation_id: UUID, row: Judged) -> UUID:
    values = row.values
    assert row.stall_id is not None
    stall_store.add_units(session, [_unit(organisation_id, values)], clock.now())
    stall = stalls.get(session, row.stall_id)
    change = stalls.StallChange(
        version=stall.version,
        section_code=values.section_code,
        number=stall.number,
        name=values.stall_name,
        goods=values.goods,
        default_rule=stall.default_rule,
        open_minute=stall.open_minute,
        close_minute=stall.close_minute,
        relation=Relation(values.relation),
        consent=values.consent,
    )
    return stalls.update_stall(session, subject, stall.id, change).id


def _unit(organisation_id: UUID, values: Values) -> Unit:
    return Unit(
        organisation_id, values.unit_name, UnitKind(values.unit_kind), values.holder_name, values.phone
    )


def _wish(programme: Programme, values: Values) -> StallWish:
    return StallWish(
        programme_id=programme.id,
        section_code=values.section_code,
        number=values.stall_number,
        name=values.stall_name,
        goods=values.goods,
        relation=Relation(values.relation),
        consent=values.consent,
    )


def _judge(session: Session, programme: Programme, checked: Sequence[Checked]) -> list[Judged]:
    return judge_checked(checked, _known(session, programme, checked))


def _known(session: Session, programme: Programme, checked: Iterable[Checked]) -> Known:
    units, numbers, accounts = keys(checked)
    return store.known(session, programme.id, units, numbers, accounts)


def _sections(programme: Programme) -> dict[str, str]:
    return {section.code: section.name for section in programme.sections}


def _as_checked(row: Judged) -> Checked:
    """A good row as it was put into one way of writing."""
    return Checked(row.row, row.values, ())


def _count(units: Iterable[UnitRows]) -> int:
    return sum(len(unit.rows) for unit in units)


def _record(session: Session, subject: Subject, action: str, id: UUID, detail: dict[str, object]) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"enrolment:{id}",
        organisation_id=None,
        detail=detail,
    )
