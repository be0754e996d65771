"""Invariants of the records: what is sound yields nothing, and each breach is found and named."""

from __future__ import annotations

import grpc
import pytest

from kit.db import Database
from kit.inbox import Consumer
from services.pilots import verify
from tests.integration.services.pilot_sales.calls import enter_cash, open_sale, owner
from tests.support.sales import deliveries, make_applied, make_reversed, paying
from tests.support.stalls import OpenStall

BREACHES = {
    "a sale's amount": ("I6", "UPDATE sale SET amount_paid = amount_paid + 1"),
    "a sale's count of payments": ("I6", "UPDATE sale SET payments = 7"),
    "a sale's state": ("I6", "UPDATE sale SET state = 'open'"),
    "a day's sum": ("I6", "UPDATE stall_day SET transfer_sum = transfer_sum + 1"),
    "a taking moved to another sum": ("I6", "UPDATE taking SET is_late = true"),
    "a day lost": ("I6", "DELETE FROM stall_day"),
    "cash lost": ("I6", "DELETE FROM cash_entry"),
    "a code of something else": ("I6", "UPDATE sale SET reference = (SELECT reference FROM stall)"),
    "a code of nobody": ("I6", "UPDATE stall SET reference = 'XQ'"),
    "a taking lost": ("I6", "DELETE FROM taking WHERE kind = 'sale'"),
    "a taking of nothing": (
        "I6",
        "UPDATE taking SET payable_id = '00000000-0000-7000-8000-000000000001' WHERE kind = 'standing'",
    ),
    "an event lost": (
        "I8",
        "DELETE FROM stall_event e WHERE sequence = (SELECT max(sequence) - 1 FROM stall_event)",
    ),
    "a sequence that went back": ("I8", "UPDATE stall SET sequence = 1"),
}


@pytest.fixture
def sale_id(channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall) -> str:
    """A day with a paid sale, standing money of which some was taken back, and cash."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    undone = make_applied(stall.stall.id, amount=9_000)
    kept = make_applied(stall.stall.id, amount=4_000, total_applied=4_000, applied_version=3)
    facts = [*paying(sale.id, 20_000, 30_000), undone, make_reversed(undone), kept]
    payments.handle(deliveries(facts))
    enter_cash(seller, stall.stall.id, 11_000)
    return sale.id


def test_sound_records_yield_nothing(database: Database, stall: OpenStall, sale_id: str) -> None:
    """And say what was paid, payable by payable, as reconciliation has it."""
    with database.begin() as session:
        assert verify.findings(session) == []
        assert dict(verify.paid_by_payable(session)) == {sale_id: 50_000, str(stall.stall.id): 4_000}


@pytest.mark.parametrize("breach", BREACHES)
def test_each_breach_is_found(database: Database, sale_id: str, breach: str) -> None:
    """Named by its invariant and its place."""
    invariant, statement = BREACHES[breach]
    with database.begin() as session:
        session.connection().exec_driver_sql(statement)
    with database.begin() as session:
        found = verify.findings(session)
    assert invariant in {finding.invariant for finding in found}
    assert all(finding.what and finding.where for finding in found)
