"""Intake as a process of its own: RPCs, the relay and the sweep. Its HTTP side is `services.intake.http`."""

from __future__ import annotations

import sys

from kit.runtime import Process, main
from kit.seal import Sealer
from services.intake import jobs
from services.intake.rpc import IntakeServicer
from xoai.intake.v1 import intake_service_pb2 as pb
from xoai.intake.v1 import intake_service_pb2_grpc as pb_grpc

_SWEEP_SECONDS = 60


def compose(process: Process) -> None:
    """Add intake's parts."""
    settings = process.settings
    database = process.database("intake")
    sealer = Sealer(settings.data_key.get_secret_value())
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["IntakeService"],
        IntakeServicer(database, sealer, settings.subject_key.get_secret_value(), settings.public_url),
        pb_grpc.add_IntakeServiceServicer_to_server,
    )
    # The rows come from the HTTP process, whose commits only the poll can see.
    process.add_relay(database, is_woken=False)
    process.add_job("intake.sweep", _SWEEP_SECONDS, lambda: jobs.sweep(database, sealer))
    process.add_job("intake.forget_old", 600, lambda: jobs.forget_old(database))


if __name__ == "__main__":
    sys.exit(main("intake", compose))
