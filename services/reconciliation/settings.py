"""Settings of reconciliation: those of every process, and how often its jobs run."""

from __future__ import annotations

from pydantic import Field

from kit.settings import Settings


class ReconciliationSettings(Settings):
    """Variables XOAI_<FIELD>; seconds."""

    reconciliation_batch: int = Field(default=1_000, ge=1, le=5_000)
    reconciliation_sweep_seconds: float = Field(default=60, gt=0)
    reconciliation_check_seconds: float = Field(default=86_400, gt=0)
