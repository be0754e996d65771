"""Held money of a merchant: shown as reconciliation keeps it, decided there, noted here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit.auth import Permission, Subject
from kit.grpc_server import Edge
from services.pilots.domain.errors_sales import BadSaleField
from services.pilots.flows import held
from services.pilots.flows.access import MANAGE, READ
from services.pilots.flows.held import Decision
from services.pilots.ports.credits import Credits
from services.pilots.rpc.sales.messages import held_to, uuid_in
from xoai.pilots.v1 import sales_service_pb2 as pb

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "ListHeld": Permission(READ),
    "DecideHeld": Permission(MANAGE),
}
_DECISIONS: Final = {
    pb.DecideHeldRequest.DECISION_OWN_MONEY: Decision.OWN_MONEY,
    pb.DecideHeldRequest.DECISION_SAME_MONEY: Decision.SAME_MONEY,
    pb.DecideHeldRequest.DECISION_HAND_OVER: Decision.HAND_OVER,
}


class HeldDesk:
    """The owner's decisions about money that no stall's screen shows yet."""

    _edge: Edge
    _credits: Credits

    def ListHeld(self, request: pb.ListHeldRequest, context: grpc.ServicerContext) -> pb.ListHeldResponse:
        organisation_id = uuid_in("organisation_id", request.organisation_id)
        self._edge.query(context, lambda _, subject: held.may_list(subject, organisation_id))
        return pb.ListHeldResponse(held=[held_to(each) for each in self._credits.list_held(organisation_id)])

    def DecideHeld(
        self, request: pb.DecideHeldRequest, context: grpc.ServicerContext
    ) -> pb.DecideHeldResponse:
        credit_id = uuid_in("credit_id", request.credit_id)
        decision = _DECISIONS.get(request.decision)
        if decision is None:
            raise BadSaleField(field="decision", value=str(request.decision))
        same_as = (
            str(uuid_in("same_as_credit_id", request.same_as_credit_id))
            if decision is Decision.SAME_MONEY
            else ""
        )
        found = self._edge.query(
            context, lambda session, subject: held.find_held(session, subject, credit_id, decision)
        )
        if found is not None and request.request_id:
            is_decided = (
                self._credits.hand_over(request.request_id, credit_id, found.reason)
                if decision is Decision.HAND_OVER
                else self._credits.tell_apart(
                    request.request_id, credit_id, request.version, same_as, found.reason
                )
            )
            found = found if is_decided else None

        def effect(session: Session, subject: Subject) -> pb.DecideHeldResponse:
            held.note_decision(session, subject, decision, found)
            return pb.DecideHeldResponse()

        # The answer of a repeat is stored: it does not ask whether the money is still held.
        return self._edge.command(context, request, pb.DecideHeldResponse, effect)
