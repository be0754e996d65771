"""The hub of live events: order, resumption, slow screens, drain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, cast

import pytest

from gateway import live
from gateway.clients import Clients
from gateway.live import Event, LiveHub
from kit import clock
from kit.errors import ResourceExhausted, Unauthenticated, Unavailable
from xoai.notifications.v1 import notifications_service_pb2 as pb


class Owner:
    """The present state of one channel."""

    def __init__(self, sequence: int = 1) -> None:
        self.sequence = sequence
        self.asked = 0
        self.away = False

    async def __call__(self) -> Event:
        self.asked += 1
        if self.away:
            raise Unavailable()
        return Event(self.sequence, "invoice", "{}")


def hub() -> LiveHub:
    return LiveHub(cast(Clients, None))


def event(sequence: int, channel: str = "invoice:A") -> pb.LiveEvent:
    return pb.LiveEvent(channel=channel, sequence=sequence, event_type="invoice.changed", data_json="{}")


async def sequences(texts: AsyncIterator[str], count: int) -> list[int]:
    """The sequences of the next events."""
    found: list[int] = []
    while len(found) < count:
        for text in (await asyncio.wait_for(anext(texts), 5)).split("\n\n"):
            if text.startswith("id: "):
                body: dict[str, Any] = json.loads(text.split("data: ")[1])
                assert body["sequence"] == int(text.split("\n")[0].removeprefix("id: "))
                found.append(body["sequence"])
    return found


def test_a_screen_gets_the_present_state_and_then_what_is_newer() -> None:
    """Repeats and old events are not told again; other channels are not heard."""

    async def run() -> None:
        owner, subject = Owner(3), hub()
        texts = subject.listen("invoice:A", owner, None)
        assert await sequences(texts, 1) == [3]
        for item in (event(3), event(2), event(9, "invoice:B"), event(4), event(4), event(6)):
            subject._fan_out([item])
        assert await sequences(texts, 2) == [4, 6]

    asyncio.run(run())


def test_a_channel_of_many_objects_tells_each_event() -> None:
    """Events of a round have no order of their own: each is told, also after a break."""

    async def run() -> None:
        owner, subject = Owner(0), hub()
        texts = subject.listen("batch:R", owner, 0)
        assert await sequences(texts, 1) == [0]
        for _ in range(3):
            subject._fan_out([event(0, "batch:R")])
        assert await sequences(texts, 3) == [0, 0, 0]

    asyncio.run(run())


def test_a_stalls_phone_hears_that_the_line_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beat comes more often than elsewhere, and is an event with the server's time."""
    assert live.STALL_HEARTBEAT_SECONDS < live.HEARTBEAT_SECONDS
    monkeypatch.setattr(live, "STALL_HEARTBEAT_SECONDS", 0.01)

    async def run() -> None:
        texts = hub().listen("stall:S", Owner(1), 1)
        assert (await anext(texts)).startswith("retry: ")
        beat = await asyncio.wait_for(anext(texts), 5)
        assert beat.startswith("event: beat\ndata: {")
        assert datetime.fromisoformat(json.loads(beat.split("data: ")[1])["now"]) <= clock.now()

    asyncio.run(run())


def test_a_listener_whose_proof_is_too_old_has_to_come_again() -> None:
    """The stream ends quietly; the browser opens another one, with a new proof or with none."""

    async def run() -> None:
        async def refused() -> Event:
            raise Unauthenticated()

        texts = hub().listen("batch:R", refused, None)
        assert (await anext(texts)).startswith("retry: ")
        assert await anext(texts, "the end") == "the end"

    asyncio.run(run())


def test_a_screen_that_is_up_to_date_is_told_nothing_old() -> None:
    """Last-Event-ID equal to the present sequence: silence until something happens."""

    async def run() -> None:
        owner, subject = Owner(5), hub()
        texts = subject.listen("invoice:A", owner, 5)
        assert (await anext(texts)).startswith("retry: ")
        waiting = asyncio.ensure_future(sequences(texts, 1))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert owner.asked == 1
        subject._fan_out([event(6)])
        assert await waiting == [6]

    asyncio.run(run())


def test_a_slow_screen_is_brought_up_to_date_by_the_owner() -> None:
    """Its queue is bounded; what did not fit is replaced by the present state, so the newest is never lost."""

    async def run() -> None:
        owner, subject = Owner(1), hub()
        texts = subject.listen("invoice:A", owner, None)
        assert await sequences(texts, 1) == [1]
        subject._fan_out([event(sequence) for sequence in range(2, 1_001)])
        owner.sequence = 1_000
        told = await sequences(texts, 1)
        assert told == [1_000]

    asyncio.run(run())


def test_an_owner_that_is_away_does_not_end_the_stream() -> None:
    """Events still come through while the owner of the state does not answer."""

    async def run() -> None:
        owner, subject = Owner(1), hub()
        owner.away = True
        texts = subject.listen("invoice:A", owner, None)
        assert (await anext(texts)).startswith("retry: ")
        waiting = asyncio.ensure_future(sequences(texts, 1))
        await asyncio.sleep(0.02)
        subject._fan_out([event(2)])
        assert await waiting == [2]

    asyncio.run(run())


def test_a_quiet_stream_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment now and then keeps proxies from closing it."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.01)

    async def run() -> None:
        texts = hub().listen("invoice:A", Owner(1), 1)
        assert (await anext(texts)).startswith("retry: ")
        assert await asyncio.wait_for(anext(texts), 5) == ": still here\n\n"

    asyncio.run(run())


def test_a_draining_process_sends_its_screens_away() -> None:
    """Each gets a moment of its own to come back elsewhere; new ones are refused; nothing is left behind."""

    async def run() -> None:
        subject = hub()
        texts = subject.listen("invoice:A", Owner(1), 1)
        assert (await anext(texts)).startswith("retry: ")
        waiting = asyncio.ensure_future(anext(texts))
        await asyncio.sleep(0.02)
        subject.drain()
        assert (await asyncio.wait_for(waiting, 5)).startswith("retry: ")
        with pytest.raises(StopAsyncIteration):
            await anext(texts)
        assert subject._screens == {}
        with pytest.raises(ResourceExhausted):
            subject.listen("invoice:A", Owner(1), 1)

    asyncio.run(run())
