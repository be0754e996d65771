"""`reconcile_10k`, `reconcile_1m`: the reconcile stage on real Kafka, relay included.

Credits wait in the topic while the consumer stands still; the clock runs from the moment it may go on until the last
payment stands in the topic of payments, acknowledged. Two consumers share the partitions, as replicas do in a cluster.
Yardstick: pgbench before each run. Payables, accounts and the filling of the topic are set-up and not counted; a first
run, not counted, warms up processes and broker.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from bench import money, yardsticks
from bench.ground import Ground, Stage, kafka_stage
from bench.results import Refused, Result, least, share
from cli.platform.children import Child
from kit.events_kafka import counting

NAMES: Final = ("reconcile_10k", "reconcile_1m")
_CREDITS: Final = 10_000
_RUNS: Final = 5
# Consumers share the partitions: while one waits for the database, the other decides.
_REPLICAS: Final = 2
_DEADLINE: Final = 120.0
_PAYMENTS: Final = "reconciliation.payments"


class _Runner:
    """Pays ten thousand open payables again and again, other ones each time."""

    def __init__(self, stage: Stage, consumers: Sequence[Child]) -> None:
        self._stage, self._consumers = stage, consumers
        self._places = money.places()
        self._references = money.references(seed=1)
        self._issued: list[money.Bill] = []
        self._told = 0
        self._amount = 0
        with stage.connect("reconciliation") as connection:
            money.add_accounts(connection, self._places)

    def issue(self, count: int, others: int = 0) -> None:
        """Let `count` payables be owed, in between `others` that stay open."""
        bills = money.bills(self._places, count, self._references, seed=self._told)
        with self._stage.connect("reconciliation") as connection:
            if others:
                money.add_payables_among_others(connection, bills, others, seed=2)
            else:
                money.add_payables(connection, bills)
        # Nobody pays in the order in which bills were written.
        random.Random(self._told).shuffle(bills)
        self._issued += bills

    def run(self) -> float:
        """One run; credits a second."""
        if not self._issued:
            self.issue(_CREDITS)
        bills, self._issued = self._issued[:_CREDITS], self._issued[_CREDITS:]
        log = self._stage.log()
        publisher = log.publisher()
        try:
            with self._stage.held(self._consumers):
                publisher.publish(money.events(bills))
                clock = self._stage.clock()
                began = time.perf_counter()
            self._told += len(bills)
            self._amount += sum(bill.amount for bill in bills)
            self._await_payments(began)
            seconds = time.perf_counter() - began
            print(f"  {len(bills) / seconds:,.0f} credits/s, {clock.microseconds(len(bills))}", flush=True)
        finally:
            publisher.close()
            log.close()
        with self._stage.connect("reconciliation") as connection:
            _await_empty_outbox(connection)
            money.check_books(connection, self._told, self._amount)
        return len(bills) / seconds

    def _await_payments(self, began: float) -> None:
        with counting([self._stage.kafka], [_PAYMENTS]) as ask:
            while (done := ask()) < self._told:
                if time.perf_counter() - began > _DEADLINE:
                    raise Refused(f"{done} of {self._told} payments after {_DEADLINE:.0f} s")
                # Each question costs time of the processors that are measured.
                time.sleep(0.1 if self._told - done > _CREDITS // 4 else 0.01)


def _await_empty_outbox(connection: object) -> None:
    for _ in range(200):
        row = connection.execute("SELECT count(*) FROM outbox").fetchone()  # type: ignore[attr-defined]
        if row == (0,):
            return
        time.sleep(0.05)
    raise Refused("the outbox does not empty")


@contextmanager
def _runner(ground: Ground, others: int, runs: int) -> Iterator[_Runner]:
    with kafka_stage(ground) as stage:
        stage.service("reconciliation", "relay")
        replicas = [
            stage.service("reconciliation", "consume", replica=str(number))
            for number in range(1, _REPLICAS + 1)
        ]
        runner = _Runner(stage, replicas)
        if others:
            runner.issue(_CREDITS * (runs + 1), others)
        yield runner


def _measure(ground: Ground, others: int, runs: int) -> tuple[list[float], list[float]]:
    with _runner(ground, others, runs) as runner:
        runner.run()
        rates, beside = [], []
        for _ in range(runs):
            beside.append(yardsticks.pgbench(ground.server))
            print(f"  {yardsticks.PGBENCH} {beside[-1]:,.0f}/s", flush=True)
            rates.append(runner.run())
    return rates, beside


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """Both sizes of the table."""
    text = "credits matched, posted and announced on Kafka, {} open payables"
    rates, beside = _measure(ground, 0, runs)
    small = least(
        "reconcile_10k", text.format("10 thousand"), "credits/s", rates,
        yardstick=yardsticks.PGBENCH, yardsticks=beside, factor=5,
    )  # fmt: skip
    rates, beside = _measure(ground, 1_000_000, runs)
    large = share("reconcile_1m", text.format("1 million"), "credits/s", rates, other=small, percent=80)
    against = least(
        "reconcile_1m.pgbench", text.format("1 million"), "credits/s", rates,
        yardstick=yardsticks.PGBENCH, yardsticks=beside, factor=5,
    )  # fmt: skip
    return [small, large, against]
