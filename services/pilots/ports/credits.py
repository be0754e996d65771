"""Answers about money on no stall, given to reconciliation, which decides what becomes of it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from kit import auth
from kit.errors import Aborted, FailedPrecondition
from kit.grpc_client import Channels
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

# Somebody was faster: another phone, a clerk, or the end of the ten minutes.
_GONE: Final = frozenset({"CREDIT_MOVED", "NOTHING_IN_SUSPENSE"})


class Credits:
    """Calls to reconciliation. A repeat with the same request id has no second effect there."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("pilots")

    def assign(
        self, request_id: str, credit_id: UUID, version: int, payable_id: UUID, amount: int, reason: str
    ) -> bool:
        """Put a suspended credit on a sale or a standing code; False if it went elsewhere meanwhile.

        Raises other errors of reconciliation's.
        """
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.AssignCreditRequest(
            request_id=request_id,
            credit_id=str(credit_id),
            allocations=[pb.Allocation(payable_id=str(payable_id), amount=amount)],
            reason=reason,
            credit_version=version,
        )
        return self._decide(stub.AssignCredit, request)

    def decline(self, request_id: str, credit_id: UUID, reason: str) -> bool:
        """Say that money which asks is not the buyer's; False if the question was over. Raises as `assign` does."""
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.DeclineAskedRequest(request_id=request_id, credit_id=str(credit_id), reason=reason)
        return self._decide(stub.DeclineAsked, request)

    def _decide(self, method: Any, request: Any) -> bool:
        try:
            self._channels.call(method, request, self._subject, timeout=5)
        except (Aborted, FailedPrecondition) as error:
            if error.reason in _GONE:
                return False
            raise
        return True
