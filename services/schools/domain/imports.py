"""What a row of a school's list means for the pupils that are known: new, changed, unchanged or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
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
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class RoundColumn:
    """An item of the list's round: `default` is what a pupil pays of whom no list has spoken yet, in đồng."""

    title: str
    default: int


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
        self._by_seat: dict[tuple[str, str], list[KnownPupil]] = {}
        for pupil in pupils:
            for kind, value in pupil.identifiers.items():
                self._by_identifier[kind, value] = pupil
            name = name_key(pupil.full_name)
            if pupil.birth_date:
                self._by_person.setdefault((name, pupil.birth_date), []).append(pupil)
            self._by_seat.setdefault((name, pupil.class_name), []).append(pupil)

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
        return self._by_name(pupil), False

    def _by_name(self, pupil: Pupil) -> KnownPupil | None:
        if not self._by_seat:
            return None
        # Two children may share a name and a birth date; another code of the same kind, or the class, tells them apart.
        name = name_key(pupil.full_name or "")
        if pupil.birth_date:
            same = [
                known
                for known in self._by_person.get((name, pupil.birth_date), [])
                if not _contradicts(known, pupil)
            ]
            seated = [known for known in same if known.class_name == pupil.class_name]
            if len(same) == 1 or len(seated) == 1:
                return same[0] if len(same) == 1 else seated[0]
        # A list without birth dates or codes, or one that brings them for the first time: the seat in the class tells.
        seated = [
            known
            for known in self._by_seat.get((name, pupil.class_name or ""), [])
            if not _contradicts(known, pupil) and None in (known.birth_date, pupil.birth_date)
        ]
        return seated[0] if len(seated) == 1 else None


@dataclass(frozen=True, slots=True)
class Charged:
    """What the round of a list knows: its items by folded heading, the amounts of the last list and what stands on an
    invoice already, both by (pupil, folded heading)."""

    columns: Mapping[str, RoundColumn] = field(default_factory=dict)
    amounts: Mapping[tuple[UUID, str], int] = field(default_factory=dict)
    issued: Set[tuple[UUID, str]] = frozenset()


def judge(rows: Sequence[Row], roll: Roll, headings: Sequence[str], charged: Charged) -> list[JudgedRow]:
    """The outcome of each row of a list whose item columns are `headings`; `charged` is empty for pupils only."""
    keys = {heading: key for heading in headings if (key := heading_key(heading)) in charged.columns}
    first: dict[object, int] = {}
    judged = []
    for row in rows:
        if row.outcome == "wrong":
            judged.append(JudgedRow(row, Outcome.WRONG, None, row.problems, ()))
            continue
        known, is_conflict = roll.find(row.pupil)
        tells: list[object] = [known.id] if known else _person(row)
        earlier = next((first[key] for key in tells if key in first), None)
        first.update((key, row.row) for key in tells if key not in first)
        if is_conflict:
            judged.append(JudgedRow(row, Outcome.WRONG, None, (_two_pupils(row.pupil),), ()))
        elif earlier is not None:
            judged.append(JudgedRow(row, Outcome.WRONG, None, (_repeated(row.pupil, earlier),), ()))
        elif known is None:
            judged.append(JudgedRow(row, Outcome.NEW, None, (), ()))
        else:
            changes = (*_changes(known, row.pupil), *_amount_changes(known.id, row.items, keys, charged))
            outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
            judged.append(JudgedRow(row, outcome, known.id, (), changes))
    return judged


def _person(row: Row) -> list[object]:
    """What tells a new pupil from the others of the same list: the codes, else name, birth date and class."""
    pupil = row.pupil
    codes: list[object] = [
        (kind, value.casefold()) for kind in IDENTIFIER_KINDS if (value := getattr(pupil, kind))
    ]
    return codes or [(name_key(pupil.full_name or ""), pupil.birth_date, pupil.class_name)]


@lru_cache(maxsize=65_536)
def name_key(full_name: str) -> str:
    """How two writings of a name are compared; a list is judged when it is read and again when it is applied."""
    return text.person_key(full_name)


def heading_key(heading: str) -> str:
    """How a heading of a list and the title of an item are compared: folded, letters and digits only."""
    return "".join(character for character in text.fold(heading).lower() if character.isalnum())


def _contradicts(known: KnownPupil, pupil: Pupil) -> bool:
    return any(
        (value := getattr(pupil, kind)) and known.identifiers.get(kind, value) != value
        for kind in IDENTIFIER_KINDS
    )


def _changes(known: KnownPupil, pupil: Pupil) -> list[str]:
    changes = ["đã thôi học → đi học lại"] if known.is_withdrawn else []
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
    pupil_id: UUID, items: Mapping[str, int], keys: Mapping[str, str], charged: Charged
) -> list[str]:
    changes = []
    for heading, key in keys.items():
        # An empty cell of a column says that the pupil does not pay this item.
        new, column = items.get(heading, 0), charged.columns[key]
        old = charged.amounts.get((pupil_id, key), column.default)
        if new != old:
            note = " (đã phát hành: đổi số tiền bằng Sửa phiếu)" if (pupil_id, key) in charged.issued else ""
            changes.append(f"{column.title}: {_dong(old)} → {_dong(new)}{note}")
    return changes


def _dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".") if amount else "—"


def _shown(value: object) -> str:
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value) if value else "—"


def _repeated(pupil: Pupil, row: int) -> Problem:
    return Problem(
        column="",
        found=pupil.full_name or "",
        reason="REPEATED_PUPIL",
        expected_vi=f"mỗi học sinh một dòng (dòng {row} đã có em này); hai em trùng tên thì ghi thêm mã học sinh",
        expected_en=f"one row for each pupil (row {row} is the same); give namesakes their pupil codes",
    )


def _two_pupils(pupil: Pupil) -> Problem:
    found = ", ".join(str(value) for kind in IDENTIFIER_KINDS if (value := getattr(pupil, kind)))
    return Problem(
        column="",
        found=found,
        reason="TWO_PUPILS",
        expected_vi="các mã của cùng một học sinh; các mã này đang thuộc hai em khác nhau",
        expected_en="codes of one pupil; these belong to two different pupils",
    )
