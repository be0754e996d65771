"""The pilots' process: stalls, sales, trust and the city's figures."""

from __future__ import annotations

import sys

from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.runtime import Process, main
from services.pilots.consume import accounts
from services.pilots.jobs import figures
from services.pilots.ports.codes import Codes
from services.pilots.rpc.city import CityServicer
from services.pilots.settings import PilotsSettings
from xoai.pilots.v1 import city_service_pb2 as city_pb
from xoai.pilots.v1 import city_service_pb2_grpc as city_grpc

SERVICE = "pilots"


def compose(process: Process) -> None:
    """Put this service's parts into a process."""
    database = process.database(SERVICE)
    process.add_consumer(
        accounts.NAME,
        Consumer(
            accounts.NAME,
            lambda: process.events().subscribe(accounts.NAME, [accounts.TOPIC]),
            database,
            batch_handlers=accounts.BATCH_HANDLERS,
        ),
    )
    settings = PilotsSettings()
    codes = Codes(process.channels)
    process.add_servicer(
        city_pb.DESCRIPTOR.services_by_name["CityService"],
        CityServicer(Edge(database), codes.bank_name, lambda: figures.publish_due(database)),
        city_grpc.add_CityServiceServicer_to_server,
    )
    process.add_job("pilots.figures", settings.figures_seconds, lambda: figures.publish_due(database))
    process.add_relay(database)


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
