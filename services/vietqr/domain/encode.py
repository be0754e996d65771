"""Writing a VietQR text: ASCII only, whole đồng, at most 25 characters a field; nothing is cut, only refused.

Every longer or accented form has an implementation or a bank's app that fails on it.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import crc_hqx
from typing import Final

from kit.money import AmountNotWhole
from kit.text import fold
from services.vietqr.domain import code as form
from services.vietqr.domain.code import ADDITIONAL_TAGS, AdditionalData, Code, Initiation, Service
from services.vietqr.domain.elements import VALUE_MOST, write
from services.vietqr.domain.errors import (
    BadAccount,
    BadAmount,
    BadBin,
    BadConsumerRequest,
    BadMerchantCategory,
    BadText,
    DynamicWithoutAmount,
    MissingField,
    TextTooLong,
)

BIN: Final = re.compile("[0-9]{6}")
ACCOUNT: Final = re.compile("[A-Za-z0-9]{1,19}")
MERCHANT_CATEGORY: Final = re.compile("[0-9]{4}")
_CONSUMER_REQUEST: Final = re.compile(r"(?!.*(.).*\1)[AME]{1,3}")
_WHOLE: Final = re.compile("[1-9][0-9]*|0")
_NO_LATIN: Final = "\xff"


def encode(code: Code) -> str:
    """The text of the code, objects in ascending order, checksum last. Raises BadCode with its reason."""
    if not BIN.fullmatch(code.bin):
        raise BadBin()
    if not ACCOUNT.fullmatch(code.account):
        raise BadAccount()
    _require(code)
    parts = [write("00", "01"), write("01", _initiation(code)), write("38", _account_template(code))]
    if code.merchant_category is not None:
        if not MERCHANT_CATEGORY.fullmatch(code.merchant_category):
            raise BadMerchantCategory()
        parts.append(write("52", code.merchant_category))
    parts.append(write("53", form.CURRENCY))
    if code.amount is not None:
        parts.append(write("54", _amount(code.amount)))
    parts.append(write("58", form.COUNTRY))
    for tag, field, value, most in (
        ("59", "merchant_name", code.merchant_name, form.NAME_MOST),
        ("60", "merchant_city", code.merchant_city, form.CITY_MOST),
        ("61", "postal_code", code.postal_code, form.POSTAL_CODE_MOST),
    ):
        if value is not None:
            parts.append(write(tag, plain(value, field, most)))
    if additional := _additional(code.additional):
        parts.append(write("62", additional))
    return with_checksum("".join(parts))


def with_checksum(text: str) -> str:
    """The objects of a code with object 63 behind them."""
    text += "6304"
    return f"{text}{checksum(text):04X}"


def checksum(text: str) -> int:
    """CRC-16, polynomial 1021, start FFFF, over the UTF-8 bytes (29B1 over "123456789")."""
    return crc_hqx(text.encode(), 0xFFFF)


def amount_of(text: str) -> int:
    """Whole đồng from their decimal text. Raises AmountNotWhole ("50000.0" is a float's leavings), BadAmount."""
    if not _WHOLE.fullmatch(text):
        raise AmountNotWhole(text=text[:60])
    if len(text) > len(str(form.AMOUNT_MOST)):
        raise BadAmount(most=form.AMOUNT_MOST)
    return int(text)


def purpose(reference: str, words: str = "") -> str:
    """The memo for 62-08: the reference first, behind it as many whole words as fit into 25 characters."""
    text = reference
    for word in re.sub(r"[^A-Za-z0-9]+", " ", fold(words)).split():
        if len(text) + 1 + len(word) > form.ADDITIONAL_MOST:
            break
        text += f" {word}"
    return text


def plain(value: str, field: str, most: int) -> str:
    """A text in ASCII, accents off. Raises BadText, TextTooLong, MissingField (blank)."""
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in value):
        raise BadText(field=field)
    text = fold(value, unknown=_NO_LATIN)
    if not (text.isascii() and text.isprintable()):
        raise BadText(field=field)
    if not text.strip():
        raise MissingField(field=field)
    if len(text) > most:
        raise TextTooLong(field=field, length=len(text), most=most)
    return text


def _require(code: Code) -> None:
    """Objects 52, 59 and 60 are mandatory for merchant payment and cash, 62-05 and 62-07 for cash."""
    needed: dict[str, str | None] = {}
    if code.service in (Service.MERCHANT_PAYMENT, Service.CASH_WITHDRAWAL):
        needed |= {
            "merchant_category": code.merchant_category,
            "merchant_name": code.merchant_name,
            "merchant_city": code.merchant_city,
        }
    if code.service is Service.CASH_WITHDRAWAL:
        needed |= {
            "reference_label": code.additional.reference_label,
            "terminal_label": code.additional.terminal_label,
        }
    for field, value in needed.items():
        if value is None:
            raise MissingField(field=field)


def _initiation(code: Code) -> str:
    if code.initiation is None:
        return Initiation.STATIC if code.amount is None else Initiation.DYNAMIC
    if code.initiation is Initiation.DYNAMIC and code.amount is None:
        raise DynamicWithoutAmount()
    return code.initiation


def _account_template(code: Code) -> str:
    account = write("00", form.GUID) + write("01", write("00", code.bin) + write("01", code.account))
    return account if code.service is None else account + write("02", code.service)


def _amount(amount: int) -> str:
    if type(amount) is not int:
        raise AmountNotWhole(text=str(amount)[:60])
    if not 1 <= amount <= form.AMOUNT_MOST:
        raise BadAmount(most=form.AMOUNT_MOST)
    return str(amount)


def _additional(additional: AdditionalData) -> str:
    parts = []
    for field, tag in ADDITIONAL_TAGS.items():
        value: str | None = getattr(additional, field)
        if value is None:
            continue
        if field == "consumer_data_request" and not _CONSUMER_REQUEST.fullmatch(value):
            raise BadConsumerRequest()
        parts.append(write(tag, plain(value, field, form.ADDITIONAL_MOST)))
    text = "".join(parts)
    if len(text) > VALUE_MOST:
        raise TextTooLong(field="additional", length=len(text), most=VALUE_MOST)
    return text
