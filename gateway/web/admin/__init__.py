"""The administrator's pages under /quan-tri: organisations, accounts, people, connections, programmes, the audit trail."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.admin import (
    accounts,
    api_keys,
    clock,
    connections,
    enrolments,
    organisations,
    overview,
    people,
    programmes,
    secrets,
    stalls,
    trail,
)

GROUPS: Final[tuple[Routes, ...]] = (
    overview.routes,
    organisations.routes,
    accounts.routes,
    people.routes,
    api_keys.routes,
    connections.routes,
    programmes.routes,
    enrolments.routes,
    stalls.routes,
    secrets.routes,
    trail.routes,
    clock.routes,
)
