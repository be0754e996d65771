"""Sums over all stalls, for the installation's own checks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts, and đồng: of payments that stand, and of cash that was entered and not taken back."""

    stalls: int
    sales: int
    payments: int
    takings: int
    cash: int


def of_stalls(session: Session) -> Sums:
    """Over every stall there is or was; private transfers count as well."""
    row = session.execute(
        text(
            "SELECT (SELECT count(*) FROM stall WHERE state <> 'withdrawn') AS stalls,"
            " (SELECT count(*) FROM sale) AS sales,"
            " (SELECT count(*) FROM taking WHERE reverse_time IS NULL) AS payments,"
            " (SELECT coalesce(sum(amount), 0) FROM taking WHERE reverse_time IS NULL) AS takings,"
            " (SELECT coalesce(sum(amount), 0) FROM cash_entry WHERE cancel_time IS NULL) AS cash"
        )
    ).one()
    return Sums(row.stalls, row.sales, row.payments, int(row.takings), int(row.cash))
