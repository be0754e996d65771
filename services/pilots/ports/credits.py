"""Answers about money on no stall, given to reconciliation, which decides what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
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

    def list_held(self, organisation_id: UUID) -> Sequence[pb.HeldCredit]:
        """A merchant's held money, oldest first."""
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.ListHeldCreditsRequest(organisation_id=str(organisation_id))
        reply: pb.ListHeldCreditsResponse = self._channels.call(
            stub.ListHeldCredits, request, self._subject, timeout=5
        )
        return reply.held

    def tell_apart(self, request_id: str, credit_id: UUID, version: int, same_as: str, reason: str) -> bool:
        """Say that a doubtful credit is the same money as another, or (empty) its own; False if it was decided meanwhile.

        Raises other errors of reconciliation's.
        """
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.ResolveDuplicateRequest(
            request_id=request_id,
            credit_id=str(credit_id),
            same_as_credit_id=same_as,
            reason=reason,
            credit_version=version,
        )
        return self._decide(stub.ResolveDuplicate, request)

    def hand_over(self, request_id: str, credit_id: UUID, reason: str) -> bool:
        """Hand unproven money to the city's desk; False if it was decided meanwhile."""
        stub = pb_grpc.ReconciliationServiceStub(self._channels.to("reconciliation"))
        request = pb.HandOverCreditRequest(request_id=request_id, credit_id=str(credit_id), reason=reason)
        return self._decide(stub.HandOverCredit, request)

    def _decide(self, method: Any, request: Any) -> bool:
        try:
            self._channels.call(method, request, self._subject, timeout=5)
        except (Aborted, FailedPrecondition) as error:
            if error.reason in _GONE:
                return False
            raise
        return True
