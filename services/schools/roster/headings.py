"""Finding the heading of a list and what each column holds, by Vietnamese headings in any order.

Accents, letter case, composition and line breaks do not count. A heading may take several rows: the lowest text of a
column is its heading, the ones above it are its group.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from kit.text import clean_display, search_key
from services.schools.roster.limits import CELL_LIMIT, COLUMN_LIMIT
from services.schools.roster.refusals import RosterTooManyCells
from services.schools.roster.sheets import CellError, Merge, Sheet, Value

SEARCH_ROWS: Final = 100
HEADING_MERGES: Final = 2_000

_FIELD_HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "full_name": (
        "ho va ten", "ho ten", "ho va ten hoc sinh", "ho ten hoc sinh", "ten hoc sinh", "hoc sinh", "ho va ten hs", "ho ten hs",
        "ten hs", "hovaten", "hoten", "ho va ten tre", "ho ten tre", "ten tre", "ho va ten be", "ho ten be", "ho ten tre em",
        "ho va ten chau", "ho ten chau", "ho chu dem va ten", "ho ten nguoi hoc", "ho va ten nguoi hoc", "ten day du",
        "ho va ten sinh vien", "ho ten day du", "full name", "student name",
    ),
    "family": (
        "ho dem", "ho va dem", "ho va ten dem", "ho lot", "ho va chu lot", "ho chu lot", "ho chu dem", "ho va chu dem",
        "ho ten dem", "ho va ten lot", "ho", "ho dem hoc sinh", "ho va ten dem hoc sinh", "ho dem hs",
    ),
    "given": ("ten", "ten goi", "ten chinh"),
    "birth_date": (
        "ngay sinh", "ngay thang nam sinh", "sinh ngay", "ngay sinh hoc sinh", "ngay thang sinh", "ngay sinh hs", "ngaysinh",
        "ns", "nam sinh", "ngay sinh dd mm yyyy", "ngay sinh ngay thang nam", "ngay thang nam sinh hoc sinh", "date of birth",
    ),
    "sex": ("gioi tinh", "phai", "gt", "nam nu", "gioi", "gioi tinh nam nu", "gioitinh", "gioi tinh hoc sinh", "sex", "gender"),
    "class_name": (
        "lop", "ten lop", "lop hoc", "lop hien tai", "nhom lop", "lop nhom", "lop hoc hien tai", "lop nam hoc", "ma lop", "class",
    ),
    "pupil_code": (
        "ma hoc sinh", "ma hs", "mahs", "ma so hoc sinh", "ma so hs", "mshs", "ma hoc sinh cua truong", "ma truong cap",
        "ma sisap", "ma vnedu", "ma smas", "ma hoc sinh vnedu", "ma hoc sinh smas", "ma tre", "ma so tre", "ma hoc sinh noi bo",
        "ma so", "ma nguoi hoc", "student code", "student id", "ma thanh toan hoc phi",
    ),
    "ministry_code": (
        "ma dinh danh bo gd dt", "ma dinh danh bo gddt", "ma dinh danh bo", "ma dinh danh bo giao duc", "ma bo gd dt",
        "ma bo gddt", "ma dinh danh bo giao duc va dao tao", "ma dinh danh bo giao duc dao tao", "ma moet", "ma dinh danh nganh",
        "ma dinh danh hoc sinh", "ma dinh danh hs", "ma dinh danh csdl nganh", "ma csdl nganh", "ma hoc sinh bo gd dt",
        "ma dinh danh do bo gd dt cap", "ma dinh danh moet", "ma dinh danh cua bo gd dt", "ma so dinh danh bo gd dt",
    ),
    "personal_number": (
        "so dinh danh ca nhan", "ma dinh danh ca nhan", "ma so dinh danh ca nhan", "so ddcn", "ddcn", "cccd", "so cccd",
        "can cuoc", "so can cuoc", "can cuoc cong dan", "so can cuoc cong dan", "ma dinh danh cong dan", "so dinh danh cong dan",
        "cmnd cccd", "cccd cmnd", "so cccd ddcn", "so dinh danh ca nhan cccd", "cccd so dinh danh ca nhan", "ma ddcn",
        "so dinh danh cccd", "cccd ddcn", "so cmnd cccd", "so dinh danh hoc sinh", "so cccd hoc sinh",
    ),
    "identifier": ("ma dinh danh", "so dinh danh", "ma so dinh danh"),
    "phone": (
        "so dien thoai", "sdt", "dien thoai", "sdt lien he", "dien thoai lien he", "so dien thoai lien he", "so dt", "dt",
        "sdt phu huynh", "so dien thoai phu huynh", "dien thoai phu huynh", "sdt ph", "sdt phhs", "dien thoai phhs",
        "so dien thoai phhs", "sdt cha me", "so dien thoai cha me", "so dien thoai bo me", "sdt bo me", "di dong", "so di dong",
        "dien thoai di dong", "dien thoai cha me", "phone", "so dien thoai ph", "sdt nhan tin", "so dien thoai nhan tin",
        "so dien thoai nguoi giam ho", "sdt nguoi giam ho", "mobile",
    ),
    "stt": ("stt", "tt", "so tt", "so thu tu", "thu tu", "no", "st t"),
}  # fmt: skip
_FIELD_BY_KEY: Final = {key: name for name, keys in _FIELD_HEADINGS.items() for key in keys}

_SECOND_PHONE: Final = re.compile(
    r"^(so )?(sdt|dien thoai|dt|di dong)\b.*\b(cha|bo|me|ba|ong|mac dinh|phu huynh|ph|phhs|hoc sinh|hs|gia dinh|giam ho|lien he)\b"
)
_CLASS_OF_YEAR: Final = re.compile(r"^lop( hoc)?( nam hoc| nam)? [0-9 ]+$")
_SUM: Final = re.compile(
    r"^(tong(?! ve sinh| ket| hop| phu trach).*|cong|cong (tien|cac|so|thu|thang|dot|khoan|chung|don).*|thanh tien.*|tong)$"
)
# What people also keep in such lists and what is never a fee.
_OTHER: Final = re.compile(
    r"^(dan toc|ton giao|quoc tich|noi sinh|que quan|dia chi|thuong tru|tam tru|cho o|ho khau|noi o|thon|ap|khu pho|phuong|xa|tinh"
    r"|(ho (va )?)?ten (cha|bo|me|phu huynh|ph|phhs|nguoi|giao vien|gv|chu ho|dang nhap|tai khoan|truong)\b.*"
    r"|(cha|bo|me|phu huynh|nguoi giam ho|nguoi nop|nguoi thu|giao vien|gvcn)\b.*|nghe nghiep.*|nam sinh (cha|bo|me).*"
    r"|ghi chu.*|can sua|trang thai.*|tinh trang.*|doi tuong.*|dien (chinh sach|mien giam|uu tien).*|ly do.*|email.*|khoi( lop)?|nam hoc"
    r"|hoc ky|hoc ki|truong|ten truong|ky (ten|nhan|nop)|chu ky|ngay (nop|thu|vao|nhap|chuyen|cap|dang ky).*|so tai khoan.*|stk|ngan hang.*"
    r"|(ma|so) (the )?(bhyt|bao hiem).*|ma (tinh|huyen|xa|truong|ngan hang|qhns|ho).*|xep loai.*|hanh kiem.*|hoc luc.*"
    r"|so (ngay|buoi|luong|thang|tiet|bua|suat|lan|bien lai|phieu|hoa don).*|don gia.*|da (nop|thu|dong).*|con (lai|no|thieu|phai).*"
    r"|no cu.*|thua.*|tuoi|chieu cao|can nang|ty le.*|mien giam.*|hinh thuc.*|noi dung.*|ma (thanh toan|tham chieu|qr|hoa don).*|qr.*)$"
)
# Words that only a fee has, and words that are a fee if the column holds figures.
_FEE_WORD: Final = re.compile(
    r"\b(tien|phi|hoc phi|le phi|quy|khoan|bhyt|bhtn|bhtt|bao hiem|ban tru|an trua|an sang|bua an|suat an|nuoc uong|cau lac bo|clb"
    r"|dong phuc|so lien lac|hoc pham|cham soc|trong giu|dua don|co so vat chat|csvc|muc thu|phai nop|phai thu)\b"
)
_FEE_HINT: Final = re.compile(
    r"\b(thu|nuoc|sach|vo|ve sinh|giu tre|xe|ky nang|ngoai khoa|trai nghiem|tham quan|tin hoc|tieng anh|ngoai ngu|boi|vo thuat|nang khieu"
    r"|the hoc sinh|phu hieu|giay thi|de thi|in an|photo|dien|may lanh|dieu hoa|ho tro|tai tro|ung ho|dong gop|vsmt|stem|hoc 2 buoi|an)\b"
)
MAYBE_SUM: Final = re.compile(
    r"^(so tien( phai nop| can nop| phai thu)?|phai (nop|thu|dong)|can nop|muc thu)$"
)


_SPACES: Final = " \t\r\n\x0b\x0c\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u200b\u202f\u2060\u3000\ufeff"


@lru_cache(maxsize=4096)
def key_of(text: str) -> str:
    """What headings are compared by: small ASCII letters and digits, one blank between words."""
    return search_key(text).lower()


def is_blank(value: Value | None) -> bool:
    """Whether a cell holds nothing that can be seen."""
    if value.__class__ is str:
        return not value or (value[0] in _SPACES and not value.strip(_SPACES))
    return value is None


def shown(value: Value | None, limit: int = 100) -> str:
    """A cell's value as people see it: dates as dd/mm/yyyy, numbers without exponent, at most `limit` characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.strftime("%d/%m/%Y") if midnight else value.strftime("%d/%m/%Y %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, timedelta):
        return str(value)
    text = clean_display(str(value)[: limit * 4])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_sum(key: str) -> bool:
    """Whether a heading is one of a sum of other columns."""
    return _SUM.match(key) is not None


