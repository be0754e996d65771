"""`callback_to_event`, `callback_to_event_embedded`: from a bank's callback to the event on a screen, at 500 a second.

A screen follows a collection round by server-sent events, as an accountant's page does, while banks call back at a
steady rate. A latency runs from the moment at which a callback was due to be sent until its invoice's event was read
from the stream. On Kafka the full platform works, every service a process; embedded, topics are tables.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import psycopg

from bench import money
from bench.banks import banks, write_requests
from bench.ground import HOST, Ground, embedded, full
from bench.office import Office, open_round
from bench.results import Refused, Result, most
from cli.platform.embedded import Embedded
from cli.platform.full import Full
from kit import ids
from sandbox.city.schools import MadeUpItem

NAMES: Final = ("callback_to_event", "callback_to_event_embedded")
_RUNS: Final = 3
_RATE: Final = 500
_SECONDS: Final = 10
# The broker's compiler is busy with itself for the first seconds of a load, as it is not in a broker that stays up.
_WARM_UP: Final = 10
_PATIENCE: Final = 30.0
_ITEM: Final = MadeUpItem("Nước uống", "NU", 12_000, 1000, "tháng")


class _Screen(threading.Thread):
    """Listens to a round and notes when each bill's event came."""

    def __init__(self, port: int, channel: str, api_key: str) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(HOST, port)
        self._connection.request(
            "GET", f"/v1/events?channel={channel}", headers={"Authorization": f"Bearer {api_key}"}
        )
        self._answer = self._connection.getresponse()
        if self._answer.status != 200:
            raise Refused(f"the screen was answered {self._answer.status}: {self._answer.read(300)!r}")
        self.seen: dict[str, float] = {}
        self.start()

    def run(self) -> None:
        while line := self._answer.readline():
            if line.startswith(b"data: "):
                now = time.monotonic()
                data = json.loads(line[6:]).get("data", {})
                if data.get("state") == "paid":
                    self.seen.setdefault(data["reference"], now)


class _Runner:
    def __init__(self, platform: Embedded | Full, ground: Ground) -> None:
        self._platform, self._folder = platform, ground.folder
        office = Office(platform)
        school = office.school(1)
        self._round = open_round(school, [_ITEM])
        organisation = UUID(school.id)
        self._places = [
            money.Place(organisation, place.account_id, place.number, place.connection_id)
            for place in money.places()
        ]
        self._references = money.references(seed=7)
        with self._connect("reconciliation") as connection:
            money.add_accounts(connection, self._places)
        with self._connect("intake") as connection:
            money.add_connections(connection, self._places, platform.environment["XOAI_DATA_KEY"])
        channel = f"batch:{ids.external('rnd', UUID(self._round.id))}"
        self._screen = _Screen(platform.port, channel, school.api_key)
        office.close()

    def _connect(self, service: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self._platform.server.dsn(f"xoai_{service}"), autocommit=True)

    def run(self, seconds: int, seed: int) -> Sequence[float]:
        """Latencies in ms, sorted."""
        bills = money.bills(self._places, seconds * _RATE, self._references, seed=seed)
        with self._connect("reconciliation") as connection:
            money.add_payables(connection, bills)
        with self._connect("invoices") as connection:
            money.add_invoices(connection, bills, batch_id=self._round.id)
        requests = self._folder / "live.requests"
        write_requests(requests, bills)
        with banks(requests, self._platform.port, connections=32, rate=_RATE) as load:
            load.go()
            done = load.outcome()
        deadline = time.monotonic() + _PATIENCE
        names = {bill.reference for bill in bills}
        while not names <= self._screen.seen.keys():
            if time.monotonic() > deadline:
                raise Refused(f"{len(names - self._screen.seen.keys())} of {len(names)} events did not come")
            time.sleep(0.05)
        found = sorted(
            (self._screen.seen[bill.reference] - due) * 1000
            for bill, due in zip(bills, done.sent, strict=True)
        )
        print(
            f"  accepted p50 {done.p50_ms:.0f}, p99 {done.p99_ms:.0f} ms; event p50 {_at(found, 50):.0f},"
            f" p95 {_at(found, 95):.0f}, p99 {_at(found, 99):.0f} ms",
            flush=True,
        )
        return found


def _at(found: Sequence[float], percent: int) -> float:
    return found[len(found) * percent // 100]


def _measure(name: str, where: str, runner: _Runner, runs: int, limits: tuple[float, float]) -> list[Result]:
    runner.run(_WARM_UP, seed=1_000)
    found = [runner.run(_SECONDS, seed=1_001 + number) for number in range(runs)]
    return [
        most(f"{name}.p{percent}", f"callback → SSE event at {_RATE}/s, {where}", "ms",
             [_at(each, percent) for each in found], limit)
        for percent, limit in zip((50, 99), limits, strict=True)
    ]  # fmt: skip


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """Embedded, then on Kafka."""
    with embedded(ground) as platform:
        found = _measure("callback_to_event_embedded", "embedded", _Runner(platform, ground), runs, (40, 80))
    with full(ground) as platform:
        found += _measure("callback_to_event", "Kafka", _Runner(platform, ground), runs, (50, 150))
    return found
