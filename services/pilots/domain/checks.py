"""Is the code that stands at a stall the one that the register has: what differs, and how it differs.

A paste-over may carry another account under our code, our account under another code, or the whole board of somebody
else; each is told apart, because each means another thing to whoever has to act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.references import search
from kit.text import search_key


class Outcome(StrEnum):
    SAME = "same"
    DIFFERS = "differs"
    OLD_ISSUE = "old_issue"
    UNREADABLE = "unreadable"


class What(StrEnum):
    """What a difference is about."""

    ACCOUNT = "account"
    BANK = "bank"
    HOLDER = "holder"
    REFERENCE = "reference"
    UNREADABLE = "unreadable"
    OTHER_STALL = "other_stall"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as registered; both sides as they are shown."""

    what: What
    registered: str
    found: str

    def to_json(self) -> dict[str, str]:
        return {"what": self.what.value, "registered": self.registered, "found": self.found}


def difference_from(content: Mapping[str, str]) -> Difference:
    """A difference as it was stored."""
    return Difference(What(content["what"]), content["registered"], content["found"])


@dataclass(frozen=True, slots=True)
class Code:
    """What a VietQR that was read says: where the money would go, under which memo."""

    bin: str
    account_number: str
    memo: str
    amount: int | None = None
    merchant_name: str = ""

    @property
    def reference(self) -> str:
        """The one payment reference in the memo; empty for none and for more than one."""
        found = search.find(self.memo)
        return found.references[0] if found.outcome is search.Outcome.MATCH else ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no VietQR code: what it is, in words. `is_tampered`: its structure was made to deceive."""

    reason: str
    vi: str
    en: str
    is_tampered: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A stall with the board that stands there: what its code has to say.

    `bin` and `account_number` are empty while it waits for an account. `old_accounts`: of boards to be taken away.
    """

    stall_id: UUID
    organisation_id: UUID
    programme_id: UUID
    number: str
    name: str
    reference: str
    bin: str
    account_number: str
    account_holder: str
    is_withdrawn: bool = False
    issue_number: int = 0
    old_accounts: frozenset[tuple[str, str]] = frozenset()
    programme_name: str = ""

    @property
    def title(self) -> str:
        """Number and name in one line."""
        return f"{self.number} · {self.name}" if self.name else self.number


class Naming(StrEnum):
    """What a reference in a code is the reference of."""

    STALL = "stall"
    PACK = "pack"
    SALE = "sale"


