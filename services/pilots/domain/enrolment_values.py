"""The cells of one row of an enrolment list: each is put into its one way of writing, or is wrong and says why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from kit.identifiers import e164
from kit.text import clean_display, fold, search_key
from services.pilots.domain import suggestions
from services.pilots.domain.bank_names import BankNames
from services.pilots.domain.enrolment_columns import HEADINGS, WORDS

NAME_LIMIT: Final = 120
STALL_NAME_LIMIT: Final = 80
GOODS_LIMIT: Final = 120
CONSENT_LIMIT: Final = 300
NUMBER_LIMIT: Final = 12
# More of a wrong cell is of no use to whoever corrects it.
FOUND_LIMIT: Final = 100

_NUMBER: Final = re.compile(r"[A-Z0-9Đ]+(?:[./-][A-Z0-9Đ]+)*")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9]{1,19}")
_SCIENTIFIC: Final = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_KINDS: Final = {
    **dict.fromkeys(("household", "ho", "ho kinh doanh", "ho gia dinh", "hkd", "ca nhan", "ho kd"), "household"),
    **dict.fromkeys(
        ("firm", "doanh nghiep", "dn", "cong ty", "hop tac xa", "htx", "doanh nghiep tu nhan", "dntn", "to chuc"), "firm"
    ),
}  # fmt: skip
_RELATIONS: Final = {
    **dict.fromkeys(("self", "ban than", "chinh chu", "chu quay", "chinh minh", "ban than chu quay", "toi"), "self"),
    **dict.fromkeys(("spouse", "vo chong", "vo", "chong"), "spouse"),
    **dict.fromkeys(("child", "con", "con trai", "con gai", "con ruot", "con de", "con dau", "con re"), "child"),
    **dict.fromkeys(("parent", "cha me", "cha", "me", "bo", "bo me", "ba me", "me ruot", "cha ruot"), "parent"),
    **dict.fromkeys(
        ("other", "khac", "nguoi khac", "anh", "chi", "em", "anh chi em", "anh em", "chi em", "anh trai", "chi gai", "em trai",
         "em gai", "ong", "ba", "ong ba", "chau", "ho hang", "ban be", "doanh nghiep"), "other"
    ),
}  # fmt: skip
_AGREES: Final = re.compile(
    r"\b(dong y|chap thuan|chap nhan|uy quyen|cho phep|nhat tri|agree[sd]?|consents?)\b"
)
_REFUSES: Final = re.compile(r"\b(khong|chua|tu choi|ko|kg|chang|not|no|never)\b")


@dataclass(frozen=True, slots=True)
class Values:
    """The cells of a row, by field; a good one in its one way of writing, a wrong one as found. `bin` is the bank's."""

    unit_name: str = ""
    unit_kind: str = ""
    holder_name: str = ""
    phone: str = ""
    stall_number: str = ""
    stall_name: str = ""
    goods: str = ""
    section_code: str = ""
    bank: str = ""
    account_number: str = ""
    account_holder: str = ""
    relation: str = ""
    consent: str = ""
    bin: str = ""


FIELDS: Final = tuple(field.name for field in fields(Values) if field.name != "bin")


