"""Queries on pupils, classes and enrolments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit import ids
from kit.text import name_sort_key, natural_key, search_key
from services.schools.domain.imports import IDENTIFIER_KINDS, KnownPupil, name_key
from services.schools.domain.rounds import grade_of
from services.schools.store import bulk

_PRESENT = (
    "SELECT p.id, p.full_name, p.birth_date, p.sex, p.phone, p.withdraw_date, p.withdraw_reason, p.name_key,"
    " p.organisation_id, c.name AS class_name, c.natural_key,"
    " (SELECT coalesce(jsonb_object_agg(i.kind, i.value), '{}') FROM pupil_identifier i"
    "   WHERE i.pupil_id = p.id AND i.to_date IS NULL) AS identifiers"
    " FROM pupil p"
    " LEFT JOIN enrolment e ON e.pupil_id = p.id AND e.organisation_id = p.organisation_id AND e.to_date IS NULL"
    "   AND e.school_year = :school_year"
    " LEFT JOIN school_class c ON c.id = e.class_id"
)


def refresh_statistics(session: Session) -> None:
    """Tell the planner what a large list has changed: until then it expects a handful of pupils and joins one by one."""
    session.execute(text("SELECT refresh_roll_statistics()"))


def roll(session: Session, organisation_id: UUID, school_year: str) -> list[KnownPupil]:
    """Every pupil of a school with the class of a school year."""
    present = identifiers_of(session, organisation_id)
    rows = session.execute(
        text(
            "SELECT p.id, p.full_name, p.birth_date, p.sex, p.phone, p.withdraw_date IS NOT NULL AS is_withdrawn,"
            " coalesce((SELECT c.name FROM enrolment e JOIN school_class c ON c.id = e.class_id"
            "   WHERE e.organisation_id = p.organisation_id AND e.pupil_id = p.id AND e.school_year = :school_year"
            "   AND e.to_date IS NULL), '') AS class_name"
            " FROM pupil p WHERE p.organisation_id = :organisation"
        ),
        {"organisation": organisation_id, "school_year": school_year},
    )
    return [
        KnownPupil(
            row.id,
            row.full_name,
            row.birth_date,
            row.sex,
            row.class_name,
            row.phone,
            present.get(row.id, {}),
            row.is_withdrawn,
        )
        for row in rows
    ]


def identifiers_of(
    session: Session, organisation_id: UUID, pupil_ids: Sequence[UUID] | None = None
) -> dict[UUID, dict[str, str]]:
    """The identifiers in force of every pupil of a school (or of those named), by kind."""
    # Joined here and not in SQL: just after a large import the planner knows nothing of the tables and joins by loops.
    found: dict[UUID, dict[str, str]] = {}
    rows = session.execute(
        text(
            "SELECT pupil_id, kind, value FROM pupil_identifier WHERE organisation_id = :organisation"
            " AND to_date IS NULL" + ("" if pupil_ids is None else " AND pupil_id = ANY(:pupils)")
        ),
        {"organisation": organisation_id, "pupils": list(pupil_ids or ())},
    )
    for pupil_id, kind, value in rows:
        found.setdefault(pupil_id, {})[kind] = value
    return found


def lock_roll(session: Session, organisation_id: UUID) -> None:
    """Let nobody else change who the pupils of this school are until the transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('schools.roll:' || :organisation, 0))"),
        {"organisation": str(organisation_id)},
    )


def add_classes(session: Session, organisation_id: UUID, school_year: str, names: Sequence[str]) -> None:
    """Make the classes that are missing."""
    rows = [
        {"id": ids.new(), "name": name, "natural_key": natural_key(name), "grade": grade_of(name)}
        for name in sorted(set(names))
    ]
    bulk.execute(
        session,
        "INSERT INTO school_class (id, organisation_id, school_year, name, natural_key, grade)"
        " SELECT id, :organisation, :school_year, name, natural_key, grade FROM {rows} ON CONFLICT DO NOTHING",
        "id uuid, name text, natural_key text, grade text",
        rows,
        organisation=organisation_id,
        school_year=school_year,
    )


def add_pupils(
    session: Session, organisation_id: UUID, rows: Sequence[dict[str, Any]], now: datetime
) -> None:
    """Insert pupils; each row has id and the fields of the list."""
    bulk.execute(
        session,
        "INSERT INTO pupil (id, organisation_id, full_name, person_key, name_key, search, birth_date, sex, phone,"
        " withdraw_reason, create_time)"
        " SELECT id, :organisation, full_name, person_key, name_key, search, birth_date, sex, phone, '', :now FROM {rows}",
        "id uuid, full_name text, person_key text, name_key text, search text, birth_date date, sex text, phone text",
        [_keyed(row) for row in rows],
        organisation=organisation_id,
        now=now,
    )


