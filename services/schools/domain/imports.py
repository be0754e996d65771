"""What a row of a school's list means for the pupils that are known: new, changed, unchanged or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit import text
from services.schools.roster.rows import Problem, Pupil, Row

IDENTIFIER_KINDS: Final = ("pupil_code", "ministry_code", "personal_number")
_LABELS: Final = {
    "full_name": "họ tên",
    "birth_date": "ngày sinh",
    "sex": "giới tính",
    "class_name": "lớp",
    "phone": "điện thoại",
    "pupil_code": "mã học sinh",
    "ministry_code": "mã định danh",
    "personal_number": "số định danh cá nhân",
}


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class KnownPupil:
    """A pupil as the school has it now."""

    id: UUID
    full_name: str
    birth_date: date | None
    sex: str
    class_name: str
    phone: str
    identifiers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row with its outcome; `pupil_id` is the pupil it speaks of, None for a new or wrong one."""

    row: Row
    outcome: Outcome
    pupil_id: UUID | None
    problems: tuple[Problem, ...]
    changes: tuple[str, ...]


class Roll:
    """The known pupils of a school, found by their identifiers, else by name and birth date."""

    def __init__(self, pupils: Iterable[KnownPupil]) -> None:
        self._by_identifier: dict[tuple[str, str], KnownPupil] = {}
        self._by_person: dict[tuple[str, date], list[KnownPupil]] = {}
        for pupil in pupils:
            for kind, value in pupil.identifiers.items():
                self._by_identifier[kind, value] = pupil
            if pupil.birth_date:
                self._by_person.setdefault((text.person_key(pupil.full_name), pupil.birth_date), []).append(
                    pupil
                )

    def find(self, pupil: Pupil) -> tuple[KnownPupil | None, bool]:
        """The known pupil of a row, and whether its identifiers name two different pupils."""
        named = {
            found.id: found
            for kind in IDENTIFIER_KINDS
            if (value := getattr(pupil, kind)) and (found := self._by_identifier.get((kind, value)))
        }
        if len(named) > 1:
            return None, True
        if named:
            return next(iter(named.values())), False
        if pupil.birth_date and pupil.full_name:
            same = self._by_person.get((text.person_key(pupil.full_name), pupil.birth_date), [])
            # Two children may share a name and a birth date; another code of the same kind tells them apart.
            same = [known for known in same if not _contradicts(known, pupil)]
            if len(same) == 1:
                return same[0], False
        return None, False


def judge(
    rows: Sequence[Row], roll: Roll, amounts: Mapping[tuple[UUID, str], int], item_titles: Mapping[str, str]
) -> list[JudgedRow]:
    """The outcome of each row. `amounts` are what the list said last, by (pupil, folded heading); `item_titles` are
    the round's items by folded heading (empty for a list of pupils only)."""
    judged = []
    for row in rows:
        if row.outcome == "wrong":
            judged.append(JudgedRow(row, Outcome.WRONG, None, row.problems, ()))
            continue
        known, is_conflict = roll.find(row.pupil)
        if is_conflict:
            judged.append(JudgedRow(row, Outcome.WRONG, None, (_two_pupils(row.pupil),), ()))
        elif known is None:
            judged.append(JudgedRow(row, Outcome.NEW, None, (), ()))
        else:
            changes = (
                *_changes(known, row.pupil),
                *_amount_changes(known.id, row.items, amounts, item_titles),
            )
            outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
            judged.append(JudgedRow(row, outcome, known.id, (), tuple(changes)))
    return judged


def heading_key(heading: str) -> str:
    """How a heading of a list and the title of an item are compared: folded, letters and digits only."""
    return "".join(character for character in text.fold(heading).lower() if character.isalnum())


def _contradicts(known: KnownPupil, pupil: Pupil) -> bool:
    return any(
        (value := getattr(pupil, kind)) and known.identifiers.get(kind, value) != value
        for kind in IDENTIFIER_KINDS
    )


def _changes(known: KnownPupil, pupil: Pupil) -> list[str]:
    changes = []
    for name in ("full_name", "birth_date", "sex", "class_name", "phone"):
        new, old = getattr(pupil, name), getattr(known, name)
        if new and new != old:
            changes.append(f"{_LABELS[name]}: {_shown(old)} → {_shown(new)}")
    for kind in IDENTIFIER_KINDS:
        new, old = getattr(pupil, kind), known.identifiers.get(kind)
        if new and new != old:
            changes.append(f"{_LABELS[kind]}: {_shown(old)} → {_shown(new)}")
    return changes


def _amount_changes(
    pupil_id: UUID,
    items: Mapping[str, int],
    amounts: Mapping[tuple[UUID, str], int],
    item_titles: Mapping[str, str],
) -> list[str]:
    changes = []
    for heading, amount in items.items():
        key = heading_key(heading)
        if key in item_titles and amounts.get((pupil_id, key)) != amount:
            old = amounts.get((pupil_id, key))
            changes.append(f"{item_titles[key]}: {'—' if old is None else old} → {amount}")
    return changes


def _shown(value: object) -> str:
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value) if value else "—"


def _two_pupils(pupil: Pupil) -> Problem:
    found = ", ".join(str(value) for kind in IDENTIFIER_KINDS if (value := getattr(pupil, kind)))
    return Problem(
        column="",
        found=found,
        reason="TWO_PUPILS",
        expected_vi="các mã của cùng một học sinh; các mã này đang thuộc hai em khác nhau",
        expected_en="codes of one pupil; these belong to two different pupils",
    )
