"""The pages. Each module holds one `routes` group; a new one is added to GROUPS."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web import (
    admin,
    bills,
    city,
    finance,
    lookup,
    market,
    merchant,
    notices,
    people,
    quay,
    receipts,
    school,
    second_factor,
    stall,
    start,
    system,
    volunteer,
)

GROUPS: Final[tuple[Routes, ...]] = (
    start.routes,
    bills.routes,
    quay.routes,
    receipts.routes,
    lookup.routes,
    people.routes,
    second_factor.routes,
    notices.routes,
    *school.GROUPS,
    *finance.GROUPS,
    *admin.GROUPS,
    *city.GROUPS,
    *stall.GROUPS,
    *market.GROUPS,
    *volunteer.GROUPS,
    *merchant.GROUPS,
    system.routes,
)
