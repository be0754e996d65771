"""Documents as a process of its own; it keeps nothing and needs no database."""

from __future__ import annotations

import sys

from kit.runtime import Process, main
from services.documents.rpc import DocumentsServicer
from xoai.documents.v1 import documents_service_pb2 as pb
from xoai.documents.v1 import documents_service_pb2_grpc as pb_grpc


def compose(process: Process) -> None:
    """Add the one part of documents."""
    process.add_servicer(
        pb.DESCRIPTOR.services_by_name["DocumentsService"],
        DocumentsServicer(),
        pb_grpc.add_DocumentsServiceServicer_to_server,
    )


if __name__ == "__main__":
    sys.exit(main("documents", compose))
