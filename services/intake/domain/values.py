"""From a provider's texts to values: whole amounts and moments. Nothing here rounds."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from kit.money import AMOUNT_MOST
from services.intake.domain.refusals import AmountNotWhole

LOCAL_ZONE = timezone(timedelta(hours=7))
"""Providers write local times without a zone; Viet Nam has been at UTC+7 without summer time since 1975."""

_AMOUNT = re.compile(r"(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,4}))?")


def whole_dong(found: object, *, is_number: bool) -> int:
    """The amount in đồng of a JSON number's text (`is_number`) or of a text; AmountNotWhole for anything but a whole
    number from 0 to 10^15, judged exactly. In a text "50.000" is refused: it means fifty thousand as often as fifty."""
    if not isinstance(found, str):
        raise AmountNotWhole(found=type(found).__name__, detail="missing, or neither a number nor a text")
    if len(found) <= 15 and found.isascii() and found.isdigit():
        return int(found)
    shown = found[:40]
    match = _AMOUNT.fullmatch(found) if len(found) <= 100 else None
    if match is None:
        raise AmountNotWhole(found=shown, detail="not a decimal number")
    sign, _, fraction, _ = match.groups()
    if not is_number and fraction is not None and len(fraction) == 3:
        raise AmountNotWhole(found=shown, detail="a point before three digits may separate thousands")
    amount = Decimal(found)
    if sign and amount != 0:
        raise AmountNotWhole(found=shown, detail="negative")
    if amount > AMOUNT_MOST:
        raise AmountNotWhole(found=shown, detail="more than 10^15")
    whole = int(amount)
    if whole != amount:
        raise AmountNotWhole(found=shown, detail="has a fraction")
    return whole


def money_digest(account: str | None, direction: str, amount: str, currency: str) -> bytes:
    """32 bytes that are equal exactly if the money fields are."""
    joined = "\x1f".join((account or "", direction, amount, currency))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).digest()


_EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
_DAY_FIRST = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})(?:[ T](.+))?")


def parse_time(found: str) -> datetime | None:
    """The moment that a provider's text means, aware in UTC; a text without a zone is local (UTC+7). Understood: ISO
    8601 with blank or T, dd/mm/yyyy, seconds or milliseconds since 1970. None if it is none of these."""
    text = found.strip()
    try:
        if text[4:5] != "-":  # not ISO 8601 with separators, by far the most frequent
            if _EPOCH.fullmatch(text):
                return datetime.fromtimestamp(int(text[:10]), UTC) + timedelta(
                    milliseconds=int(text[10:] or 0)
                )
            day_first = _DAY_FIRST.fullmatch(text)
            if day_first is None:
                return None
            day, month, year, clock = day_first.groups()
            text = f"{year}-{month}-{day}" + (f"T{clock}" if clock else "")
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=LOCAL_ZONE)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
