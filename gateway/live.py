"""Live events: one stream from notifications per process, fanned out to screens by channel as server-sent events.

An event's id is its owner's sequence. Nothing hangs on the stream alone: a screen that connects, or whose stream had a
gap, is told what its owner says came after the last event that it had. So that the last event of all is not missed
either, screens of one object ask their owner again each minute; of stalls, of which thousands listen, one question asks
where all their channels stand, and a phone asks for itself only if its own stands behind, or to have its right looked at.

Thousands of phones listen for hours: a screen that waits has one coroutine and no timer of its own, and what many
screens hear is made once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import Gauge

from gateway.clients import Clients
from kit import auth, clock, log
from kit.errors import Error, ResourceExhausted, Unavailable
from xoai.notifications.v1 import notifications_service_pb2 as pb

HEARTBEAT_SECONDS: Final = 15.0
# A stall's phone must say within seconds that it can confirm nothing: its beat is an event that the page hears.
STALL_HEARTBEAT_SECONDS: Final = 5.0
STALL: Final = "stall:"
_ASK_OWNER_SECONDS: Final = 60.0
_ASK_STALL_SECONDS: Final = 600.0
# Where the channels of stalls stand is asked this often; what was told a moment before the answer is still on its way.
_COMPARE_SECONDS: Final = 30.0
_ON_ITS_WAY_SECONDS: Final = 2.0
# After an owner that did not answer.
_ASK_AGAIN_SECONDS: Final = (2.0, 5.0)
# How many screens ask their owners in a second once a lost stream stands again.
_ASKS_A_SECOND: Final = 500
# A stream ends by its deadline and is opened again; a lost network is seen sooner by gRPC's keepalive.
_STREAM_SECONDS: Final = 3_600.0
# A round's screen hears of hundreds of bills in a moment; a screen that falls further behind is told what is.
_QUEUE_EVENTS: Final = 256
_MOST_SCREENS: Final = 5_000
_SCREENS: Final = Gauge("xoai_live_screens", "Screens that listen for live events")

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened in a channel, by its owner's sequence; 0 in channels of many objects, where each event is told."""

    sequence: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Caught:
    """What a screen has to be told now, in order, and where its channel stands by that."""

    events: Sequence[Event]
    sequence: int


# What the owner of a channel says came after a sequence (None: the screen knows nothing yet). `is_back`: the screen was
# here before, and may have missed something. It raises errors of ours once the listener may listen no longer.
Source = Callable[[int | None, bool], Awaitable[Caught]]
Snapshot = Callable[[], Awaitable[Event]]
# Where channels stand that leave out no sequence, by their owner, in their order. Raises errors of ours.
Sequences = Callable[[Sequence[str]], Awaitable[Sequence[int]]]


def states(snapshot: Snapshot) -> Source:
    """The source of a channel of which only the present state counts: it is told if it is newer, or has no sequence."""

    async def caught(after: int | None, is_back: bool) -> Caught:
        present = await snapshot()
        is_news = after is None or present.sequence > after or not present.sequence
        return Caught([present] if is_news else [], max(present.sequence, after or 0))

    return caught


