"""The gateway's way to follow the clock of demo and tests; production has none of it."""

from __future__ import annotations

import asyncio

from gateway.clients import Clients
from kit import auth
from kit.clock import FOLLOW_SECONDS, Follower
from kit.errors import Error
from xoai.common.v1 import clock_service_pb2 as pb


async def follow(clients: Clients, subject_key: str) -> None:
    """Ask the directory each second until the task is cancelled."""
    follower = Follower()
    token = auth.sign(auth.service("clock"), subject_key, lifetime_seconds=auth.TIMELESS_SECONDS)
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        try:
            reply = await clients.call(clients.clock.GetClock, pb.GetClockRequest(), token, timeout=1.0)
        except Error:
            # The directory is away: the clock stays as it is.
            continue
        follower.hear(reply.offset_seconds)
