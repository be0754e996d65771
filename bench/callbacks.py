"""`callbacks`: how many callbacks a second are accepted, which means verified, read, stored and committed.

One HTTP process as the platform runs it, 32 connections, signed bodies of one credit. Yardstick: a FastAPI route that
reads the same bodies into a model and answers with them, under the same HTTP server, from the same load maker, in
turns. Signing is done before the clock starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench import money, yardsticks
from bench.banks import banks, write_requests
from bench.ground import HOST, Ground, Stage, stage_without_log
from bench.results import Refused, Result, least
from cli.platform.ports import free_port

NAMES: Final = ("callbacks",)
_RUNS: Final = 3
_SECONDS: Final = 8.0
_MOST_A_SECOND: Final = 9_000


def _accepted(requests: Path, port: int, seconds: float) -> tuple[int, float]:
    """How many, and how many a second."""
    with banks(requests, port, seconds=seconds) as load:
        load.go()
        done = load.outcome()
    if not done.left:
        raise Refused("the load maker ran out of callbacks")
    rate = done.accepted / (done.ended - done.began)
    print(f"  {rate:,.0f}/s, p50 {done.p50_ms:.1f} ms, p99 {done.p99_ms:.1f} ms", flush=True)
    return done.accepted, rate


def _check(stage: Stage, accepted: int) -> None:
    with stage.connect("intake") as intake:
        row = intake.execute(
            "SELECT (SELECT count(*) FROM callback WHERE outcome = 'reported'), (SELECT count(*) FROM report),"
            " (SELECT count(*) FROM outbox)"
        ).fetchone()
        if row != (accepted, accepted, accepted):
            raise Refused(f"{accepted} callbacks were accepted, but the database holds {row}")
        intake.execute("TRUNCATE callback, report, outbox")
        intake.execute("CHECKPOINT")


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """Product and echo in turns."""
    places = money.places()
    requests = ground.folder / "callbacks.requests"
    bills = money.bills(places, int(_SECONDS * _MOST_A_SECOND), money.references(seed=3), seed=3)
    write_requests(requests, bills)
    with stage_without_log(ground) as stage:
        port, echo_port = free_port(HOST, 0), free_port(HOST, 0)
        with stage.connect("intake") as intake:
            money.add_connections(intake, places, stage.environment["XOAI_DATA_KEY"])
        stage.start("web", "-m", "cli.platform.web", "--host", HOST, "--port", str(port))
        stage.start("echo", "-m", "bench.yardsticks", "--port", str(echo_port))
        _check(stage, _accepted(requests, port, 1)[0])
        rates, beside = [], []
        for _ in range(runs):
            clock = stage.clock()
            echoed, rate = _accepted(requests, echo_port, _SECONDS)
            print(f"  {yardsticks.ECHO}: {clock.microseconds(echoed)}", flush=True)
            beside.append(rate)
            clock = stage.clock()
            accepted, rate = _accepted(requests, port, _SECONDS)
            print(f"  {clock.microseconds(accepted)}", flush=True)
            rates.append(rate)
            _check(stage, accepted)
    return [
        least(
            "callbacks", "callbacks verified, stored and committed", "callbacks/s", rates,
            yardstick=yardsticks.ECHO, yardsticks=beside, factor=1.2,
        )
    ]  # fmt: skip