def role_of(text: str, group: str) -> str:
    """What a column with this heading under this group holds: a field, `stt`, `sum`, `other`,
    `item` (surely a fee), `hint` (a fee if it holds figures) or `unknown`."""
    key, above = key_of(text), key_of(group)
    if "sinh" in above and "hoc sinh" not in above and key in ("ngay", "thang", "nam"):
        return {"ngay": "birth_day", "thang": "birth_month", "nam": "birth_year"}[key]
    if key == "nu":
        return "sex_female"
    if key == "nam" and ("gioi" in above or clean_display(text).casefold() == "nam"):
        return "sex_male"
    field = _FIELD_BY_KEY.get(key)
    if field is None and _CLASS_OF_YEAR.match(key):
        field = "class_name"
    if field is None and _SECOND_PHONE.match(key):
        field = "phone"
    if field is not None:
        return field
    if is_sum(key):
        return "sum"
    if _OTHER.match(key):
        return "other"
    if _FEE_WORD.search(key):
        return "item"
    return "hint" if _FEE_HINT.search(key) else "unknown"


@dataclass(slots=True)
class Column:
    """A column of the list: its place from 0, its heading as found, its group above, and what it holds."""

    index: int
    heading: str
    group: str
    role: str


@dataclass(slots=True)
class Layout:
    """Where the heading stands (rows from 0) and what the columns hold.

    `names` are the columns whose texts joined are the name; `band` the keys of the heading's rows, by column, to know
    them again where they are repeated.
    """

    top: int
    bottom: int
    columns: list[Column]
    names: list[Column]
    band: list[dict[int, str]]

    def first(self, role: str) -> Column | None:
        return next((column for column in self.columns if column.role == role), None)

    def all(self, role: str) -> list[Column]:
        return [column for column in self.columns if column.role == role]


