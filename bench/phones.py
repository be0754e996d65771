"""Stalls with their phones for benchmarks: written straight into the tables, and phones that listen to the gateway."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from bench import money
from bench.ground import HOST
from bench.money import Place, copy
from bench.results import Refused
from kit import clock, ids
from kit.references import Kind, check
from kit.references.code import ALPHABET, is_isolated, with_checks
from services.pilots.domain.devices import key_hash

_CLASS: Final = "ban_hang"
_NOW: Final = clock.now()
_DAY: Final = date(2026, 1, 1)
# Connections that are opened at once: a phone each, not a storm.
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall with its standing code, and the keys of the phones that are paired with it."""

    id: UUID
    reference: str
    place: Place
    keys: tuple[str, ...]


def stalls(at: Sequence[Place], count: int, phones: int, seed: int) -> list[Stall]:
    """Stalls spread over the accounts, with so many phones each."""
    names = _references(seed)
    return [
        Stall(
            ids.new(),
            next(names),
            at[number % len(at)],
            tuple(f"phone-{seed}-{number}-{phone}" for phone in range(phones)),
        )
        for number in range(count)
    ]


def _references(seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    seen: set[str] = set()
    while True:
        reference = with_checks(Kind.STALL.value + "".join(chance.choices(ALPHABET, k=7)))
        if reference not in seen and check(reference) and is_isolated(reference):
            seen.add(reference)
            yield reference


def add_codes(reconciliation: psycopg.Connection[Any], found: Sequence[Stall]) -> None:
    """Tell reconciliation of the standing codes."""
    copy(
        reconciliation,
        "payable",
        "id, organisation_id, version, kind, is_void, reference, account_id, is_oldest_first, lines",
        [
            (stall.id, stall.place.organisation_id, 1, "standing", False, stall.reference,
             str(stall.place.account_id), False, json.dumps([[str(stall.id), _CLASS, 0, 1, False, 0]]))
            for stall in found
        ],
    )  # fmt: skip
    reconciliation.execute("VACUUM (ANALYZE) payable")


def add_stalls(pilots: psycopg.Connection[Any], found: Sequence[Stall]) -> None:
    """One street with these stalls, their units, codes and paired phones."""
    street, block = ids.new(), ids.new()
    copy(
        pilots,
        "programme",
        "id, kind, code, name, ward_code, start_date, open_minute, close_minute, cut_off_minute, sale_seconds,"
        " version, create_time",
        [(street, "street", f"pho-{street.hex[:8]}", "Phố Đo", "25195", _DAY, 0, 0, 0, 900, 1, _NOW)],
    )
    copy(
        pilots,
        "section",
        "id, programme_id, code, name, position, x, y, width, height",
        [(block, street, "A", "Dãy A", 1, 0, 0, 10, 10)],
    )
    owners = sorted({stall.place.organisation_id for stall in found})
    copy(
        pilots,
        "unit",
        "organisation_id, name, kind, match_key, create_time",
        [(owner, "Hộ Đo", "household", owner.hex, _NOW) for owner in owners],
    )
    copy(
        pilots,
        "stall",
        "id, organisation_id, programme_id, section_id, number, number_key, name, search_text, reference, state,"
        " account_id, bin, account_number, account_holder, relation, default_rule, open_minute, close_minute,"
        " version, sequence, create_time, change_time",
        [
            (stall.id, stall.place.organisation_id, street, block, f"A{number}", f"A{number:06d}", f"Quầy {number}",
             "QUAY", stall.reference, "active", stall.place.account_id, money.BIN, stall.place.number, "TRAN THI DO",
             "self", "never", 0, 0, 1, 0, _NOW, _NOW)
            for number, stall in enumerate(found)
        ],
    )  # fmt: skip
    copy(
        pilots,
        "device",
        "id, organisation_id, stall_id, role, name, key_hash, pair_time, expire_time, see_time",
        [
            (ids.new(), stall.place.organisation_id, stall.id, "listener", "Máy Đo",
             key_hash(key), _NOW, _NOW + timedelta(days=90), _NOW)
            for stall in found
            for key in stall.keys
        ],
    )  # fmt: skip
    pilots.execute("ANALYZE")


@dataclass(slots=True)
class Heard:
    """What one phone heard: when each amount came, by the machine's monotonic clock, and the sequences in order."""

    times: dict[int, list[float]] = field(default_factory=dict)
    sequences: list[int] = field(default_factory=list)


class _Phone(asyncio.Protocol):
    """A phone's line, read as it comes."""

    def __init__(self, request: bytes, heard: Heard, opened: asyncio.Future[None]) -> None:
        self._request, self._heard, self._opened = request, heard, opened
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if not self._opened.done():
            if not data.startswith(b"HTTP/1.1 200"):
                self._opened.set_exception(Refused(f"a phone was answered {data[:200]!r}"))
                return
            self._opened.set_result(None)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b'data: {"channel"'):
                message = json.loads(line[6:])
                self._heard.sequences.append(message["sequence"])
                self._heard.times.setdefault(int(message["data"].get("amount", 0)), []).append(now)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(Refused("a phone's line was closed"))


class Phones:
    """Phones that listen, in a thread of their own until `close`."""

    def __init__(self, port: int, found: Sequence[Stall]) -> None:
        self._port = port
        self.heard = {key: Heard() for stall in found for key in stall.keys}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(found), self._loop).result(300)

    def close(self) -> None:
        """End the lines with the loop that holds them."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _open(self, found: Sequence[Stall]) -> None:
        waiting = [(stall.id, key) for stall in found for key in stall.keys]
        for start in range(0, len(waiting), _AT_ONCE):
            await asyncio.gather(*[self._listen(*each) for each in waiting[start : start + _AT_ONCE]])

    async def _listen(self, stall_id: UUID, key: str) -> None:
        opened = self._loop.create_future()
        # What a telephone's browser sends.
        request = (
            f"GET /v1/events?channel=stall%3A{stall_id}&after=0 HTTP/1.1\r\nHost: {HOST}:{self._port}\r\n"
            "Connection: keep-alive\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n"
            "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
            " Mobile Safari/537.36\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
            f"Referer: http://{HOST}:{self._port}/quay-hang\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
            f"Accept-Language: vi-VN,vi;q=0.9\r\nCookie: xoai-stall={key}\r\n\r\n"
        )
        await self._loop.create_connection(
            lambda: _Phone(request.encode(), self.heard[key], opened), HOST, self._port
        )
        await asyncio.wait_for(opened, 60)
