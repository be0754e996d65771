"""Reading a VietQR text strictly: one meaning or a refusal with its reason.

The largest hole of open readers: of two objects with one id the last one wins, so an overlay can swap the payee.
What real codes carry against the letter of the standard is accepted and told in `warnings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Final

from kit.money import AmountNotWhole
from services.vietqr.domain import banks
from services.vietqr.domain import code as form
from services.vietqr.domain.code import ADDITIONAL_TAGS, TRANSFERS, AdditionalData, Code, Initiation, Service
from services.vietqr.domain.elements import CRC_TAG, read
from services.vietqr.domain.encode import ACCOUNT, BIN, MERCHANT_CATEGORY, checksum
from services.vietqr.domain.errors import (
    BadAccount,
    BadAmount,
    BadBin,
    BadCountry,
    BadCrc,
    BadCurrency,
    BadFormat,
    BadGuid,
    BadInitiation,
    BadLength,
    BadMerchantCategory,
    BadService,
    BadTag,
    ControlCharacter,
    CrcNotLast,
    FormatNotFirst,
    MissingTag,
    NoAccountTemplate,
    NotEmv,
    OtherScheme,
    PayloadTooLong,
)
from services.vietqr.domain.schemes import other_schemes

PAYLOAD_MOST: Final = 1024  # EMVCo: 512
_BEGIN: Final = re.compile("[0-9]{4}")
_CRC: Final = re.compile("[0-9A-Fa-f]{4}")
_AMOUNT: Final = re.compile(r"([0-9]{1,13})(?:\.([0-9]*))?")
_KNOWN: Final = frozenset(f"{tag:02d}" for tag in range(65))
_LIMITS: Final = {"59": form.NAME_MOST, "60": form.CITY_MOST, "61": form.POSTAL_CODE_MOST}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A code that was read, and what about it is unusual: stable words, a detail behind a colon."""

    code: Code
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """The objects of a code on the way to its meaning."""

    objects: Mapping[str, str]
    text: Callable[[str], str]
    warnings: list[str]

    def need(self, tag: str) -> str:
        if tag not in self.objects:
            raise MissingTag(tag=tag)
        return self.objects[tag]

    def optional(self, tag: str) -> str | None:
        value = self.objects.get(tag)
        return None if value is None else self.text(value)


def decode(payload: str) -> Decoded:
    """What the code says. Raises BadCode with its reason."""
    if len(payload) > PAYLOAD_MOST:
        raise PayloadTooLong(most=PAYLOAD_MOST)
    if not payload.isprintable():
        raise ControlCharacter()
    if not _BEGIN.match(payload):
        raise NotEmv()
    reading = _read(payload)
    _check_crc(payload, reading)
    if next(iter(reading.objects)) != "00":
        raise FormatNotFirst()
    if reading.objects["00"] != "01":
        raise BadFormat()
    bank, account, service = _account(reading)
    if reading.need("53") != form.CURRENCY:
        raise BadCurrency()
    if reading.need("58") != form.COUNTRY:
        raise BadCountry()
    amount = _amount(reading)
    code = Code(
        bin=bank,
        account=account,
        amount=amount,
        additional=_additional(reading),
        service=service,
        initiation=_initiation(reading, amount),
        merchant_category=_merchant_category(reading, service),
        merchant_name=reading.optional("59"),
        merchant_city=reading.optional("60"),
        postal_code=reading.optional("61"),
    )
    _note_unusual(reading, code)
    return Decoded(code, tuple(reading.warnings))


def _read(payload: str) -> _Reading:
    """The objects; lengths count characters, or UTF-8 bytes where only that gives a sound structure."""
    if payload.isascii():
        return _Reading(read(payload), str, [])
    try:
        return _Reading(read(payload), str, ["NON_ASCII"])
    except (BadTag, BadLength, CrcNotLast):
        narrow = payload.encode().decode("latin-1")
        return _Reading(read(narrow), _widen, ["NON_ASCII", "BYTE_LENGTHS"])


def _widen(value: str) -> str:
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise BadLength(tag="UTF-8") from error


def _check_crc(payload: str, reading: _Reading) -> None:
    given = reading.need(CRC_TAG)
    if len(given) != 4:
        raise BadLength(tag=CRC_TAG)
    if not _CRC.fullmatch(given) or int(given, 16) != checksum(payload[:-4]):
        raise BadCrc()
    if given != given.upper():
        reading.warnings.append("LOWERCASE_CRC")