@dataclass(frozen=True, slots=True)
class Problem:
    """A wrong cell: its column, what stands there, and what should, in Vietnamese and English."""

    field: str
    found: str
    expected: str
    expected_en: str
    # What was probably meant; empty where nobody can tell.
    suggestion: str = ""

    @property
    def column(self) -> str:
        """The heading of the template; empty where the row as a whole is meant."""
        return HEADINGS.get(self.field, "")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list as found. `numbers` are fields whose cells were numbers, not text."""

    row: int
    values: Values
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Checked:
    """A row of which each cell was looked at by itself."""

    row: int
    values: Values
    problems: tuple[Problem, ...]

    def is_right(self, *names: str) -> bool:
        """True if no problem is in one of these fields."""
        return not any(problem.field in names for problem in self.problems)


def check(line: Line, sections: Mapping[str, str], banks: BankNames) -> Checked:
    """Look at each cell by itself. `sections` maps the codes of the programme's blocks to their names."""
    found = replace(
        line.values, **{name: clean_display(getattr(line.values, name)) for name in FIELDS}, bin=""
    )
    checker = _Checker(found, line.numbers)
    values = replace(
        found,
        unit_name=checker.name("unit_name"),
        unit_kind=checker.word("unit_kind", _KINDS, "hộ hoặc doanh nghiệp", "household or firm"),
        holder_name=checker.name("holder_name"),
        phone=checker.phone(),
        stall_number=checker.stall_number(),
        stall_name=checker.text("stall_name", STALL_NAME_LIMIT),
        goods=checker.text("goods", GOODS_LIMIT),
        section_code=checker.section(sections),
        account_number=checker.account_number(),
        account_holder=checker.name("account_holder"),
    )
    bank, bin = checker.bank(banks)
    values = replace(values, bank=bank, bin=bin)
    values = replace(
        values,
        relation=checker.relation(values),
        stall_name=values.stall_name or values.unit_name[:STALL_NAME_LIMIT],
    )
    values = replace(values, consent=checker.consent(values.relation))
    return Checked(line.row, values, tuple(checker.problems))


def stall_number(text: str) -> str:
    """The one way of writing a stall's number: capitals, no blanks."""
    return clean_display(text).upper().replace(" ", "")