def update_pupils(session: Session, organisation_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Overwrite fields of pupils with what the list gives; an empty field leaves what was there, and who is on it is at school."""
    bulk.execute(
        session,
        "UPDATE pupil p SET full_name = r.full_name, person_key = r.person_key, name_key = r.name_key,"
        " search = r.search, birth_date = coalesce(r.birth_date, p.birth_date),"
        " sex = coalesce(nullif(r.sex, ''), p.sex), phone = coalesce(nullif(r.phone, ''), p.phone),"
        " withdraw_date = NULL, withdraw_reason = ''"
        " FROM {rows} WHERE p.id = r.id AND p.organisation_id = :organisation",
        "id uuid, full_name text, person_key text, name_key text, search text, birth_date date, sex text, phone text",
        [_keyed(row) for row in sorted(rows, key=lambda row: str(row["id"]))],
        organisation=organisation_id,
    )


def enrol(
    session: Session,
    organisation_id: UUID,
    school_year: str,
    rows: Sequence[dict[str, Any]],
    known: Sequence[dict[str, Any]],
    today: date,
) -> None:
    """Seat pupils in classes; those among the known ones who sit in another class move on this day."""
    columns = "enrolment_id uuid, id uuid, class_name text"
    seated = [{"enrolment_id": ids.new(), "id": row["id"], "class_name": row["class_name"]} for row in rows]
    parameters = {"organisation": organisation_id, "school_year": school_year, "today": today}
    bulk.execute(
        session,
        "UPDATE enrolment e SET to_date = :today FROM {rows}"
        " JOIN school_class c ON c.organisation_id = :organisation AND c.school_year = :school_year"
        "   AND c.name = r.class_name"
        " WHERE e.organisation_id = :organisation AND e.pupil_id = r.id AND e.school_year = :school_year"
        "   AND e.to_date IS NULL AND e.class_id <> c.id",
        "id uuid, class_name text",
        [{"id": row["id"], "class_name": row["class_name"]} for row in known],
        **parameters,
    )
    bulk.execute(
        session,
        "INSERT INTO enrolment (id, organisation_id, pupil_id, class_id, school_year, from_date)"
        " SELECT r.enrolment_id, :organisation, r.id, c.id, :school_year, :today FROM {rows}"
        " JOIN school_class c ON c.organisation_id = :organisation AND c.school_year = :school_year"
        "   AND c.name = r.class_name"
        " ON CONFLICT (organisation_id, pupil_id, school_year) WHERE to_date IS NULL DO NOTHING",
        columns,
        seated,
        **parameters,
    )


def set_identifiers(
    session: Session, organisation_id: UUID, rows: Sequence[dict[str, Any]], today: date
) -> None:
    """Give pupils their identifiers; another value of the same kind ends the old one."""
    given = [
        {"identifier_id": ids.new(), "id": row["id"], "kind": kind, "value": row[kind]}
        for row in rows
        for kind in IDENTIFIER_KINDS
        if row.get(kind)
    ]
    columns = "identifier_id uuid, id uuid, kind text, value text"
    bulk.execute(
        session,
        "UPDATE pupil_identifier i SET to_date = :today FROM {rows}"
        " WHERE i.organisation_id = :organisation AND i.pupil_id = r.id AND i.kind = r.kind AND i.to_date IS NULL"
        "   AND i.value <> r.value",
        columns,
        given,
        organisation=organisation_id,
        today=today,
    )
    bulk.execute(
        session,
        "INSERT INTO pupil_identifier (id, organisation_id, pupil_id, kind, value, from_date)"
        " SELECT identifier_id, :organisation, id, kind, value, :today FROM {rows}"
        " ON CONFLICT (organisation_id, kind, value) WHERE to_date IS NULL DO NOTHING",
        columns,
        given,
        organisation=organisation_id,
        today=today,
    )


def has_class(session: Session, organisation_id: UUID, school_year: str, name: str) -> bool:
    """True if the school has this class in this school year."""
    statement = text(
        "SELECT 1 FROM school_class WHERE organisation_id = :organisation AND school_year = :school_year"
        " AND name = :name"
    )
    values = {"organisation": organisation_id, "school_year": school_year, "name": name}
    return session.execute(statement, values).first() is not None


def school_year_of(session: Session, id: UUID) -> str:
    """The newest school year in which a pupil sits in a class, or empty."""
    statement = text("SELECT max(school_year) FROM enrolment WHERE pupil_id = :id AND to_date IS NULL")
    return str(session.execute(statement, {"id": id}).scalar() or "")


def newest_school_year(session: Session, organisation_id: UUID) -> str:
    """The last school year with classes, or empty."""
    statement = text("SELECT max(school_year) FROM school_class WHERE organisation_id = :organisation")
    return str(session.execute(statement, {"organisation": organisation_id}).scalar() or "")


def classes(session: Session, organisation_id: UUID, school_year: str) -> Sequence[Row[Any]]:
    """Classes in natural order with their head-count."""
    return session.execute(
        text(
            "SELECT c.id, c.name, c.grade, count(e.id) FILTER (WHERE p.withdraw_date IS NULL) AS pupils"
            " FROM school_class c LEFT JOIN enrolment e ON e.class_id = c.id AND e.to_date IS NULL"
            " LEFT JOIN pupil p ON p.id = e.pupil_id"
            " WHERE c.organisation_id = :organisation AND c.school_year = :school_year"
            " GROUP BY c.id, c.name, c.grade, c.natural_key ORDER BY c.natural_key, c.name"
        ),
        {"organisation": organisation_id, "school_year": school_year},
    ).all()


def find(
    session: Session,
    organisation_id: UUID,
    school_year: str,
    *,
    class_name: str,
    search: str,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Pupils by class, then name in Vietnamese order."""
    conditions = ["p.organisation_id = :organisation"]
    values: dict[str, Any] = {"organisation": organisation_id, "school_year": school_year, "limit": limit}
    if class_name:
        conditions.append("c.name = :class_name")
        values["class_name"] = class_name
    if search:
        conditions.append(
            "(p.search LIKE :search OR EXISTS (SELECT 1 FROM pupil_identifier i WHERE i.pupil_id = p.id AND i.value = :code))"
        )
        values |= {"search": f"%{_like(search_key(search))}%", "code": search.strip()}
    if after:
        conditions.append("(coalesce(c.natural_key, ''), p.name_key, p.id) > (:k1, :k2, CAST(:k3 AS uuid))")
        values |= {"k1": after[0], "k2": after[1], "k3": after[2]}
    order = " ORDER BY coalesce(c.natural_key, ''), p.name_key, p.id LIMIT :limit"
    return session.execute(text(f"{_PRESENT} WHERE {' AND '.join(conditions)}{order}"), values).all()


def get(session: Session, id: UUID, *, lock: bool = False) -> Row[Any] | None:
    """A pupil with the class of the newest school year it sits in."""
    row = session.execute(
        text(f"SELECT organisation_id FROM pupil WHERE id = :id{' FOR UPDATE' if lock else ''}"), {"id": id}
    ).first()
    if row is None:
        return None
    school_year = school_year_of(session, id)
    return session.execute(
        text(f"{_PRESENT} WHERE p.id = :id"), {"id": id, "school_year": school_year}
    ).first()


def identifiers(session: Session, id: UUID) -> Sequence[Row[Any]]:
    """All identifiers that a pupil has or had."""
    return session.execute(
        text(
            "SELECT kind, value, from_date, to_date FROM pupil_identifier WHERE pupil_id = :id ORDER BY kind, from_date"
        ),
        {"id": id},
    ).all()


def withdraw(session: Session, id: UUID, day: date, reason: str) -> None:
    """End a pupil's enrolment."""
    session.execute(
        text("UPDATE pupil SET withdraw_date = :day, withdraw_reason = :reason WHERE id = :id"),
        {"id": id, "day": day, "reason": reason},
    )
    session.execute(
        text("UPDATE enrolment SET to_date = :day WHERE pupil_id = :id AND to_date IS NULL"),
        {"id": id, "day": day},
    )


def count(session: Session) -> tuple[int, int]:
    """How many schools have pupils, and how many pupils there are."""
    row = session.execute(
        text(
            "SELECT count(DISTINCT organisation_id) AS schools, count(*) AS pupils FROM pupil WHERE withdraw_date IS NULL"
        )
    ).one()
    return int(row.schools), int(row.pupils)


def _keyed(row: dict[str, Any]) -> dict[str, Any]:
    name = row["full_name"]
    return {
        "id": row["id"],
        "full_name": name,
        "person_key": name_key(name),
        "name_key": name_sort_key(name),
        "search": search_key(name),
        "birth_date": row.get("birth_date") or None,
        "sex": row.get("sex") or "",
        "phone": row.get("phone") or "",
    }


def _like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
