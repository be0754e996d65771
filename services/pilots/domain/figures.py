"""From what stalls took to what is published: the declared tables of one week, suppressed here and never again.

Three trees are suppressed each by itself, as no number of one follows from another: transfers (with their count), cash, and
the stalls that took a payment in thirty days. The seven days of the city divide the same money as the places do, so their
root is the city's row: where either hides it, neither shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from services.pilots.domain import feeds
from services.pilots.domain.holidays import holidays
from services.pilots.domain.suppression import Shares, Tree, shown
from services.pilots.domain.weeks import Week

PLACES: Final = "places"
DAYS: Final = "days"
SERVICE: Final = "service"
CITY: Final = "city"
LEAST_VISITS: Final = 5


@dataclass(frozen=True, slots=True)
class Block:
    """A section of a programme, on the schematic."""

    id: UUID
    code: str
    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """A programme with its blocks and the ward it is reported under (code and name in the week's ward set)."""

    id: UUID
    kind: str
    code: str
    name: str
    ward_code: str
    ward_name: str
    start_date: date
    end_date: date | None
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Raw:
    """What a week is made of, by block and owner. It never leaves the transaction of the roll-up."""

    # Block → stalls registered, stalls with a board.
    stalls: Mapping[UUID, tuple[int, int]]
    # Block → owner → (đồng of transfers, how many).
    transfers: Mapping[UUID, Shares]
    # Block → owner → (đồng of cash,).
    cash: Mapping[UUID, Shares]
    # Block → owner → (stalls that took a payment in thirty days, stalls that did not).
    active: Mapping[UUID, Shares]
    # Day → owner → (đồng of transfers,).
    days: Mapping[date, Shares]
    # Bucket of the delay's histogram → credits.
    delays: Mapping[int, int]
    visits: int


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's figures; None is suppressed."""

    stalls: int
    with_qr: int
    active: int | None
    transfers: int | None
    payments: int | None
    cash: int | None

    @property
    def takings(self) -> int | None:
        """Transfers and cash; None unless both are shown."""
        return None if self.transfers is None or self.cash is None else self.transfers + self.cash

    @property
    def share_permille(self) -> int | None:
        """Thousandths of the takings that were not cash, rounded down; None where there is nothing to divide by."""
        takings = self.takings
        return None if not takings or self.transfers is None else self.transfers * 1000 // takings


@dataclass(frozen=True, slots=True)
class Row:
    """One place of a week with its figures, as it is stored. `code` is unique within its kind and programme."""

    kind: str
    code: str
    name: str
    programme_code: str
    cells: Cells
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the city; `note` names a holiday or the fair."""

    day: date
    transfers: int | None
    note: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """How banks and volunteers did in a week; None is suppressed or not known."""

    median_ms: int | None
    # Thousandths of a per cent of credits that were told within a minute.
    told_share: int | None
    visits: int | None


@dataclass(frozen=True, slots=True)
class Published:
    """The tables of one week, as they are stored."""

    week: Week
    ward_set: str
    rows: tuple[Row, ...]
    days: tuple[DayCell, ...]
    service: Service


@dataclass(slots=True)
class _Forest:
    """The tree of places, whichever leaves hang on it."""

    parents: dict[str, str] = field(default_factory=dict)
    leaf_of: dict[UUID, str] = field(default_factory=dict)

    def tree(self, shares: Mapping[UUID, Shares]) -> Tree:
        return Tree(self.parents, {leaf: shares.get(id, {}) for id, leaf in self.leaf_of.items()})


def publish(
    week: Week, ward_set: str, places: Sequence[Place], raw: Raw, *, secondary: bool = True
) -> Published:
    """Suppress a week. Without `secondary` only the rule for single cells is kept: for tests that show why it is not
    enough.
    """
    forest = _forest(places)
    money_tree, days_tree = forest.tree(raw.transfers), _days_tree(week, raw.days)
    owners_of_cash, owners_of_transfers = _owners(forest, raw.cash), _owners(forest, raw.transfers)
    money = shown(money_tree, secondary=secondary)
    days = shown(days_tree, secondary=secondary)
    if secondary and not (CITY in money and CITY in days):
        money, days = shown(money_tree, hide_root=True), frozenset()
    cash = {
        node
        for node in shown(forest.tree(raw.cash), secondary=secondary)
        if _is_kept(node, owners_of_cash, owners_of_transfers)
    }
    active = shown(forest.tree(raw.active), secondary=secondary)
    sums = {
        "stalls": _totals(forest, {id: [pair] for id, pair in raw.stalls.items()}),
        "transfers": _totals(forest, _values(raw.transfers)),
        "cash": _totals(forest, _values(raw.cash)),
        "active": _totals(forest, _values(raw.active)),
    }

    def cells(node: str) -> Cells:
        stalls, with_qr = sums["stalls"].get(node, (0, 0))
        transfers, payments = sums["transfers"].get(node, (0, 0)) if node in money else (None, None)
        return Cells(
            stalls=stalls,
            with_qr=with_qr,
            active=sums["active"][node][0] if node in active else None,
            transfers=transfers,
            payments=payments,
            cash=sums["cash"][node][0] if node in cash else None,
        )

    return Published(
        week,
        ward_set,
        tuple(_rows(places, cells)),
        tuple(_day_cells(week, places, raw.days, days)),
        _service(raw, is_open=CITY in money),
    )


def _node(kind: str, *codes: str) -> str:
    return ":".join((kind, *codes))


def _forest(places: Sequence[Place]) -> _Forest:
    forest = _Forest({CITY: ""})
    for place in places:
        ward, programme = _node("ward", place.ward_code), _node("programme", place.code)
        forest.parents[ward] = CITY
        forest.parents[programme] = ward
        for block in place.blocks:
            leaf = _node("section", place.code, block.code)
            forest.parents[leaf] = programme
            forest.leaf_of[block.id] = leaf
    return forest


def _days_tree(week: Week, days: Mapping[date, Shares]) -> Tree:
    parents = {CITY: ""} | {day.isoformat(): CITY for day in week.days}
    return Tree(parents, {day.isoformat(): days.get(day, {}) for day in week.days})


def _values(by_block: Mapping[UUID, Shares]) -> dict[UUID, Iterable[tuple[int, ...]]]:
    return {block: shares.values() for block, shares in by_block.items()}


def _owners(forest: _Forest, by_block: Mapping[UUID, Shares]) -> dict[str, set[Any]]:
    """Who brought something, by node."""
    found: dict[str, set[Any]] = {}
    tree = forest.tree({})
    for block, leaf in forest.leaf_of.items():
        some = {owner for owner, values in by_block.get(block, {}).items() if values[0] > 0}
        for node in tree.above(leaf):
            found.setdefault(node, set()).update(some)
    return found


def _is_kept(node: str, of_cash: Mapping[str, set[Any]], of_transfers: Mapping[str, set[Any]]) -> bool:
    """True if at least half of those who took transfers enter their cash too: a share of the rest would be no share.

    Hiding more than suppression asks for never gives anything away: groups only join.
    """
    takers = of_transfers.get(node, set())
    return 2 * len(of_cash.get(node, set()) & takers) >= len(takers)


def _totals(
    forest: _Forest, by_block: Mapping[UUID, Iterable[tuple[int, ...]]]
) -> dict[str, tuple[int, ...]]:
    """Sums of every node."""
    totals: dict[str, tuple[int, ...]] = {}
    tree = forest.tree({})
    for block, leaf in forest.leaf_of.items():
        for values in by_block.get(block, ()):
            for node in tree.above(leaf):
                have = totals.get(node, (0,) * len(values))
                totals[node] = tuple(a + b for a, b in zip(have, values, strict=True))
    return totals


def _rows(places: Sequence[Place], cells: Any) -> Iterable[Row]:
    for place in places:
        yield Row(place.kind, place.code, place.name, place.code, cells(_node("programme", place.code)))
        for block in place.blocks:
            yield Row(
                "section",
                block.code,
                block.name,
                place.code,
                cells(_node("section", place.code, block.code)),
                (block.x, block.y, block.width, block.height),
            )
    wards = {place.ward_code: place.ward_name for place in places}
    for code, name in sorted(wards.items()):
        yield Row("ward", code, name, "", cells(_node("ward", code)))
    yield Row("total", CITY, "", "", cells(CITY))


def _day_cells(
    week: Week, places: Sequence[Place], days: Mapping[date, Shares], seen: frozenset[str]
) -> Iterable[DayCell]:
    for day in week.days:
        total = sum(values[0] for values in days.get(day, {}).values())
        note, note_en = _note(day, places)
        yield DayCell(day, total if day.isoformat() in seen else None, note, note_en)


def _note(day: date, places: Sequence[Place]) -> tuple[str, str]:
    """What was special about a day: a holiday, or a fair; fairs that last longer than a week are none."""
    holiday = holidays().get(day)
    if holiday is not None:
        return holiday.vi, holiday.en
    for place in places:
        is_short = place.end_date is not None and (place.end_date - place.start_date).days < 7
        if place.kind == "fair" and is_short and place.start_date <= day <= (place.end_date or day):
            return place.name, place.name
    return "", ""


def _service(raw: Raw, *, is_open: bool) -> Service:
    """Medians are over everybody's credits: they are shown where the city's own sum may be."""
    credits = sum(raw.delays.values())
    in_time = sum(count for bucket, count in raw.delays.items() if bucket <= feeds.LAST_IN_TIME)
    is_known = is_open and credits > 0
    return Service(
        median_ms=feeds.median_ms(raw.delays) if is_known else None,
        told_share=in_time * 100_000 // credits if is_known else None,
        visits=raw.visits if raw.visits == 0 or raw.visits >= LEAST_VISITS else None,
    )
