"""Units: the households and firms that hold stalls, each an organisation of the directory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kit.text import search_key


class UnitKind(StrEnum):
    HOUSEHOLD = "household"
    FIRM = "firm"


@dataclass(frozen=True, slots=True)
class Unit:
    """A household or firm; `phone` in E.164 or empty."""

    organisation_id: UUID
    name: str
    kind: UnitKind
    holder_name: str = ""
    phone: str = ""

    @property
    def match_key(self) -> str:
        """By which a list finds the unit again."""
        return match_key(self.name, self.phone)


def match_key(name: str, phone: str) -> str:
    """What makes two rows of lists one unit: its name, without accents, and its telephone."""
    return f"{search_key(name)}|{phone}"
