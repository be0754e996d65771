"""Settings of this service beside those of every process; the data key (XOAI_DATA_KEY) opens second facts and links."""

from __future__ import annotations

from pydantic import Field

from kit.settings import Settings


class InvoicesSettings(Settings):
    """What this service's processes read from the environment."""

    # Events a consumer takes into one transaction.
    invoices_batch: int = Field(default=1_000, ge=1, le=10_000)
    invoices_tidy_seconds: int = Field(default=3_600, ge=1)
