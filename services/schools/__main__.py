"""Schools as a process of its own."""

from __future__ import annotations

import sys

from kit.runtime import Process, main
from services.schools import jobs
from services.schools.ports import Neighbours
from services.schools.ports.notices import NoticePrinter
from services.schools.rpc import SchoolsServicer
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc


def compose(process: Process) -> None:
    """Add the parts of schools."""
    settings = process.settings
    database = process.database("schools")
    neighbours = Neighbours(process.channels)
    worker = jobs.IssueWorker(database, neighbours)
    printer = NoticePrinter(neighbours, settings.public_url, is_trial=settings.mode != "production")
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["SchoolsService"],
        SchoolsServicer(
            database, neighbours, printer, settings.subject_key.get_secret_value(), on_release=worker.wake
        ),
        pb_grpc.add_SchoolsServiceServicer_to_server,
    )
    if "jobs" in process.roles:
        process.add_part("schools.issue", worker)
    process.add_job("schools.forget_old", 600, lambda: jobs.forget_old(database))


if __name__ == "__main__":
    sys.exit(main("schools", compose))
