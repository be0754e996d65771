"""The channels of stalls in memory: what was said under each sequence, and who hears it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.json_format import MessageToJson

from kit.grpc_server import caller_of
from xoai.notifications.v1.notifications_service_pb2 import LiveEvent
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1.pilots_events_pb2 import StallEvent

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform


class StallEvents:
    """Events by stall, as phones catch up with them and hear them."""

    events: dict[str, list[StallEvent]]
    _platform: FakePlatform

    def announce(self, event: StallEvent) -> None:
        """Tell the screens, perhaps again."""
        told = LiveEvent(
            channel=f"stall:{event.stall_id}",
            sequence=event.sequence,
            event_type="stall.event",
            data_json=MessageToJson(event, preserving_proto_field_name=True),
        )
        of_sale = LiveEvent(channel=f"sale:{event.sale_reference}", sequence=event.sale_sequence)
        for screen in self._platform.screens:
            screen.put(told)
            screen.put(of_sale)

    def ListStallEvents(self, request: Any, context: grpc.ServicerContext) -> pb.ListStallEventsResponse:
        self._platform.stalls.require(caller_of(context).subject, request.stall_id)
        events = self.events.get(request.stall_id, [])
        found = [event for event in events if event.sequence > request.after]
        return pb.ListStallEventsResponse(events=found[:500], more=len(found) > 500, sequence=len(events))

    def ListStallSequences(
        self, request: Any, context: grpc.ServicerContext
    ) -> pb.ListStallSequencesResponse:
        return pb.ListStallSequencesResponse(
            sequences=[len(self.events.get(stall_id, [])) for stall_id in request.stall_ids]
        )
