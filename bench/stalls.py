"""`stall`, `connection_memory`: 2,000 phones listen on one gateway while banks tell of 300 payments at stalls a second.

A latency runs from the moment at which a callback was due to be sent until a phone of its stall has read the event; each
stall has two phones, both must hear each payment once and in order. The full platform works on Kafka, every service a
process. The memory is what the gateway's process holds more (PSS) with 2,000 idle phones than with none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg

from bench import money
from bench.banks import banks
from bench.costs import Clock, descendants, proportional_bytes
from bench.ground import Ground, full
from bench.phones import Phones, Stall, add_codes, add_stalls, stalls
from bench.results import Refused, Result, most
from cli.platform.full import Full
from kit import clock, ids

NAMES: Final = ("stall", "connection_memory")
_STALLS: Final = 1_000
_PHONES_EACH: Final = 2
_RATE: Final = 300
_SECONDS: Final = 10
# The broker's compiler is busy with itself for the first half minute of a load (the broker's share of a payment falls
# from 1,600 to 600 µs meanwhile), as it is not in a broker that stays up.
_WARM_UP: Final = 30
_RUNS: Final = 3
_PATIENCE: Final = 60.0
# Until what opening the lines needed for a moment has gone.
_SETTLE: Final = 5.0
_FIRST_AMOUNT: Final = 10_000


class _Runner:
    def __init__(self, platform: Full, folder: Path) -> None:
        self._platform, self._folder = platform, folder
        places = money.places()
        self.stalls = stalls(places, _STALLS, _PHONES_EACH, seed=11)
        with self._connect("reconciliation") as connection:
            money.add_accounts(connection, places)
            add_codes(connection, self.stalls)
        with self._connect("intake") as connection:
            money.add_connections(connection, places, platform.environment["XOAI_DATA_KEY"])
        with self._connect("pilots") as connection:
            add_stalls(connection, self.stalls)
        self._told = 0

    def _connect(self, service: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self._platform.server.dsn(f"xoai_{service}"), autocommit=True)

    def memory(self) -> float:
        """KiB that the gateway's process holds, shared pages in shares."""
        return proportional_bytes(descendants(self._platform.pid("web"))) / 1024

    def _clock(self) -> Clock:
        roots = {name: self._platform.pid(name) for name in self._platform.parts}
        return Clock(
            roots | {"kafka": self._platform.kafka.pid() or 0, "postgresql": self._platform.server.pid() or 0}
        )

    def run(self, phones: Phones, seconds: int) -> Sequence[float]:
        """Latencies in ms, sorted, one for each payment and phone. Raises Refused if one is lost, twice, or late in order."""
        count = seconds * _RATE
        # Each payment has an amount of its own, by which the phones know it again.
        paid = {_FIRST_AMOUNT + self._told + number: self.stalls[number % _STALLS] for number in range(count)}
        self._told += count
        requests = self._folder / "stalls.requests"
        requests.write_bytes(b"".join(_request(amount, stall) for amount, stall in paid.items()))
        with banks(requests, self._platform.port, connections=32, rate=_RATE) as load:
            used = self._clock()
            load.go()
            done = load.outcome()
        deadline = time.monotonic() + _PATIENCE
        wanted = [(key, amount) for amount, stall in paid.items() for key in stall.keys]
        while left := [each for each in wanted if each[1] not in phones.heard[each[0]].times]:
            if time.monotonic() > deadline:
                raise Refused(f"{len(left)} of {len(wanted)} events did not come")
            time.sleep(0.2)
        self._check(phones, wanted)
        found = sorted(
            (phones.heard[key].times[amount][0] - due) * 1000
            for (amount, stall), due in zip(paid.items(), done.sent, strict=True)
            for key in stall.keys
        )
        print(
            f"  accepted p50 {done.p50_ms:.0f}, p99 {done.p99_ms:.0f} ms; event p50 {_at(found, 50):.0f},"
            f" p95 {_at(found, 95):.0f}, p99 {_at(found, 99):.0f} ms; {used.microseconds(count)}",
            flush=True,
        )
        return found

    @staticmethod
    def _check(phones: Phones, wanted: Sequence[tuple[str, int]]) -> None:
        twice = sum(len(phones.heard[key].times[amount]) != 1 for key, amount in wanted)
        if twice:
            raise Refused(f"{twice} events came more than once")
        for key, heard in phones.heard.items():
            if heard.sequences != list(range(1, len(heard.sequences) + 1)):
                raise Refused(f"{key} heard out of order: {heard.sequences[:20]}")


def _request(amount: int, stall: Stall) -> bytes:
    credit = {
        "provider_transaction_id": f"T{amount}",
        "bank_reference": f"FT{amount}",
        "account": stall.place.number,
        "virtual_account": None,
        "amount": amount,
        "currency": "VND",
        "memo": f"MBVCB.{amount}.{stall.reference} chuyen tien.CT tu 0071000",
        "occur_time": clock.now().isoformat(),
        "payer_name": "NGUYEN VAN A",
        "payer_account": "0071000123456",
        "payer_bin": money.BIN,
    }
    target = f"/v1/callbacks/xoai/{ids.external('con', stall.place.connection_id)}"
    return target.encode() + b"\t" + json.dumps({"credits": [credit]}).encode() + b"\n"


def _at(found: Sequence[float], percent: int) -> float:
    return found[len(found) * percent // 100]


def measure(ground: Ground, runs: int = _RUNS, seconds: int = _SECONDS) -> list[Result]:
    """Memory with the lines idle, then the payments."""
    with full(ground) as platform:
        runner = _Runner(platform, ground.folder)
        # What the first requests of a process load is no connection's.
        Phones(platform.port, runner.stalls[:50]).close()
        time.sleep(_SETTLE)
        before = runner.memory()
        phones = Phones(platform.port, runner.stalls)
        try:
            time.sleep(_SETTLE)
            each = (runner.memory() - before) / len(phones.heard)
            print(f"  {len(phones.heard):,} idle phones: {each:.1f} KiB each", flush=True)
            runner.run(phones, _WARM_UP)
            found = [runner.run(phones, seconds) for _ in range(runs)]
        finally:
            phones.close()
    return [
        most("connection_memory", f"gateway's memory for an idle phone, {_STALLS * _PHONES_EACH:,} of them", "KiB",
             [each], 30),
        *(
            most(f"stall.p{percent}", f"callback → phone at {_RATE}/s, {_STALLS * _PHONES_EACH:,} phones, Kafka", "ms",
                 [_at(one, percent) for one in found], limit)
            for percent, limit in ((50, 60), (99, 250))
        ),
    ]  # fmt: skip
