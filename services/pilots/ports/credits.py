"""Answers about money on no stall, given to reconciliation, which decides what becomes of it."""

from __future__ import annotations

from uuid import UUID

from kit import auth
from kit.grpc_client import Channels
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc


class Credits:
    """Calls to reconciliation. A repeat with the same request id has no second effect there."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("pilots")

    def assign(
        self, request_id: str, credit_id: UUID, version: int, payable_id: UUID, amount: int, reason: str
    ) -> None:
        """Put a suspended credit on a sale or a standing code. Raises errors of reconciliation's."""
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.AssignCreditRequest(
            request_id=request_id,
            credit_id=str(credit_id),
            allocations=[pb.Allocation(payable_id=str(payable_id), amount=amount)],
            reason=reason,
            credit_version=version,
        )
        self._channels.call(stub.AssignCredit, request, self._subject, timeout=5)

    def decline(self, request_id: str, credit_id: UUID, reason: str) -> None:
        """Say that money which asks is not the buyer's. Raises errors of reconciliation's."""
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.DeclineAskedRequest(request_id=request_id, credit_id=str(credit_id), reason=reason)
        self._channels.call(stub.DeclineAsked, request, self._subject, timeout=5)
