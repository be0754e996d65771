"""The REST API. Each module holds one `routes` group; a new one is added to GROUPS."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.rest import (
    bank_credits,
    bank_feeds,
    callbacks,
    events,
    indicators,
    invoices,
    oauth,
    organisations,
    receipts,
    stall_phone,
)

GROUPS: Final[tuple[Routes, ...]] = (
    invoices.routes,
    receipts.routes,
    bank_credits.routes,
    organisations.routes,
    events.routes,
    bank_feeds.routes,
    stall_phone.routes,
    callbacks.routes,
    oauth.routes,
    indicators.routes,
)
