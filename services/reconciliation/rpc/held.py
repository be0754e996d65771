"""Traders' held money, for the pilots' service, which knows who may decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit.auth import Permission, Subject
from kit.grpc_server import Edge
from services.reconciliation.flows import held
from services.reconciliation.rpc import present
from services.reconciliation.rpc.fields import id_in
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

# The pilots' service hands on what a stall answered, or a merchant decided about their own money.
STALLS: Final = ("pilots",)
PERMISSIONS: Final[Mapping[str, Permission]] = {
    "ListHeldCredits": Permission(services=STALLS),
    "HandOverCredit": Permission(services=STALLS),
}


class HeldDesk:
    """What a trader decides apart from what only has no stall yet."""

    _edge: Edge

    def ListHeldCredits(
        self, request: pb.ListHeldCreditsRequest, context: grpc.ServicerContext
    ) -> pb.ListHeldCreditsResponse:
        id = id_in(request.organisation_id, "organisation_id")
        found = self._edge.query(context, lambda session, _: held.list_held(session, id))
        return pb.ListHeldCreditsResponse(held=[present.held(each, twins) for each, twins in found])

    def HandOverCredit(
        self, request: pb.HandOverCreditRequest, context: grpc.ServicerContext
    ) -> pb.HandOverCreditResponse:
        id = id_in(request.credit_id, "credit_id")

        def effect(session: Session, subject: Subject) -> pb.HandOverCreditResponse:
            held.hand_over(session, subject, id, request.reason)
            return pb.HandOverCreditResponse()

        return self._edge.command(context, request, pb.HandOverCreditResponse, effect)
