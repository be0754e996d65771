"""Lists of pupils: read, judged against what is known, and applied. Until then nothing changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.schools.domain.errors import (
    ImportApplied,
    ImportNotFound,
    NotAField,
    NoWrongRows,
    RoundNotFound,
    RowNotFound,
    UnknownItemColumns,
)
from services.schools.domain.imports import (
    Charged,
    JudgedRow,
    Outcome,
    Roll,
    RoundColumn,
    heading_key,
    judge,
)
from services.schools.domain.rounds import check_school_year
from services.schools.flows import enrolling
from services.schools.roster import correcting
from services.schools.roster.limits import ROW_LIMIT
from services.schools.roster.rows import Problem, Pupil, Reading
from services.schools.roster.rows import Row as RosterRow
from services.schools.store import imports as store
from services.schools.store import issuing, pupils, rounds

_ALL_ROWS: Final = ROW_LIMIT + 1


def keep(
    session: Session,
    subject: Subject,
    *,
    organisation_id: UUID,
    school_year: str,
    round_id: UUID | None,
    file_name: str,
    content: bytes,
    reading: Reading,
) -> UUID:
    """Keep a list as read, each row with its outcome. Raises RoundNotFound."""
    check_school_year(school_year)
    if round_id is not None:
        owner = rounds.get(session, round_id)
        if owner is None or owner.organisation_id != organisation_id:
            raise RoundNotFound()
    id = ids.new()
    store.add(
        session,
        id=id,
        organisation_id=organisation_id,
        school_year=school_year,
        round_id=round_id,
        file_name=file_name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        sheet=reading.sheet,
        sheets=list(reading.sheets),
        columns=dict(reading.columns),
        item_headings=list(reading.item_headings),
        state="read",
        subject=subject.label,
        person_name=subject.name,
        create_time=clock.now(),
        apply_time=None,
    )
    roll = Roll(pupils.roll(session, organisation_id, school_year))
    judged = judge(reading.rows, roll, reading.item_headings, _charged(session, round_id))
    store.add_rows(session, id, organisation_id, [_row(item) for item in judged])
    _record(session, subject, "roster.read", id, organisation_id, {"file": file_name, "rows": len(judged)})
    return id


def get(session: Session, id: UUID, *, lock: bool = False) -> Row[Any]:
    """An import. Raises ImportNotFound."""
    row = store.get(session, id, lock=lock)
    if row is None:
        raise ImportNotFound()
    return row


def apply(session: Session, subject: Subject, id: UUID) -> None:
    """Let the good rows go on, each once: classes, pupils, identifiers, amounts.

    Rows that were corrected after the others had gone go on by themselves. Raises ImportApplied, UnknownItemColumns.
    """
    row = get(session, id, lock=True)
    if row.state != "read" and not store.good_rows(session, id, pending=True):
        raise ImportApplied()
    organisation_id, year = row.organisation_id, row.school_year
    # Another list may have been applied since this one was read: under the lock each row is judged once more.
    pupils.lock_roll(session, organisation_id)
    roll = Roll(pupils.roll(session, organisation_id, year))
    good = store.good_rows(session, id, pending=True)
    judged = judge([_kept(item) for item in good], roll, row.item_headings, _charged(session, row.round_id))
    differing = [now for was, now in zip(good, judged, strict=True) if not _is_as_before(was, now)]
    store.add_rows(session, id, organisation_id, [_row(item) for item in differing])
    everyone, new, known = _people(judged)
    enrolling.enrol(session, organisation_id, year, new, known)
    if row.round_id is not None:
        _set_amounts(session, row, everyone)
    store.mark_applied(session, id, clock.now())
    detail: dict[str, object] = {"new": len(new), "known": len(known)}
    _record(session, subject, "roster.apply", id, organisation_id, detail)


def correct(session: Session, subject: Subject, id: UUID, number: int, texts: Mapping[str, str]) -> Row[Any]:
    """Correct cells of one row; it gets its outcome anew. Raises ImportApplied, RowNotFound, NotAField."""
    owner = get(session, id, lock=True)
    found = store.get_row(session, id, number)
    if found is None:
        raise RowNotFound(row=number)
    if found.apply_time is not None:
        raise ImportApplied()
    for name in texts:
        if not correcting.is_field(name, tuple(owner.item_headings)):
            raise NotAField(field=name)
    problems = tuple(Problem(**item) for item in found.problems)
    row = correcting.corrected(replace(_kept(found), problems=problems), owner.columns, texts, clock.today())
    # Judged as the last of all, so that it is this row that may not repeat another one.
    others = [_kept(item) for item in store.good_rows(session, id) if item.row != number]
    roll = Roll(pupils.roll(session, owner.organisation_id, owner.school_year))
    judged = judge([*others, row], roll, owner.item_headings, _charged(session, owner.round_id))[-1]
    store.add_rows(session, id, owner.organisation_id, [_row(judged)])
    detail: dict[str, object] = {"row": number, "fields": sorted(texts)}
    _record(session, subject, "roster.correct", id, owner.organisation_id, detail)
    after = store.get_row(session, id, number)
    assert after is not None
    return after


def wrong(session: Session, id: UUID) -> tuple[Row[Any], bytes, dict[int, list[str]]]:
    """An import, its file, and what is wrong in it by row. Raises ImportNotFound, NoWrongRows."""
    owner = get(session, id)
    rows = store.rows_of(session, id, "wrong", 0, _ALL_ROWS)
    if not rows:
        raise NoWrongRows()
    texts = {
        row.row: [
            f"{item['column'] or 'Cả dòng'}: “{item['found']}”, cần {item['expected_vi']}"
            for item in row.problems
        ]
        for row in rows
    }
    return owner, store.content(session, id), texts


def _people(
    judged: Sequence[JudgedRow],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """The good rows as pupils: all of them, the new and the known ones."""
    new, known = [], []
    for item in judged:
        if item.outcome is Outcome.WRONG:
            continue
        values = {**item.row.pupil.fields(), "amounts": item.row.items}
        if item.pupil_id is None:
            new.append({**values, "id": ids.new()})
        else:
            known.append({**values, "id": item.pupil_id})
    return [*new, *known], new, known


def _charged(session: Session, round_id: UUID | None) -> Charged:
    """What the round of a list knows; nothing for a list of pupils only."""
    if round_id is None:
        return Charged()
    owner = rounds.get(session, round_id)
    if owner is None:
        raise RoundNotFound()
    keys = {item.id: heading_key(item.title) for item in owner.items}
    return Charged(
        {
            keys[item.id]: RoundColumn(item.title, 0 if item.per_pupil else item.full_amount())
            for item in owner.items
        },
        rounds.amounts(session, round_id),
        {
            (pupil_id, keys[item_id])
            for pupil_id, item_id in issuing.issued_items(session, round_id)
            if item_id in keys
        },
    )


def _set_amounts(session: Session, row: Row[Any], everyone: list[dict[str, Any]]) -> None:
    owner = rounds.get(session, row.round_id)
    assert owner is not None
    keys = {heading_key(item.title): item.id for item in owner.items}
    unknown = [heading for heading in row.item_headings if heading_key(heading) not in keys]
    if unknown:
        raise UnknownItemColumns(columns=", ".join(f"“{heading}”" for heading in unknown))
    # An empty cell of a column says that the pupil does not pay this item: it is kept as 0.
    rounds.set_amounts(
        session,
        row.organisation_id,
        [
            {
                "item": keys[heading_key(heading)],
                "pupil": pupil["id"],
                "amount": pupil["amounts"].get(heading, 0),
            }
            for pupil in everyone
            for heading in row.item_headings
        ],
    )


def _is_as_before(was: Row[Any], now: JudgedRow) -> bool:
    return (was.outcome, was.pupil_id, tuple(was.changes)) == (now.outcome.value, now.pupil_id, now.changes)


def _kept(item: Row[Any]) -> RosterRow:
    """A good row of an import as it was read."""
    values = dict(item.pupil)
    if values["birth_date"]:
        values["birth_date"] = date.fromisoformat(values["birth_date"])
    return RosterRow(item.row, "ok", Pupil(**values), item._mapping["items"])


def _row(item: JudgedRow) -> dict[str, Any]:
    return {
        "row": item.row.row,
        "outcome": item.outcome.value,
        "pupil_id": item.pupil_id,
        "pupil": item.row.pupil.fields(),
        "items": item.row.items,
        "problems": [asdict(problem) for problem in item.problems],
        "changes": list(item.changes),
    }


def _record(
    session: Session,
    subject: Subject,
    action: str,
    id: UUID,
    organisation_id: UUID,
    detail: dict[str, object],
) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"import:{id}",
        organisation_id=organisation_id,
        detail=detail,
    )
