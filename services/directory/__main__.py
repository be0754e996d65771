"""The directory as a process of its own."""

from __future__ import annotations

import sys

from kit.runtime import Process, main
from kit.seal import Sealer
from services.directory import jobs
from services.directory.rpc import ClockServicer, DirectoryServicer
from xoai.common.v1 import clock_service_pb2 as clock_pb
from xoai.common.v1 import clock_service_pb2_grpc as clock_grpc
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc


def compose(process: Process) -> None:
    """Add the directory's parts."""
    settings = process.settings
    database = process.database("directory")
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["DirectoryService"],
        DirectoryServicer(
            database,
            settings.subject_key.get_secret_value(),
            sealer=Sealer(settings.data_key.get_secret_value()),
            is_trial=settings.mode != "production",
        ),
        pb_grpc.add_DirectoryServiceServicer_to_server,
    )
    timekeeper = ClockServicer(database, is_trial=settings.mode != "production")
    process.add_servicer(
        clock_pb.DESCRIPTOR.services_by_name["ClockService"],
        timekeeper,
        clock_grpc.add_ClockServiceServicer_to_server,
    )
    process.on_start(timekeeper.restore)
    process.add_relay(database)
    process.add_job("directory.cooling_off", 15, lambda: jobs.end_cooling_off(database))
    process.add_job("directory.forget_old", 600, lambda: jobs.forget_old(database))


if __name__ == "__main__":
    sys.exit(main("directory", compose))
