"""The invariants that this service's own database must hold (I6, I8), and its side of I6."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from kit.invariants import Breach
from services.pilots.store import invariants


def findings(session: Session) -> list[Breach]:
    """Every breach found: invariant, what, where. Empty means that the records hold."""
    return invariants.findings(session)


def paid_by_payable(session: Session) -> Iterator[tuple[str, int]]:
    """(payable id, đồng recorded as paid), to be compared with what reconciliation applied (I6)."""
    return invariants.paid_by_payable(session)