def _account(reading: _Reading) -> tuple[str, str, Service | None]:
    """Object 38: BIN, account and service."""
    others = other_schemes(reading.objects)
    if "38" not in reading.objects:
        if others:
            raise OtherScheme(scheme=", ".join(others))
        raise NoAccountTemplate()
    reading.warnings += [f"OTHER_SCHEME:{scheme}" for scheme in others]
    template = _Reading(read(reading.objects["38"], "38"), reading.text, reading.warnings)
    if template.objects.get("00") != form.GUID:
        raise BadGuid()
    if "01" not in template.objects:
        raise MissingTag(tag="38-01")
    beneficiary = read(template.objects["01"], "38-01")
    bank, account = beneficiary.get("00", ""), beneficiary.get("01", "")
    if not BIN.fullmatch(bank):
        raise BadBin()
    if not ACCOUNT.fullmatch(account):
        raise BadAccount()
    _note_unknown(reading, "38-", template.objects, {"00", "01", "02"})
    _note_unknown(reading, "38-01-", beneficiary, {"00", "01"})
    if "02" not in template.objects:
        reading.warnings.append("SERVICE_MISSING")
        return bank, account, None
    try:
        return bank, account, Service(template.objects["02"])
    except ValueError as error:
        raise BadService(service=template.objects["02"]) from error


def _amount(reading: _Reading) -> int | None:
    text = reading.objects.get("54")
    if text is None:
        return None
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise BadAmount(most=form.AMOUNT_MOST)
    if match[2] is not None:
        if match[2].strip("0"):
            raise AmountNotWhole(text=text)
        reading.warnings.append("AMOUNT_WITH_DECIMALS")
    amount = int(match[1])
    if amount == 0:
        reading.warnings.append("ZERO_AMOUNT")
        return None
    if match[1].startswith("0"):
        reading.warnings.append("AMOUNT_WITH_LEADING_ZERO")
    return amount


def _initiation(reading: _Reading, amount: int | None) -> Initiation | None:
    text = reading.objects.get("01")
    if text is None:
        reading.warnings.append("INITIATION_MISSING")
        return None
    try:
        initiation = Initiation(text)
    except ValueError as error:
        raise BadInitiation() from error
    if initiation is Initiation.STATIC and amount is not None:
        reading.warnings.append("STATIC_WITH_AMOUNT")
    if initiation is Initiation.DYNAMIC and amount is None:
        reading.warnings.append("DYNAMIC_WITHOUT_AMOUNT")
    return initiation


def _merchant_category(reading: _Reading, service: Service | None) -> str | None:
    category = reading.objects.get("52")
    if category is not None and not MERCHANT_CATEGORY.fullmatch(category):
        raise BadMerchantCategory()
    present = [tag for tag in ("52", "59", "60") if tag in reading.objects]
    if service in TRANSFERS:
        reading.warnings += [f"MERCHANT_FIELD_IN_TRANSFER:{tag}" for tag in present]
    elif service is not None:
        absent = [tag for tag in ("52", "59", "60") if tag not in present]
        reading.warnings += [f"MERCHANT_FIELD_MISSING:{tag}" for tag in absent]
    return category


def _additional(reading: _Reading) -> AdditionalData:
    text = reading.objects.get("62")
    if text is None:
        return AdditionalData()
    objects = read(text, "62")
    _note_unknown(reading, "62-", objects, set(ADDITIONAL_TAGS.values()))
    reading.warnings += [
        f"LONG_VALUE:62-{tag}" for tag, value in objects.items() if len(value) > form.ADDITIONAL_MOST
    ]
    values = {field: objects[tag] for field, tag in ADDITIONAL_TAGS.items() if tag in objects}
    return AdditionalData(**{field: reading.text(value) for field, value in values.items()})


def _note_unusual(reading: _Reading, code: Code) -> None:
    """Warn of values over the limits of the standard, of objects not in it, and of a bank not listed."""
    for tag, most in _LIMITS.items():
        if len(reading.objects.get(tag, "")) > most:
            reading.warnings.append(f"LONG_VALUE:{tag}")
    if "64" in reading.objects:
        read(reading.objects["64"], "64")
    reading.warnings += [f"TIP:{tag}" for tag in ("55", "56", "57") if tag in reading.objects]
    _note_unknown(reading, "", reading.objects, _KNOWN)
    if banks.find(code.bin) is None:
        reading.warnings.append(f"UNKNOWN_BANK:{code.bin}")


def _note_unknown(reading: _Reading, path: str, objects: Mapping[str, str], known: Set[str]) -> None:
    reading.warnings += [f"UNKNOWN_TAG:{path}{tag}" for tag in objects if tag not in known]
