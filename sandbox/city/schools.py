"""The six made-up schools: classes, pupils, receiving accounts and what they collect this month."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sandbox.city.people import MadeUpPupil, People

# The sandbox bank's own BIN: no bank in Viet Nam has it, so a demo code can never move real money.
SANDBOX_BIN: Final = "970499"


@dataclass(frozen=True, slots=True)
class MadeUpItem:
    """A fee item: `price` × `quantity_milli`/1000 for everybody, or (price 0) an amount per pupil from the list."""

    title: str
    kind: str
    price: int
    quantity_milli: int
    unit: str
    to_second_account: bool = False
    share: float = 1.0
    per_pupil_prices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeUpClass:
    """One class with its pupils."""

    name: str
    pupils: tuple[MadeUpPupil, ...]


@dataclass(frozen=True, slots=True)
class MadeUpSchool:
    """One school as the demo enrols it."""

    code: str
    name: str
    holder: str
    ward_code: str
    address: str
    phone: str
    budget_code: str
    account: str
    second_account: str
    provider: str
    style: str
    classes: tuple[MadeUpClass, ...]
    items: tuple[MadeUpItem, ...] = field(default=())

    @property
    def pupils(self) -> int:
        """How many pupils it has."""
        return sum(len(entry.pupils) for entry in self.classes)


_MEALS: Final = MadeUpItem(
    "Tiền ăn bán trú", "AN", 0, 1000, "tháng", per_pupil_prices=(660_000, 630_000, 600_000, 570_000)
)
_CARE: Final = MadeUpItem("Chăm sóc bán trú", "BT", 280_000, 1000, "tháng")
_WATER: Final = MadeUpItem("Nước uống", "NU", 12_000, 1000, "tháng")
_CLEANING: Final = MadeUpItem("Vệ sinh lớp học", "VS", 20_000, 1000, "tháng")
_INSURANCE: Final = MadeUpItem(
    "Bảo hiểm y tế học sinh 12 tháng",
    "BHYT",
    0,
    1000,
    "năm",
    to_second_account=True,
    per_pupil_prices=(683_100, 0),
)

# code, name, ward, grades (name, birth year back), classes a grade, pupils a class, provider, layout, items
_PLANS: Final = (
    ("mn-son-ca", "Trường Mầm non Sơn Ca", "25195", (("Mầm", 3), ("Chồi", 4), ("Lá", 5)), 3, 27, "sepay", "plain",
     (_MEALS, _CARE, _WATER)),
    ("th-hoa-mai", "Trường Tiểu học Hoa Mai", "25195", (("1", 6), ("2", 7), ("3", 8), ("4", 9), ("5", 10)), 4, 33,
     "sepay", "titled", (_MEALS, _CARE, _WATER, _INSURANCE)),
    ("th-suoi-cam", "Trường Tiểu học Suối Cam", "25210", (("1", 6), ("2", 7), ("3", 8), ("4", 9), ("5", 10)), 3, 31,
     "xoai", "text_money", (_MEALS, _CARE, _WATER)),
    ("thcs-binh-minh", "Trường THCS Bình Minh", "25195", (("6", 11), ("7", 12), ("8", 13), ("9", 14)), 4, 38,
     "casso_v2", "split_names", (_WATER, _CLEANING, _INSURANCE)),
    ("thcs-rang-dong", "Trường THCS Rạng Đông", "25210", (("6", 11), ("7", 12), ("8", 13), ("9", 14)), 3, 35,
     "payos", "plain", (_WATER, _CLEANING)),
    ("thpt-anh-duong", "Trường THPT Ánh Dương", "25210", (("10", 15), ("11", 16), ("12", 17)), 5, 40, "vietqrvn",
     "titled", (_WATER, _CLEANING, _INSURANCE)),
)  # fmt: skip


def make_schools(seed: int, today: date) -> list[MadeUpSchool]:
    """The six schools of the demo city, about 3,000 pupils; the same for the same seed and year."""
    chance = random.Random(seed)
    people = People(chance)
    return [_school(number, plan, people, today) for number, plan in enumerate(_PLANS, start=1)]


def _school(number: int, plan: tuple, people: People, today: date) -> MadeUpSchool:  # type: ignore[type-arg]
    code, name, ward, grades, per_grade, size, provider, style, items = plan
    year = today.year if today.month >= 8 else today.year - 1
    counter = 0
    classes = []
    for grade, age in grades:
        for letter in range(per_grade):
            label = f"{grade} {letter + 1}" if not grade.isdigit() else f"{grade}{chr(ord('A') + letter)}"
            pupils = []
            for _ in range(size):
                counter += 1
                pupils.append(people.pupil(code=f"{number:02d}{year % 100}{counter:04d}", born_in=year - age))
            classes.append(MadeUpClass(label, tuple(pupils)))
    return MadeUpSchool(
        code=code,
        name=name,
        holder=_holder(name),
        ward_code=ward,
        address=f"{number * 12} đường số {number}, phường {'Bình Phước' if ward == '25195' else 'Đồng Xoài'}",
        phone=f"0271 000 {1100 + number}",
        budget_code=f"10{number:05d}",
        account=f"90210000{11000 + number}",
        second_account=f"90210000{22000 + number}",
        provider=provider,
        style=style,
        classes=tuple(classes),
        items=items,
    )


def _holder(name: str) -> str:
    from kit.text import fold_upper

    return fold_upper(name)
