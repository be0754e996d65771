"""The made-up streets and the fair: blocks on a schematic, traders, what they sell and how well it goes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kit.text import fold_upper
from sandbox.city.people import People
from sandbox.city.schools import SANDBOX_BIN

# A second bank that exists nowhere either, and is late with its news.
LATE_BIN: Final = "970498"
# Goods, and what one buys of them: from, to, in steps of (đồng).
_GOODS: Final = (
    ("Rau củ", 5_000, 60_000, 1_000), ("Trái cây", 20_000, 180_000, 5_000), ("Thịt heo", 40_000, 220_000, 5_000),
    ("Cá tươi", 30_000, 200_000, 5_000), ("Bánh mì, xôi", 10_000, 35_000, 5_000), ("Cà phê, nước mía", 12_000, 45_000, 1_000),
    ("Bún, phở", 30_000, 120_000, 5_000), ("Quần áo", 80_000, 450_000, 10_000), ("Giày dép", 70_000, 380_000, 10_000),
    ("Đồ gia dụng", 15_000, 300_000, 5_000), ("Hạt điều Bình Phước", 90_000, 520_000, 10_000),
    ("Hoa tươi", 20_000, 250_000, 10_000), ("Văn phòng phẩm", 5_000, 90_000, 1_000), ("Phụ kiện điện thoại", 30_000, 350_000, 10_000),
)  # fmt: skip
# Blocks on one sheet, not to scale: x, y, width, height, and how many stalls. Hùng Vương runs across, Lê Duẩn down from
# it, and the fair stands in the corner between them.
_HUNG_VUONG: Final = (
    (0, 10, 290, 52, 12), (302, 10, 282, 52, 11), (676, 10, 160, 52, 10), (848, 10, 152, 52, 9),
    (0, 136, 290, 52, 8), (302, 136, 282, 52, 6), (676, 136, 160, 52, 5), (848, 136, 152, 52, 3),
)  # fmt: skip
_LE_DUAN: Final = (
    (428, 206, 164, 68, 11), (428, 284, 164, 68, 10), (428, 362, 164, 68, 9), (428, 440, 164, 68, 8),
    (668, 206, 332, 94, 7), (668, 312, 332, 94, 7), (668, 418, 332, 90, 4),
)  # fmt: skip
_FAIR: Final = (
    (20, 254, 340, 36, 6), (20, 304, 340, 36, 6), (20, 354, 340, 36, 6), (20, 404, 340, 36, 6), (20, 454, 340, 36, 6),
)  # fmt: skip
_RELATIONS: Final = (("vợ/chồng", "spouse"), ("con", "child"), ("cha mẹ", "parent"), ("khác", "other"))


@dataclass(frozen=True, slots=True)
class MadeUpTrader:
    """A household or firm with its one account."""

    name: str
    kind: str
    holder: str
    phone: str
    bin: str
    account: str
    account_holder: str
    relation: str
    consent: str


@dataclass(frozen=True, slots=True)
class MadeUpStall:
    """A stall; `custom` is about how many people pay by bank on a day (in hundredths), 0: it has a QR that nobody uses."""

    number: str
    section: str
    name: str
    goods: str
    trader: MadeUpTrader
    custom: int
    least: int
    most: int
    step: int

    def price(self, chance: random.Random) -> int:
        """What one customer pays (đồng)."""
        return chance.randrange(self.least, self.most + self.step, self.step)


@dataclass(frozen=True, slots=True)
class MadeUpSection:
    """A block on the schematic, and how many stalls it has."""

    code: str
    name: str
    x: int
    y: int
    width: int
    height: int
    stalls: int


@dataclass(frozen=True, slots=True)
class MadeUpProgramme:
    """A street or the fair as the demo makes it."""

    kind: str
    code: str
    name: str
    ward_code: str
    start_date: date
    end_date: date | None
    style: str
    sections: tuple[MadeUpSection, ...]
    stalls: tuple[MadeUpStall, ...]


def make_programmes(seed: int, today: date, fair_from: date) -> list[MadeUpProgramme]:
    """Hùng Vương (64 stalls), Lê Duẩn (56) and the fair (30 stalls of 25 units); the same for the same seed.

    Some blocks have fewer than five traders, so that their figures are nobody's to see.
    """
    chance = random.Random(f"{seed}/stalls")
    makers = _Makers(chance)
    first = today - timedelta(days=120)
    hung_vuong = _blocks("HV", "Đoạn", _HUNG_VUONG)
    le_duan = _blocks("LD", "Đoạn", _LE_DUAN)
    rows = _blocks("R", "Dãy", _FAIR)
    one = makers.street(hung_vuong, late=0)
    other = makers.street(le_duan, late=14)
    return [
        MadeUpProgramme(
            "street", "hung-vuong", "Đường Hùng Vương", "25195", first, None, "titled", hung_vuong, one
        ),
        MadeUpProgramme(
            "street", "le-duan", "Đường Lê Duẩn", "25210", first, None, "other_words", le_duan, other
        ),
        MadeUpProgramme(
            "fair",
            "hoi-cho-khong-tien-mat",
            "Hội chợ không tiền mặt",
            "25195",
            fair_from,
            today + timedelta(days=3),
            "plain",
            rows,
            makers.fair(rows, [stall.trader for stall in (*one[:5], *other[20:25])]),
        ),
    ]


def _blocks(
    prefix: str, word: str, drawn: Sequence[tuple[int, int, int, int, int]]
) -> tuple[MadeUpSection, ...]:
    return tuple(
        MadeUpSection(f"{prefix}{place}", f"{word} {place}", *block) for place, block in enumerate(drawn, 1)
    )


class _Makers:
    """Makes traders and stalls, each trader with a telephone and an account of its own."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._people = chance, People(chance)
        self._number = 0

    def street(self, sections: Sequence[MadeUpSection], *, late: int) -> tuple[MadeUpStall, ...]:
        """A stall a trader; every `late`-th has its account at the late bank (0: none)."""
        places = _places(sections)
        return tuple(
            self._stall(number, section, self._trader(LATE_BIN if late and place % 4 == 0 else SANDBOX_BIN))
            for place, (number, section) in enumerate(places, 1)
        )

    def fair(
        self, sections: Sequence[MadeUpSection], of_streets: Sequence[MadeUpTrader]
    ) -> tuple[MadeUpStall, ...]:
        """Thirty stalls of 25 units: the traders of the streets, fifteen others, and five of them with two stalls."""
        traders = [*of_streets, *(self._trader(SANDBOX_BIN) for _ in range(15))]
        holders = [*traders, *traders[10:15]]
        return tuple(
            self._stall(number, section, trader)
            for (number, section), trader in zip(_places(sections), holders, strict=True)
        )

    def _trader(self, bin: str) -> MadeUpTrader:
        self._number += 1
        holder = self._people.name(is_girl=self._chance.random() < 0.7)
        is_firm = self._number % 15 == 0
        name = f"Công ty TNHH {holder.rpartition(' ')[2]} Phát {self._number}" if is_firm else f"Hộ {holder}"
        owner, relation, consent = holder, "bản thân", ""
        if not is_firm and self._number % 6 == 0:
            relation = _RELATIONS[self._number // 6 % len(_RELATIONS)][0]
            owner = self._people.name(is_girl=self._chance.random() < 0.3)
            consent = f"{owner} đồng ý cho nhận tiền bán hàng"
        return MadeUpTrader(
            name=name,
            kind="doanh nghiệp" if is_firm else "hộ",
            holder=holder,
            phone=f"0900{self._number:06}",
            bin=bin,
            account=f"90330000{self._number:05}",
            account_holder=fold_upper(name if is_firm else owner),
            relation=relation,
            consent=consent,
        )

    def _stall(self, number: str, section: str, trader: MadeUpTrader) -> MadeUpStall:
        goods, least, most, step = self._chance.choice(_GOODS)
        given = trader.holder.rpartition(" ")[2]
        name = f"{goods.partition(',')[0]} {'Cô' if self._chance.random() < 0.6 else 'Chú'} {given}"
        # One in eight has a code that nobody uses; the rest differ as stalls do.
        custom = 0 if self._chance.random() < 0.12 else self._chance.randrange(30, 150)
        return MadeUpStall(number, section, name, goods, trader, custom, least, most, step)


def _places(sections: Sequence[MadeUpSection]) -> Iterator[tuple[str, str]]:
    number = 0
    for section in sections:
        for _ in range(section.stalls):
            number += 1
            yield f"{number:02}", section.code
