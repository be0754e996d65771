"""The directory over gRPC: protobuf to flows and back; decides nothing."""

from services.directory.rpc.clock import ClockServicer
from services.directory.rpc.servicer import DirectoryServicer

__all__ = ["ClockServicer", "DirectoryServicer"]
