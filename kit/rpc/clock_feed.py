"""Following the platform's clock in demo and tests: every process asks the directory for the one offset, each second.

In production nothing asks and nothing moves. See docs/adr for why it is asked for and not announced.
"""

from __future__ import annotations

import threading

import grpc

from kit import auth
from kit.clock import FOLLOW_SECONDS, Follower
from kit.grpc_client import Channels
from kit.settings import Settings
from xoai.common.v1 import clock_service_pb2 as pb
from xoai.common.v1 import clock_service_pb2_grpc as pb_grpc


class ClockFeed:
    """Asks the directory until it is told to stop; a directory that is away leaves the clock as it is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, stop: threading.Event) -> None:
        """Ask each second."""
        channels, follower = Channels(self._settings), Follower()
        try:
            stub = pb_grpc.ClockServiceStub(channels.to("directory"))
        except LookupError:
            # A process of its own without neighbours: there is nobody to ask.
            stop.wait()
            return
        try:
            key = self._settings.subject_key.get_secret_value()
            token = auth.sign(auth.service("clock"), key, lifetime_seconds=auth.TIMELESS_SECONDS)
            metadata = (("authorization", f"Bearer {token}"),)
            while not stop.wait(FOLLOW_SECONDS):
                try:
                    reply = stub.GetClock(pb.GetClockRequest(), timeout=1, metadata=metadata)
                except grpc.RpcError:
                    continue
                follower.hear(reply.offset_seconds)
        finally:
            channels.close()
