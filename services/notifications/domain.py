"""A live event and its channels.

Nothing hangs on a live event: who connects, or was dropped, asks the owner for what is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kit.errors import ResourceExhausted

# A gateway that is this far behind is quicker off by connecting anew and asking the owners.
MOST_WAITING: Final = 10_000
MOST_STREAMS: Final = 8
INVOICE: Final = "invoice"
BATCH: Final = "batch"
CREDITS: Final = "credits"
# Of a stall, by its id, for its phones; of a sale, by its reference, for its payer's page.
STALL: Final = "stall"
SALE: Final = "sale"
CHANNEL_KINDS: Final = frozenset({INVOICE, BATCH, CREDITS, STALL, SALE})
# The channel of kind CREDITS that hears of every organisation.
EVERY: Final = "all"


class StreamTooSlow(ResourceExhausted):
    reason = "STREAM_TOO_SLOW"
    vi = "Luồng tin trực tiếp bị ngắt vì đọc chậm. Xin kết nối lại."
    en = "The live stream was dropped because it was read too slowly. Connect again."


class TooManyStreams(ResourceExhausted):
    reason = "TOO_MANY_STREAMS"
    vi = "Đã đủ {most} luồng tin trực tiếp. Xin thử lại sau."
    en = "There are {most} live streams already. Try again later."


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What happened in a channel such as `invoice:XDK…`; `sequence` is the owner's, 0 where a channel has none."""

    channel: str
    sequence: int
    event_type: str
    data_json: str

    @property
    def kind(self) -> str:
        """The part of the channel's name before its colon."""
        return self.channel.partition(":")[0]
