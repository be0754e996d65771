"""A made-up city for its figures: streets, a market and a fair with owners great and small, and what they take."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.pilots.domain.figures import Block, Place, Raw
from services.pilots.domain.suppression import Shares
from services.pilots.domain.weeks import Week

_SPACE = uuid.UUID("6f0f2c86-3f5e-4b1e-8f3c-0b4ad1c2a7b1")


def made_up_id(*words: object) -> UUID:
    """The same id for the same words."""
    return uuid.uuid5(_SPACE, " ".join(map(str, words)))


@dataclass(frozen=True, slots=True)
class MadeUpStall:
    """A stall with its owner and block."""

    id: UUID
    owner: UUID
    block: UUID
    programme: UUID


@dataclass(slots=True)
class Take:
    """What one stall took on one day."""

    transfers: int
    payments: int
    cash: int


@dataclass(slots=True)
class MadeUpCity:
    """Places, stalls, and takings by week, stall and day; which stalls were active in each week."""

    places: list[Place]
    stalls: list[MadeUpStall]
    takes: dict[tuple[Week, UUID, date], Take] = field(default_factory=dict)
    active: dict[tuple[Week, UUID], bool] = field(default_factory=dict)

    def raw(self, week: Week) -> Raw:
        """The week as the store would read it."""
        transfers: dict[UUID, dict[UUID, tuple[int, ...]]] = {}
        cash: dict[UUID, dict[UUID, tuple[int, ...]]] = {}
        days: dict[date, dict[UUID, tuple[int, ...]]] = {}
        active: dict[UUID, dict[UUID, tuple[int, ...]]] = {}
        counts: dict[UUID, tuple[int, int]] = {}
        for stall in self.stalls:
            have = counts.get(stall.block, (0, 0))
            counts[stall.block] = (have[0] + 1, have[1] + 1)
            is_active = self.active[week, stall.id]
            _add(active, stall.block, stall.owner, (int(is_active), int(not is_active)))
            for day in week.days:
                take = self.takes[week, stall.id, day]
                _add(transfers, stall.block, stall.owner, (take.transfers, take.payments))
                _add(cash, stall.block, stall.owner, (take.cash,))
                _add(days, day, stall.owner, (take.transfers,))
        return Raw(counts, transfers, cash, active, days, {10: 500, 45: 3}, visits=7)


def _add(
    into: dict[UUID, dict[UUID, tuple[int, ...]]] | dict[date, dict[UUID, tuple[int, ...]]],
    key: UUID | date,
    owner: UUID,
    values: tuple[int, ...],
) -> None:
    shares: dict[UUID, tuple[int, ...]] = into.setdefault(key, {})  # type: ignore[arg-type]
    have = shares.get(owner, (0,) * len(values))
    shares[owner] = tuple(a + b for a, b in zip(have, values, strict=True))


def total(shares: Shares) -> int:
    """The sum in the first measure."""
    return sum(values[0] for values in shares.values())


def make_city(seed: int, weeks: list[Week]) -> MadeUpCity:
    """Two streets in two wards, a market and a fair; some blocks with few owners, some with one that takes most."""
    chance = random.Random(seed)
    plan = {
        ("street", "hung-vuong", "25195"): [9, 7, 4, 12],
        ("street", "le-duan", "25195"): [6, 2, 8],
        ("market", "cho", "25210"): [11, 5],
        ("fair", "hoi-cho", "25210"): [10, 3],
    }
    places, stalls = [], []
    for (kind, code, ward), sizes in plan.items():
        programme = made_up_id(code)
        blocks = []
        owners = [made_up_id(code, "owner", number) for number in range(sum(sizes))]
        for number, size in enumerate(sizes):
            block = made_up_id(code, number)
            blocks.append(Block(block, f"{number + 1}", f"Đoạn {number + 1}", number * 100, 0, 90, 40))
            for place in range(size):
                # Some owners hold a second stall, here or in another block.
                owner = chance.choice(owners[:6]) if chance.random() < 0.2 else owners.pop()
                stalls.append(MadeUpStall(made_up_id(code, number, place), owner, block, programme))
        places.append(
            Place(programme, kind, code, code, ward, f"Phường {ward}", date(2026, 1, 1), None, blocks)
        )
    city = MadeUpCity(places, stalls)
    for week in weeks:
        for stall in stalls:
            size = int(chance.paretovariate(1.1) * 100_000)
            is_open = chance.random() < 0.85
            city.active[week, stall.id] = is_open
            for day in week.days:
                city.takes[week, stall.id, day] = _take(chance, size, is_open=is_open)
    return city


def _take(chance: random.Random, size: int, *, is_open: bool) -> Take:
    if not is_open or chance.random() < 0.2:
        return Take(0, 0, 0)
    transfers = chance.randint(1, 2 * size)
    cash = chance.randint(0, size) if chance.random() < 0.4 else 0
    return Take(transfers, chance.randint(1, 60), cash)


def blocks_under(places: list[Place], kind: str, code: str, programme_code: str) -> Iterator[UUID]:
    """The blocks that a published row sums up."""
    for place in places:
        for block in place.blocks:
            if (
                kind == "total"
                or (kind == "ward" and place.ward_code == code)
                or (kind == "section" and (place.code, block.code) == (programme_code, code))
                or (kind == place.kind and place.code == code)
            ):
                yield block.id
