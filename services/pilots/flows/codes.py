"""Drawing codes: each is one stall's, one pack's or one sale's, and never another one's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit.references import Kind, new_references
from services.pilots.domain.errors_stalls import StallReferencesUsedUp
from services.pilots.store import codes as store

# How often another code is drawn where one is taken, for a sale as for a list.
TRIES: Final = 10


def draw(session: Session, payable_ids: Sequence[UUID]) -> dict[UUID, str]:
    """A code for each payable, claimed. Raises StallReferencesUsedUp."""
    drawn: dict[UUID, str] = {}
    missing = list(payable_ids)
    for _ in range(TRIES):
        if not missing:
            return drawn
        wanted = dict(zip(missing, new_references(Kind.STALL, len(missing)), strict=True))
        claimed = store.claim(session, wanted)
        drawn |= {id: wanted[id] for id in claimed}
        missing = [id for id in missing if id not in claimed]
    if missing:
        raise StallReferencesUsedUp()
    return drawn
