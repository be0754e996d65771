"""What a VietQR code says (NAPAS QR code format, the tables as open implementations agree on them)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

GUID: Final = "A000000727"
CURRENCY: Final = "704"
COUNTRY: Final = "VN"
AMOUNT_MOST: Final = 10**13 - 1  # object 54 has at most 13 digits
NAME_MOST: Final = 25
CITY_MOST: Final = 15
POSTAL_CODE_MOST: Final = 10
ADDITIONAL_MOST: Final = 25


class Service(StrEnum):
    """Object 38-02: what the code asks for."""

    ACCOUNT_TRANSFER = "QRIBFTTA"
    CARD_TRANSFER = "QRIBFTTC"
    MERCHANT_PAYMENT = "QRPUSH"
    CASH_WITHDRAWAL = "QRCASH"


TRANSFERS: Final = frozenset({Service.ACCOUNT_TRANSFER, Service.CARD_TRANSFER})


class Initiation(StrEnum):
    """Object 01: a code to be used again and again, or for one transaction."""

    STATIC = "11"
    DYNAMIC = "12"


@dataclass(frozen=True, slots=True)
class AdditionalData:
    """Object 62; `purpose` (62-08) is what becomes the memo of the transfer."""

    bill_number: str | None = None
    mobile_number: str | None = None
    store_label: str | None = None
    loyalty_number: str | None = None
    reference_label: str | None = None
    customer_label: str | None = None
    terminal_label: str | None = None
    purpose: str | None = None
    consumer_data_request: str | None = None


# The fields stand in the order of their tags 01 to 09.
ADDITIONAL_TAGS: Final = {
    field.name: f"{place:02d}" for place, field in enumerate(fields(AdditionalData), start=1)
}


@dataclass(frozen=True, slots=True)
class Code:
    """The content of one code; `amount` in đồng; `initiation` None means 12 with an amount and 11 without."""

    bin: str
    account: str
    amount: int | None = None
    additional: AdditionalData = AdditionalData()
    service: Service | None = Service.ACCOUNT_TRANSFER
    initiation: Initiation | None = None
    merchant_category: str | None = None
    merchant_name: str | None = None
    merchant_city: str | None = None
    postal_code: str | None = None