class Screen:
    """One listener. `begin` it, then send its `texts`; `leave` ends them.

    When it is too slow, or misses a sequence of a channel that has every one, its owner is asked for the rest.
    """

    __slots__ = (
        "_first", "_hub", "_is_gone", "_must_ask", "_must_beat", "_queue", "_seen", "_source", "_waiter",
        "ask_at", "beat_at", "channel", "is_gapless",
    )  # fmt: skip

    def __init__(self, hub: LiveHub, channel: str, source: Source, *, gapless: bool) -> None:
        self.channel, self.is_gapless = channel, gapless
        self._hub, self._source = hub, source
        self._seen = 0
        self._first = ""
        # Sequence and text of what is still to be sent.
        self._queue: list[tuple[int, str]] = []
        self._waiter: asyncio.Future[None] | None = None
        self._must_ask = self._must_beat = self._is_gone = False
        self.ask_at = self.beat_at = 0.0

    async def begin(self, after: int | None, *, is_back: bool) -> None:
        """Ask the owner what came after. Raises errors of ours, and the screen is none then."""
        try:
            self._first = await self._ask(after, is_back)
        except BaseException:
            self._hub.close_screen(self)
            raise

    def put(self, sequence: int, text: str) -> None:
        """Hand an event over without waiting."""
        if len(self._queue) >= _QUEUE_EVENTS:
            self._queue.clear()
            self._must_ask = True
        self._queue.append((sequence, text))
        self.wake()

    def ask_owner(self) -> None:
        """Events may have been lost, or the listener its right: ask the owner."""
        self._must_ask = True
        self.wake()

    def compare(self, sequence: int) -> None:
        """Hear where the channel stands by its owner: who is behind it has lost something."""
        if sequence > self._seen:
            self.ask_owner()

    def beat(self) -> None:
        """Show that the line stands."""
        self._must_beat = True
        self.wake()

    def leave(self) -> None:
        """The listener is gone."""
        self._is_gone = True
        self.wake()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def texts(self) -> AsyncGenerator[str, None]:
        """The text of the screen's event stream, until it goes, may listen no longer, or the process drains."""
        try:
            yield f"retry: {random.randint(1_500, 3_500)}\n\n{self._first}"
            self._first = ""
            while not (self._is_gone or self._hub.is_draining):
                try:
                    text = await self._next()
                except Error:
                    # They come again with a new proof, or hear by a clear answer what is wrong.
                    return
                if text:
                    yield text
                    self.beat_at = clock.monotonic() + _heartbeat_seconds(self.channel)
                elif not (self._must_ask or self._is_gone or self._hub.is_draining):
                    await self._sleep()
            if not self._is_gone:
                yield f"retry: {random.randint(500, 5_000)}\n\n"
        finally:
            self._hub.close_screen(self)

    async def _next(self) -> str:
        """What there is to be sent by now."""
        text = ""
        if self._must_ask:
            self._must_ask = False
            try:
                text = await self._ask(self._seen, False)
            except Unavailable:
                self.ask_at = clock.monotonic() + random.uniform(*_ASK_AGAIN_SECONDS)
        text += self._take()
        if not text and self._must_beat:
            text = _heartbeat(self.channel)
        self._must_beat = False
        return text

    async def _ask(self, after: int | None, is_back: bool) -> str:
        caught = await self._source(after, is_back)
        self._seen = caught.sequence
        now = clock.monotonic()
        # Thousands that came together, after a restart, shall not ask together.
        usual = _ASK_STALL_SECONDS if self.is_gapless else _ASK_OWNER_SECONDS
        self.ask_at = now + usual * random.uniform(0.5, 1.5)
        self.beat_at = now + _heartbeat_seconds(self.channel)
        return "".join([_text(self.channel, event) for event in caught.events])

    def _take(self) -> str:
        """The texts of waiting events in order, each once, up to the first gap."""
        texts = []
        queue, self._queue = self._queue, []
        for place, (sequence, text) in enumerate(queue):
            if self.is_gapless and sequence > self._seen + 1:
                # Held until the owner has said what is missing; the next beat of the hub asks.
                self._queue = queue[place:]
                self.ask_at = 0.0
                break
            if sequence > self._seen or not sequence:
                self._seen = max(self._seen, sequence)
                texts.append(text)
        return "".join(texts)

    async def _sleep(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


class LiveHub:
    """Holds the process's stream and its screens."""

    def __init__(self, clients: Clients, sequences: Sequences) -> None:
        self._clients, self._sequences = clients, sequences
        self._screens: dict[str, set[Screen]] = {}
        self._count = 0
        self._listening: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._comparing: asyncio.Task[None] | None = None
        self.is_draining = False

    def start(self) -> None:
        """Open the stream and keep it open."""
        self._listening = asyncio.create_task(self._listen(), name="live events")
        self._comparing = asyncio.create_task(self._compare(), name="sequences")

    def drain(self) -> None:
        """Ask every screen to connect elsewhere, each after a moment of its own."""
        self.is_draining = True
        for screen in self._each():
            screen.wake()

    async def close(self) -> None:
        self.drain()
        for task in (self._listening, self._beating, self._comparing):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def open_screen(self, channel: str, source: Source, *, gapless: bool = False) -> Screen:
        """A screen that hears its channel from now on; `begin` it. Raises ResourceExhausted.

        `gapless`: each sequence of the channel is told, none may be left out.
        """
        if self._count >= _MOST_SCREENS or self.is_draining:
            raise ResourceExhausted(retry_after=random.randint(5, 30))
        screen = Screen(self, channel, source, gapless=gapless)
        self._screens.setdefault(channel, set()).add(screen)
        self._count += 1
        _SCREENS.inc()
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat(), name="heartbeats")
        return screen

    def close_screen(self, screen: Screen) -> None:
        """Forget a screen; once more does nothing."""
        screens = self._screens.get(screen.channel, set())
        if screen not in screens:
            return
        screens.discard(screen)
        if not screens:
            del self._screens[screen.channel]
        self._count -= 1
        _SCREENS.dec()

    def _each(self) -> list[Screen]:
        return [screen for screens in self._screens.values() for screen in screens]

    async def _beat(self) -> None:
        """One timer for all screens, as long as there are any."""
        while self._screens:
            await asyncio.sleep(min(1.0, STALL_HEARTBEAT_SECONDS / 5))
            now = clock.monotonic()
            for screen in self._each():
                if now >= screen.ask_at:
                    screen.ask_owner()
                elif now >= screen.beat_at:
                    screen.beat()

    async def _compare(self) -> None:
        """Ask where the channels without gaps stand, all in one question."""
        while True:
            await asyncio.sleep(_COMPARE_SECONDS * random.uniform(0.8, 1.2))
            channels = sorted({screen.channel for screen in self._each() if screen.is_gapless})
            if not channels:
                continue
            try:
                sequences = await self._sequences(channels)
            except Error as error:
                _log.warning("sequences were not told", reason=error.reason)
                continue
            await asyncio.sleep(_ON_ITS_WAY_SECONDS)
            for channel, sequence in zip(channels, sequences, strict=True):
                for screen in self._screens.get(channel, ()):
                    screen.compare(sequence)

    async def _listen(self) -> None:
        """Read the stream for ever; a lost one is opened again after a moment, and screens ask their owners."""
        pause = 0.2
        while True:
            started = clock.monotonic()
            asking = asyncio.create_task(self._ask_after_start())
            try:
                async for message in self._clients.stream(
                    self._clients.notifications.StreamLiveEvents,
                    pb.StreamLiveEventsRequest(),
                    self._clients.sign(auth.service("gateway")),
                    timeout=_STREAM_SECONDS,
                ):
                    self._fan_out(message.events)
            except Error as error:
                if not isinstance(error, Unavailable):
                    _log.warning("live events stopped", reason=error.reason)
            except Exception:
                _log.exception("live events stopped")
            finally:
                asking.cancel()
            pause = 0.2 if clock.monotonic() - started > 10 else min(pause * 2, 5.0)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))

    async def _ask_after_start(self) -> None:
        """What happened while no stream was open is known by the owners; asked once the new stream stands."""
        await asyncio.sleep(1)
        screens = self._each()
        now = clock.monotonic()
        for screen in screens:
            screen.ask_at = min(screen.ask_at, now + random.uniform(0, len(screens) / _ASKS_A_SECOND))

    def _fan_out(self, events: Iterable[pb.LiveEvent]) -> None:
        for event in events:
            screens = self._screens.get(event.channel)
            if not screens:
                continue
            text = _text(event.channel, Event(event.sequence, event.event_type, event.data_json or "{}"))
            for screen in screens:
                screen.put(event.sequence, text)
                if screen.channel.startswith(STALL) and _CHANGED in event.data_json:
                    # A phone may have been removed: who may listen no longer is told so by the owner.
                    screen.ask_owner()


# In the data of an event of a stall that changed: its code, its phones, its board.
_CHANGED: Final = '"TYPE_STALL_CHANGED"'


def _heartbeat_seconds(channel: str) -> float:
    return STALL_HEARTBEAT_SECONDS if channel.startswith(STALL) else HEARTBEAT_SECONDS


def _heartbeat(channel: str) -> str:
    """Proof that the line stands; a stall's phone also learns the server's time by it."""
    if not channel.startswith(STALL):
        return ": still here\n\n"
    return f'event: beat\ndata: {{"now":"{clock.now().isoformat()}"}}\n\n'


def _text(channel: str, event: Event) -> str:
    data = f'{{"channel":{json.dumps(channel)},"sequence":{event.sequence},"type":{json.dumps(event.type)},"data":{event.data}}}'
    return f"id: {event.sequence}\ndata: {' '.join(data.splitlines())}\n\n"


def as_json(values: dict[str, Any]) -> str:
    """The data of an event that the gateway makes itself."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
