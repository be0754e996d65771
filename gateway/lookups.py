"""Limits on looking up bills: misses are counted, not visits, since many phones share one address.

After too many misses even a right code is not answered for a while; otherwise the wait itself would tell.
Each replica counts for itself.
"""

from __future__ import annotations

from typing import Final

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from prometheus_client import Counter

from kit import log
from kit.errors import ResourceExhausted

PER_MINUTE: Final = RateLimitItemPerMinute(5)
_PER_DAY: Final = RateLimitItemPerDay(30)
_BILL_PER_DAY: Final = RateLimitItemPerDay(20)
# An address with a new device each time, and everybody together: an enumeration, not a slip.
_ADDRESS_PER_MINUTE: Final = RateLimitItemPerMinute(60)
_ADDRESS_PER_DAY: Final = RateLimitItemPerDay(1_000)
_ALL_PER_MINUTE: Final = RateLimitItemPerMinute(600)

MISSES: Final = Counter(
    "xoai_lookup_misses_total", "Look-ups of bills that found nothing, by outcome", ["outcome"]
)
_log = log.get(__name__)


class TooManyLookups(ResourceExhausted):
    reason = "TOO_MANY_LOOKUPS"
    vi = "Đã thử nhiều lần chưa đúng. Xin đợi rồi thử lại, hoặc gọi nơi gửi thông báo."
    en = "Too many tries that were not right. Wait a while and try again, or call whoever sent the notice."


class LookupLimits:
    """Counts misses by address with device, by bill, by address, and all together."""

    def __init__(self) -> None:
        storage = MemoryStorage()
        self._minute = MovingWindowRateLimiter(storage)
        self._day = FixedWindowRateLimiter(storage)

    def check(self, address: str, device: str, reference: str = "") -> None:
        """Raise TooManyLookups while a limit is reached."""
        if not self._minute.test(PER_MINUTE, "device", address, device):
            raise TooManyLookups(retry_after=60)
        if not self._minute.test(_ADDRESS_PER_MINUTE, "address", address):
            raise TooManyLookups(retry_after=60)
        if not self._minute.test(_ALL_PER_MINUTE, "all"):
            raise TooManyLookups(retry_after=60)
        open_today = (
            self._day.test(_PER_DAY, "device", address, device)
            and self._day.test(_ADDRESS_PER_DAY, "address", address)
            and (not reference or self._day.test(_BILL_PER_DAY, "bill", reference))
        )
        if not open_today:
            raise TooManyLookups(retry_after=3_600)

    def miss(self, address: str, device: str, reference: str = "") -> None:
        """Count a look-up that found nothing."""
        self._minute.hit(PER_MINUTE, "device", address, device)
        self._day.hit(_PER_DAY, "device", address, device)
        self._minute.hit(_ADDRESS_PER_MINUTE, "address", address)
        self._day.hit(_ADDRESS_PER_DAY, "address", address)
        if reference:
            self._day.hit(_BILL_PER_DAY, "bill", reference)
        within = self._minute.hit(_ALL_PER_MINUTE, "all")
        MISSES.labels("counted" if within else "ceiling").inc()
        if not within:
            _log.warning("many look-ups find nothing: somebody may be trying codes one by one")

    def left(self, address: str, device: str) -> int:
        """How many more misses this minute allows."""
        return int(self._minute.get_window_stats(PER_MINUTE, "device", address, device).remaining)
