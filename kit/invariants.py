"""Invariants of a database, as SQL that finds what breaks them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

from sqlalchemy.orm import Session

from kit.db import cursor

MOST_BREACHES: Final = 100


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that does not hold: which, what is wrong, and where."""

    invariant: str
    what: str
    where: str


def breaches(session: Session, checks: Iterable[tuple[str, LiteralString]]) -> list[Breach]:
    """What checks find, MOST_BREACHES of each at most.

    A check is an invariant and a query of (what, where) for its breaches, in which a per cent sign is doubled.
    """
    found: list[Breach] = []
    for invariant, statement in checks:
        rows = cursor(session).execute(statement + " LIMIT %s", (MOST_BREACHES,), prepare=False)
        found += [Breach(invariant, what, where) for what, where in rows]
    return found