class _Grid:
    """Cells of a sheet as text with merged areas filled."""

    def __init__(self, sheet: Sheet, bottom: int) -> None:
        self.rows = sheet.rows
        self.merges = [merge for merge in sheet.merges if merge[0] <= bottom]
        if len(self.merges) > HEADING_MERGES:
            raise RosterTooManyCells(sheet=sheet.name, limit_columns=COLUMN_LIMIT, limit_cells=CELL_LIMIT)
        self.width = max((len(row) for row in sheet.rows[: bottom + 1]), default=0)

    def raw(self, row: int, column: int) -> str:
        line = self.rows[row] if 0 <= row < len(self.rows) else []
        return shown(line[column], 300) if column < len(line) and not is_blank(line[column]) else ""

    def merge_at(self, row: int, column: int) -> Merge | None:
        for merge in self.merges:
            if merge[0] <= row <= merge[2] and merge[1] <= column <= merge[3]:
                return merge
        return None

    def text(self, row: int, column: int) -> str:
        merge = self.merge_at(row, column)
        return self.raw(merge[0], merge[1]) if merge else self.raw(row, column)


def score(rows: Sequence[Sequence[Value]]) -> int:
    """How many known headings the best row of a beginning has; 0 where none has a name column."""
    return max((_known(row) for row in rows[:SEARCH_ROWS]), default=0)


