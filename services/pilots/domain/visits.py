"""A volunteer's visit: somebody agreed, one bill may be seen for half an hour, and then no longer.

A visit holds the reference of the bill and nothing else of it; what is shown is what anybody may know by the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kit.references import check, normalise
from kit.text import clean_display
from services.pilots.domain.errors_trust import ConsentMissing, VisitReferenceWrong

SIGHT: Final = timedelta(minutes=30)
SIGHT_MINUTES: Final = SIGHT // timedelta(minutes=1)
_MOST_CONSENT: Final = 300


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit. `reference` is empty once it may no longer be seen."""

    id: UUID
    subject: str
    helper_name: str
    reference: str
    consent: str
    begin_time: datetime
    view_until: datetime
    print_time: datetime | None = None

    def seen_at(self, now: datetime) -> str:
        """The reference, if it may still be seen; else empty, whether the row was wiped already or not."""
        return self.reference if now < self.view_until else ""


def reference_of(typed: str) -> str:
    """The reference of a bill or sale as it was typed or spoken. Raises VisitReferenceWrong."""
    reference = normalise(typed)
    if not check(reference):
        raise VisitReferenceWrong(reference=clean_display(typed)[:40])
    return reference


def consent_of(text: str, *, consented: bool) -> str:
    """How the person agreed, in words. Raises ConsentMissing without a yes, or without words."""
    words = clean_display(text)
    if not consented or not words:
        raise ConsentMissing()
    return words[:_MOST_CONSENT]
