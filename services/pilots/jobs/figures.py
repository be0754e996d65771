"""The roll-up as work that comes round: every published week in a transaction of its own."""

from __future__ import annotations

from kit.db import Database
from services.pilots.flows.figures import publish_next


def publish_due(database: Database) -> int:
    """Publish every week that is due; how many tables were published."""
    tables = 0
    while count := database.run(publish_next):
        tables += count
    return tables
