"""What a reading of a list gives: rows with their outcome, and each problem in Vietnamese and English."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Outcome = Literal["ok", "wrong"]

# reason → what was expected, in Vietnamese and in English; `{name}` is filled from the values of the cell's reader.
EXPECTED: dict[str, tuple[str, str]] = {
    "NAME_MISSING": ("Họ và tên học sinh", "The pupil's full name"),
    "NAME_NOT_TEXT": ("Họ và tên viết bằng chữ", "A name written in letters"),
    "NAME_TOO_LONG": ("Họ và tên không quá {limit} ký tự", "A name of at most {limit} characters"),
    "CLASS_MISSING": ("Tên lớp, ví dụ 3A", "The class, for example 3A"),
    "CLASS_NOT_TEXT": (
        "Tên lớp dạng chữ, ví dụ 6/1 hoặc 6A1 (Excel đã đổi thành ngày hoặc số lẻ)",
        "The class as text, for example 6/1 or 6A1 (Excel turned it into a date or a number)",
    ),
    "CLASS_TOO_LONG": ("Tên lớp không quá {limit} ký tự", "A class of at most {limit} characters"),
    "DATE_NOT_REAL": ("Ngày có thật", "A day that exists"),
    "DATE_FORM": ("Ngày/tháng/năm, ví dụ 05/09/2015", "Day/month/year, for example 05/09/2015"),
    "DATE_FUTURE": ("Ngày sinh không sau ngày {today}", "A birth date not after {today}"),
    "DATE_TOO_OLD": ("Ngày sinh từ năm {year} trở đi", "A birth date from {year} on"),
    "SEX_UNKNOWN": ("Nam hoặc Nữ", "Nam (male) or Nữ (female)"),
    "SEX_BOTH": ("Chỉ đánh dấu một ô, Nam hoặc Nữ", "Only one mark, Nam (male) or Nữ (female)"),
    "PHONE_FORM": (
        "Số điện thoại Việt Nam đủ số, ví dụ 0912345678",
        "A complete Vietnamese telephone number, for example 0912345678",
    ),
    "CODE_FORM": (
        "Mã viết bằng chữ và số, không quá {limit} ký tự",
        "A code of letters and digits, at most {limit} long",
    ),
    "DIGITS_COUNT": ("Đủ {digits} chữ số, đang có {found}", "{digits} digits, there are {found}"),
    "DIGITS_ONLY": ("Đủ {digits} chữ số", "{digits} digits"),
    "DIGITS_LOST": (
        "Đủ {digits} chữ số, ghi dạng văn bản (Excel đã làm mất số cuối)",
        "{digits} digits, written as text (Excel lost the last ones)",
    ),
    "TEXT_SCIENTIFIC": (
        "Ghi đủ các chữ số dạng văn bản, không phải dạng 7,01E+10",
        "All digits written as text, not in the form 7.01E+10",
    ),
    "REPEATED": ("Mỗi học sinh một mã, trùng dòng {row}", "One code for each pupil; row {row} has the same"),
    "AMOUNT_FORM": ("Số đồng nguyên, ví dụ 1.250.000", "A whole number of đồng, for example 1.250.000"),
    "AMOUNT_NOT_WHOLE": ("Số đồng nguyên", "A whole number of đồng"),
    "AMOUNT_NEGATIVE": ("Số tiền không âm", "An amount that is not negative"),
    "AMOUNT_TOO_LARGE": ("Số tiền không quá {limit} đ", "An amount of at most {limit} đ"),
    "AMOUNT_SEPARATOR": (
        "Số đồng nguyên, dấu ngăn hàng nghìn như các ô khác trong tệp ({style})",
        "A whole number of đồng with the thousands mark of the other cells ({style})",
    ),
    "AMOUNT_MERGED": (
        "Mỗi học sinh một ô tiền riêng, không gộp ô",
        "A cell of its own for each amount, not a merged one",
    ),
    "FORMULA_NOT_COMPUTED": (
        "Giá trị đã tính; xin mở tệp bằng Excel và lưu lại",
        "A computed value; open the file in Excel and save it",
    ),
    "FORMULA_TEXT": ("Giá trị, không phải công thức", "A value, not a formula"),
    "CELL_ERROR": ("Giá trị, ô đang báo lỗi", "A value; the cell shows an error"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong cell: its column's heading, what stands there, what was expected, and a suggestion if there is one."""

    column: str
    found: str
    reason: str
    expected_vi: str
    expected_en: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Pupil:
    """The pupil of one row; what is absent or wrong is None."""

    full_name: str | None = None
    birth_date: date | None = None
    sex: Literal["nam", "nữ"] | None = None
    class_name: str | None = None
    pupil_code: str | None = None
    ministry_code: str | None = None
    personal_number: str | None = None
    phone: str | None = None

    def fields(self) -> dict[str, Any]:
        """The fields by name; `asdict` would copy each value of a list of fifty thousand."""
        return {name: getattr(self, name) for name in PUPIL_FIELDS}


PUPIL_FIELDS = (
    "full_name",
    "birth_date",
    "sex",
    "class_name",
    "pupil_code",
    "ministry_code",
    "personal_number",
    "phone",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One pupil's row: its number in the sheet (from 1), outcome, fields, amounts in đồng by heading, problems."""

    row: int
    outcome: Outcome
    pupil: Pupil
    items: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of pupils' rows."""

    rows: int
    ok: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole list as read. `sheets` are further visible sheets that also have a heading.

    `columns` maps a field to its heading; `item_headings` are the fee columns in the order of the sheet.
    """

    sheet: str
    sheets: tuple[str, ...]
    header_row: int
    columns: dict[str, str]
    item_headings: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: Totals

    @property
    def item_sums(self) -> dict[str, int]:
        """Sum of each fee column over the good rows, in đồng, to compare with paper."""
        sums = dict.fromkeys(self.item_headings, 0)
        for row in self.rows:
            if row.outcome == "ok":
                for heading, amount in row.items.items():
                    sums[heading] += amount
        return sums
