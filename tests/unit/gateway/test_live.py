"""The hub of live events: order, resumption, slow screens, drain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, cast

import pytest

from gateway import live
from gateway.clients import Clients
from gateway.live import Caught, Event, LiveHub, Source, states
from kit import clock
from kit.errors import ResourceExhausted, Unauthenticated, Unavailable
from xoai.notifications.v1 import notifications_service_pb2 as pb


class Owner:
    """The present state of one channel."""

    def __init__(self, sequence: int = 1) -> None:
        self.sequence = sequence
        self.asked = 0
        self.away = self.refuses = False

    async def __call__(self) -> Event:
        self.asked += 1
        if self.away:
            raise Unavailable()
        if self.refuses:
            raise Unauthenticated()
        return Event(self.sequence, "invoice", "{}")


def hub(stand: Callable[[Sequence[str]], Sequence[int]] = lambda channels: []) -> LiveHub:
    async def told(channels: Sequence[str]) -> Sequence[int]:
        return stand(channels)

    return LiveHub(cast(Clients, None), told)


async def listen(
    subject: LiveHub, channel: str, source: Source, after: int | None, *, is_back: bool = False
) -> AsyncGenerator[str, None]:
    """The texts of a screen that has begun."""
    screen = subject.open_screen(channel, source, gapless=channel.startswith(live.STALL))
    await screen.begin(after, is_back=is_back)
    return screen.texts()


def event(sequence: int, channel: str = "invoice:A") -> pb.LiveEvent:
    return pb.LiveEvent(channel=channel, sequence=sequence, event_type="invoice.changed", data_json="{}")


async def sequences(texts: AsyncGenerator[str, None], count: int) -> list[int]:
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
        texts = await listen(subject, "invoice:A", states(owner), None)
        assert await sequences(texts, 1) == [3]
        for item in (event(3), event(2), event(9, "invoice:B"), event(4), event(4), event(6)):
            subject._fan_out([item])
        assert await sequences(texts, 2) == [4, 6]

    asyncio.run(run())


def test_a_channel_of_many_objects_tells_each_event() -> None:
    """Events of a round have no order of their own: each is told, also after a break."""

    async def run() -> None:
        owner, subject = Owner(0), hub()
        texts = await listen(subject, "batch:R", states(owner), 0)
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
        texts = await listen(hub(), "stall:S", states(Owner(1)), 1)
        assert (await anext(texts)).startswith("retry: ")
        beat = await asyncio.wait_for(anext(texts), 5)
        assert beat.startswith("event: beat\ndata: {")
        assert datetime.fromisoformat(json.loads(beat.split("data: ")[1])["now"]) <= clock.now()

    asyncio.run(run())


def test_a_listener_whose_proof_is_too_old_has_to_come_again() -> None:
    """The stream ends quietly; the browser opens another one, with a new proof or with none."""

    async def run() -> None:
        owner, subject = Owner(0), hub()
        texts = await listen(subject, "batch:R", states(owner), None)
        assert await sequences(texts, 1) == [0]
        owner.refuses = True
        for screen in subject._each():
            screen.ask_owner()
        assert await anext(texts, "the end") == "the end"
        with pytest.raises(Unauthenticated):
            await listen(subject, "batch:R", states(owner), None)
        assert subject._screens == {}

    asyncio.run(run())


def test_a_screen_that_is_up_to_date_is_told_nothing_old() -> None:
    """Last-Event-ID equal to the present sequence: silence until something happens."""

    async def run() -> None:
        owner, subject = Owner(5), hub()
        texts = await listen(subject, "invoice:A", states(owner), 5)
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
        texts = await listen(subject, "invoice:A", states(owner), None)
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
        texts = await listen(subject, "invoice:A", states(owner), None)
        assert await sequences(texts, 1) == [1]
        owner.away = True
        waiting = asyncio.ensure_future(sequences(texts, 1))
        await asyncio.sleep(0.02)
        for screen in subject._each():
            screen.ask_owner()
        subject._fan_out([event(2)])
        assert await waiting == [2]
        assert owner.asked == 2

    asyncio.run(run())


def test_a_quiet_stream_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment now and then keeps proxies from closing it."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.01)

    async def run() -> None:
        texts = await listen(hub(), "invoice:A", states(Owner(1)), 1)
        assert (await anext(texts)).startswith("retry: ")
        assert await asyncio.wait_for(anext(texts), 5) == ": still here\n\n"

    asyncio.run(run())


def test_a_draining_process_sends_its_screens_away() -> None:
    """Each gets a moment of its own to come back elsewhere; new ones are refused; nothing is left behind."""

    async def run() -> None:
        subject = hub()
        texts = await listen(subject, "invoice:A", states(Owner(1)), 1)
        assert (await anext(texts)).startswith("retry: ")
        waiting = asyncio.ensure_future(anext(texts))
        await asyncio.sleep(0.02)
        subject.drain()
        assert (await asyncio.wait_for(waiting, 5)).startswith("retry: ")
        with pytest.raises(StopAsyncIteration):
            await anext(texts)
        assert subject._screens == {}
        with pytest.raises(ResourceExhausted):
            await listen(subject, "invoice:A", states(Owner(1)), 1)

    asyncio.run(run())


class StallOwner:
    """Every event of a stall that there was."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.asked: list[tuple[int | None, bool]] = []
        self.away = False

    async def __call__(self, after: int | None, is_back: bool) -> Caught:
        self.asked.append((after, is_back))
        if self.away:
            raise Unavailable()
        first = self.sequence if after is None else after
        return Caught(
            [Event(each, "stall.event", "{}") for each in range(first + 1, self.sequence + 1)], self.sequence
        )


