"""Dead letters for people: what a service's consumers could not handle, and handling it once more.

They belong to no organisation, so only who holds the permission for the whole city may see or replay them.
"""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from kit import audit
from kit.auth import Permission, Subject
from kit.db import Database
from kit.errors import NotFound, PermissionDenied
from kit.grpc_server import caller_of
from kit.inbox import Consumer, DeadLetter, open_letters
from kit.messages import timestamp
from xoai.common.v1 import common_pb2 as pb

REPLAY = "events.replay"
PERMISSION = Permission(REPLAY, services=("cli",))


class ConsumerNotFound(NotFound):
    reason = "CONSUMER_NOT_FOUND"
    vi = "Không có phần nhận tin nào tên “{consumer}” ở dịch vụ này."
    en = "This service has no consumer named “{consumer}”."


class DeadLetters:
    """The dead letters of one service; `consumers` are those whose letters can be replayed."""

    def __init__(self, database: Database, consumers: Sequence[Consumer] = ()) -> None:
        self._database = database
        self._consumers = {consumer.name: consumer for consumer in consumers}

    def list(self, context: grpc.ServicerContext) -> pb.ListDeadLettersResponse:
        """Open letters, oldest first."""
        _for_the_city(context)
        letters = self._database.run(open_letters)
        return pb.ListDeadLettersResponse(dead_letters=[_message(letter) for letter in letters])

    def replay(
        self, request: pb.ReplayDeadLettersRequest, context: grpc.ServicerContext
    ) -> pb.ReplayDeadLettersResponse:
        """Handle the letters of an ordering id again, in order, up to a failure; a letter is handled once in effect."""
        subject = _for_the_city(context)
        consumer = self._consumers.get(request.consumer)
        if consumer is None:
            raise ConsumerNotFound(consumer=request.consumer[:60])
        result = consumer.replay(request.ordering_id)
        with self._database.begin() as session:
            audit.record(
                session,
                subject=subject.label,
                action=REPLAY,
                object=f"dead_letters:{consumer.name}:{request.ordering_id}",
                organisation_id=None,
                detail={"by": subject.name, "done": result.done, "left": result.left},
            )
        return pb.ReplayDeadLettersResponse(done=result.done, left=result.left, error=result.error)


def _for_the_city(context: grpc.ServicerContext) -> Subject:
    caller = caller_of(context)
    if caller.tenants is not None and not caller.tenants.everywhere:
        raise PermissionDenied(permission=REPLAY)
    return caller.subject


def _message(letter: DeadLetter) -> pb.DeadLetter:
    return pb.DeadLetter(
        consumer=letter.consumer,
        topic=letter.event.topic,
        event_type=letter.event.event_type,
        ordering_id=letter.event.ordering_id,
        version=letter.event.version,
        reason=letter.reason,
        error=letter.error,
        create_time=timestamp(letter.create_time),
    )
