"""When are two reports one credit?

Reports of one source never join each other: two truly equal lines stay two. Reports of different sources join one to
one on (account, amount, bank reference), else on (account, amount, bank's date ± 1 day, what the memo says), if exactly
one pair is possible. Not unique means a person decides; there is no unique key on a bank's reference, banks repeat them.
Two numbers of one series name two bookings, whatever their memos say: three customers of a stall pay the same amount
under the same code within a minute, and a list may tell of the second before the callback of the first has come.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zlib import crc32

from kit import clock
from kit.references import Found, Outcome
from kit.text import fold_upper
from services.reconciliation.domain.credit import Arrival, Report, Telling

# Banks start their counters anew: an equal reference after so many days is another payment.
REFERENCE_DAYS: Final = 31
MEMO_DAYS: Final = 1
_NOT_PLAIN: Final = re.compile(r"[^A-Z0-9]+")
_DIGITS: Final = "0123456789"
_LONGEST_TEXT: Final = 200


def reference_key(bank_reference: str) -> str:
    """A bank's reference as it is compared: capitals and digits only."""
    if bank_reference.isascii() and bank_reference.isalnum():
        return bank_reference.upper()
    return _NOT_PLAIN.sub("", fold_upper(bank_reference)) if bank_reference else ""


def are_two(key: str, other: str) -> bool:
    """Whether references name two bookings: other numbers behind the same letters, as in FT1 and FT2.

    Numbers without letters may be of any count (a bank's trace, a provider's document), so they tell nothing apart.
    """
    series = key.rstrip(_DIGITS)
    return series not in ("", key) and series == other.rstrip(_DIGITS) and other not in (series, key)


def join_text(memo: str, found: Found) -> str:
    """What a memo says, as it is compared: the payment reference if there is exactly one, else the folded letters.

    Banks wrap the same memo differently in a callback and in a statement, but the reference stays the same.
    """
    if found.outcome is Outcome.MATCH:
        return "=" + found.references[0]
    return _NOT_PLAIN.sub("", fold_upper(memo))[:_LONGEST_TEXT]


def bank_moment(report: Report) -> datetime:
    """When the bank says that it happened, else when we were told."""
    return report.occur_time or report.arrive_time


def hash64(text: str) -> int:
    """A stable signed 64-bit hash, for compact indexes."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def account_lock(bin: str, account_number: str) -> int:
    """The number under which a receiving account is locked, known or not."""
    return hash64(f"account\x1f{bin}\x1f{account_number}")


def hashes(place: tuple[str, str, int], bank_reference_key: str, text: str) -> tuple[int | None, int]:
    """The hashes by which tellings with the same bank reference, and with the same memo, are found.

    They only narrow the search (what is found is compared whole), so a checksum beside the amount will do.
    """
    bin, account_number, amount = place
    high = (amount & 0x7FFFFFFF) << 32
    by_reference = (
        high | crc32(f"{bin}{account_number}\x1f{bank_reference_key}".encode())
        if bank_reference_key
        else None
    )
    return by_reference, high | crc32(f"{bin}{account_number}\x1e{text}".encode())


def telling(report: Report, found: Found) -> Telling:
    """What joining looks at in a report; its credit is not known yet."""
    place = (report.bin, report.account_number, report.amount)
    key = reference_key(report.bank_reference)
    text = join_text(report.memo, found)
    by_reference, by_memo = hashes(place, key, text)
    return Telling(
        "",
        place,
        key,
        text,
        clock.business_date(bank_moment(report)),
        by_reference,
        by_memo,
        {report.source_id},
    )


class Joiner:
    """Puts reports together, one after the other, with those of the batch and with `known` credits of the past."""

    def __init__(self, known: Iterable[Telling]) -> None:
        self._by_reference: dict[int, list[Telling]] = {}
        self._by_memo: dict[int, list[Telling]] = {}
        self._arrivals: dict[str, Arrival] = {}
        for each in known:
            self._keep(each)

    def add(self, report: Report, told: Telling) -> None:
        """Join the report to the one credit that it can be, or make it a credit of its own under its own id."""
        possible = self._possible(report.source_id, told)
        if len(possible) == 1 and (
            told.text or possible[0].bank_reference_key == told.bank_reference_key != ""
        ):
            same = possible[0]
            same.sources.add(report.source_id)
            arrival = self._arrivals.get(same.credit_id)
            if arrival is None:
                arrival = self._arrivals[same.credit_id] = Arrival(same.credit_id, False, same)
            arrival.reports.append(report)
            return
        told.credit_id = report.id
        self._keep(told)
        self._arrivals[told.credit_id] = Arrival(
            told.credit_id, True, told, [report], tuple([each.credit_id for each in possible])
        )

    def arrivals(self) -> Sequence[Arrival]:
        """What came of all reports, in order of their first one."""
        return list(self._arrivals.values())

    def _keep(self, each: Telling) -> None:
        if each.by_reference is not None:
            self._by_reference.setdefault(each.by_reference, []).append(each)
        self._by_memo.setdefault(each.by_memo, []).append(each)

    def _possible(self, source_id: str, told: Telling) -> list[Telling]:
        if told.by_reference is not None and told.by_reference in self._by_reference:
            same = [
                each
                for each in self._by_reference[told.by_reference]
                if source_id not in each.sources
                and each.place == told.place
                and each.bank_reference_key == told.bank_reference_key
                and abs((each.bank_date - told.bank_date).days) <= REFERENCE_DAYS
            ]
            if same:
                return same
        if told.by_memo not in self._by_memo:
            return []
        return [
            each
            for each in self._by_memo[told.by_memo]
            if source_id not in each.sources
            and each.place == told.place
            and each.text == told.text
            and abs((each.bank_date - told.bank_date).days) <= MEMO_DAYS
            and not are_two(each.bank_reference_key, told.bank_reference_key)
        ]