def test_a_stalls_phone_hears_every_event_once_and_in_order() -> None:
    """What was missed, then what is live; repeats are dropped; without a sequence it begins with the present."""

    async def run() -> None:
        owner, subject = StallOwner(5), hub()
        back = await listen(subject, "stall:S", owner, 3, is_back=True)
        new = await listen(subject, "stall:S", owner, None)
        assert await sequences(back, 2) == [4, 5]
        for sequence in (5, 6, 6, 7):
            subject._fan_out([event(sequence, "stall:S")])
        assert await sequences(back, 2) == [6, 7]
        assert await sequences(new, 2) == [6, 7]
        assert owner.asked == [(3, True), (None, False)]

    asyncio.run(run())


def test_a_gap_is_filled_by_the_owner_before_anything_later_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the owner does not answer: a stall's phone waits rather than hear things out of order."""
    monkeypatch.setattr(live, "STALL_HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(live, "_ASK_AGAIN_SECONDS", (0.0, 0.01))

    async def run() -> None:
        owner, subject = StallOwner(5), hub()
        texts = await listen(subject, "stall:S", owner, 5)
        assert (await anext(texts)).startswith("retry: ")
        waiting = asyncio.ensure_future(sequences(texts, 3))
        owner.away = True
        subject._fan_out([event(8, "stall:S")])
        await asyncio.sleep(0.05)
        assert not waiting.done()
        owner.away, owner.sequence = False, 8
        assert await waiting == [6, 7, 8]

    asyncio.run(run())


def test_a_lost_last_event_is_noticed_by_one_question_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only who stands behind its channel asks its owner; an owner that is away is asked again."""
    monkeypatch.setattr(live, "_COMPARE_SECONDS", 0.01)
    monkeypatch.setattr(live, "_ON_ITS_WAY_SECONDS", 0.01)

    async def run() -> None:
        lost, calm = StallOwner(6), StallOwner(9)
        asked: list[Sequence[str]] = []

        def stand(channels: Sequence[str]) -> Sequence[int]:
            asked.append(channels)
            if len(asked) == 1:
                raise Unavailable()
            return [{"stall:A": lost.sequence, "stall:B": calm.sequence}[channel] for channel in channels]

        subject = hub(stand)
        behind = await listen(subject, "stall:A", lost, None)
        await listen(subject, "stall:B", calm, None)
        await listen(subject, "invoice:A", states(Owner(1)), None)
        assert (await anext(behind)).startswith("retry: ")
        lost.sequence = 7
        comparing = asyncio.create_task(subject._compare())
        assert await sequences(behind, 1) == [7]
        comparing.cancel()
        assert {tuple(channels) for channels in asked} == {("stall:A", "stall:B")}
        assert len(asked) > 1
        assert calm.asked == [(None, False)]

    asyncio.run(run())


def test_thousands_that_came_together_do_not_ask_together() -> None:
    """After a restart all phones connect at once: when each asks its owner again is spread over minutes."""

    async def run() -> None:
        subject = hub()
        for number in range(200):
            await listen(subject, f"stall:{number}", StallOwner(1), None)
        times = sorted(screen.ask_at for screen in subject._each())
        assert times[-1] - times[0] > live._ASK_STALL_SECONDS / 2
        assert max(late - early for early, late in pairwise(times)) < live._ASK_STALL_SECONDS / 5

    asyncio.run(run())


def test_events_while_the_owner_is_asked_are_not_lost() -> None:
    """A screen is open before its owner is asked."""

    async def run() -> None:
        subject = hub()

        async def slow(after: int | None, is_back: bool) -> Caught:
            subject._fan_out([event(6, "stall:S")])
            return Caught([], 5)

        assert await sequences(await listen(subject, "stall:S", slow, 5), 1) == [6]

    asyncio.run(run())


def test_a_changed_stall_asks_again_who_may_listen() -> None:
    """A removed phone loses its line at once; the others go on."""

    async def run() -> None:
        subject = hub()
        removed = False

        def phone(*, is_removed: Callable[[], bool]) -> Source:
            async def source(after: int | None, is_back: bool) -> Caught:
                if is_removed():
                    raise Unauthenticated()
                return Caught([], 6 if removed else 5)

            return source

        gone = await listen(subject, "stall:S", phone(is_removed=lambda: removed), 5)
        stays = await listen(subject, "stall:S", phone(is_removed=lambda: False), 5)
        for texts in (gone, stays):
            assert (await anext(texts)).startswith("retry: ")
        removed = True
        changed = event(6, "stall:S")
        changed.data_json = '{"type":"TYPE_STALL_CHANGED"}'
        waiting = [asyncio.ensure_future(anext(texts, "the end")) for texts in (gone, stays)]
        await asyncio.sleep(0.02)
        subject._fan_out([changed])
        assert await asyncio.wait_for(waiting[0], 5) == "the end"
        subject._fan_out([event(7, "stall:S")])
        assert "id: 7" in await asyncio.wait_for(waiting[1], 5)
        assert len(subject._each()) == 1

    asyncio.run(run())


def test_a_listener_that_goes_is_forgotten() -> None:
    """Its screen ends without another word."""

    async def run() -> None:
        subject = hub()
        texts = await listen(subject, "invoice:A", states(Owner(1)), 1)
        assert (await anext(texts)).startswith("retry: ")
        waiting = asyncio.ensure_future(anext(texts, "the end"))
        await asyncio.sleep(0.02)
        for screen in subject._each():
            screen.leave()
        assert await asyncio.wait_for(waiting, 5) == "the end"
        assert subject._screens == {}

    asyncio.run(run())
