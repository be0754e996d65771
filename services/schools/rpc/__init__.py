"""Schools over gRPC: protobuf to flows and back; decides nothing."""

from services.schools.rpc.servicer import SchoolsServicer

__all__ = ["SchoolsServicer"]
