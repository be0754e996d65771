"""The live part of notifications as a process: follows the owners' topics and serves streams to the gateways."""

from __future__ import annotations

import sys

from kit import ids
from kit.runtime import Process, main
from services.notifications.consume import NAME, TOPICS, Follower
from services.notifications.flows import Hub
from services.notifications.rpc import NotificationsServicer
from xoai.notifications.v1 import notifications_service_pb2 as pb
from xoai.notifications.v1 import notifications_service_pb2_grpc as pb_grpc

SERVICE = "notifications"


def compose(process: Process) -> None:
    """Put this service's parts into a process. It keeps nothing and has no database."""
    hub = Hub()
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["NotificationsService"],
        NotificationsServicer(hub),
        pb_grpc.add_NotificationsServiceServicer_to_server,
    )
    if "serve" in process.roles:
        # The streams that are served and the reading that feeds them belong into one process.
        group = f"{NAME}.{ids.new().hex}"
        follower = Follower(lambda: process.events().subscribe(group, TOPICS, from_end=True), hub)
        process.add_part(NAME, follower)


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
