"""Streams of live events to the gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import grpc

from kit.auth import Permission
from kit.errors import InvalidArgument
from services.notifications.domain import CHANNEL_KINDS
from services.notifications.flows import Hub
from xoai.notifications.v1 import notifications_service_pb2 as pb
from xoai.notifications.v1 import notifications_service_pb2_grpc as pb_grpc


class UnknownChannelKind(InvalidArgument):
    reason = "UNKNOWN_CHANNEL_KIND"
    vi = "Không có loại kênh “{kind}”."
    en = "There is no kind of channel “{kind}”."


PERMISSIONS: Final[Mapping[str, Permission]] = {
    # A stream carries every channel: only the gateway, which knows its viewers' rights, may have one.
    "StreamLiveEvents": Permission(services=("gateway",)),
}


class NotificationsServicer(pb_grpc.NotificationsServiceServicer):
    """One stream per gateway replica."""

    PERMISSIONS: Mapping[str, Permission] = PERMISSIONS

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def StreamLiveEvents(
        self, request: pb.StreamLiveEventsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.StreamLiveEventsResponse]:
        kinds = frozenset(request.channel_kinds) or CHANNEL_KINDS
        for kind in sorted(kinds - CHANNEL_KINDS):
            raise UnknownChannelKind(kind=kind[:40])
        stream = self._hub.open(kinds)
        try:
            # A gateway that goes away wakes the waiting thread, which is one of few.
            if not context.add_callback(stream.close):
                return
            # Headers at once: a caller knows by them that nothing after this moment is missed.
            context.send_initial_metadata(())
            for events in stream:
                yield pb.StreamLiveEventsResponse(
                    events=[
                        pb.LiveEvent(
                            channel=event.channel,
                            sequence=event.sequence,
                            event_type=event.event_type,
                            data_json=event.data_json,
                        )
                        for event in events
                    ]
                )
        finally:
            self._hub.leave(stream)
