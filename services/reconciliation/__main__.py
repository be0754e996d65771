"""Reconciliation's process: serves RPCs, announces the outbox, consumes payables, accounts and money, sweeps."""

from __future__ import annotations

import sys

from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.rpc.dead_letters import DeadLetters
from kit.runtime import Process, main
from services.reconciliation import consume
from services.reconciliation.jobs import Jobs
from services.reconciliation.rpc import ReconciliationServicer
from services.reconciliation.settings import ReconciliationSettings
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

SERVICE = "reconciliation"


def compose(process: Process) -> None:
    """Put this service's parts into a process."""
    settings = ReconciliationSettings()
    database = process.database(SERVICE)
    owners = Consumer(
        consume.OWNERS,
        lambda: process.events().subscribe(consume.OWNERS, consume.OWNERS_TOPICS),
        database,
        consume.OWNERS_HANDLERS,
        batch_handlers=consume.OWNERS_BATCH_HANDLERS,
        max_events=settings.reconciliation_batch,
        knows_repeats=True,
    )
    credits = Consumer(
        consume.CREDITS,
        lambda: process.events().subscribe(consume.CREDITS, consume.CREDITS_TOPICS),
        database,
        batch_handlers=consume.CREDITS_BATCH_HANDLERS,
        max_events=settings.reconciliation_batch,
        knows_repeats=True,
    )
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["ReconciliationService"],
        ReconciliationServicer(
            Edge(database),
            process.settings.subject_key.get_secret_value(),
            DeadLetters(database, (owners, credits)),
        ),
        pb_grpc.add_ReconciliationServiceServicer_to_server,
    )
    process.add_relay(database)
    process.add_consumer(consume.OWNERS, owners)
    process.add_consumer(consume.CREDITS, credits)
    # Checking all books takes longer than any call may.
    jobs = Jobs(process.database(SERVICE, pool_size=1, statement_timeout_ms=60_000))
    process.add_job("reconciliation.sweep", settings.reconciliation_sweep_seconds, jobs.sweep)
    process.add_job("reconciliation.measure", settings.reconciliation_sweep_seconds, jobs.measure)
    process.add_job("reconciliation.check_books", settings.reconciliation_check_seconds, jobs.check_books)
    process.add_job("reconciliation.trim", 3_600, jobs.trim)


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
