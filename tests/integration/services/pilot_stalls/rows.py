"""What the tests of stalls look up in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from kit.db import Database
from xoai.payables.v1 import payables_events_pb2 as payables_pb
from xoai.pilots.v1 import pilots_events_pb2 as events_pb


def rows(database: Database, statement: str, **values: Any) -> Sequence[Row[Any]]:
    with database.begin() as session:
        return session.execute(text(statement), values).all()


def payables(database: Database) -> list[payables_pb.PayableChanged]:
    """What was announced to reconciliation, in order."""
    found = rows(database, "SELECT payload FROM outbox WHERE topic = 'pilots.payables' ORDER BY id")
    return [payables_pb.PayableChanged.FromString(bytes(row.payload)) for row in found]


def stall_events(database: Database) -> list[events_pb.StallEvent]:
    """What was announced to phones, in order."""
    found = rows(database, "SELECT payload FROM outbox WHERE topic = 'pilots.stalls' ORDER BY id")
    return [events_pb.StallEvent.FromString(bytes(row.payload)) for row in found]
