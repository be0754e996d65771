"""Public holidays by the product's own dated copy of the list: named at the bars of a chart, never reckoned with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

_PATH: Final = Path(__file__).parents[1] / "data" / "holidays.json"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off, with its name."""

    day: date
    vi: str
    en: str
    is_confirmed: bool


@cache
def holidays() -> dict[date, Holiday]:
    """Every holiday of the list by its day."""
    content = json.loads(_PATH.read_text(encoding="utf-8"))
    return {
        date.fromisoformat(row["date"]): Holiday(
            date.fromisoformat(row["date"]), row["vi"], row["en"], row["confirmed"]
        )
        for row in content["holidays"]
    }
