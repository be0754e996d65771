"""The invariants that this service's own database must hold (I5, I6, I8, I10), and its side of I6."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy.orm import Session

from kit.invariants import MOST_BREACHES, Breach
from services.invoices.flows.checking import broken_seals
from services.invoices.store import invariants


def findings(session: Session) -> list[Breach]:
    """Every breach found: invariant, what, where. Empty means that the records hold."""
    found = invariants.findings(session)
    for broken in islice(broken_seals(session), MOST_BREACHES):
        book = f"{broken.place.organisation_id} {broken.place.series}/{broken.place.year}"
        found.append(Breach("I10", broken.what, f"receipt {broken.number:08} of {book}"))
    return found


def paid_by_invoice(session: Session) -> Iterator[tuple[str, int]]:
    """(invoice id, đồng recorded as paid) in order of id, to be compared with what reconciliation applied (I6)."""
    return invariants.paid_by_invoice(session)