class _Checker:
    """Reads the fields of one row and gathers what is wrong."""

    def __init__(self, found: Values, numbers: frozenset[str]) -> None:
        self._found, self._numbers = found, numbers
        self.problems: list[Problem] = []

    def _wrong(self, name: str, vi: str, en: str, suggestion: str = "") -> str:
        found: str = getattr(self._found, name)
        self.problems.append(Problem(name, found[:FOUND_LIMIT], vi, en, suggestion))
        return found

    def text(self, name: str, limit: int) -> str:
        value: str = getattr(self._found, name)
        if len(value) > limit:
            return self._wrong(name, f"tới {limit} ký tự", f"up to {limit} characters")
        if value.startswith("="):
            return self._wrong(name, "chữ, không phải công thức", "text, not a formula")
        return value

    def name(self, name: str) -> str:
        value: str = getattr(self._found, name)
        if not value:
            return self._wrong(name, "không được để trống", "must not be empty")
        if not any(letter.isalpha() for letter in value) and not value.startswith("="):
            return self._wrong(name, "tên bằng chữ", "a name in letters")
        return self.text(name, NAME_LIMIT)

    def word(self, name: str, words: Mapping[str, str], vi: str, en: str) -> str:
        value: str = getattr(self._found, name)
        key = search_key(value).lower()
        if key in words:
            return words[key]
        if not value:
            return self._wrong(name, f"không được để trống; ghi {vi}", f"must not be empty; write {en}")
        close = suggestions.nearest(key, words)
        return self._wrong(name, vi, en, WORDS[name][words[close]] if close else "")

    def phone(self) -> str:
        value = self._found.phone
        number = e164(value) if value and not _SCIENTIFIC.fullmatch(value) else None
        if number is None:
            vi, en = (
                "số điện thoại Việt Nam, như 0912 345 678",
                "a Vietnamese telephone number, such as 0912 345 678",
            )
            meant = suggestions.phone(value)
            return self._wrong("phone", vi if value else f"không được để trống; {vi}", en, meant)
        return number

    def stall_number(self) -> str:
        number = stall_number(self._found.stall_number)
        if not number:
            return self._wrong("stall_number", "không được để trống", "must not be empty")
        if len(number) > NUMBER_LIMIT or not _NUMBER.fullmatch(number):
            return self._wrong(
                "stall_number",
                f"tới {NUMBER_LIMIT} chữ cái và chữ số, như 12 hoặc A-05",
                f"up to {NUMBER_LIMIT} letters and digits, such as 12 or A-05",
                suggestions.stall_number(number, NUMBER_LIMIT),
            )
        return number

    def section(self, sections: Mapping[str, str]) -> str:
        value = self._found.section_code
        by_key: dict[str, str] = {}
        for code, name in sections.items():
            by_key.setdefault(_bare(name), code)
            by_key.setdefault(_section_key(name), code)
        # A code goes before another block's name.
        by_key |= {key: code for code in sections for key in (_bare(code), _section_key(code))}
        for key in (_bare(value), _section_key(value)):
            if key and key in by_key:
                return by_key[key]
        listed = ", ".join(list(sections)[:12]) + ("…" if len(sections) > 12 else "")
        meant = by_key.get(suggestions.nearest(_section_key(value), by_key), "")
        return self._wrong(
            "section_code",
            f"một đoạn của chương trình: {listed}",
            f"a block of the programme: {listed}",
            meant,
        )

    def bank(self, banks: BankNames) -> tuple[str, str]:
        value = self._found.bank
        found = banks.find(value) if value else None
        if found is not None and found.bin:
            return found.short_name, found.bin
        vi, en = "tên, mã hoặc BIN của một ngân hàng", "the name, a code or the BIN of a bank"
        if found is not None and found.candidates:
            listed = " / ".join(found.candidates)
            vi, en = f"{vi}; có phải {listed}?", f"{en}; is it {listed}?"
        meant = found.candidates[0] if found is not None and len(found.candidates) == 1 else ""
        return self._wrong("bank", vi if value else f"không được để trống; {vi}", en, meant), ""

    def account_number(self) -> str:
        value = self._found.account_number.replace(" ", "")
        if "account_number" in self._numbers:
            # 0912345678 as a number is 912345678, somebody else's account: nobody can tell any more.
            return self._wrong(
                "account_number",
                "số tài khoản trong ô dạng chữ (Text), vì ô dạng số làm mất số 0 ở đầu; xin đối chiếu rồi nhập lại",
                "an account number in a text cell, since a number cell loses zeros in front; compare and type it again",
            )
        if not _ACCOUNT.fullmatch(value):
            vi, en = "1–19 chữ cái và chữ số, không dấu", "1 to 19 letters and digits without accents"
            meant = suggestions.account_number(value)
            return self._wrong("account_number", vi if value else f"không được để trống; {vi}", en, meant)
        if re.fullmatch(r"[0-9]E\+?[0-9]+", value):
            return self._wrong(
                "account_number",
                "số tài khoản đầy đủ; đây là số đã bị Excel làm tròn",
                "the whole account number; this one was rounded by the spreadsheet",
            )
        return value

    def relation(self, values: Values) -> str:
        is_own = _same_person(values.holder_name, values.account_holder) or _same_person(
            values.unit_name, values.account_holder
        )
        if not self._found.relation and is_own:
            return "self"
        relation = self.word(
            "relation",
            _RELATIONS,
            "bản thân, vợ/chồng, con, cha/mẹ hoặc khác",
            "self, spouse, child, parent or other",
        )
        if relation == "self" and not is_own and self._both_named(values) and values.unit_kind != "firm":
            return self._wrong(
                "relation",
                f"quan hệ thật, vì chủ tài khoản “{values.account_holder}” khác chủ quầy “{values.holder_name}”",
                f"the true relation: “{values.account_holder}” who owns the account is not “{values.holder_name}”",
            )
        return relation

    def _both_named(self, values: Values) -> bool:
        return bool(values.holder_name and values.account_holder)

    def consent(self, relation: str) -> str:
        value = self.text("consent", CONSENT_LIMIT)
        if relation in ("self", "") or relation not in _RELATIONS.values():
            return value
        folded = fold(value).lower()
        if _REFUSES.search(folded) or not _AGREES.search(folded):
            return self._wrong(
                "consent",
                "lời đồng ý của chủ tài khoản, như “Đồng ý cho nhận tiền bán hàng, 20/11/2026”",
                "the account owner's consent in words, such as “Đồng ý cho nhận tiền bán hàng, 20/11/2026”",
            )
        return value


_SECTION_WORD: Final = re.compile(r"^(?:DOAN|KHOI|DAY|KHU|LO|BLOCK)\b\s*(?=\S)")


def _bare(text: str) -> str:
    return search_key(text).replace(" ", "")


def _section_key(text: str) -> str:
    """A block without the word for it: "Đoạn 3" is block 3."""
    return _SECTION_WORD.sub("", search_key(text)).replace(" ", "")


def _same_person(one: str, other: str) -> bool:
    """Banks write holders in capitals without accents."""
    return bool(one) and search_key(one) == search_key(other)
