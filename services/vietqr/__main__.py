"""VietQR as a process of its own; it keeps nothing and needs no database."""

from __future__ import annotations

import sys

from kit.runtime import Process, main
from services.vietqr.rpc import VietqrServicer
from xoai.vietqr.v1 import vietqr_service_pb2 as pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as pb_grpc


def compose(process: Process) -> None:
    """Add VietQR's one part."""
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["VietqrService"],
        VietqrServicer(),
        pb_grpc.add_VietqrServiceServicer_to_server,
    )


if __name__ == "__main__":
    sys.exit(main("vietqr", compose))
