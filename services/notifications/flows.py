"""The fan-out of live events to streams, each with a bound of its own. Memory only: nobody waits for a slow listener."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence

from services.notifications.domain import (
    MOST_STREAMS,
    MOST_WAITING,
    LiveEvent,
    StreamTooSlow,
    TooManyStreams,
)


class Stream:
    """One listener: events wait in it until it takes them."""

    def __init__(self, kinds: frozenset[str], most_waiting: int) -> None:
        self._kinds = kinds
        self._most_waiting = most_waiting
        self._events: deque[LiveEvent] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_too_slow = False

    def put(self, events: Sequence[LiveEvent]) -> None:
        """Hand events over without waiting; a listener that is too far behind loses them and its stream ends."""
        wanted = [event for event in events if event.kind in self._kinds]
        if not wanted:
            return
        with self._changed:
            if self._is_closed or self._is_too_slow:
                return
            if len(self._events) + len(wanted) > self._most_waiting:
                self._is_too_slow = True
                self._events.clear()
            else:
                self._events.extend(wanted)
            self._changed.notify()

    def close(self) -> None:
        """End the stream after what waits in it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def __iter__(self) -> Iterator[Sequence[LiveEvent]]:
        """Events as they come, those together that came together, until the stream is closed. Raises StreamTooSlow."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._is_closed or self._is_too_slow)
                if self._is_too_slow:
                    raise StreamTooSlow()
                if not self._events:
                    return
                taken = list(self._events)
                self._events.clear()
            yield taken


class Hub:
    """Hands each event to every open stream."""

    def __init__(self, *, most_waiting: int = MOST_WAITING, most_streams: int = MOST_STREAMS) -> None:
        self._most_waiting = most_waiting
        self._most_streams = most_streams
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def open(self, kinds: frozenset[str]) -> Stream:
        """A new stream of channels of these kinds. Raises TooManyStreams."""
        stream = Stream(kinds, self._most_waiting)
        with self._lock:
            if len(self._streams) >= self._most_streams:
                raise TooManyStreams(most=self._most_streams)
            self._streams.add(stream)
            if self._is_closed:
                stream.close()
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a stream that ended."""
        stream.close()
        with self._lock:
            self._streams.discard(stream)

    def put(self, events: Sequence[LiveEvent]) -> None:
        """Hand events to every stream."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.put(events)

    def start_anew(self) -> None:
        """End the streams that are open: events were missed, and who connects again asks the owners for what is."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    def close(self) -> None:
        """End all streams, and those that open from now on: the process drains."""
        with self._lock:
            self._is_closed = True
        self.start_anew()

    @property
    def streams(self) -> int:
        """How many listen."""
        return len(self._streams)
