"""I4 for intake's own database: every accepted callback is in exactly one place."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kit.invariants import Breach
from services.intake.store import connections


def findings(session: Session) -> list[Breach]:
    """Every breach found; empty means that nothing accepted was lost."""
    return [
        Breach("I4", f"marked {row.outcome}, but nothing of it is kept", f"callback {row.id}")
        for row in connections.unaccounted(session)
    ]