@dataclass(frozen=True, slots=True)
class Named:
    """Whose reference a code carries."""

    naming: Naming
    place: Place


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check, and for people what the code is and what to do."""

    outcome: Outcome
    vi: str
    en: str
    differences: tuple[Difference, ...] = field(default=())


BankNames = Mapping[str, str]
_SAME: Final = Verdict(
    Outcome.SAME,
    "Đúng mã của quầy: ngân hàng, số tài khoản và mã quầy đều khớp sổ đăng ký.",
    "This is the stall's own code: bank, account and stall code are as registered.",
)
_CALL: Final = (
    "Dừng nhận bằng mã này, gỡ xuống và gọi ban quản lý chợ.",
    "Stop taking money with this code, take it down and call the market board.",
)


def judge(code: Code | Unreadable, place: Place | None, named: Named | None, banks: BankNames) -> Verdict:
    """Compare a code with the stall that it has to be the code of; None: no stall of ours has to do with it."""
    if isinstance(code, Unreadable):
        return _unreadable(code, place)
    if place is None:
        return _nobodys(code, banks)
    if named is not None and named.place.is_withdrawn and _is_its_account(code, named.place):
        return _old(named.place, "của quầy đã thôi", "of a stall that was withdrawn")
    differences = (*_memo_differs(code, place, named), *_account_differs(code, place, banks))
    if not differences:
        return _SAME
    if {each.what for each in differences} <= {What.ACCOUNT, What.BANK, What.HOLDER} and (
        (code.bin, code.account_number) in place.old_accounts
    ):
        return _old(place, "phát hành trước", "issued before", differences)
    return _differs(differences)


def _is_its_account(code: Code, place: Place) -> bool:
    own = (code.bin, code.account_number)
    return own == (place.bin, place.account_number) or own in place.old_accounts


def _memo_differs(code: Code, place: Place, named: Named | None) -> tuple[Difference, ...]:
    if named is not None and named.place.stall_id == place.stall_id:
        return ()
    if named is not None:
        return (Difference(What.OTHER_STALL, *_titles(place, named.place)),)
    return (Difference(What.REFERENCE, place.reference, code.reference or code.memo[:60]),)


def _titles(place: Place, other: Place) -> tuple[str, str]:
    """Both stalls in a line each; two programmes may have a stall of the same number, so they are named then."""
    if place.programme_id == other.programme_id:
        return place.title, other.title
    return f"{place.title}, {place.programme_name}", f"{other.title}, {other.programme_name}"


def _account_differs(code: Code, place: Place, banks: BankNames) -> tuple[Difference, ...]:
    found = []
    if code.bin != place.bin:
        found.append(Difference(What.BANK, _bank(place.bin, banks), _bank(code.bin, banks)))
    if code.account_number != place.account_number:
        found.append(Difference(What.ACCOUNT, place.account_number, code.account_number))
    # Most codes carry no name. Where one does, the account is what counts; a name beside it is only shown.
    name = code.merchant_name
    if found and name and search_key(name) != search_key(place.account_holder):
        found.append(Difference(What.HOLDER, place.account_holder, name[:60]))
    return tuple(found)


def _bank(bin_code: str, banks: BankNames) -> str:
    return banks.get(bin_code, bin_code)


def _nobodys(code: Code, banks: BankNames) -> Verdict:
    differences = (
        Difference(What.REFERENCE, "", code.reference or code.memo[:60]),
        Difference(What.BANK, "", _bank(code.bin, banks)),
        Difference(What.ACCOUNT, "", code.account_number),
    )
    return Verdict(
        Outcome.DIFFERS,
        "Mã này không của quầy nào trong sổ: tài khoản và mã quầy đều lạ. Hỏi người bán, chụp lại nơi dán, gỡ xuống nếu là mã dán đè.",
        "This code belongs to no registered stall: its account and its stall code are unknown. Ask the seller, note where it"
        " stands, and take it down if it was pasted over.",
        differences,
    )


def _unreadable(code: Unreadable, place: Place | None) -> Verdict:
    if not code.is_tampered:
        return Verdict(Outcome.UNREADABLE, code.vi, code.en)
    registered = place.reference if place else ""
    return Verdict(
        Outcome.DIFFERS,
        f"{code.vi} {_CALL[0]}",
        f"{code.en} {_CALL[1]}",
        (Difference(What.UNREADABLE, registered, code.reason),),
    )


def _old(place: Place, vi: str, en: str, differences: tuple[Difference, ...] = ()) -> Verdict:
    return Verdict(
        Outcome.OLD_ISSUE,
        f"Đây là bảng {vi} (quầy {place.title}), không còn dùng. Xin gỡ xuống và dựng bảng mới nhất.",
        f"This is a board {en} (stall {place.title}) that is no longer in use. Take it down and put up the newest one.",
        differences,
    )


def _differs(differences: tuple[Difference, ...]) -> Verdict:
    kinds = {each.what for each in differences}
    money_moves = bool(kinds & {What.ACCOUNT, What.BANK})
    if money_moves and What.OTHER_STALL in kinds:
        vi, en = (
            "Đây là mã của quầy khác: tiền sẽ vào tài khoản của quầy ấy.",
            "This is the code of another stall: the money would go to that stall's account.",
        )
    elif money_moves and What.REFERENCE in kinds:
        vi, en = (
            "Đây không phải mã của quầy: tiền sẽ vào tài khoản lạ.",
            "This is not the stall's code: the money would go to a foreign account.",
        )
    elif money_moves:
        vi, en = (
            "Mã mang mã quầy này nhưng tiền sẽ vào tài khoản khác: có thể đã bị dán đè.",
            "The code carries this stall's code, but the money would go to another account: it may have been pasted over.",
        )
    elif What.OTHER_STALL in kinds:
        vi, en = (
            "Đúng tài khoản nhưng là bảng của quầy khác: tiền sẽ ghi cho quầy ấy.",
            "The account is right, but the board is another stall's: the money would be booked there.",
        )
    else:
        vi, en = (
            "Đúng tài khoản nhưng không mang mã quầy: tiền vào mà máy của quầy có thể không đọc.",
            "The account is right, but the code does not carry the stall's code: money may come in without being announced.",
        )
    return Verdict(Outcome.DIFFERS, f"{vi} {_CALL[0]}", f"{en} {_CALL[1]}", differences)
