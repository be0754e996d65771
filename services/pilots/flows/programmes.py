"""Programmes: made and changed by the city, read by everybody."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.pilots.domain.errors_stalls import (
    ChangedMeanwhile,
    ProgrammeCodeTaken,
    ProgrammeNotFound,
    SectionInUse,
)
from services.pilots.domain.programmes import Programme, Section, checked
from services.pilots.flows import stalls
from services.pilots.store import programmes as store


def create(session: Session, subject: Subject, wish: Programme) -> Programme:
    """Make a programme with its sections. Raises BadStallField, ProgrammeCodeTaken, …"""
    value = checked(wish)
    sections = tuple(replace(section, id=ids.new()) for section in value.sections)
    value = replace(value, id=ids.new(), version=1, create_time=clock.now(), sections=sections)
    if not store.add(session, value):
        raise ProgrammeCodeTaken(code=value.code)
    _audit(session, subject, "programme.create", value)
    return value


def update(session: Session, subject: Subject, wish: Programme) -> Programme:
    """Change a programme that still has the wish's version; sections keep their ids by their codes.

    Its stalls follow at once, but for those that were given hours of their own.

    Raises ProgrammeNotFound, ChangedMeanwhile, SectionInUse, ProgrammeCodeTaken, BadStallField, …
    """
    known = store.get(session, wish.id, lock=True)
    if known is None:
        raise ProgrammeNotFound(id=wish.id)
    if known.version != wish.version:
        raise ChangedMeanwhile()
    value = checked(wish)
    value = replace(
        value,
        version=known.version + 1,
        create_time=known.create_time,
        sections=_with_ids(value.sections, known.sections),
    )
    kept = {section.id for section in value.sections}
    gone = {section.id: section for section in known.sections if section.id not in kept}
    for id in sorted(store.sections_with_stalls(session, list(gone))):
        raise SectionInUse(code=gone[id].code)
    if not store.save(session, value):
        raise ProgrammeCodeTaken(code=value.code)
    if _stalls_are_told(value) != _stalls_are_told(known):
        stalls.follow_programme(session, value.id)
    _audit(session, subject, "programme.update", value)
    return value


def get(session: Session, key: str) -> Programme:
    """A programme by id or code. Raises ProgrammeNotFound."""
    found = store.get(session, _id_or_code(key))
    if found is None:
        raise ProgrammeNotFound(id=key[:60])
    return found


def every(session: Session) -> list[Programme]:
    """All programmes, the newest first."""
    return store.every(session)


def _with_ids(wanted: tuple[Section, ...], known: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections as wanted: known by their id or else by their code, new ones with an id of their own."""
    by_code = {section.code: section.id for section in known}
    present = set(by_code.values())
    named = {section.id for section in wanted if section.id in present}
    found = []
    for section in wanted:
        id = section.id if section.id in present else by_code.get(section.code)
        if id is None or (id in named and id != section.id):
            id = ids.new()
        found.append(replace(section, id=id))
    return tuple(found)


def _stalls_are_told(value: Programme) -> tuple[object, ...]:
    """What stalls, their codes and their phones know of their programme."""
    hours = (value.open_minute, value.close_minute, value.cut_off_minute)
    return (value.name, value.start_date, value.end_date, *hours)


def _id_or_code(key: str) -> UUID | str:
    try:
        return UUID(key)
    except ValueError:
        return key.strip().lower()


def _audit(session: Session, subject: Subject, action: str, value: Programme) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"programme:{value.id}",
        organisation_id=None,
        detail={
            "code": value.code,
            "name": value.name,
            "start_date": value.start_date.isoformat(),
            "end_date": value.end_date.isoformat() if value.end_date else "",
            "cut_off_minute": value.cut_off_minute,
            "sections": [section.code for section in value.sections],
        },
    )
