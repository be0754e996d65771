"""From a provider's own element to a judged one: the part that is the same for all providers.

An adapter says in an `Entry` which field means what; `Tally` judges it. The one rule: whatever cannot be read with
certainty becomes an element for a person, and the elements beside it go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.intake.domain import (
    LONGEST_IDENTIFIER,
    AmountNotWhole,
    BodyFormUnknown,
    BodyTooManyValues,
    Credit,
    Direction,
    PassedOver,
    Reading,
    Told,
    Unreadable,
    Verified,
    money_digest,
    parse_time,
    whole_dong,
)
from services.intake.limits import MOST_ELEMENTS, NumberText, read_json

Element = dict[str, object]

_DONG = frozenset(("VND", "vnd", "704"))
_OVERLONG_KEY = 200


@dataclass(slots=True)
class Entry:
    """What a provider tells of one booking, not judged yet. `amount` and `occur_time` are as they came."""

    provider_transaction_id: str | None
    bank_reference: str | None
    account: str | None
    virtual_account: str | None
    amount: object
    direction: Direction | None
    memo: str | None
    occur_time: str | None
    dedupe_key: str | None
    payer_name: str | None = None
    payer_account: str | None = None
    payer_bin: str | None = None
    currency: str | None = None
    test: bool = False


def document_of(verified: Verified) -> object:
    """The parsed body, read now unless the proof of the sender needed it already."""
    return verified.document if verified.document is not None else read_json(verified.raw_body)


def object_of(found: object, what: str = "the body") -> Element:
    """`found` as a JSON object; BodyFormUnknown if it is none."""
    if not isinstance(found, dict):
        raise BodyFormUnknown(detail=f"{what} is not an object")
    return found


def text(found: object) -> str | None:
    """A text or number as text without blanks around it; None for null, blank, and anything else. What a database
    text cannot hold (NUL, half a surrogate pair) becomes U+FFFD."""
    if not isinstance(found, str):
        return None
    return (str(found) if found.isascii() and "\0" not in found else storable(found)).strip() or None


def memo_text(found: object) -> str | None:
    """A memo as sent, blanks included; None if there is none."""
    return storable(found) if isinstance(found, str) else None


def storable(found: str) -> str:
    """The same text with what a database text cannot hold replaced by U+FFFD."""
    if found.isascii():
        return found.replace("\0", "\ufffd") if "\0" in found else str(found)
    try:
        found.encode()
    except UnicodeEncodeError:
        found = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in found)
    return found.replace("\0", "\ufffd")


def bin_text(found: object) -> str | None:
    """A bank's BIN of six digits; None for anything else (providers also put names and codes of their own there)."""
    value = text(found)
    return value if value and len(value) == 6 and value.isascii() and value.isdigit() else None


def sign_direction(amount: object) -> Direction:
    """Direction by the sign of the amount: negative is money going out."""
    return Direction.OUT if isinstance(amount, str) and amount.startswith("-") else Direction.IN


def key_of(*parts: str | None) -> str | None:
    """A dedupe key from all parts; None if one is missing, so that nothing is dropped without an id."""
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    key = "|".join(known)
    return key if len(key) <= _OVERLONG_KEY else "sha256:" + hashlib.sha256(key.encode()).hexdigest()


