"""Boards, packs, and the public page of a stall: their codes are written by vietqr before the transaction begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit.auth import Permission, Subject
from kit.grpc_server import caller_of
from services.pilots.domain.keys import derived
from services.pilots.domain.stalls import Account, PackCode, StallState
from services.pilots.domain.words_of_the_day import WORD_OF_THE_DAY
from services.pilots.flows import public
from services.pilots.flows import stands as flows
from services.pilots.flows.public import PublicStall
from services.pilots.flows.stands import WrittenCode
from services.pilots.ports.codes import Code
from services.pilots.rpc.stalls import forms
from services.pilots.rpc.stalls.desk import Desk, Tools
from services.pilots.rpc.stalls.places import MANAGE, READ
from xoai.pilots.v1 import stalls_service_pb2 as pb

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "IssueStand": MANAGE,
    "ListStands": READ,
    "IssuePack": MANAGE,
    "GetPack": READ,
    "GetPublicStall": Permission(anyone=True),
}
_STANDINGS: Final = {
    StallState.ACTIVE: pb.PublicStall.STANDING_GENUINE,
    StallState.WAITING: pb.PublicStall.STANDING_WAITING,
    StallState.WITHDRAWN: pb.PublicStall.STANDING_WITHDRAWN,
}


class Boards(Desk):
    """What stands at a stall, and what its page says."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._word_key = derived(tools.data_key, WORD_OF_THE_DAY)

    def IssueStand(self, request: pb.IssueStandRequest, context: grpc.ServicerContext) -> pb.Stand:
        stall_id = forms.uuid("stall_id", request.stall_id)
        stall, account = self._edge.query(
            context, lambda session, subject: flows.manageable(session, subject, stall_id)
        )
        (payload,) = self._codes.encode([Code(account.bin, account.number, stall.reference)])
        code = WrittenCode(account.bin, account.number, payload)

        def effect(session: Session, subject: Subject) -> pb.Stand:
            return forms.stand_to(flows.issue(session, subject, stall_id, request.reason, code))

        return self._edge.command(context, request, pb.Stand, effect)

    def ListStands(
        self, request: pb.ListStandsRequest, context: grpc.ServicerContext
    ) -> pb.ListStandsResponse:
        stall_id = forms.uuid("stall_id", request.stall_id)
        found = self._edge.query(context, lambda session, subject: flows.of_stall(session, subject, stall_id))
        return pb.ListStandsResponse(stands=[forms.stand_to(each) for each in found])

    def IssuePack(self, request: pb.IssuePackRequest, context: grpc.ServicerContext) -> pb.Pack:
        stall_id = forms.uuid("stall_id", request.stall_id)

        def effect(session: Session, subject: Subject) -> pb.Pack:
            flows.issue_pack(session, subject, stall_id, request.amounts)
            return pb.Pack(stall_id=str(stall_id))

        self._edge.command(context, request, pb.Pack, effect)
        return self._pack(context, request.stall_id)

    def GetPack(self, request: pb.GetPackRequest, context: grpc.ServicerContext) -> pb.Pack:
        return self._pack(context, request.stall_id)

    def GetPublicStall(
        self, request: pb.GetPublicStallRequest, context: grpc.ServicerContext
    ) -> pb.PublicStall:
        found = self._edge.query(
            context,
            lambda session, _: public.public_stall(session, request.code, self._word_key),
        )
        return self._public(found)

    def _pack(self, context: grpc.ServicerContext, stall_id: str) -> pb.Pack:
        id = forms.uuid("stall_id", stall_id)
        caller = caller_of(context)
        stall, codes = self._edge.database.run(
            lambda session: flows.pack_of(session, caller.subject, id), caller.tenants
        )
        # Without an account in force there is nothing to ask money to: the pack is there, its codes are not.
        payloads = self._payloads(stall.account, codes) if stall.account else [""] * len(codes)
        return pb.Pack(
            stall_id=str(stall.id),
            codes=[
                pb.PackCode(amount=code.amount, reference=code.reference, payload=payload)
                for code, payload in zip(codes, payloads, strict=True)
            ],
        )

    def _payloads(self, account: Account, codes: Sequence[PackCode]) -> list[str]:
        return self._codes.encode(
            [
                Code(account.bin, account.number, code.reference, code.amount, is_standing=True)
                for code in codes
            ]
        )

    def _public(self, found: PublicStall) -> pb.PublicStall:
        stall, stand = found.stall, found.stall.stand
        message = pb.PublicStall(
            code=stall.reference,
            standing=_STANDINGS[stall.state],
            stall_number=stall.number,
            stall_name=stall.name,
            programme_name=stall.programme_name,
            word_of_the_day=found.word_of_the_day,
            stall_id=str(stall.id),
            outside_dates=found.is_outside_dates,
        )
        # Whom nobody should pay is named to nobody.
        if stall.state is StallState.ACTIVE and stall.account is not None:
            message.account_holder = stall.account.holder_name
            message.account_last_four = stall.account.number[-4:]
            message.bank_name = self._codes.bank_name(stall.account.bin)
            if stand is not None:
                message.issue_number = stand.issue_number
                message.issue_date = stand.issue_date.isoformat()
                message.check_code = stand.check_code
                message.payload = stand.payload
        return message
