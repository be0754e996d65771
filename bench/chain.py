"""`chain`: from a bank's HTTP callback to the paid invoice on real Kafka, one credit a callback, sustained 60 seconds.

Intake (HTTP and relay), reconciliation and invoices run as processes of their own; 128 connections call back for 100
receiving accounts. The clock runs from the first callback until the last invoice is paid and announced, so what waits
in between at the end counts as time. Issuing and signing are set-up and not counted. Yardstick: pgbench before each run.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Final

from bench import money, yardsticks
from bench.banks import banks, write_requests
from bench.ground import HOST, Ground, Stage, kafka_stage
from bench.results import Refused, Result, least
from cli.platform.ports import free_port
from kit.events_kafka import counting

NAMES: Final = ("chain",)
_RUNS: Final = 3
_SECONDS: Final = 60.0
_WARM_UP: Final = 5.0
_MOST_A_SECOND: Final = 4_000
_CONNECTIONS: Final = 128
_DEADLINE: Final = 300.0
_INVOICES: Final = "invoices.invoices"


class _Runner:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._places = money.places()
        self._references = money.references(seed=5)
        self._paid = 0
        self._amount = 0
        self._port = free_port(HOST, 0)
        with stage.connect("reconciliation") as connection:
            money.add_accounts(connection, self._places)
        with stage.connect("intake") as connection:
            money.add_connections(connection, self._places, stage.environment["XOAI_DATA_KEY"])
        stage.start("web", "-m", "cli.platform.web", "--host", HOST, "--port", str(self._port))
        stage.service("intake", "relay")
        stage.service("reconciliation", "relay")
        stage.service("reconciliation", "consume")
        stage.service("invoices", "relay", "consume")

    def run(self, seconds: float) -> float:
        """Credits a second over at least `seconds`."""
        bills = money.bills(
            self._places, int(seconds * _MOST_A_SECOND), self._references, seed=100 + self._paid
        )
        with self._stage.connect("reconciliation") as connection:
            money.add_payables(connection, bills)
        with self._stage.connect("invoices") as connection:
            money.add_invoices(connection, bills)
        # Nobody pays in the order in which bills were written.
        random.Random(self._paid).shuffle(bills)
        requests = self._stage.folder / "chain.requests"
        write_requests(requests, bills)
        with (
            banks(requests, self._port, connections=_CONNECTIONS, seconds=seconds) as load,
            counting([self._stage.kafka], [_INVOICES]) as announced,
        ):
            clock = self._stage.clock()
            load.go()
            done = load.outcome()
            self._paid += done.accepted
            while announced() < self._paid:
                if time.monotonic() - done.ended > _DEADLINE:
                    raise Refused(f"{announced()} of {self._paid} invoices are paid after {_DEADLINE:.0f} s")
                time.sleep(0.05)
            ended = time.monotonic()
        if ended - done.began < seconds:
            raise Refused(f"the load maker ran out of callbacks after {done.ended - done.began:.0f} s")
        rate = done.accepted / (ended - done.began)
        print(
            f"  {rate:,.0f} credits/s until paid ({done.accepted / (done.ended - done.began):,.0f}/s accepted),"
            f" {clock.microseconds(done.accepted)}",
            flush=True,
        )
        self._check(bill.amount for bill in bills[: done.accepted])
        return rate

    def _check(self, amounts: Iterator[int]) -> None:
        self._amount += sum(amounts)
        time.sleep(0.5)
        with self._stage.connect("reconciliation") as connection:
            money.check_books(connection, self._paid, self._amount)
        with self._stage.connect("invoices") as connection:
            row = connection.execute(
                "SELECT count(*), sum(amount_paid), (SELECT count(*) FROM receipt), (SELECT count(*) FROM outbox)"
                " FROM invoice WHERE state = 'paid' AND amount_paid = amount_due"
            ).fetchone()
        if row != (self._paid, self._amount, self._paid, 0):
            raise Refused(f"{self._paid} credits of {self._amount} were told, but invoices hold {row}")


def measure(ground: Ground, runs: int = _RUNS, seconds: float = _SECONDS) -> list[Result]:
    """Yardstick and chain in turns."""
    with kafka_stage(ground) as stage:
        runner = _Runner(stage)
        runner.run(_WARM_UP)
        rates, beside = [], []
        for _ in range(runs):
            beside.append(yardsticks.pgbench(ground.server))
            print(f"  {yardsticks.PGBENCH} {beside[-1]:,.0f}/s", flush=True)
            rates.append(runner.run(seconds))
    return [
        least(
            "chain", "HTTP callback → invoice paid on Kafka, 60 s, 100 accounts", "credits/s", rates,
            yardstick=yardsticks.PGBENCH, yardsticks=beside, factor=1.2,
        )
    ]  # fmt: skip
