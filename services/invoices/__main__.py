"""The invoices' process: serves RPCs, announces the outbox, consumes payments, seals receipts, tidies up."""

from __future__ import annotations

import sys

from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.rpc.dead_letters import DeadLetters
from kit.runtime import Process, main
from kit.signing import Signer
from services.invoices import consume, jobs
from services.invoices.domain.bills import Keeper
from services.invoices.ports import Papers
from services.invoices.rpc import InvoicesServicer
from services.invoices.rpc.printing import Printer
from services.invoices.settings import InvoicesSettings
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc

SERVICE = "invoices"


def compose(process: Process) -> None:
    """Put this service's parts into a process."""
    settings = InvoicesSettings()
    database = process.database(SERVICE)
    keeper = Keeper(process.settings.data_key.get_secret_value())
    payments = Consumer(
        consume.NAME,
        lambda: process.events().subscribe(consume.NAME, [consume.TOPIC]),
        database,
        batch_handlers=consume.BATCH_HANDLERS,
        max_events=settings.invoices_batch,
        knows_repeats=True,
    )
    key = process.settings.subject_key.get_secret_value()
    secret = settings.receipt_key.get_secret_value()
    edge = Edge(database)
    printer = Printer(edge, Papers(process.channels), Signer(secret) if secret else None)
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["InvoicesService"],
        InvoicesServicer(edge, keeper, key, DeadLetters(database, (payments,)), printer),
        pb_grpc.add_InvoicesServiceServicer_to_server,
    )
    process.add_relay(database)
    process.add_consumer(consume.NAME, payments)
    process.add_job("invoices.seal", settings.invoices_seal_seconds, lambda: jobs.seal_receipts(database))
    process.add_job("invoices.tidy_up", settings.invoices_tidy_seconds, lambda: jobs.tidy_up(database))


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
