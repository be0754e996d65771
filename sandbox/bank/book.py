"""The bank's book and its post: what was booked, and the callbacks that tell of it, retried until they are taken."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from kit import clock
from sandbox.bank.callbacks import Connection, Transfer, message

_AT_ONCE: Final = 16
# Minutes in life (SePay: 1, 1, 2, 3, 5, 8, 13), seconds here.
_PAUSES: Final = (0.2, 0.5, 1, 1, 2, 3, 5, 8, 13)
_LIST_PAGE: Final = 1000


@dataclass
class Tally:
    """What became of callbacks."""

    delivered: int = 0
    lost: int = 0
    refused: list[str] = field(default_factory=list)


class Bank:
    """Everything the bank knows, in memory."""

    def __init__(self, first_number: int = 0) -> None:
        # Numbers begin with the clock, so that a bank that was restarted never repeats one.
        self._numbers = itertools.count(first_number or int(clock.now().timestamp() * 1000))
        self.transfers: list[Transfer] = []
        self.connections: dict[str, Connection] = {}
        self._tokens: dict[str, tuple[str, float]] = {}
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._counter = asyncio.Semaphore(_AT_ONCE)
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(10, connect=3))
        self.background: set[asyncio.Task[Tally]] = set()

    async def close(self) -> None:
        """Stop the post."""
        for task in self.background:
            task.cancel()
        await self._client.aclose()

    def connect(self, connection: Connection) -> None:
        """Call back over this connection for its accounts."""
        for account in connection.accounts:
            self.connections[account] = connection

    def book(
        self,
        account: str,
        amount: int,
        memo: str,
        payer_name: str = "",
        payer_account: str = "",
        moment: datetime | None = None,
    ) -> Transfer:
        """Book a transfer; it is on the list from now on, told or not."""
        number = next(self._numbers)
        transfer = Transfer(
            number=number,
            bank_reference=f"FT{number}",
            account=account,
            amount=amount,
            memo=memo,
            payer_name=payer_name or "NGUYEN VAN AN",
            payer_account=payer_account or "0011004454417",
            moment=moment or clock.now(),
        )
        self.transfers.append(transfer)
        return transfer

    def listed(self, account: str, after: str) -> tuple[list[dict[str, Any]], str]:
        """The account's transfers behind a cursor, and the next cursor."""
        last = int(after) if after.isdigit() else 0
        found = [item for item in self.transfers if item.account == account and item.number > last][
            :_LIST_PAGE
        ]
        return [item.normalised() for item in found], str(found[-1].number if found else last)

    def tell_later(self, transfer: Transfer, deliveries: int, delay_seconds: float) -> None:
        """Deliver in the background."""
        task = asyncio.create_task(self._tell_after(transfer, deliveries, delay_seconds))
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def _tell_after(self, transfer: Transfer, deliveries: int, delay_seconds: float) -> Tally:
        await asyncio.sleep(delay_seconds)
        return await self.tell(transfer, deliveries)

    async def book_and_tell(self, book: Callable[[], Transfer], deliveries: int) -> Tally:
        """Book a transfer when the post has a hand free, and tell of it at once."""
        async with self._counter:
            return await self.tell(book(), deliveries)

    async def tell(self, transfer: Transfer, deliveries: int) -> Tally:
        """Call back `deliveries` times (0: the callback is lost); each until it is taken."""
        tally = Tally(lost=0 if deliveries else 1)
        connection = self.connections.get(transfer.account)
        if connection is None:
            tally.refused.append(f"no connection for {transfer.account}")
            return tally
        for _ in range(deliveries):
            async with self._gate:
                error = await self._deliver(connection, transfer)
            if error:
                tally.refused.append(error)
            else:
                tally.delivered += 1
        return tally

    async def _deliver(self, connection: Connection, transfer: Transfer) -> str:
        """Deliver once, with retries; what was answered if it was not taken, else empty."""
        last = ""
        for pause in (0, *_PAUSES):
            await asyncio.sleep(pause)
            try:
                response = await self._post(connection, transfer)
            except httpx.HTTPError as error:
                last = type(error).__name__
                continue
            if 200 <= response.status_code < 300:
                return ""
            last = f"{response.status_code} {response.text[:120]}"
            if response.status_code not in (429, 500, 502, 503, 504):
                break
        return last

    async def _post(self, connection: Connection, transfer: Transfer) -> httpx.Response:
        body, headers = message(connection, transfer)
        url = connection.url
        if connection.provider == "vietqrvn":
            headers["authorization"] = f"Bearer {await self._token(connection)}"
            url = f"{url}/bank/api/transaction-sync"
        return await self._client.post(url, content=body, headers=headers)

    async def _token(self, connection: Connection) -> str:
        token, until = self._tokens.get(connection.url, ("", 0.0))
        if time.monotonic() > until:
            user, _, password = connection.secret.partition(":")
            response = await self._client.post(f"{connection.url}/api/token_generate", auth=(user, password))
            response.raise_for_status()
            token = str(response.json()["access_token"])
            self._tokens[connection.url] = (token, time.monotonic() + 240)
        return token
