"""How lately each bank told of money, as every screen may know it; asked once in some seconds for all of them."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.bills import BillReader
from gateway.clients import Clients
from gateway.kept import Kept
from kit import auth
from xoai.pilots.v1 import trust_service_pb2 as pb

KEPT_SECONDS: Final = 10


class FeedReader:
    """Reads the feeds for visitors and phones."""

    def __init__(self, clients: Clients, bills: BillReader) -> None:
        self._clients = clients
        self._bills = bills
        self._feeds: Kept[list[pb.BankFeed]] = Kept(KEPT_SECONDS, 1)

    async def every(self) -> list[pb.BankFeed]:
        """Every bank that told of money, with its name as pages say it."""
        return await self._feeds.get("", self._read)

    async def late(self) -> list[pb.BankFeed]:
        """The banks that are late now."""
        return [feed for feed in await self.every() if feed.HasField("late_since")]

    async def _read(self) -> list[pb.BankFeed]:
        reply = await self._clients.call(
            self._clients.trust.ListBankFeeds,
            pb.ListBankFeedsRequest(),
            self._clients.sign(auth.public()),
        )
        feeds = list(reply.feeds)
        names = await asyncio.gather(*(self._bills.bank_name(feed.bin) for feed in feeds))
        for feed, name in zip(feeds, names, strict=True):
            feed.bank_name = name
        return feeds
