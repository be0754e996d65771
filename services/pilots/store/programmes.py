"""Queries on programmes and their sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kit.db import constraint_of
from services.pilots.domain.programmes import Kind, Programme, Section
from services.pilots.store.tables.places import programme, section
from services.pilots.store.tables.stalls import stall


def add(session: Session, value: Programme) -> bool:
    """Insert a programme with its sections; False if its code is taken."""
    statement = upsert(programme).values(**_columns(value), id=value.id, create_time=value.create_time)
    statement = statement.on_conflict_do_nothing(constraint="programme_code")
    if session.execute(statement.returning(programme.c.id)).first() is None:
        return False
    _add_sections(session, value.id, list(enumerate(value.sections)))
    return True


def get(session: Session, key: UUID | str, *, lock: bool = False) -> Programme | None:
    """A programme by id, or by code."""
    column = programme.c.id if isinstance(key, UUID) else programme.c.code
    statement = select(programme).where(column == key)
    row = session.execute(statement.with_for_update() if lock else statement).first()
    return _with_sections(session, [row])[0] if row else None


def every(session: Session) -> list[Programme]:
    """All programmes, the newest first."""
    rows = session.execute(select(programme).order_by(programme.c.start_date.desc(), programme.c.code)).all()
    return _with_sections(session, rows)


def save(session: Session, value: Programme) -> bool:
    """Write a locked programme with its sections over itself; False, with the transaction lost, if its code is taken."""
    try:
        session.execute(update(programme).where(programme.c.id == value.id).values(**_columns(value)))
    except IntegrityError as error:
        if constraint_of(error) == "programme_code":
            return False
        raise
    present = set(
        session.execute(select(section.c.id).where(section.c.programme_id == value.id)).scalars().all()
    )
    kept = [(position, each) for position, each in enumerate(value.sections) if each.id in present]
    # Codes may change places: they leave theirs first.
    session.execute(
        text("UPDATE section SET code = id::text WHERE programme_id = :programme"), {"programme": value.id}
    )
    session.execute(delete(section).where(section.c.id.in_(present - {each.id for _, each in kept})))
    for position, each in kept:
        session.execute(
            update(section).where(section.c.id == each.id).values(**_section_columns(position, each))
        )
    _add_sections(
        session,
        value.id,
        [(position, each) for position, each in enumerate(value.sections) if each.id not in present],
    )
    return True


def sections_with_stalls(session: Session, section_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the sections in which stalls stand or stood."""
    statement = select(stall.c.section_id).where(stall.c.section_id.in_(section_ids)).distinct()
    return set(session.execute(statement).scalars().all())


def _with_sections(session: Session, rows: Sequence[Row[Any]]) -> list[Programme]:
    found: dict[UUID, list[Section]] = {row.id: [] for row in rows}
    statement = (
        select(section)
        .where(section.c.programme_id.in_(found))
        .order_by(section.c.programme_id, section.c.position)
    )
    for each in session.execute(statement):
        found[each.programme_id].append(
            Section(each.id, each.code, each.name, each.x, each.y, each.width, each.height)
        )
    return [replace(_programme(row), sections=tuple(found[row.id])) for row in rows]


def _programme(row: Row[Any]) -> Programme:
    return Programme(
        id=row.id,
        kind=Kind(row.kind),
        code=row.code,
        name=row.name,
        ward_code=row.ward_code,
        start_date=row.start_date,
        end_date=row.end_date,
        open_minute=row.open_minute,
        close_minute=row.close_minute,
        cut_off_minute=row.cut_off_minute,
        sale_seconds=row.sale_seconds,
        version=row.version,
        create_time=row.create_time,
        former_ward_code=row.former_ward_code,
    )


def _columns(value: Programme) -> dict[str, Any]:
    return {
        "kind": value.kind.value,
        "code": value.code,
        "name": value.name,
        "ward_code": value.ward_code,
        "former_ward_code": value.former_ward_code,
        "start_date": value.start_date,
        "end_date": value.end_date,
        "open_minute": value.open_minute,
        "close_minute": value.close_minute,
        "cut_off_minute": value.cut_off_minute,
        "sale_seconds": value.sale_seconds,
        "version": value.version,
    }


def _section_columns(position: int, value: Section) -> dict[str, Any]:
    return {
        "code": value.code,
        "name": value.name,
        "position": position,
        "x": value.x,
        "y": value.y,
        "width": value.width,
        "height": value.height,
    }


def _add_sections(session: Session, programme_id: UUID, sections: Sequence[tuple[int, Section]]) -> None:
    if sections:
        session.execute(
            insert(section),
            [
                {"id": each.id, "programme_id": programme_id, **_section_columns(position, each)}
                for position, each in sections
            ],
        )
