"""What seldom changes and is asked for often, kept for a moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from kit import clock

T = TypeVar("T")


class Kept(Generic[T]):
    """Values kept for some seconds, at most so many, the oldest dropped first."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()

    async def get(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """The kept value, or what `read` gives."""
        kept = self._values.get(key)
        if kept is not None and clock.monotonic() - kept[0] < self._seconds:
            return kept[1]
        value = await read()
        self.put(key, value)
        return value

    def put(self, key: str, value: T) -> None:
        """Keep a value that came another way."""
        self._values[key] = (clock.monotonic(), value)
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
