"""What each row of an enrolment list means for the stalls that are known: wrong, new, changed or unchanged.

A unit is found again by its folded name and telephone and has one account, however many stalls it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.text import search_key
from services.pilots.domain.bank_names import BankNames
from services.pilots.domain.enrolment_columns import WORDS
from services.pilots.domain.enrolment_values import (
    FOUND_LIMIT,
    Checked,
    Line,
    Problem,
    Values,
    check,
)
from services.pilots.domain.units import match_key

_UNIT: Final = ("unit_name", "phone")
_ACCOUNT: Final = ("bank", "account_number")


class Outcome(StrEnum):
    WRONG = "wrong"
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as it is now. `accounts`, in force or proposed by a list, map (BIN, number) to their holders."""

    organisation_id: UUID
    name: str
    kind: str
    holder_name: str
    phone: str
    accounts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    active_account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KnownStall:
    """A stall of the programme that was not withdrawn."""

    id: UUID
    organisation_id: UUID
    name: str
    goods: str
    section_code: str
    relation: str
    consent: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the programme and the city have already: units by match key, stalls by number, owners of accounts."""

    units: Mapping[str, KnownUnit] = field(default_factory=dict)
    stalls: Mapping[str, KnownStall] = field(default_factory=dict)
    # Who holds a stall that this list names, also where the list does not name the unit.
    holders: Mapping[UUID, KnownUnit] = field(default_factory=dict)
    owners: Mapping[tuple[str, str], UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its outcome, and the unit and stall that it speaks of where they are known."""

    row: int
    outcome: Outcome
    values: Values
    problems: tuple[Problem, ...] = ()
    organisation_id: UUID | None = None
    stall_id: UUID | None = None

    @property
    def match_key(self) -> str:
        return match_key(self.values.unit_name, self.values.phone)

    @property
    def account(self) -> tuple[str, str]:
        return self.values.bin, self.values.account_number


def judge(lines: Iterable[Line], sections: Mapping[str, str], banks: BankNames, known: Known) -> list[Judged]:
    """The outcome of each row; a later row that contradicts an earlier one is the wrong one."""
    checked = [check(line, sections, banks) for line in lines]
    return judge_checked(checked, known)


def judge_checked(rows: Sequence[Checked], known: Known) -> list[Judged]:
    """As `judge`, of rows whose cells were looked at."""
    seen = _Seen(known)
    judged = []
    for row in rows:
        problems = (*row.problems, *seen.problems(row))
        unit = known.units.get(match_key(row.values.unit_name, row.values.phone))
        stall = known.stalls.get(row.values.stall_number)
        if problems:
            judged.append(Judged(row.row, Outcome.WRONG, row.values, problems))
            continue
        outcome = Outcome.NEW
        if stall is not None and unit is not None:
            outcome = Outcome.UNCHANGED if _is_same(row.values, unit, stall) else Outcome.CHANGED
        judged.append(
            Judged(
                row.row,
                outcome,
                row.values,
                organisation_id=unit.organisation_id if unit else None,
                stall_id=stall.id if stall else None,
            )
        )
    return judged


def keys(rows: Iterable[Checked]) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    """What has to be looked up for a list: match keys of units, stall numbers, accounts."""
    units, numbers, accounts = set(), set(), set()
    for row in rows:
        units.add(match_key(row.values.unit_name, row.values.phone))
        numbers.add(row.values.stall_number)
        accounts.add((row.values.bin, row.values.account_number))
    return units, numbers, accounts


@dataclass(slots=True)
class _First:
    """What the first row of a unit said of it."""

    row: int
    values: Values


