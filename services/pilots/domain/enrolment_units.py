"""The units of a list's good rows: what each needs of the directory before its stalls can be made."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.text import fold
from services.pilots.domain.enrolment import Judged, Known, Outcome
from services.pilots.domain.enrolment_values import Problem, Values

_NOT_IN_CODES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class UnitRows:
    """A unit with its good rows. Without `organisation_id` the directory does not know it yet.

    `asks_account`: its account has to be proposed, in the place of `replaces_account_id` if that is there.
    """

    code: str
    rows: tuple[Judged, ...]
    organisation_id: UUID | None
    asks_account: bool
    replaces_account_id: UUID | None

    @property
    def values(self) -> Values:
        """What its rows say of the unit; they agree."""
        return self.rows[0].values


@dataclass(frozen=True, slots=True)
class Opened:
    """A unit that the directory knows; `account_id` is the account that was proposed, if one was."""

    organisation_id: UUID
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A unit that the directory did not take, and why; its rows are wrong."""

    problem: Problem


def units_of(rows: Sequence[Judged], programme_code: str, known: Known) -> list[UnitRows]:
    """The units that new and changed rows speak of, in the order of the list."""
    by_key: dict[str, list[Judged]] = {}
    for row in rows:
        if row.outcome in (Outcome.NEW, Outcome.CHANGED):
            by_key.setdefault(row.match_key, []).append(row)
    found = []
    for key, group in by_key.items():
        unit = known.units.get(key)
        found.append(
            UnitRows(
                code=unit_code(programme_code, group[0].values.stall_number, key),
                rows=tuple(group),
                organisation_id=unit.organisation_id if unit else None,
                asks_account=unit is None or group[0].account not in unit.accounts,
                replaces_account_id=unit.active_account_id if unit else None,
            )
        )
    return found


def unit_code(programme_code: str, stall_number: str, match_key: str) -> str:
    """The organisation's code: programme, number, and letters of the unit itself.

    A stall that was withdrawn leaves its number to another unit, so the number alone would not tell them apart.
    """
    number = _NOT_IN_CODES.sub("-", fold(stall_number).lower()).strip("-")
    digest = hashlib.sha256(match_key.encode()).digest()[:4]
    mark = base64.b32encode(digest).decode().rstrip("=").lower()
    return f"{programme_code}-{number}-{mark}"
