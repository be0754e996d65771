"""The columns of an enrolment list: their headings, what else people call them, and which must be there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kit.text import search_key

# In the order of the template.
HEADINGS: Final[Mapping[str, str]] = {
    "unit_name": "Tên đơn vị",
    "unit_kind": "Loại (hộ/doanh nghiệp)",
    "holder_name": "Chủ quầy",
    "phone": "Điện thoại",
    "stall_number": "Số quầy",
    "stall_name": "Tên quầy",
    "goods": "Mặt hàng",
    "section_code": "Đoạn",
    "bank": "Ngân hàng",
    "account_number": "Số tài khoản",
    "account_holder": "Chủ tài khoản",
    "relation": "Quan hệ với chủ quầy",
    "consent": "Đồng ý của chủ tài khoản",
}
# Without these there is nothing to enrol; the others may be left out of a list.
REQUIRED: Final = tuple(
    name for name in HEADINGS if name not in ("unit_kind", "stall_name", "goods", "relation", "consent")
)
# How a list writes what has a few values only.
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "unit_kind": {"household": "Hộ", "firm": "Doanh nghiệp"},
    "relation": {
        "self": "Bản thân",
        "spouse": "Vợ/chồng",
        "child": "Con",
        "parent": "Cha/mẹ",
        "other": "Khác",
    },
}
# Reading a list passes over a column of this name: it is ours, in lists given back.
TO_CORRECT: Final = "Cần sửa"

_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit_name": (
        "don vi", "ten ho kinh doanh", "ho kinh doanh", "ten ho", "doanh nghiep", "ten doanh nghiep", "ten co so",
        "co so kinh doanh", "ten don vi kinh doanh", "don vi kinh doanh", "ten ho doanh nghiep", "unit", "unit name",
    ),
    "unit_kind": ("loai", "loai don vi", "loai hinh", "loai hinh kinh doanh", "hinh thuc", "ho doanh nghiep", "kind"),
    "holder_name": (
        "ten chu quay", "chu ho", "ten chu ho", "chu ho kinh doanh", "nguoi dai dien", "dai dien", "tieu thuong",
        "ten tieu thuong", "ho ten chu quay", "ho va ten chu quay", "nguoi ban", "ho va ten", "ho ten", "chu sap",
        "chu gian hang", "holder", "owner",
    ),
    "phone": (
        "so dien thoai", "sdt", "dt", "so dt", "dien thoai lien he", "so dien thoai lien he", "di dong", "sdt chu quay",
        "dien thoai chu quay", "so dien thoai chu quay", "so di dong", "phone", "mobile",
    ),
    "stall_number": (
        "quay so", "ma quay", "so sap", "sap so", "ma sap", "sap", "so gian hang", "gian hang so", "ma gian hang", "quay",
        "so o", "o so", "so kiot", "kiot", "so quay sap", "stall", "stall number", "stall no",
    ),
    "stall_name": (
        "ten gian hang", "ten sap", "bang hieu", "bien hieu", "ten bang hieu", "ten bien hieu", "ten cua hang", "cua hang",
        "ten kiot", "stall name",
    ),
    "goods": (
        "nganh hang", "hang ban", "hang hoa", "san pham", "mat hang kinh doanh", "mat hang ban", "nganh hang kinh doanh",
        "loai hang", "ban gi", "goods",
    ),
    "section_code": (
        "doan duong", "ma doan", "khoi", "ma khoi", "day", "ma day", "day hang", "khu", "khu vuc", "ma khu", "lo",
        "doan day", "doan so", "block", "section",
    ),
    "bank": ("ten ngan hang", "nh", "ngan hang nhan", "ngan hang thu huong", "mo tai ngan hang", "tai ngan hang", "bin", "bank"),
    "account_number": (
        "stk", "so tk", "tai khoan", "so tai khoan nhan tien", "so tai khoan ngan hang", "tai khoan nhan tien",
        "tai khoan ngan hang", "ma so tai khoan", "account", "account number",
    ),
    "account_holder": (
        "ten chu tai khoan", "ten tai khoan", "chu tk", "ten chu tk", "nguoi dung ten tai khoan", "dung ten tai khoan",
        "nguoi dung ten", "account holder", "account name",
    ),
    "relation": (
        "quan he", "quan he voi chu ho", "quan he voi chu tai khoan", "chu tai khoan la", "quan he voi nguoi ban",
        "quan he voi tieu thuong", "relation",
    ),
    "consent": (
        "dong y", "y kien dong y", "chu tai khoan dong y", "xac nhan dong y", "loi dong y", "y kien chu tai khoan", "consent",
    ),
}  # fmt: skip
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def heading_key(text: str) -> str:
    """What headings are compared by: accents, letter case, punctuation and notes in brackets do not count."""
    return search_key(_IN_BRACKETS.sub(" ", text) or text).lower()


_BY_KEY: Final = {
    key: name
    for name in HEADINGS
    for key in (heading_key(HEADINGS[name]), search_key(HEADINGS[name]).lower(), *_SYNONYMS[name])
}


def column_of(heading: str) -> str | None:
    """The field that a heading means; None for a column that is no business of ours."""
    return _BY_KEY.get(heading_key(heading)) or _BY_KEY.get(search_key(heading).lower())
