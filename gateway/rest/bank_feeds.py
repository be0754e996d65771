"""The banks' feeds: how long each takes to tell of money, and which are late now."""

from __future__ import annotations

from datetime import datetime

from fastapi import Response

from gateway.access import PUBLIC
from gateway.feeds import KEPT_SECONDS
from gateway.guards import api_routes
from gateway.rest.wire import Body, CurrentApi, time

routes = api_routes("Bank feeds")


class BankFeed(Body):
    """One bank's feed. `late_since` is the bank's time of the first late credit; null while it is in time."""

    bin: str
    bank_name: str
    median_milliseconds: int
    last_arrive_time: datetime | None
    late_since: datetime | None


class BankFeeds(Body):
    feeds: list[BankFeed]


@routes.get("/v1/bank-feeds", PUBLIC, summary="List the banks' feeds")
async def list_bank_feeds(api: CurrentApi, response: Response) -> BankFeeds:
    """Each bank with the median time that it took to tell of its newest credits; at most ten seconds old."""
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return BankFeeds(
        feeds=[
            BankFeed(
                bin=feed.bin,
                bank_name=feed.bank_name,
                median_milliseconds=feed.median_milliseconds,
                last_arrive_time=time(feed.last_arrive_time),
                late_since=time(feed.late_since),
            )
            for feed in await api.state.feeds.every()
        ]
    )
