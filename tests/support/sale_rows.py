"""A sale as a row, for tests that only need one to be there."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from kit import clock, ids
from kit.db import Database
from services.pilots.domain.stalls import Stall


def add_sale(database: Database, stall: Stall, reference: str, amount: int = 50_000) -> None:
    """A sale that waits at a stall. Columns that are not named here begin at nought."""
    values: dict[str, object] = {
        "id": ids.new(),
        "organisation_id": stall.organisation_id,
        "stall_id": stall.id,
        "reference": reference,
        "amount": amount,
        "state": "open",
        "account_id": ids.new(),
        "bin": "970436",
        "account_number": "1",
        "account_holder": "TRAN THI HANH",
        "subject": "person:1",
        "create_time": clock.now(),
        "expire_time": clock.now() + timedelta(minutes=10),
        "change_time": clock.now(),
    }
    with database.begin() as session:
        needed = session.execute(
            text(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'sale'"
                " AND table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL"
            )
        ).scalars()
        values = dict.fromkeys(set(needed) - values.keys(), 0) | values
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        session.execute(text(f"INSERT INTO sale ({names}) VALUES ({places})"), values)
