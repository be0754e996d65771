"""Sums over all stalls: asked by the command line alone, for the demo's equations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc

from kit.auth import Permission
from kit.grpc_server import Edge
from services.pilots.store import sums
from xoai.pilots.v1 import sales_service_pb2 as pb

PERMISSIONS: Final[Mapping[str, Permission]] = {"SummariseStalls": Permission(services=("cli",))}


class SumsDesk:
    """Sums, no more."""

    _edge: Edge

    def SummariseStalls(
        self, request: pb.SummariseStallsRequest, context: grpc.ServicerContext
    ) -> pb.SummariseStallsResponse:
        found = self._edge.query(context, lambda session, _: sums.of_stalls(session))
        return pb.SummariseStallsResponse(
            stalls=found.stalls,
            sales=found.sales,
            payments=found.payments,
            takings=found.takings,
            cash=found.cash,
        )
