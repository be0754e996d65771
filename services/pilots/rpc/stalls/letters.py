"""What operators mend events with: dead letters of the pilots' consumers, and announcing what a log lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Permission, Subject
from kit.rpc import dead_letters
from services.pilots.domain.errors_stalls import BadStallField
from services.pilots.flows.announcing import Place, payables_again
from services.pilots.rpc.stalls.desk import Desk
from xoai.common.v1 import common_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

MOST_ANNOUNCED: Final = 500

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "AnnounceAgain": Permission("pilots.announce", services=("cli",)),
    "ListDeadLetters": dead_letters.PERMISSION,
    "ReplayDeadLetters": dead_letters.PERMISSION,
}


class Letters(Desk):
    """Letters are seen, and handled once more; facts are announced once more."""

    def AnnounceAgain(
        self, request: stalls_pb.AnnounceAgainRequest, context: grpc.ServicerContext
    ) -> stalls_pb.AnnounceAgainResponse:
        if request.topic != stalls_pb.AnnounceAgainRequest.TOPIC_PAYABLES:
            raise BadStallField(field="topic", value=request.topic)
        parts, key = ["announce", request.topic], self._tools.page_key
        position = pages.position(request.page_token, parts, key)
        after = Place(position[0], UUID(position[1]) if position[1] else None) if position else Place()
        size = min(request.page_size or MOST_ANNOUNCED, MOST_ANNOUNCED)

        def write(session: Session, _: Subject) -> stalls_pb.AnnounceAgainResponse:
            announced, last = payables_again(session, after, size)
            token = pages.token([last.is_at_sales, str(last.id or "")], parts, key) if last else ""
            return stalls_pb.AnnounceAgainResponse(announced=announced, next_page_token=token)

        return self._edge.query(context, write)

    def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ListDeadLettersResponse:
        return self._tools.letters.list(context)

    def ReplayDeadLetters(
        self, request: pb.ReplayDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ReplayDeadLettersResponse:
        return self._tools.letters.replay(request, context)
