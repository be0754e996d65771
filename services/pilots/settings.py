"""Settings of this service beside those of every process."""

from __future__ import annotations

from pydantic import Field

from kit.settings import Settings


class PilotsSettings(Settings):
    """What this service's processes read from the environment."""

    # Visits that a volunteer may begin in a day.
    visits_a_day: int = Field(default=40, ge=1, le=1_000)
    # A stall that usually sells is silent after so many minutes without money.
    silent_minutes: int = Field(default=60, ge=5, le=600)
    feeds_seconds: int = Field(default=15, ge=1)
    watch_seconds: int = Field(default=60, ge=1)
    tidy_seconds: int = Field(default=3_600, ge=1)
    # How often to look whether a week's figures are due.
    figures_seconds: int = Field(default=300, ge=1)
    # How soon a stall gets its board after an account came into force.
    stands_seconds: int = Field(default=2, ge=1)
    # Events a consumer of money takes into one transaction.
    pilots_batch: int = Field(default=1_000, ge=1, le=10_000)
    close_days_seconds: int = Field(default=600, ge=1)
