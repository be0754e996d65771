"""Lists of pupils: read, judged against what is known, and applied. Until then nothing changes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.schools.domain.errors import ImportApplied, ImportNotFound, RoundNotFound, UnknownItemColumns
from services.schools.domain.imports import JudgedRow, Roll, heading_key, judge
from services.schools.roster.rows import Reading
from services.schools.store import imports as store
from services.schools.store import pupils, rounds


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
    amounts = rounds.amounts(session, round_id) if round_id else {}
    titles = {key: row.title for key, row in rounds.item_keys(session, round_id).items()} if round_id else {}
    judged = judge(reading.rows, Roll(pupils.roll(session, organisation_id, school_year)), amounts, titles)
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
    """Let the good rows go on: classes, pupils, identifiers, amounts. Raises ImportApplied, UnknownItemColumns."""
    row = get(session, id, lock=True)
    if row.state != "read":
        raise ImportApplied()
    good = store.good_rows(session, id)
    today = clock.today()
    new, changed = [], []
    for item in good:
        if item.pupil_id is None:
            new.append({**item.pupil, "id": ids.new(), "amounts": item._mapping["items"]})
        else:
            changed.append({**item.pupil, "id": item.pupil_id, "amounts": item._mapping["items"]})
    everyone = [*new, *changed]
    organisation_id, year = row.organisation_id, row.school_year
    pupils.add_classes(session, organisation_id, year, [pupil["class_name"] for pupil in everyone])
    pupils.add_pupils(session, organisation_id, new, clock.now())
    pupils.update_pupils(session, organisation_id, changed)
    pupils.enrol(session, organisation_id, year, everyone, today)
    pupils.set_identifiers(session, organisation_id, everyone, today)
    if row.round_id is not None:
        _set_amounts(session, row, everyone)
    store.mark_applied(session, id, clock.now())
    detail: dict[str, object] = {"new": len(new), "known": len(changed)}
    _record(session, subject, "roster.apply", id, organisation_id, detail)


def _set_amounts(session: Session, row: Row[Any], everyone: list[dict[str, Any]]) -> None:
    keys = rounds.item_keys(session, row.round_id)
    unknown = [heading for heading in row.item_headings if heading_key(heading) not in keys]
    if unknown:
        raise UnknownItemColumns(columns=", ".join(f"“{heading}”" for heading in unknown))
    items = {heading: keys[heading_key(heading)] for heading in row.item_headings}
    rounds.set_amounts(
        session,
        row.organisation_id,
        [
            {"item": items[heading].id, "pupil": pupil["id"], "amount": amount}
            for pupil in everyone
            for heading, amount in pupil["amounts"].items()
            if items[heading].per_pupil
        ],
    )


def _row(item: JudgedRow) -> dict[str, Any]:
    return {
        "row": item.row.row,
        "outcome": item.outcome.value,
        "pupil_id": item.pupil_id,
        "pupil": asdict(item.row.pupil),
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