def _known(row: Sequence[Value]) -> int:
    """Distinct known columns of a row if a name is among them, else 0."""
    roles: set[str] = set()
    for value in row:
        if isinstance(value, str) and not isinstance(value, CellError) and value and len(value) <= 120:
            role = role_of(value, "")
            if role != "unknown":
                roles.add(f"{role} {value}" if role in ("item", "hint", "other", "sum") else role)
    has_name = "full_name" in roles or "family" in roles or ("given" in roles and len(roles) > 2)
    return len(roles) if has_name and len(roles) >= 2 else 0


def find_layout(sheet: Sheet) -> Layout | None:
    """The layout by the first row with a name and one more known heading; None if there is none."""
    for number, row in enumerate(sheet.rows[:SEARCH_ROWS]):
        if _known(row):
            return _layout(sheet, number)
        # Under a heading of two rows the name may stand alone above its split columns.
        if number and _known([*row, *sheet.rows[number - 1]]) and _shares_heading(sheet, number):
            return _layout(sheet, number - 1)
    return None


def _shares_heading(sheet: Sheet, number: int) -> bool:
    above, row = sheet.rows[number - 1], sheet.rows[number]
    filled = [value for value in row if not is_blank(value)]
    known = [
        value
        for value in (*above, *row)
        if isinstance(value, str) and role_of(value, "") not in ("unknown", "other")
    ]
    return len(filled) >= 2 and len(known) >= 3 and all(isinstance(value, str) for value in filled)


def _layout(sheet: Sheet, base: int) -> Layout:
    grid = _Grid(sheet, base + 3)
    top = min(
        [merge[0] for merge in grid.merges if merge[0] < base <= merge[2] and base - merge[0] <= 3],
        default=base,
    )
    tall = [merge[2] for merge in grid.merges if merge[0] <= base < merge[2] <= base + 3]
    bottom = max(tall, default=base)
    if bottom == base and _is_lower_heading(sheet, grid, base):
        bottom = base + 1
    if top == base and base and _has_group_above(grid, base):
        top = base - 1
    columns = []
    for index in range(grid.width):
        heading, group = _heading(grid, index, top, base, bottom)
        if heading:
            columns.append(Column(index, heading, group, role_of(heading, group)))
    band = [
        {index: key_of(grid.raw(row, index)) for index in range(grid.width) if grid.raw(row, index)}
        for row in range(top, bottom + 1)
    ]
    layout = Layout(top, bottom, columns, [], band)
    _join_names(sheet, grid, layout)
    _keep_first(layout)
    return layout


