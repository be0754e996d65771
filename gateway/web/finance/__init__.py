"""The finance clerk's pages under /doi-soat: what waits for a person, payers' credit, the ledger, what could not be read."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.finance import credit, deciding, ledger, letters, payers, reports, sure, troubles

GROUPS: Final[tuple[Routes, ...]] = (
    credit.routes,
    deciding.routes,
    reports.routes,
    payers.routes,
    ledger.routes,
    troubles.routes,
    letters.routes,
    sure.routes,
)
