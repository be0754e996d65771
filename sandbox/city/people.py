"""Made-up people: names in the proportions that Vietnamese class lists have, birth dates, telephone numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_FAMILIES: Final = (
    ("Nguyễn", 38), ("Trần", 12), ("Lê", 10), ("Phạm", 7), ("Hoàng", 5), ("Huỳnh", 5), ("Phan", 4), ("Vũ", 4),
    ("Võ", 3), ("Đặng", 3), ("Bùi", 2), ("Đỗ", 2), ("Hồ", 2), ("Ngô", 1), ("Dương", 1), ("Điểu", 2), ("Thị", 1),
)  # fmt: skip
_GIRLS_MIDDLE: Final = (
    "Thị",
    "Ngọc",
    "Bảo",
    "Khánh",
    "Minh",
    "Thanh",
    "Gia",
    "Phương",
    "Thảo",
    "Ngọc Bảo",
    "Thị Mỹ",
)
_GIRLS: Final = (
    "An", "Anh", "Ánh", "Châu", "Chi", "Diễm", "Dung", "Giang", "Hà", "Hân", "Hằng", "Hiền", "Hoa", "Huyền", "Hương",
    "Khuê", "Lan", "Linh", "Ly", "Mai", "My", "Ngân", "Ngọc", "Nhi", "Như", "Oanh", "Phượng", "Quyên", "Quỳnh",
    "Thảo", "Thơ", "Thư", "Thúy", "Thủy", "Tiên", "Trâm", "Trang", "Trinh", "Tuyết", "Uyên", "Vân", "Vy", "Xuân", "Yến", "Ý",
)  # fmt: skip
_BOYS_MIDDLE: Final = (
    "Văn",
    "Minh",
    "Gia",
    "Quốc",
    "Đức",
    "Hữu",
    "Tuấn",
    "Thành",
    "Anh",
    "Hoàng",
    "Nhật",
    "Quang",
)
_BOYS: Final = (
    "An", "Bảo", "Bình", "Cường", "Dũng", "Duy", "Đạt", "Đăng", "Đức", "Hải", "Hậu", "Hiếu", "Hoàng", "Huy", "Hưng",
    "Khang", "Khánh", "Khoa", "Khôi", "Kiên", "Kiệt", "Lâm", "Long", "Lộc", "Minh", "Nam", "Nghĩa", "Nguyên", "Nhân",
    "Phát", "Phong", "Phú", "Phúc", "Quân", "Quý", "Sang", "Sơn", "Tài", "Tân", "Thịnh", "Thiện", "Trí", "Trung", "Tú",
    "Tùng", "Vinh", "Vũ",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MadeUpPupil:
    """One made-up pupil."""

    full_name: str
    sex: str
    birth_date: date
    phone: str
    code: str
    ministry_code: str


class People:
    """A stream of made-up people from one random generator."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def pupil(self, *, code: str, born_in: int) -> MadeUpPupil:
        """A pupil born in a year, with codes of its own."""
        is_girl = self._chance.random() < 0.49
        first_day = date(born_in, 1, 1)
        return MadeUpPupil(
            full_name=self.name(is_girl=is_girl),
            sex="Nữ" if is_girl else "Nam",
            birth_date=first_day + timedelta(days=self._chance.randrange(364)),
            phone=f"09{self._chance.randrange(10_000_000, 99_999_999)}",
            code=code,
            ministry_code=f"{self._chance.randrange(7_000_000_000, 7_999_999_999)}",
        )

    def name(self, *, is_girl: bool) -> str:
        """Family, middle and given name."""
        family = self._chance.choices([name for name, _ in _FAMILIES], [weight for _, weight in _FAMILIES])[0]
        middle = self._chance.choice(_GIRLS_MIDDLE if is_girl else _BOYS_MIDDLE)
        return f"{family} {middle} {self._chance.choice(_GIRLS if is_girl else _BOYS)}"