class Tally:
    """Collects the judged elements of one body."""

    __slots__ = ("_passed_over", "_told", "_unreadable", "_warnings")

    def __init__(self) -> None:
        self._told: list[Told] = []
        self._passed_over: list[PassedOver] = []
        self._unreadable: list[Unreadable] = []
        self._warnings: list[str] = []

    def warn(self, code: str, place: str = "") -> None:
        """Note a warning, with its place in bodies of several elements."""
        self._warnings.append(f"{code}: {place}" if place else code)

    def reading(self) -> Reading:
        """What was collected."""
        return Reading(
            tuple(self._told), tuple(self._passed_over), tuple(self._unreadable), tuple(self._warnings)
        )

    def judge_all(
        self,
        elements: Sequence[object],
        name: str,
        entry_of: Callable[[Element], Entry],
        most: int = MOST_ELEMENTS,
    ) -> None:
        """Judge each element of a list; one that is no object is for a person. BodyTooManyValues for more than `most`."""
        if len(elements) > most:
            raise BodyTooManyValues(limit=most)
        for position, element in enumerate(elements):
            place = f"{name}[{position}]"
            if isinstance(element, dict):
                self.judge(entry_of(element), place)
            else:
                self._unread(Entry(*(None,) * 9), place, "ELEMENT_NOT_OBJECT", "the element is no object")

    def judge(self, entry: Entry, place: str = "") -> None:
        """Decide what one element is: a credit, passed over, or for a person."""
        overlong = _overlong(entry)
        if overlong:
            self._unread(
                entry, place, "FIELD_TOO_LONG", f"{overlong} has more than {LONGEST_IDENTIFIER} characters"
            )
        elif entry.direction is None:
            self._unread(entry, place, "DIRECTION_UNKNOWN", "neither money in nor money out")
        elif entry.direction is Direction.OUT:
            self._pass(entry, place, "MONEY_OUT", _shown(entry.amount))
        elif entry.currency is not None and entry.currency not in _DONG:
            self._unread(entry, place, "CURRENCY_NOT_VND", f"the currency is {entry.currency}")
        else:
            try:
                amount = whole_dong(entry.amount, is_number=isinstance(entry.amount, NumberText))
            except AmountNotWhole as problem:
                self._unread(entry, place, problem.reason, problem.text_en)
                return
            if amount == 0:
                self._pass(entry, place, "NO_AMOUNT", "0")
            else:
                self._tell(entry, place, amount)

    def _tell(self, entry: Entry, place: str, amount: int) -> None:
        occur_time = parse_time(entry.occur_time) if entry.occur_time else None
        if entry.occur_time and occur_time is None:
            self.warn("TIME_UNREADABLE", place)
        if entry.account is None:
            self.warn("ACCOUNT_MISSING", place)
        if entry.test:
            self.warn("TEST_CALL", place)
        credit = Credit(
            entry.provider_transaction_id,
            entry.bank_reference,
            entry.account,
            entry.virtual_account,
            amount,
            "VND",
            entry.memo,
            occur_time,
            entry.payer_name,
            entry.payer_account,
            entry.payer_bin,
            entry.test,
        )
        # A provider's test call repeats its id with other content; it is never applied, so never compared either.
        key = None if entry.test else entry.dedupe_key
        self._told.append(Told(place, key, money_digest(entry.account, "in", str(amount), "VND"), credit))

    def _pass(self, entry: Entry, place: str, warning: str, amount: str) -> None:
        digest = money_digest(entry.account, str(entry.direction), amount, entry.currency or "VND")
        self._passed_over.append(PassedOver(place, entry.dedupe_key, digest, warning))
        self.warn(warning, place)

    def _unread(self, entry: Entry, place: str, reason: str, detail: str) -> None:
        digest = money_digest(
            entry.account, str(entry.direction), _shown(entry.amount), entry.currency or "VND"
        )
        detail = f"{place}: {detail}" if place else detail
        self._unreadable.append(Unreadable(place, entry.dedupe_key, digest, reason, detail))


def _shown(amount: object) -> str:
    return amount if isinstance(amount, str) else type(amount).__name__


def _overlong(entry: Entry) -> bool:
    return (
        len(entry.account or "") > LONGEST_IDENTIFIER
        or len(entry.virtual_account or "") > LONGEST_IDENTIFIER
        or len(entry.bank_reference or "") > LONGEST_IDENTIFIER
        or len(entry.provider_transaction_id or "") > LONGEST_IDENTIFIER
        or len(entry.payer_account or "") > LONGEST_IDENTIFIER
    )
