"""The pilots' process: stalls, sales, trust and the city's figures."""

from __future__ import annotations

import sys
from datetime import timedelta

from kit.db import Database
from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.rpc.dead_letters import DeadLetters
from kit.runtime import Process, main
from services.pilots.consume import accounts
from services.pilots.consume import sales as consume_sales
from services.pilots.jobs import figures, stands, tidying, trust
from services.pilots.jobs import sales as sales_jobs
from services.pilots.ports.bills import Bills
from services.pilots.ports.codes import Codes
from services.pilots.ports.credits import Credits
from services.pilots.ports.directory import Directory
from services.pilots.ports.enrolling import Enrolling
from services.pilots.ports.scans import Scans
from services.pilots.rpc.city import CityServicer
from services.pilots.rpc.sales import SalesServicer
from services.pilots.rpc.stalls import StallsServicer
from services.pilots.rpc.stalls.desk import Tools
from services.pilots.rpc.trust import TrustServicer
from services.pilots.settings import PilotsSettings
from xoai.pilots.v1 import city_service_pb2 as city_pb
from xoai.pilots.v1 import city_service_pb2_grpc as city_grpc
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import sales_service_pb2_grpc as sales_grpc
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as stalls_grpc
from xoai.pilots.v1 import trust_service_pb2 as trust_pb
from xoai.pilots.v1 import trust_service_pb2_grpc as trust_grpc

SERVICE = "pilots"


def compose(process: Process) -> None:
    """Put this service's parts into a process."""
    database = process.database(SERVICE)
    settings = PilotsSettings()
    codes = Codes(process.channels)
    consumers = _consumers(process, database, settings)
    for consumer in consumers:
        process.add_consumer(consumer.name, consumer)
    letters = DeadLetters(database, consumers)
    _compose_stalls(process, database, settings, codes, letters)
    _compose_sales(process, database, settings, codes)
    _compose_trust(process, database, settings)
    _compose_city(process, database, settings, codes)
    process.add_relay(database)


def _consumers(process: Process, database: Database, settings: PilotsSettings) -> list[Consumer]:
    payments, credits = consume_sales.PAYMENTS, consume_sales.CREDITS
    return [
        Consumer(
            accounts.NAME,
            lambda: process.events().subscribe(accounts.NAME, [accounts.TOPIC]),
            database,
            batch_handlers=accounts.BATCH_HANDLERS,
        ),
        Consumer(
            payments,
            lambda: process.events().subscribe(payments, [consume_sales.PAYMENTS_TOPIC]),
            database,
            batch_handlers=consume_sales.PAYMENTS_HANDLERS,
            max_events=settings.pilots_batch,
            knows_repeats=True,
        ),
        Consumer(
            credits,
            lambda: process.events().subscribe(credits, [consume_sales.CREDITS_TOPIC]),
            database,
            batch_handlers=consume_sales.CREDITS_HANDLERS,
            max_events=settings.pilots_batch,
        ),
    ]


def _compose_stalls(
    process: Process, database: Database, settings: PilotsSettings, codes: Codes, letters: DeadLetters
) -> None:
    tools = Tools(
        edge=Edge(database),
        codes=codes,
        directory=Directory(process.channels),
        enrolling=Enrolling(process.channels, is_trial=process.settings.mode != "production"),
        subject_key=process.settings.subject_key.get_secret_value(),
        data_key=process.settings.data_key.get_secret_value(),
        letters=letters,
    )
    process.add_servicer(
        stalls_pb.DESCRIPTOR.services_by_name["StallsService"],
        StallsServicer(tools),
        stalls_grpc.add_StallsServiceServicer_to_server,
    )
    process.add_job("pilots.stands", settings.stands_seconds, lambda: stands.issue_wanted(database, codes))
    process.add_job("pilots.tidy_up", settings.tidy_seconds, lambda: tidying.tidy_up(database))


def _compose_sales(process: Process, database: Database, settings: PilotsSettings, codes: Codes) -> None:
    key = process.settings.subject_key.get_secret_value()
    process.add_servicer(
        sales_pb.DESCRIPTOR.services_by_name["SalesService"],
        SalesServicer(Edge(database), codes, Credits(process.channels), key),
        sales_grpc.add_SalesServiceServicer_to_server,
    )
    process.add_job("pilots.close_days", settings.close_days_seconds, lambda: sales_jobs.close_days(database))
    process.add_job("pilots.tidy_sales", settings.tidy_seconds, lambda: sales_jobs.tidy_up(database))


def _compose_trust(process: Process, database: Database, settings: PilotsSettings) -> None:
    process.add_servicer(
        trust_pb.DESCRIPTOR.services_by_name["TrustService"],
        TrustServicer(
            Edge(database),
            Scans(process.channels),
            Bills(process.channels),
            process.settings.subject_key.get_secret_value(),
            settings.visits_a_day,
        ),
        trust_grpc.add_TrustServiceServicer_to_server,
    )
    quiet = timedelta(minutes=settings.silent_minutes)
    process.add_job("pilots.watch_feeds", settings.feeds_seconds, lambda: trust.watch_feeds(database))
    process.add_job(
        "pilots.watch_stalls", settings.watch_seconds, lambda: trust.watch_stalls(database, quiet)
    )
    process.add_job("pilots.tidy_trust", settings.tidy_seconds, lambda: trust.tidy_up(database))


def _compose_city(process: Process, database: Database, settings: PilotsSettings, codes: Codes) -> None:
    process.add_servicer(
        city_pb.DESCRIPTOR.services_by_name["CityService"],
        CityServicer(Edge(database), codes.bank_name, lambda: _roll_up(database)),
        city_grpc.add_CityServiceServicer_to_server,
    )
    process.add_job("pilots.figures", settings.figures_seconds, lambda: _roll_up(database))


def _roll_up(database: Database) -> int:
    """Close the days that nobody closed, then publish the weeks that are complete by it."""
    sales_jobs.close_days(database)
    return figures.publish_due(database)


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
