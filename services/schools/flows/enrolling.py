"""Who is at school and in which class: by a list, or one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.schools.domain.errors import BadField, ClassNotFound, PupilKnown, PupilNotFound, PupilWithdrawn
from services.schools.domain.imports import Charged, Outcome, Roll, judge
from services.schools.domain.rounds import check_school_year
from services.schools.roster import correcting
from services.schools.roster.cells import read_class
from services.schools.roster.rows import Problem, Pupil, Row
from services.schools.store import pupils


def enrol(
    session: Session,
    organisation_id: UUID,
    school_year: str,
    new: Sequence[dict[str, Any]],
    known: Sequence[dict[str, Any]],
) -> None:
    """Take up new pupils and bring known ones up to date: each with id, fields of the list and class_name."""
    everyone, today = [*new, *known], clock.today()
    pupils.add_classes(session, organisation_id, school_year, [pupil["class_name"] for pupil in everyone])
    pupils.add_pupils(session, organisation_id, new, clock.now())
    pupils.update_pupils(session, organisation_id, known)
    pupils.enrol(session, organisation_id, school_year, everyone, known, today)
    pupils.set_identifiers(session, organisation_id, everyone, today)


def create(
    session: Session, subject: Subject, organisation_id: UUID, school_year: str, texts: Mapping[str, str]
) -> UUID:
    """Take up one pupil, the fields read as cells of a list. Raises BadField, PupilKnown."""
    check_school_year(school_year)
    typed = {"full_name": "", "class_name": "", **texts}
    row = correcting.corrected(Row(1, "ok", Pupil()), {}, typed, clock.today())
    if row.problems:
        raise _refusal(row.problems[0])
    pupils.lock_roll(session, organisation_id)
    roll = Roll(pupils.roll(session, organisation_id, school_year))
    (judged,) = judge([row], roll, (), Charged())
    if judged.outcome is Outcome.WRONG:
        raise BadField(
            field="pupil_code", what_vi=judged.problems[0].expected_vi, what_en=judged.problems[0].expected_en
        )
    if judged.pupil_id is not None:
        raise PupilKnown(code=row.pupil.pupil_code or row.pupil.full_name)
    id = ids.new()
    enrol(session, organisation_id, school_year, [{**row.pupil.fields(), "id": id}], [])
    _record(session, subject, "pupil.create", id, organisation_id, {"class": row.pupil.class_name})
    return id


def move(session: Session, subject: Subject, id: UUID, class_name: str, day: str) -> None:
    """Seat a pupil in another class of the same year. Raises PupilNotFound, PupilWithdrawn, ClassNotFound, BadField."""
    row = pupils.get(session, id, lock=True)
    if row is None:
        raise PupilNotFound()
    if row.withdraw_date is not None:
        raise PupilWithdrawn(date=row.withdraw_date.strftime("%d/%m/%Y"))
    school_year = pupils.school_year_of(session, id)
    read = read_class(class_name)
    name = read if isinstance(read, str) else class_name
    if not pupils.has_class(session, row.organisation_id, school_year, name):
        raise ClassNotFound(class_name=class_name, field="class_name")
    seat = [{"id": id, "class_name": name}]
    pupils.enrol(session, row.organisation_id, school_year, seat, seat, day_of(day))
    detail: dict[str, object] = {"from": row.class_name, "to": name}
    _record(session, subject, "pupil.move", id, row.organisation_id, detail)


def day_of(text: str) -> date:
    """A day out of a request, today if empty. Raises BadField for no date or one to come."""
    try:
        day = date.fromisoformat(text) if text else clock.today()
    except ValueError as error:
        raise BadField(
            field="date", what_vi="Đây không phải là một ngày.", what_en="This is no date."
        ) from error
    if day > clock.today():
        raise BadField(field="date", what_vi="Ngày này chưa tới.", what_en="This day has not come yet.")
    return day


def _refusal(problem: Problem) -> BadField:
    labels = {"Họ và tên": "full_name", "Lớp": "class_name", "Ngày sinh": "birth_date", "Giới tính": "sex"}
    return BadField(
        field=labels.get(problem.column, problem.column),
        what_vi=f"Cần: {problem.expected_vi}.",
        what_en=f"Expected: {problem.expected_en}.",
    )


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
        object=f"pupil:{id}",
        organisation_id=organisation_id,
        detail=detail,
    )
