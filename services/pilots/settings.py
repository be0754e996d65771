"""Settings of this service beside those of every process."""

from __future__ import annotations

from pydantic import Field

from kit.settings import Settings


class PilotsSettings(Settings):
    """What this service's processes read from the environment."""

    # How often to look whether a week's figures are due.
    figures_seconds: int = Field(default=300, ge=1)
