"""Which decisions the city may read of the audit trail."""

from __future__ import annotations

from typing import Final

# By what stands before the dot of an action. What a trader does with money, cash and days is in the trail as well, and
# nobody's to read but by way of a court.
TOLD: Final = ("alarm", "device", "enrolment", "events", "programme", "stall", "stand", "visit")
