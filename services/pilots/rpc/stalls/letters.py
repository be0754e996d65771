"""Dead letters of the pilots' consumers, for who acts for the whole city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc

from kit.auth import Permission
from kit.rpc import dead_letters
from services.pilots.rpc.stalls.desk import Desk
from xoai.common.v1 import common_pb2 as pb

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "ListDeadLetters": dead_letters.PERMISSION,
    "ReplayDeadLetters": dead_letters.PERMISSION,
}


class Letters(Desk):
    """Seen, and handled once more."""

    def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ListDeadLettersResponse:
        return self._tools.letters.list(context)

    def ReplayDeadLetters(
        self, request: pb.ReplayDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ReplayDeadLettersResponse:
        return self._tools.letters.replay(request, context)
