"""How amounts, days, times and codes are written for people, in Vietnamese and English."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from kit import clock
from kit.money import format_vnd

MINUS: Final = "−"
_NO_BREAK: Final = "\u00a0"


def money(amount: int) -> str:
    """`1.250.000 ₫`; a negative amount has the typographic minus sign."""
    return format_vnd(amount).replace("-", MINUS)


def figure(amount: int) -> str:
    """`1.250.000`: an amount in a column, or a count, without the sign."""
    return money(amount).removesuffix(f"{_NO_BREAK}₫")


def moment(time: Timestamp | datetime | None) -> datetime | None:
    """A protobuf time as an aware one in the city's zone; None where none is set."""
    if time is None:
        return None
    if isinstance(time, Timestamp):
        if not time.seconds:
            return None
        return time.ToDatetime(tzinfo=clock.CITY_ZONE)
    return time.astimezone(clock.CITY_ZONE)


def clock_time(time: Timestamp | datetime | None) -> str:
    """`08:15:02`; empty where no time is set."""
    at = moment(time)
    return at.strftime("%H:%M:%S") if at else ""


def hour_minute(time: Timestamp | datetime | None) -> str:
    """`08:15`; empty where no time is set."""
    at = moment(time)
    return at.strftime("%H:%M") if at else ""


def day(value: Timestamp | datetime | date | str | None) -> str:
    """`22/11/2026`, of a time, a date or an ISO date; empty where none is set."""
    if isinstance(value, str):
        return date.fromisoformat(value).strftime("%d/%m/%Y") if value else ""
    if isinstance(value, Timestamp | datetime):
        at = moment(value)
        return at.strftime("%d/%m/%Y") if at else ""
    return value.strftime("%d/%m/%Y") if value else ""


def short_day(value: str) -> str:
    """`30/11` of an ISO date."""
    return day(value)[:5]


def days_until(iso_date: str) -> int:
    """Days from today in the city to an ISO date; negative once it has passed."""
    return (date.fromisoformat(iso_date) - clock.today()).days


def grouped(code: str, size: int = 4) -> str:
    """A long code in groups for the eye, without a lone end: `9021 0000 11187`."""
    groups = [code[start : start + size] for start in range(0, len(code), size)]
    if len(groups) > 1 and len(groups[-1]) < size // 2 + 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return " ".join(groups)


def last_four(account: str) -> str:
    """The last four characters of an account number."""
    return account[-4:]


def percent(part: int, whole: int, *, english: bool = False) -> str:
    """`80,4 %` (English `80.4%`), rounded down so that 100 is said only of all; empty for nothing."""
    if whole <= 0:
        return ""
    tenths = part * 1000 // whole
    text = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10},{tenths % 10}"
    return text.replace(",", ".") + "%" if english else f"{text}{_NO_BREAK}%"


def quantity(milli: int) -> str:
    """A quantity in thousandths as people write it: 1500 as `1,5`, 21000 as `21`."""
    whole, rest = divmod(milli, 1000)
    return figure(whole) + (f",{rest:03d}".rstrip("0") if rest else "")


_FORGIVEN: Final = re.compile(r"[\s.\-_,/]+")


def tidy_code(text: str) -> str:
    """A payment reference or bill code as typed, in its stored form: capitals, no blanks, dots or dashes."""
    return _FORGIVEN.sub("", text).upper()[:40]


def birth_date(text: str) -> str:
    """A birth date as a parent types it (27/3/2018, 27.03.2018, 27032018) in ISO form; other text as it stands."""
    tidy = text.strip()
    match = re.fullmatch(r"(\d{1,2})[\s/.\-](\d{1,2})[\s/.\-](\d{4})", tidy) or re.fullmatch(
        r"(\d{2})(\d{2})((?:19|20)\d{2})", tidy
    )
    if match is None:
        return tidy
    try:
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    except ValueError:
        return tidy
