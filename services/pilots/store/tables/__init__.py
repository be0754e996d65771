"""The tables of this service, and which of them row-level security filters by organisation."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, text

from kit.audit import audit_table
from kit.idempotency import idempotency_table
from kit.inbox import inbox_tables
from kit.outbox import outbox_table
from services.pilots.domain.trail import TOLD
from services.pilots.store.tables import figures, places, sales, stalls, trust
from services.pilots.store.tables.ground import metadata

__all__ = ["figures", "metadata", "places", "sales", "stalls", "trust"]

outbox = outbox_table(metadata)
inbox, dead_letter = inbox_tables(metadata)
audit = audit_table(metadata)
# Most rows are a trader's own; the few that the city reads are found without passing those.
Index("audit_told", audit.c.id, postgresql_where=text(f"split_part(action, '.', 1) IN {TOLD}"))
idempotency_key = idempotency_table(metadata)

TENANT_TABLES: Final = (
    "unit",
    "receiving_account",
    "stall",
    "stand",
    "pack_code",
    "pairing",
    "device",
    "pin_miss",
    "sale",
    "taking",
    "unassigned",
    "stall_event",
    "cash_entry",
    "stall_day",
    "enrolment_row",
    "stand_check",
    "audit",
)
APP_TABLES: Final = (
    "outbox",
    "idempotency_key",
    "code",
    "programme",
    "section",
    "enrolment",
    "alarm",
    "helper_visit",
)
APP_READS: Final = ("feed", "figure_table", "indicator")
WORKER_TABLES: Final = ("inbox", "dead_letter", "early_reversal", "feed_minute", "stall_hour", "stall_sign")
APPEND_ONLY: Final = ("audit", "code")
