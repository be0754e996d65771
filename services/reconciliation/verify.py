"""The invariants that this service's own database must hold (I1, I2, I4, I5, I8), and its side of I6."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from kit.invariants import Breach
from services.reconciliation.store import invariants


def findings(session: Session) -> list[Breach]:
    """Every breach found: invariant, what, where. Empty means that the books hold."""
    return invariants.findings(session)


def applied_by_payable(session: Session) -> Iterator[tuple[str, int]]:
    """(payable id, đồng applied) in order of id, to be compared with what the owners of payables recorded (I6)."""
    return invariants.applied_by_payable(session)
