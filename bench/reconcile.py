"""The reconcile stage alone: how many good credits a second one connection matches, posts and puts in the outbox.

    .venv/bin/python -m bench.reconcile --open 10000 --credits 30000 --batch 1000

Seeds open payables and receiving accounts, then hands batches of reports to the consumer's batch handler, each in its
own transaction with its inbox rows, on a server that flushes every commit to disk. No log, no relay: those are in the
harness of the whole stage. Set-up is not counted.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import uuid_utils
from google.protobuf.timestamp_pb2 import Timestamp

from kit import ids
from kit.db import Database
from kit.events import Delivery, Event
from kit.inbox import Consumer
from kit.postgres import start
from kit.references import Kind, new_reference
from kit.testing.service import service_database
from services.reconciliation import consume
from services.reconciliation.domain.payable import Definition, Line, Payable
from services.reconciliation.domain.payable import Kind as PayableKind
from services.reconciliation.store import payables
from xoai.intake.v1.intake_events_pb2 import BankCreditReported

BIN = "970436"
MOMENT = datetime(2026, 9, 15, 2, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """An open payable that a credit will pay."""

    reference: str
    account_number: str
    amount: int


def seed_accounts(database: Database, count: int) -> list[tuple[str, str]]:
    """Register receiving accounts, each of an organisation of its own: (organisation, account number)."""
    found = [(str(ids.new()), f"10{number:08d}") for number in range(count)]
    with database.connect(autocommit=False) as connection:
        connection.cursor().executemany(
            "INSERT INTO receiving_account (account_id, version, organisation_id, bin, account_number, is_active)"
            " VALUES (%s, 1, %s, %s, %s, true)",
            [(ids.new(), organisation, BIN, number) for organisation, number in found],
        )
    return found


def seed_payables(
    database: Database, accounts: Sequence[tuple[str, str]], count: int, seed: int = 1
) -> list[Target]:
    """Write open payables straight into the projection, spread over the accounts."""
    chance = random.Random(seed)
    references: set[str] = set()
    while len(references) < count:
        references.add(new_reference(Kind.INVOICE))
    targets: list[Target] = []
    rows: list[Payable] = []
    for number, reference in enumerate(sorted(references)):
        organisation, account = accounts[number % len(accounts)]
        amount = chance.randrange(50, 900) * 1_000
        definition = Definition(
            1,
            PayableKind.INVOICE,
            False,
            reference,
            organisation,
            "a",
            "",
            f"p{number}",
            amount,
            "2026-09-30",
            False,
        )
        line = Line(str(uuid4()), "hoc_phi", amount, 1, False, 0)
        rows.append(Payable(str(uuid_utils.uuid7()), definition, (line,), 0, 0))
        targets.append(Target(reference, account, amount))
        if len(rows) == 5_000 or number == count - 1:
            with database.begin() as session:
                payables.define(session, rows)
            rows = []
    return targets


def reports(targets: Sequence[Target]) -> list[Event]:
    """One callback for each target, as intake announces it."""
    moment = Timestamp()
    moment.FromDatetime(MOMENT)
    events = []
    for number, target in enumerate(targets):
        report_id = str(uuid_utils.uuid7())
        message = BankCreditReported(
            report_id=report_id,
            channel=BankCreditReported.CHANNEL_CALLBACK,
            provider="xoai",
            source_id="0190a000-0000-7000-8000-00000000c0de",
            bin=BIN,
            account_number=target.account_number,
            amount=target.amount,
            currency_code="VND",
            memo=f"MBVCB.{number}.{target.reference} nop tien hoc.CT tu 0071000",
            bank_reference=f"FT{number:010d}",
            provider_transaction_id=str(number),
            occur_time=moment,
            arrive_time=moment,
            payer_name="NGUYEN VAN A",
            payer_account="0071000123456",
            payer_bin="970436",
        )
        events.append(
            Event(
                ids.event_id(f"report:{report_id}", 1, "BankCreditReported"),
                "intake.bank-credits",
                target.account_number,
                report_id,
                "BankCreditReported",
                1,
                MOMENT,
                message.SerializeToString(),
            )
        )
    return events


def feed(database: Database, events: Sequence[Event], batch: int) -> float:
    """Hand events to the consumer in batches; credits a second."""

    def no_log() -> object:
        raise LookupError("the benchmark hands batches over by itself")

    consumer = Consumer(
        consume.CREDITS,
        no_log,  # type: ignore[arg-type]
        database,
        batch_handlers=consume.CREDITS_BATCH_HANDLERS,
        max_events=batch,
    )
    deliveries = [Delivery(event, 0, offset) for offset, event in enumerate(events)]
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    began = time.perf_counter()
    for start_ in range(0, len(deliveries), batch):
        handled = consumer.handle(deliveries[start_ : start_ + batch])
        if handled.dead_letters:
            raise RuntimeError("a good credit went to the dead letters")
    return len(events) / (time.perf_counter() - began)


def check(database: Database, credits: int) -> None:
    """Every credit is applied once and the books hold, or the figure is worth nothing."""
    with database.connect() as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM credit WHERE amount_applied = amount), (SELECT count(*) FROM payment),"
            " (SELECT sum(balance) FROM ledger_balance), (SELECT count(*) FROM outbox)"
        ).fetchone()
    if row != (credits, credits, 0, credits):
        raise RuntimeError(f"{credits} credits were told, but the database holds {row}")


def analyse(dsn: str) -> None:
    """What autovacuum would have done long ago with tables of this size."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) payable")


def main() -> None:
    """Print the median of the runs."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--open", type=int, default=10_000, help="open payables in the table")
    arguments.add_argument("--credits", type=int, default=9_000, help="credits told, over all runs")
    arguments.add_argument("--batch", type=int, default=1_000)
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        server = start(Path(folder) / "postgres")
        try:
            with service_database(server, "reconciliation") as database:
                accounts = seed_accounts(database, 100)
                targets = seed_payables(database, accounts, options.open)
                name = database.run(lambda session: session.connection().engine.url.database)
                analyse(server.dsn(name or ""))
                hot = random.Random(2).sample(targets, min(options.credits, options.open))
                size = len(hot) // options.runs
                rates = [
                    feed(database, reports(hot[run * size : (run + 1) * size]), options.batch)
                    for run in range(options.runs)
                ]
                check(database, size * options.runs)
        finally:
            server.stop()
    print(
        f"{options.open} open payables, batches of {options.batch}: {statistics.median(rates):,.0f} credits/s"
        f" (min {min(rates):,.0f}, max {max(rates):,.0f}, {options.runs} runs of {size:,})"
    )


if __name__ == "__main__":
    main()
