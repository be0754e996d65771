"""Live events: one stream from notifications per process, fanned out to screens by channel as server-sent events.

An event's id is its owner's sequence. Nothing hangs on the stream alone: a screen that connects, or whose stream had a
gap, is told the state that the owner has now, and waiting screens are told again once a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import Gauge

from gateway.clients import Clients
from kit import auth, clock, log
from kit.errors import Error, ResourceExhausted, Unauthenticated, Unavailable
from xoai.notifications.v1 import notifications_service_pb2 as pb

HEARTBEAT_SECONDS: Final = 15.0
# A stall's phone must say within seconds that it can confirm nothing: its beat is an event that the page hears.
STALL_HEARTBEAT_SECONDS: Final = 5.0
STALL: Final = "stall:"
_ASK_OWNER_SECONDS: Final = 60.0
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


# The state that the owner of a channel has now, as an event.
Snapshot = Callable[[], Awaitable[Event]]


class Screen:
    """One listener. When it is too slow, what it missed is replaced by the owner's present state."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue(_QUEUE_EVENTS)
        self.must_ask = False
        self.woken = asyncio.Event()

    def put(self, event: Event) -> None:
        """Hand an event over without waiting."""
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            self.must_ask = True
        self.woken.set()

    def ask_owner(self) -> None:
        """Events may have been lost: ask the owner what is."""
        self.must_ask = True
        self.woken.set()


class LiveHub:
    """Holds the process's stream and its screens."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._screens: dict[str, set[Screen]] = {}
        self._count = 0
        self._task: asyncio.Task[None] | None = None
        self._draining = asyncio.Event()

    def start(self) -> None:
        """Open the stream and keep it open."""
        self._task = asyncio.create_task(self._listen(), name="live events")

    def drain(self) -> None:
        """Ask every screen to connect elsewhere, each after a moment of its own."""
        self._draining.set()
        for screens in self._screens.values():
            for screen in screens:
                screen.woken.set()

    async def close(self) -> None:
        self.drain()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

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
        for screens in list(self._screens.values()):
            for screen in list(screens):
                screen.ask_owner()

    def _fan_out(self, events: Iterable[pb.LiveEvent]) -> None:
        for event in events:
            for screen in self._screens.get(event.channel, ()):
                screen.put(Event(event.sequence, event.event_type, event.data_json or "{}"))

    def listen(self, channel: str, snapshot: Snapshot, last_event_id: int | None) -> AsyncIterator[str]:
        """The text of one screen's event stream, until it goes or the process drains. Raises ResourceExhausted."""
        if self._count >= _MOST_SCREENS or self._draining.is_set():
            raise ResourceExhausted(retry_after=random.randint(5, 30))
        return self._listen_to(channel, snapshot, last_event_id)

    async def _listen_to(
        self, channel: str, snapshot: Snapshot, last_event_id: int | None
    ) -> AsyncIterator[str]:
        screen = Screen()
        self._screens.setdefault(channel, set()).add(screen)
        self._count += 1
        _SCREENS.inc()
        try:
            async for text in self._texts(channel, screen, snapshot, last_event_id):
                yield text
        finally:
            self._count -= 1
            _SCREENS.dec()
            self._screens[channel].discard(screen)
            if not self._screens[channel]:
                del self._screens[channel]

    async def _texts(
        self, channel: str, screen: Screen, snapshot: Snapshot, last_event_id: int | None
    ) -> AsyncIterator[str]:
        yield f"retry: {random.randint(1_500, 3_500)}\n\n"
        seen = -1 if last_event_id is None else last_event_id
        screen.ask_owner()
        asked = clock.monotonic()
        while not self._draining.is_set():
            if screen.must_ask or clock.monotonic() - asked > _ASK_OWNER_SECONDS:
                screen.must_ask = False
                asked = clock.monotonic() + random.uniform(0, 5)
                with contextlib.suppress(Unavailable):
                    try:
                        present = await snapshot()
                    except Unauthenticated:
                        # The listener's proof is too old: they come again with a new one, or sign in.
                        return
                    if present.sequence > seen or not present.sequence:
                        seen = max(seen, present.sequence)
                        yield _text(channel, present)
            texts = []
            while not screen.must_ask and not screen.events.empty():
                event = screen.events.get_nowait()
                if event.sequence > seen or not event.sequence:
                    seen = max(seen, event.sequence)
                    texts.append(_text(channel, event))
            if texts:
                yield "".join(texts)
            if screen.must_ask or self._draining.is_set():
                continue
            screen.woken.clear()
            try:
                await asyncio.wait_for(screen.woken.wait(), _heartbeat_seconds(channel))
            except TimeoutError:
                yield _heartbeat(channel)
        yield f"retry: {random.randint(500, 5_000)}\n\n"


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
