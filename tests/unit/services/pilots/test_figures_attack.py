"""An attack on everything that is published: linear programming says what each hidden number can be at most and at least.

The attacker knows which stalls there are, who holds them, that no taking is negative, all tables of all weeks, and may be
an owner who knows his own days. A number is protected if what it can be spans at least a tenth of what it is, and money
can be at least a tenth more than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from services.pilots.domain.figures import Published, Row, publish
from services.pilots.domain.suppression import PROTECTION_PERCENT, is_safe
from services.pilots.domain.weeks import DAYS, Week
from tests.support.pilot_city import MadeUpCity, blocks_under, make_city

WEEKS = [Week(date(2026, 11, 2 + DAYS * number)) for number in range(3)]
MONEY = ("transfers", "payments", "cash")
# What is unknown to the attacker: a measure of a stall on a day (of a week for cash and activity).
Unknown = tuple[str, Week, UUID, date | None]


@dataclass(frozen=True)
class Victim:
    """Something that nobody may find out: what it is called, and the unknowns that it sums up."""

    name: str
    unknowns: tuple[Unknown, ...]
    owner: UUID | None = None


@dataclass(frozen=True)
class Problem:
    """The equations of one piece: each unknown's column, the matrix, what stands on the right."""

    columns: dict[Unknown, int]
    matrix: Any
    values: Any


class Attacker:
    """Everything published as equations between unknowns."""

    def __init__(self, city: MadeUpCity, tables: list[Published]) -> None:
        self.city, self.tables = city, tables
        self.truth = {unknown: value for table in tables for unknown, value in _truth(city, table.week)}
        self.owner = {stall.id: stall.owner for stall in city.stalls}
        self.equations = [each for table in tables for each in self._equations(table)]
        self._piece_of = self._pieces()
        self._problems: dict[int, Problem] = {}

    def _equations(self, table: Published) -> Iterator[tuple[tuple[Unknown, ...], int]]:
        for row in table.rows:
            for measure, value in _cells(row).items():
                if value is not None:
                    yield tuple(self.under(table.week, row, measure)), value
        for cell in table.days:
            if cell.transfers is not None:
                day = tuple(("transfers", table.week, stall.id, cell.day) for stall in self.city.stalls)
                yield day, cell.transfers

    def under(self, week: Week, row: Row, measure: str) -> Iterator[Unknown]:
        """The unknowns that a cell sums up."""
        blocks = set(blocks_under(self.city.places, row.kind, row.code, row.programme_code))
        for stall in self.city.stalls:
            if stall.block in blocks:
                yield from _unknowns(measure, week, stall.id)

    def is_below(self, unknowns: Iterable[Unknown]) -> bool:
        """True if the sum of these is below the rule: it may not be shown, and has to be kept from being found out."""
        shares: dict[UUID, tuple[int, ...]] = {}
        for each in unknowns:
            value = self.truth[each]
            pair = (value, 1 - value) if each[0] == "active" else (value,)
            have = shares.get(self.owner[each[2]], (0,) * len(pair))
            shares[self.owner[each[2]]] = tuple(a + b for a, b in zip(have, pair, strict=True))
        return not is_safe(shares)

    def _pieces(self) -> dict[Unknown, int]:
        """Unknowns that no chain of equations joins say nothing of each other: each piece is a problem of its own."""
        piece: dict[Unknown, int] = {}
        members: dict[int, list[Unknown]] = {}
        for number, (unknowns, _) in enumerate(self.equations):
            joined = [number]
            for old in {piece[each] for each in unknowns if each in piece}:
                joined.append(old)
            members[number] = [each for old in joined for each in members.pop(old, [])]
            members[number] += [each for each in unknowns if each not in piece]
            for each in members[number]:
                piece[each] = number
        return piece

    def bounds(self, victim: Victim, knows: UUID | None) -> tuple[float, float]:
        """The least and the most that the victim's sum can be, for somebody who knows one owner's days."""
        low = high = 0.0
        pieces: dict[int, list[Unknown]] = {}
        for unknown in victim.unknowns:
            if unknown in self._piece_of:
                pieces.setdefault(self._piece_of[unknown], []).append(unknown)
            else:
                # Nothing published touches it.
                high += 1 if unknown[0] == "active" else np.inf
        for piece, wanted in pieces.items():
            least, most = self._solve(piece, wanted, knows)
            low, high = low + least, high + most
        return low, high

    def _solve(self, piece: int, wanted: list[Unknown], knows: UUID | None) -> tuple[float, float]:
        problem = self._problem(piece)
        # Đồng are counted by the million, so that the solver's tolerances are small beside them.
        scale = 1e-6 if wanted[0][0] in ("transfers", "cash") else 1.0
        limits = []
        for each in problem.columns:
            if knows is not None and self.owner[each[2]] == knows:
                limits.append((self.truth[each] * scale, self.truth[each] * scale))
            else:
                limits.append((0, 1 if each[0] == "active" else None))
        aim = np.zeros(len(problem.columns))
        aim[[problem.columns[each] for each in wanted]] = 1
        found = []
        for sign in (1, -1):
            answer = linprog(
                sign * aim,
                A_eq=problem.matrix,
                b_eq=problem.values * scale,
                bounds=limits,
                method="highs",
            )
            assert answer.status in (0, 3), answer.message
            found.append(sign * answer.fun / scale if answer.status == 0 else -sign * np.inf)
        return found[0], found[1]

    def _problem(self, piece: int) -> Problem:
        if piece not in self._problems:
            members = [each for each, number in self._piece_of.items() if number == piece]
            columns = {each: at for at, each in enumerate(members)}
            rows = [(us, value) for us, value in self.equations if self._piece_of[us[0]] == piece]
            at = [(number, columns[each]) for number, (us, _) in enumerate(rows) for each in us]
            matrix = csr_matrix(
                (np.ones(len(at)), tuple(zip(*at, strict=True))), shape=(len(rows), len(columns))
            )
            self._problems[piece] = Problem(columns, matrix, np.array([value for _, value in rows]))
        return self._problems[piece]


