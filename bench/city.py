"""`rollup`, `city_page`: payments at stalls recorded and rolled up by day, and the city's page over ninety days of them.

`rollup`: payments wait in the topic while the pilots' consumers stand still; the clock runs from the moment at which they
may go on until each payment is stored, in its stall's day, and told to the stall's phones on Kafka. `city_page`: 5,000
stalls took 60 payments a day for 90 days; the weeks are published as they would have been, and the page is asked for.
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import psycopg
import uuid_utils
from google.protobuf.timestamp_pb2 import Timestamp

from bench import money, yardsticks
from bench.ground import HOST, Ground, Stage, embedded, kafka_stage
from bench.office import PASSWORD, Office
from bench.phones import Stall, add_stalls, stalls
from bench.results import Refused, Result, most, rate
from cli.platform.children import Child
from cli.platform.embedded import Embedded
from kit import clock, ids
from kit.db import Database
from kit.events import Event
from kit.events_kafka import counting
from kit.settings import Settings
from services.pilots.jobs.figures import publish_due
from xoai.reconciliation.v1 import reconciliation_events_pb2 as pb

NAMES: Final = ("rollup", "city_page")
_STALLS: Final = 5_000
_PAYMENTS: Final = 20_000
_RUNS: Final = 3
_REPLICAS: Final = 2
_DEADLINE: Final = 180.0
_TOLD: Final = "pilots.stalls"
_DAYS: Final = 90
_LOADS: Final = 40


class _Payments:
    """Pays at stalls again and again."""

    def __init__(self, stage: Stage, consumers: Sequence[Child]) -> None:
        self._stage, self._consumers = stage, consumers
        self._stalls = stalls(money.places(1_000), _STALLS, 0, seed=3)
        self._told = self._amount = 0
        self._versions = dict.fromkeys((stall.id for stall in self._stalls), 0)
        with stage.connect("pilots") as connection:
            add_stalls(connection, self._stalls)

    def run(self) -> float:
        """One run; payments a second."""
        chance = random.Random(self._told)
        events = [
            self._event(chance.choice(self._stalls), chance.randrange(1, 90) * 1_000)
            for _ in range(_PAYMENTS)
        ]
        log = self._stage.log()
        publisher = log.publisher()
        try:
            with self._stage.held(self._consumers):
                publisher.publish(events)
                used = self._stage.clock()
                began = time.perf_counter()
            self._told += _PAYMENTS
            with counting([self._stage.kafka], [_TOLD]) as told:
                while (done := told()) < self._told:
                    if time.perf_counter() - began > _DEADLINE:
                        raise Refused(f"{done} of {self._told} payments were told after {_DEADLINE:.0f} s")
                    time.sleep(0.05)
            seconds = time.perf_counter() - began
            print(f"  {_PAYMENTS / seconds:,.0f} payments/s, {used.microseconds(_PAYMENTS)}", flush=True)
        finally:
            publisher.close()
            log.close()
        self._check()
        return _PAYMENTS / seconds

    def _check(self) -> None:
        with self._stage.connect("pilots") as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM taking), (SELECT sum(amount) FROM taking),"
                " (SELECT sum(transfer_sum + late_sum) FROM stall_day),"
                " (SELECT sum(transfer_count + late_count) FROM stall_day), (SELECT sum(sequence) FROM stall)"
            ).fetchone()
        wanted = (self._told, self._amount, self._amount, self._told, self._told)
        if row is None or tuple(int(value or 0) for value in row) != wanted:
            raise Refused(f"{wanted} were told, but the pilots hold {row}")

    def _event(self, stall: Stall, amount: int) -> Event:
        self._versions[stall.id] += 1
        self._amount += amount
        payment_id, moment = str(uuid_utils.uuid7()), Timestamp()
        moment.FromDatetime(clock.now())
        message = pb.PaymentApplied(
            payment_id=payment_id,
            payable_id=str(stall.id),
            organisation_id=str(stall.place.organisation_id),
            credit_id=payment_id,
            fund_kind=pb.FUND_KIND_BANK_CREDIT,
            amount=amount,
            total_applied=amount,
            applied_version=self._versions[stall.id],
            payable_version=1,
            rule="reference",
            rule_detail=stall.reference,
            payer_account_last_four="3456",
            bank_time=moment,
            arrive_time=moment,
            post_time=moment,
            bin=money.BIN,
        )
        return Event(
            ids.event_id("payment:" + payment_id, 1, "PaymentApplied"),
            "reconciliation.stall-payments",
            message.payable_id,
            message.payable_id,
            "PaymentApplied",
            message.applied_version,
            clock.now(),
            message.SerializeToString(),
        )


def _rollup(ground: Ground, runs: int) -> Result:
    with kafka_stage(ground) as stage:
        stage.service("pilots", "relay")
        replicas = [
            stage.service("pilots", "consume", replica=str(number)) for number in range(1, _REPLICAS + 1)
        ]
        payments = _Payments(stage, replicas)
        payments.run()
        rates, beside = [], []
        for _ in range(runs):
            beside.append(yardsticks.pgbench(ground.server))
            print(f"  {yardsticks.PGBENCH} {beside[-1]:,.0f}/s", flush=True)
            rates.append(payments.run())
    return rate(
        "rollup", f"payments stored, rolled up by day and told on Kafka, {_STALLS:,} stalls", "payments/s", rates,
        limit=5_000, yardstick=yardsticks.PGBENCH, yardsticks=beside,
    )  # fmt: skip


# Ten programmes with eight blocks each; an owner has one stall, every fourth one two.
_SEED: Final = (
    """INSERT INTO programme (id, kind, code, name, ward_code, start_date, open_minute, close_minute, cut_off_minute,
                              sale_seconds, version, create_time)
       SELECT md5('programme' || n)::uuid, (ARRAY['street', 'market', 'fair'])[1 + n %% 3], 'ct-' || n,
              'Chương trình ' || n, '25195', %(first)s, 0, 0, 0, 900, 1, %(made)s FROM generate_series(1, 10) n""",
    """INSERT INTO section (id, programme_id, code, name, position, x, y, width, height)
       SELECT md5('block' || n || '-' || m)::uuid, md5('programme' || n)::uuid, 'D' || m, 'Dãy ' || m, m, m * 12, 0,
              10, 10 FROM generate_series(1, 10) n, generate_series(1, 8) m""",
    """INSERT INTO unit (organisation_id, name, kind, match_key, create_time)
       SELECT md5('owner' || n)::uuid, 'Hộ ' || n, 'household', 'ho ' || n, %(made)s
       FROM generate_series(1, %(stalls)s) n WHERE n %% 5 <> 0""",
    """INSERT INTO stall (id, organisation_id, programme_id, section_id, number, number_key, name, search_text,
                          reference, state, relation, default_rule, open_minute, close_minute, version, sequence,
                          create_time, change_time)
       SELECT md5('stall' || n)::uuid, md5('owner' || n - (n %% 5 = 0)::int)::uuid,
              md5('programme' || 1 + n %% 10)::uuid, md5('block' || 1 + n %% 10 || '-' || 1 + n / 10 %% 8)::uuid,
              'A' || n, 'A' || lpad(n::text, 6, '0'), 'Quầy ' || n, 'QUAY ' || n, 'XQ' || upper(substr(md5('r' || n), 1, 11)),
              'active', 'self', 'never', 0, 0, 1, 0, %(made)s, %(made)s
       FROM generate_series(1, %(stalls)s) n""",
    """INSERT INTO stall_day (stall_id, book_date, organisation_id, programme_id, section_id, transfer_count,
                              transfer_sum, cash_count, cash_sum, private_count, private_sum, late_count, late_sum,
                              close_time)
       SELECT s.id, day::date, s.organisation_id, s.programme_id, s.section_id, 60,
              60 * (20 + abs(hashtext(s.id::text || day)) %% 60) * 1000, 12, 400000, 0, 0, 0, 0, day + interval '30 hours'
       FROM stall s, generate_series(%(first)s::date, %(last)s::date, '1 day') day""",
)


class _City:
    """A city whose stalls took money for ninety days, and who may look at it."""

    def __init__(self, platform: Embedded) -> None:
        self._platform = platform
        office = Office(platform)
        self._login = office.city_viewer()
        office.close()
        last = clock.today() - timedelta(days=1)
        first = last - timedelta(days=_DAYS - 1)
        values = {
            "first": first,
            "last": last,
            "stalls": _STALLS,
            "made": clock.now() - timedelta(days=_DAYS + 1),
        }
        with psycopg.connect(platform.server.dsn("xoai_pilots"), autocommit=True) as connection:
            for statement in _SEED:
                connection.execute(statement.encode(), values)
            connection.execute("ANALYZE")
            row = connection.execute("SELECT sum(transfer_count) FROM stall_day").fetchone()
        if row != (_STALLS * _DAYS * 60,):
            raise Refused(f"the stalls took {row} payments")

    def publish(self) -> None:
        """Publish all weeks, and say how long it took."""
        database = Database(Settings(), "pilots", pool_size=1, statement_timeout_ms=60_000)
        began = time.perf_counter()
        try:
            tables = publish_due(database)
        finally:
            database.close()
        print(f"  {tables} tables published in {time.perf_counter() - began:.1f} s", flush=True)

    def loads(self) -> Iterator[float]:
        """Milliseconds of each look at the page, over one connection. Raises Refused if it is not the page."""
        cookie = self._sign_in()
        connection = http.client.HTTPConnection(HOST, self._platform.port)
        for _ in range(_LOADS + 3):
            began = time.perf_counter()
            connection.request("GET", "/thanh-pho", headers={"Cookie": cookie})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or "Chương trình 1".encode() not in body:
                raise Refused(f"the page was answered {answer.status}: {body[:300]!r}")
            yield (time.perf_counter() - began) * 1000
        connection.close()

    def _sign_in(self) -> str:
        connection = http.client.HTTPConnection(HOST, self._platform.port)
        connection.request("GET", "/dang-nhap")
        answer = connection.getresponse()
        device = answer.headers["Set-Cookie"].partition(";")[0]
        token = answer.read().decode().split('name="form_token" value="')[1].split('"')[0]
        form = urlencode({"form_token": token, "login": self._login, "password": PASSWORD})
        headers = {
            "Cookie": device,
            "Origin": f"http://{HOST}:{self._platform.port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", "/dang-nhap", form, headers)
        answer = connection.getresponse()
        found = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie") or []]
        answer.read()
        connection.close()
        session = [each for each in found if each.startswith("xoai=")]
        if answer.status != 303 or not session:
            raise Refused(f"the viewer's login was answered {answer.status}")
        return session[0]


def _city_page(ground: Ground) -> Result:
    with embedded(ground) as platform:
        city = _City(platform)
        city.publish()
        times = list(city.loads())[3:]
    times.sort()
    print(f"  city page p50 {times[len(times) // 2]:.0f}, max {times[-1]:.0f} ms", flush=True)
    return most(
        "city_page",
        f"/thanh-pho over {_STALLS:,} stalls × {_DAYS} days × 60 payments, as served",
        "ms",
        times,
        100,
    )


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """Payments on Kafka, then the page on the embedded platform."""
    return [_rollup(ground, runs), _city_page(ground)]
