"""What the demo leaves for the first page: its summary, a sample bill, sample logins. Nothing of it in production."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.settings import GatewaySettings
from kit import log

_COUNTS: Final = (
    "invoices_issued",
    "invoices_paid",
    "credits_received",
    "credits_applied",
    "credits_suspense",
    "duplicates_ignored",
    "ledger_debits",
    "ledger_credits",
)
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """A login that the demo made, for one door."""

    door: str
    name: str
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo left: the summary (None before it is done), when it was built, a bill and a stall to open, logins."""

    summary: Mapping[str, int] | None = None
    built: datetime | None = None
    reference: str = ""
    stall: str = ""
    samples: tuple[Sample, ...] = ()

    def sample(self, door: str) -> Sample | None:
        """The sample login of a door."""
        return next((sample for sample in self.samples if sample.door == door), None)


def read(settings: GatewaySettings) -> Demo:
    """The demo's files, as they are now; empty in production or before the demo has written them."""
    if not settings.is_sandbox:
        return Demo()
    summary, built = _summary(settings.demo_folder / "summary.json")
    doors = _read_json(settings.demo_folder / "doors.json")
    samples = tuple(
        Sample(str(row["door"]), str(row["name"]), str(row["login"]), str(row["password"]))
        for row in doors.get("logins", [])
    )
    return Demo(summary, built, str(doors.get("reference", "")), str(doors.get("stall", "")), samples)


def _summary(path: Path) -> tuple[Mapping[str, int] | None, datetime | None]:
    content = _read_json(path)
    counts = {name: content[name] for name in _COUNTS if isinstance(content.get(name), int)}
    if len(counts) < len(_COUNTS):
        return None, None
    return counts, datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        # Being written at this moment; the next visitor sees it.
        _log.warning("a file of the demo cannot be read yet", file=path.name)
        return {}
    return content if isinstance(content, dict) else {}
