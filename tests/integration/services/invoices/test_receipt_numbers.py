"""Receipts run without gaps within organisation and year."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import grpc

from kit import clock
from kit.db import Database
from kit.inbox import Consumer
from services.invoices.flows.payments import record_payments
from tests.integration.services.invoices.calls import assert_books_hold, issue, issue_one, paying, receipts
from tests.support.invoices import ORGANISATION, OTHER_ORGANISATION, deliveries, draft_message


def test_receipts_run_within_organisation_and_year(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """Each organisation counts by itself; the year is the city's, and begins at midnight in Asia/Ho_Chi_Minh."""
    mine = [issue_one(channel).invoice_id for _ in range(2)]
    (other,) = issue(channel, draft_message(), organisation_id=str(OTHER_ORGANISATION))
    # 17:00 UTC on 31 December is midnight in the city.
    present = clock.now()
    clock.set_offset(datetime(2027, 12, 31, 16, 59, 0, tzinfo=UTC) - present)
    consumer.handle(deliveries([paying(mine[0], 600_000)[0], paying(other.invoice_id, 600_000)[0]]))
    clock.set_offset(datetime(2027, 12, 31, 17, 0, 0, tzinfo=UTC) - present)
    consumer.handle(deliveries(paying(mine[1], 600_000), start=5))
    assert [(organisation, year, number) for organisation, year, number, _, _ in receipts(database)] == [
        (ORGANISATION, 2027, 1),
        (ORGANISATION, 2028, 1),
        (OTHER_ORGANISATION, 2027, 1),
    ]
    assert_books_hold(database)


def test_two_consumers_draw_numbers_without_gaps(channel: grpc.Channel, database: Database) -> None:
    """Two connections that record for the same organisations at once: no number twice, none left out."""
    ids = [outcome.invoice_id for outcome in issue(channel, *[draft_message() for _ in range(120)])]
    ids += [
        outcome.invoice_id
        for outcome in issue(
            channel, *[draft_message() for _ in range(120)], organisation_id=str(OTHER_ORGANISATION)
        )
    ]
    halves = (ids[0::2], ids[1::2][::-1])
    barrier = threading.Barrier(2)

    def run(half: list[str]) -> None:
        barrier.wait()
        for start in range(0, len(half), 10):
            facts = [paying(id, 600_000)[0] for id in half[start : start + 10]]
            with database.begin() as session:
                record_payments(session, facts)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, halves))
    for organisation in (ORGANISATION, OTHER_ORGANISATION):
        numbers = [number for owner, _, number, _, _ in receipts(database) if owner == organisation]
        assert numbers == list(range(1, 121))
    assert_books_hold(database)