def _cells(row: Row) -> dict[str, int | None]:
    cells = row.cells
    return {
        "transfers": cells.transfers,
        "payments": cells.payments,
        "cash": cells.cash,
        "active": cells.active,
    }


def _unknowns(measure: str, week: Week, stall: UUID) -> list[Unknown]:
    if measure in ("transfers", "payments"):
        return [(measure, week, stall, day) for day in week.days]
    return [(measure, week, stall, None)]


def _truth(city: MadeUpCity, week: Week) -> Iterable[tuple[Unknown, int]]:
    for stall in city.stalls:
        takes = {day: city.takes[week, stall.id, day] for day in week.days}
        for day, take in takes.items():
            yield ("transfers", week, stall.id, day), take.transfers
            yield ("payments", week, stall.id, day), take.payments
        yield ("cash", week, stall.id, None), sum(take.cash for take in takes.values())
        yield ("active", week, stall.id, None), int(city.active[week, stall.id])


def victims(attacker: Attacker) -> Iterator[Victim]:
    """Every hidden cell that is below the rule, every owner and every stall of every week."""
    for table in attacker.tables:
        for row in table.rows:
            for measure, value in _cells(row).items():
                unknowns = tuple(attacker.under(table.week, row, measure))
                if value is None and attacker.is_below(unknowns):
                    yield Victim(f"{measure} of {row.kind} {row.programme_code} {row.code}", unknowns)
        for cell in table.days:
            day = tuple(("transfers", table.week, stall.id, cell.day) for stall in attacker.city.stalls)
            if cell.transfers is None and attacker.is_below(day):
                yield Victim(f"transfers of {cell.day}", day)
        stalls: dict[UUID, list[UUID]] = {}
        for stall in attacker.city.stalls:
            stalls.setdefault(stall.owner, []).append(stall.id)
        for owner, held in stalls.items():
            for measure in ("transfers", "cash", "active"):
                for part in [held] if len(held) == 1 else [held, *([each] for each in held)]:
                    unknowns = [each for id in part for each in _unknowns(measure, table.week, id)]
                    yield Victim(f"{measure} of {len(part)} stalls of one owner", tuple(unknowns), owner)


def rivals(attacker: Attacker, victim: Victim) -> list[UUID | None]:
    """The two owners who know most of what lies beside the victim; whoever knows less finds out no more."""
    piece = {attacker._piece_of[each] for each in victim.unknowns if each in attacker._piece_of}
    blocks = {stall.id: stall.block for stall in attacker.city.stalls}
    near = {blocks[each[2]] for each in victim.unknowns}
    sums: dict[UUID, int] = {}
    for each, number in attacker._piece_of.items():
        owner = attacker.owner[each[2]]
        if number in piece and blocks[each[2]] in near and owner != victim.owner:
            sums[owner] = sums.get(owner, 0) + attacker.truth[each]
    return sorted(sums, key=lambda owner: -sums[owner])[:2] or [None]


def found_out(attacker: Attacker) -> Iterator[str]:
    """What is not protected, with its bounds."""
    for victim in victims(attacker):
        for knows in rivals(attacker, victim):
            true = sum(attacker.truth[each] for each in victim.unknowns)
            own = sum(attacker.truth[each] for each in victim.unknowns if attacker.owner[each[2]] == knows)
            low, high = attacker.bounds(victim, knows)
            assert low <= true * (1 + 1e-6) + 1e-3
            assert high >= true * (1 - 1e-6) - 1e-3
            # A rival's own part of a cell is no secret to him.
            needed = PROTECTION_PERCENT / 100 * (true - own) * (1 - 1e-6)
            is_count = victim.unknowns[0][0] == "active"
            if high - low < max(needed, 1e-6) or (not is_count and high - true < needed):
                yield f"{victim.name}: {low} to {high}, is {true}, knows {knows}"


def attack(seed: int, **options: Any) -> Iterator[str]:
    """What the attack finds out about a made-up city."""
    city = make_city(seed, WEEKS)
    tables = [publish(week, "2025", city.places, city.raw(week), **options) for week in WEEKS]
    return found_out(Attacker(city, tables))


@pytest.mark.parametrize("seed", [1, 2])
def test_no_hidden_number_is_found_out(seed: int) -> None:
    """From all tables of three weeks nobody reckons a hidden cell, an owner or a stall."""
    assert list(attack(seed)) == []


def test_the_attack_finds_what_the_rule_alone_gives_away() -> None:
    """The same attack succeeds where only cells below the rule are hidden: it would notice."""
    assert next(attack(1, secondary=False), "") != ""


def test_enough_is_shown_to_be_worth_it() -> None:
    """Streets, wards and the city mostly keep their sums; it is blocks that are hidden."""
    city = make_city(1, WEEKS)
    rows = [row for week in WEEKS for row in publish(week, "2025", city.places, city.raw(week)).rows]
    large = [row for row in rows if row.kind != "section"]
    assert sum(row.cells.transfers is not None for row in large) * 3 > len(large) * 2
    assert any(row.kind == "section" and row.cells.transfers is not None for row in rows)