def _is_lower_heading(sheet: Sheet, grid: _Grid, base: int) -> bool:
    """Whether the row under the heading names parts of its groups, where no merged cell says so."""
    if base + 1 >= len(sheet.rows):
        return False
    filled = [(index, value) for index, value in enumerate(sheet.rows[base + 1]) if not is_blank(value)]
    if not filled or not all(
        isinstance(value, str) and not value.strip()[0].isdigit() for _, value in filled
    ):
        return False
    under_name = [
        grid.text(base + 1, i) for i in range(grid.width) if role_of(grid.raw(base, i), "") == "full_name"
    ]
    if any(text and role_of(text, "") not in ("family", "given") for text in under_name):
        return False
    known = [i for i, value in filled if role_of(str(value), grid.text(base, i)) not in ("unknown", "other")]
    return any(not grid.raw(base, i) or i in known for i, _ in filled) and len(known) * 2 >= len(filled)


def _has_group_above(grid: _Grid, base: int) -> bool:
    """Whether the row above holds groups of columns (merged over some of them), not a title over all."""
    groups = [
        merge for merge in grid.merges if merge[0] == merge[2] == base - 1 and grid.raw(merge[0], merge[1])
    ]
    named = [merge for merge in groups if all(grid.raw(base, i) for i in range(merge[1], merge[3] + 1))]
    used = sum(1 for i in range(grid.width) if grid.raw(base, i))
    return any(merge[3] - merge[1] + 1 <= used * 0.7 and merge[1] > 0 for merge in named)


def _heading(grid: _Grid, index: int, top: int, base: int, bottom: int) -> tuple[str, str]:
    """The lowest text of a column within the heading, and the group above it."""
    texts: list[str] = []
    for row in range(bottom, top - 1, -1):
        text = grid.text(row, index)
        if row < base and grid.merge_at(row, index) is None and not texts:
            text = ""
        if not text and texts and row < bottom:
            text = next((grid.raw(row, i) for i in range(index, -1, -1) if grid.raw(row, i)), "")
        if text and text not in texts:
            texts.append(text)
    if not texts:
        return "", ""
    return texts[0], texts[1] if len(texts) > 1 else ""


def _join_names(sheet: Sheet, grid: _Grid, layout: Layout) -> None:
    """Find the columns of the name: one, family and given apart, or one heading over two columns."""
    full, family, given = layout.first("full_name"), layout.first("family"), layout.first("given")
    if family is not None and given is not None:
        layout.names = [family, given]
    elif full is not None:
        layout.names = [full]
        merge = grid.merge_at(layout.bottom, full.index)
        if merge is not None and merge[3] > merge[1]:
            layout.names = [column for column in layout.columns if merge[1] <= column.index <= merge[3]]
        elif _continues(sheet, grid, layout, full):
            layout.names.append(Column(full.index + 1, full.heading, "", "full_name"))
    else:
        layout.names = [column for column in (family, given) if column is not None]
    for column in layout.names:
        column.role = "full_name"
    if full is not None and full not in layout.names:
        full.role = "other"


def _continues(sheet: Sheet, grid: _Grid, layout: Layout, full: Column) -> bool:
    """Whether the column beside the name has no heading and given names in it."""
    index = full.index + 1
    if any(column.index == index for column in layout.columns):
        return False
    both = words = 0
    for row in sheet.rows[layout.bottom + 1 : layout.bottom + 201]:
        if len(row) > index and not is_blank(row[full.index]):
            both += 1
            value = row[index]
            words += (
                isinstance(value, str)
                and not is_blank(value)
                and len(value.split()) == 1
                and value.strip().isalpha()
            )
    return both > 0 and words * 10 >= both * 8


def _keep_first(layout: Layout) -> None:
    """Of two columns with the same field the first counts; a second telephone stands in where the first is blank."""
    seen: set[str] = set()
    single = {*_FIELD_HEADINGS, "sex_female", "sex_male", "birth_day", "birth_month", "birth_year"}
    single -= {"full_name"}
    for column in layout.columns:
        if column.role in single:
            role = column.role
            if role in seen:
                column.role = "phone_more" if role == "phone" else "other"
            seen.add(role)
