"""Sales over gRPC."""

from services.pilots.rpc.sales.servicer import SalesServicer

__all__ = ["SalesServicer"]
