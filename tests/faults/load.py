"""The load: a bank that tells of transfers at a steady rate, repeats each until it is acknowledged, and remembers.

What it remembers is the client's side of the story: a 2xx means that the money may never be lost; no answer at all
means nothing, neither yes nor no. The seed decides what is sent; when it is sent depends on the machine.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

import httpx

from kit import clock
from sandbox.bank.callbacks import Connection, Transfer, message
from tests.faults.city import Bill, City

_AT_ONCE: Final = 64
_PAUSE: Final = 0.25  # seconds between two tries; in life minutes
_DRAIN: Final = 60.0
# Hundredths of all transfers.
_WAYS: Final = (("told_again", 3), ("short", 2), ("over", 2), ("unknown_memo", 2), ("forged", 1))


@dataclass
class Sent:
    """One transfer and what was answered to every telling of it."""

    transfer: Transfer
    connection: Connection
    bill: Bill | None
    way: str
    statuses: Counter[int] = field(default_factory=Counter)
    unknown: int = 0

    @property
    def is_acknowledged(self) -> bool:
        """Some telling was answered 2xx."""
        return any(200 <= status < 300 for status in self.statuses)


@dataclass
class History:
    """What one load did."""

    sent: list[Sent] = field(default_factory=list)
    pages: Counter[str] = field(default_factory=Counter)

    @property
    def acknowledged(self) -> list[Sent]:
        """The transfers whose money may never be lost."""
        return [each for each in self.sent if each.is_acknowledged]

    @property
    def statuses(self) -> Counter[int]:
        """All answers, by status."""
        return sum((each.statuses for each in self.sent), Counter())

    @property
    def unknown(self) -> int:
        """Tellings without an answer."""
        return sum(each.unknown for each in self.sent)


class Load:
    """Callbacks at `rate` a second from a thread of its own, and visitors on the pay page beside them."""

    _numbers = itertools.count(int(clock.now().timestamp() * 1000))

    def __init__(self, city: City, page_url: str, seed: int, *, rate: float = 50.0) -> None:
        self.history = History()
        self._city, self._page_url, self._rate = city, page_url, rate
        self._chance = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> History:
        """No new transfers; what is not acknowledged yet is told on until it is, for a minute at most."""
        self._stopping.set()
        self._thread.join(_DRAIN + 30)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure
        return self.history

    def make(self, bill: Bill, way: str = "exact", **changes: object) -> Sent:
        """A transfer for a bill, remembered but not told yet."""
        number = next(self._numbers)
        amount = {"short": bill.amount - 1_000, "over": bill.amount + 1_000}.get(way, bill.amount)
        transfer = Transfer(
            number=number,
            bank_reference=f"FT{number}",
            account=bill.connection.accounts[0],
            amount=amount,
            memo="nop tien hoc cho con" if way == "unknown_memo" else f"{bill.reference} nop tien",
            payer_name="NGUYEN VAN AN",
            payer_account="0011004454417",
            moment=clock.now(),
        )
        transfer = replace(transfer, **changes)  # type: ignore[arg-type]
        sent = Sent(transfer, bill.connection, None if way in ("unknown_memo", "forged") else bill, way)
        self.history.sent.append(sent)
        return sent

    async def _run(self) -> None:
        try:
            limits = httpx.Limits(max_connections=_AT_ONCE + 8)
            timeout = httpx.Timeout(10, connect=3)
            async with httpx.AsyncClient(timeout=timeout, limits=limits) as client:
                visitors = [asyncio.create_task(self._visit(client, number)) for number in range(2)]
                tasks: set[asyncio.Task[None]] = set()
                began, made = clock.monotonic(), 0
                while not self._stopping.is_set():
                    while made < (clock.monotonic() - began) * self._rate and len(tasks) < _AT_ONCE:
                        made += 1
                        task = asyncio.create_task(self._tell_until_taken(client, self._next()))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                    # What a stopped platform kept waiting is not sent in one heap afterwards.
                    if len(tasks) >= _AT_ONCE:
                        began, made = clock.monotonic(), 0
                    await asyncio.sleep(0.01)
                await asyncio.gather(*tasks, *visitors)
        except BaseException as error:
            self._failure = error

    def _next(self) -> Sent:
        drawn = self._chance.randrange(100)
        for way, share in _WAYS:
            if drawn < share:
                return self.make(self._city.take(), way)
            drawn -= share
        return self.make(self._city.take())

    async def _tell_until_taken(self, client: httpx.AsyncClient, sent: Sent) -> None:
        deadline = clock.monotonic() + _DRAIN
        while clock.monotonic() < deadline:
            await tell(client, sent)
            if sent.way == "forged" and sent.statuses:
                return
            if sent.is_acknowledged:
                break
            await asyncio.sleep(_PAUSE)
        if sent.way == "told_again":
            await asyncio.gather(tell(client, sent), tell(client, sent))

    async def _visit(self, client: httpx.AsyncClient, number: int) -> None:
        """A family looks at its bill again and again: a page, or words that say to try again; never a trace."""
        bill = self._city.bills[-1 - number]
        while not self._stopping.is_set():
            try:
                response = await client.get(f"{self._page_url}/p/{bill.reference}")
                self.history.pages[str(response.status_code)] += 1
                if "Traceback" in response.text:
                    self.history.pages["trace"] += 1
            except httpx.HTTPError:
                self.history.pages["none"] += 1
            await asyncio.sleep(0.2)


async def tell(client: httpx.AsyncClient, sent: Sent) -> int:
    """One telling; its status, 0 if there was no answer."""
    connection = sent.connection
    if sent.way == "forged":
        connection = replace(connection, secret=connection.secret[:-4] + "0000")
    body, headers = message(connection, sent.transfer)
    try:
        response = await client.post(connection.url, content=body, headers=headers)
    except httpx.HTTPError:
        sent.unknown += 1
        return 0
    sent.statuses[response.status_code] += 1
    return response.status_code
