"""Other payment schemes in the account objects 02 to 51 of a code, by name.

Sources: EMVCo's allocation of 02–25 to card schemes; identifiers of 26–51 as seen in open implementations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.vietqr.domain.elements import read
from services.vietqr.domain.errors import BadCode

_CARD_SCHEMES: Final = {
    **dict.fromkeys(("02", "03"), "Visa"),
    **dict.fromkeys(("04", "05"), "Mastercard"),
    **dict.fromkeys(("09", "10"), "Discover"),
    **dict.fromkeys(("11", "12"), "American Express"),
    **dict.fromkeys(("13", "14"), "JCB"),
    **dict.fromkeys(("15", "16"), "UnionPay"),
}
# What a globally unique identifier (sub-object 00) contains, in small letters, and whose it is.
_IDENTIFIERS: Final = (
    ("a000000775", "VNPAY-QR"),
    ("shopee", "ShopeePay"),
    ("zalo", "ZaloPay"),
    ("momo", "MoMo"),
    ("a000000677", "PromptPay"),
    ("qris", "QRIS"),
    ("bakong", "KHQR"),
)
_ELECTRICITY: Final = "electricity bill QR"


def other_schemes(objects: Mapping[str, str]) -> list[str]:
    """The names of all schemes beside VietQR for which the code carries an account."""
    names: dict[str, None] = {}
    for tag, value in objects.items():
        if "02" <= tag <= "51" and tag != "38":
            names[_scheme(tag, value)] = None
    return list(names)


def _scheme(tag: str, value: str) -> str:
    if tag < "26":
        return _CARD_SCHEMES.get(tag, f"EMVCo {tag}")
    try:
        identifier = read(value, tag).get("00", "")
    except BadCode:
        # Other schemes may fill their template as they like; only its name is wanted here.
        identifier = value[4:]
    if identifier == "00":
        return _ELECTRICITY
    for part, name in _IDENTIFIERS:
        if part in identifier.lower():
            return name
    return f"{tag} {identifier}".strip()
