"""Codes in the database: a code that a stall, a pack or a sale carries names that one for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.arrays import text_array, uuids

# In the order of codes: two lists that draw the same ones wait for each other, and not in a circle.
_CLAIM: Final = text(
    """
    INSERT INTO code (reference, payable_id)
    SELECT reference, payable_id
    FROM unnest(CAST(:references AS text[]), CAST(:payable_ids AS uuid[])) AS n(reference, payable_id)
    ORDER BY reference
    ON CONFLICT DO NOTHING RETURNING payable_id
    """
)


def claim(session: Session, wanted: Mapping[UUID, str]) -> set[UUID]:
    """Take these codes, by payable, for good where they are free; the payables that got theirs."""
    rows = session.execute(
        _CLAIM, {"references": text_array(list(wanted.values())), "payable_ids": uuids(wanted)}
    )
    return set(rows.scalars())