class _Seen:
    """What the rows before this one have said."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._numbers: dict[str, int] = {}
        self._units: dict[str, _First] = {}
        self._accounts: dict[tuple[str, str], tuple[int, str]] = {}

    def problems(self, row: Checked) -> list[Problem]:
        """What is wrong with a row beside what is known and what came before it."""
        found: list[Problem] = []
        if row.is_right("stall_number"):
            found += self._number(row)
        if row.is_right(*_UNIT):
            found += self._unit(row)
        if not found and not row.problems:
            key = match_key(row.values.unit_name, row.values.phone)
            self._units.setdefault(key, _First(row.row, row.values))
            self._accounts.setdefault((row.values.bin, row.values.account_number), (row.row, key))
        return found

    def _number(self, row: Checked) -> list[Problem]:
        number = row.values.stall_number
        first = self._numbers.setdefault(number, row.row)
        if first != row.row:
            return [
                _problem(
                    "stall_number",
                    number,
                    f"mỗi quầy một dòng; dòng {first} đã có quầy này",
                    f"one row for each stall; row {first} has this one already",
                )
            ]
        stall = self._known.stalls.get(number)
        holder = self._known.holders.get(stall.organisation_id) if stall else None
        if holder is None or not row.is_right(*_UNIT):
            return []
        if match_key(holder.name, holder.phone) == match_key(row.values.unit_name, row.values.phone):
            return []
        whose = f"{holder.name}, điện thoại …{holder.phone[-3:]}"
        return [
            _problem(
                "stall_number",
                number,
                f"quầy chưa có đơn vị khác giữ; quầy này đang của {whose}",
                f"a stall that no other unit holds; this one is held by {holder.name}, telephone …{holder.phone[-3:]}",
            )
        ]

    def _unit(self, row: Checked) -> list[Problem]:
        values, key = row.values, match_key(row.values.unit_name, row.values.phone)
        found = self._account_owner(row, key) if row.is_right(*_ACCOUNT) else []
        if found:
            return found
        first = self._units.get(key)
        if first is not None:
            return self._beside_first(row, first)
        unit = self._known.units.get(key)
        if unit is None or not row.is_right(*_ACCOUNT):
            return []
        holder = unit.accounts.get((values.bin, values.account_number))
        if holder is not None and row.is_right("account_holder"):
            return _differs("account_holder", values.account_holder, holder, "như đã khai", "as registered")
        if holder is None and unit.accounts and values.stall_number not in self._known.stalls:
            last = "; ".join(f"…{number[-4:]}" for _, number in sorted(unit.accounts))
            return [
                _problem(
                    "account_number",
                    f"{values.bank} {values.account_number}",
                    f"tài khoản của đơn vị ({last}); muốn đổi thì ghi tài khoản mới trên dòng của quầy đã có",
                    f"the unit's account ({last}); to change it, give the new one on the row of a stall that it holds",
                )
            ]
        return []

    def _beside_first(self, row: Checked, first: _First) -> list[Problem]:
        values = row.values
        if row.is_right(*_ACCOUNT) and (values.bin, values.account_number) != (
            first.values.bin,
            first.values.account_number,
        ):
            return [
                _problem(
                    "account_number",
                    f"{values.bank} {values.account_number}",
                    f"một tài khoản cho cả đơn vị; dòng {first.row} ghi {first.values.bank} {first.values.account_number}",
                    f"one account for a unit; row {first.row} says {first.values.bank} {first.values.account_number}",
                    first.values.account_number if values.bin == first.values.bin else "",
                )
            ]
        found: list[Problem] = []
        for name in ("account_holder", "holder_name", "unit_kind"):
            if row.is_right(name):
                before: str = getattr(first.values, name)
                vi, en = f"như dòng {first.row} cùng đơn vị", f"as in row {first.row} of the same unit"
                found += _differs(name, getattr(values, name), before, vi, en)
        return found

    def _account_owner(self, row: Checked, key: str) -> list[Problem]:
        account = (row.values.bin, row.values.account_number)
        unit = self._known.units.get(key)
        owner = self._known.owners.get(account)
        shown = f"{row.values.bank} {row.values.account_number}"
        if owner is not None and (unit is None or owner != unit.organisation_id):
            return [taken_account(shown)]
        first = self._accounts.get(account)
        if first is not None and first[1] != key:
            return [
                _problem(
                    "account_number",
                    shown,
                    f"tài khoản của một đơn vị; dòng {first[0]} ghi tài khoản này cho đơn vị khác",
                    f"an account of one unit; row {first[0]} gives it to another unit",
                )
            ]
        return []


def taken_account(shown: str) -> Problem:
    """The problem of an account that is registered for another organisation of the city."""
    return _problem(
        "account_number",
        shown,
        "tài khoản chưa khai cho đơn vị khác; tài khoản này đã có đơn vị khác dùng",
        "an account that no other organisation has registered; this one is taken",
    )


def taken_number(row: Judged) -> Problem:
    """The problem of a row whose stall number went to another stall before it was applied."""
    return _problem(
        "stall_number",
        row.values.stall_number,
        "quầy chưa có đơn vị khác giữ; số này vừa có quầy khác dùng",
        "a stall that no other unit holds; this number was taken just now",
    )


def refused(row: Judged, problem: Problem) -> Judged:
    """A row that was good until somebody else was faster."""
    return replace(row, outcome=Outcome.WRONG, problems=(problem,), organisation_id=None, stall_id=None)


def _is_same(values: Values, unit: KnownUnit, stall: KnownStall) -> bool:
    return (
        (values.unit_name, values.unit_kind, values.holder_name) == (unit.name, unit.kind, unit.holder_name)
        and (values.bin, values.account_number) in unit.accounts
        and (values.stall_name, values.goods, values.section_code, values.relation, values.consent)
        == (stall.name, stall.goods, stall.section_code, stall.relation, stall.consent)
    )


def _differs(name: str, found: str, before: str, vi: str, en: str) -> list[Problem]:
    if search_key(found) == search_key(before):
        return []
    meant = WORDS.get(name, {}).get(before, before)
    return [_problem(name, found, f"{vi}: {meant}", f"{en}: {meant}", meant)]


def _problem(name: str, found: str, vi: str, en: str, suggestion: str = "") -> Problem:
    return Problem(name, found[:FOUND_LIMIT], vi, en, suggestion)
