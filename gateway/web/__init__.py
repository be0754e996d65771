"""The pages. Each module holds one `routes` group; a new one is added to GROUPS."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web import bills, finance, lookup, people, school, start, system

GROUPS: Final[tuple[Routes, ...]] = (
    start.routes,
    bills.routes,
    lookup.routes,
    people.routes,
    *school.GROUPS,
    *finance.GROUPS,
    system.routes,
)
