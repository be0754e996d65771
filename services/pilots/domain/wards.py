"""Wards by the product's own dated copy of the list. A code alone names no ward: 25195 was another one before July 2025."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

_PATH: Final = Path(__file__).parents[1] / "data" / "wards.json"


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward under one of its names. `ward_set` is the list it belongs to: 2023 or 2025."""

    code: str
    valid_from: date
    valid_to: date | None
    ward_set: str
    name: str
    # The ward of today's list in which it lies.
    now_code: str
    is_confirmed: bool


@cache
def wards() -> tuple[Ward, ...]:
    """Every ward of both lists."""
    content = json.loads(_PATH.read_text(encoding="utf-8"))
    return tuple(
        Ward(
            code=item["code"],
            valid_from=date.fromisoformat(item["valid_from"]),
            valid_to=date.fromisoformat(item["valid_to"]) if item["valid_to"] else None,
            ward_set=item["set"],
            name=item["name"],
            now_code=item["now_code"],
            is_confirmed=item["confirmed"],
        )
        for item in content["wards"]
    )


def ward_at(code: str, day: date) -> Ward | None:
    """The ward that has this code on a day; None if none has."""
    for ward in wards():
        if ward.code == code and ward.valid_from <= day and (ward.valid_to is None or day <= ward.valid_to):
            return ward
    return None


def ward_now(code: str) -> Ward | None:
    """The ward of today's list with this code; None if there is none."""
    return next((ward for ward in wards() if ward.code == code and ward.valid_to is None), None)


def wards_now() -> list[tuple[Ward, list[Ward]]]:
    """The wards of today's list, each with those of 2023 that lie in it, by code."""
    former = sorted((ward for ward in wards() if ward.ward_set == "2023"), key=lambda ward: ward.code)
    today = sorted((ward for ward in wards() if ward.valid_to is None), key=lambda ward: ward.code)
    return [(ward, [each for each in former if each.now_code == ward.code]) for ward in today]


def former_ward(code: str) -> Ward | None:
    """The ward of the list of 2023 with this code; None if there is none."""
    return next((ward for ward in wards() if ward.code == code and ward.ward_set == "2023"), None)


def ward_set_on(day: date) -> str:
    """The list by which a period that ends on this day is reported."""
    today = next(ward for ward in wards() if ward.valid_to is None)
    return today.ward_set if day >= today.valid_from else "2023"


def reported_ward(code: str, former_code: str, day: date) -> tuple[str, str]:
    """Code and name of the ward under which a place is reported for a period that ends on this day.

    `code` is by today's list, `former_code` by that of 2023, empty where it is not known: then the code is empty.
    """
    ward = former_ward(former_code) if ward_set_on(day) == "2023" else ward_now(code)
    return (ward.code, ward.name) if ward is not None else ("", "")
