"""What a provider's list tells: under the callbacks' ids where it shares them, else as a source with ids of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.intake import arrival
from services.intake.adapters import xoai
from services.intake.domain import Verified
from xoai.intake.v1.intake_events_pb2 import BankCreditReported

CONNECTION = UUID("0190a000-0000-7000-8000-0000000000c1")
ORIGIN = arrival.Origin(
    connection_id=CONNECTION,
    organisation_id=UUID("0190a000-0000-7000-8000-000000000001"),
    provider="payos",
    bin="970499",
    account_numbers=frozenset({"19001234"}),
    virtual_accounts={},
    confirm_above=0,
    is_signed=True,
)


@pytest.mark.parametrize(
    ("shares_ids", "key", "source"), [(True, "17", f"{CONNECTION}"), (False, "pull:17", f"{CONNECTION}:pull")]
)
def test_ids_of_a_list(shares_ids: bool, key: str, source: str) -> None:
    """Number 17 of a list with numbers of its own is not the callback's number 17: dropping it would lose money."""
    credit = b'{"provider_transaction_id":"17","account":"19001234","amount":5000,"currency":"VND"}'
    reading = xoai.read(Verified(b'{"credits":[%s]}' % credit))
    found = arrival.of_pull(ORIGIN, reading, b"", datetime(2026, 11, 27, tzinfo=UTC), shares_ids=shares_ids)
    (report,) = found.reports
    assert report.dedupe_key == key
    assert report.event is not None
    assert BankCreditReported.FromString(report.event.payload).source_id == source
