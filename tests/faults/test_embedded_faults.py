"""Faults on the embedded platform, under load: its processes and its database killed, and what senders may do to it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from cli.platform.embedded import Embedded
from kit import clock
from kit.errors import Error
from sandbox.bank.callbacks import Connection, message
from services.intake.adapters import adapter_of
from services.intake.domain import Headers
from tests.faults.bodies import corrupted, sign, told
from tests.faults.load import Sent, tell
from tests.faults.stand import REPEATS, Stand
from xoai.intake.v1 import intake_service_pb2 as intake_pb

pytestmark = pytest.mark.timeout(600 * REPEATS)


def _platform(stand: Stand) -> Embedded:
    assert isinstance(stand.platform, Embedded)
    return stand.platform


@pytest.mark.parametrize("victims", [["services"], ["web"], ["postgres"], ["web", "services", "postgres"]])
def test_processes_are_killed(embedded: Stand, victims: list[str]) -> None:
    """kill -9 of any process, or of all at once, then restart: no acknowledged credit lost, none applied twice."""
    platform, chance = _platform(embedded), random.Random(embedded.seed)

    def act() -> None:
        time.sleep(chance.uniform(0, 0.3))
        for name in victims:
            if name == "postgres":
                platform.server.kill()
            else:
                platform.kill(name)
        time.sleep(chance.uniform(0, 0.5))
        assert set(platform.tend()) >= set(victims)

    embedded.run(act)


def test_repeats_at_once(embedded: Stand) -> None:
    """F20: each callback two to ten times, at once: all are answered 2xx, and there is one effect."""
    chance = random.Random(embedded.seed)
    load = embedded.load()
    sent = [load.make(embedded.city.take()) for _ in range(40)]
    answers = _tell_all(sent, copies=lambda: chance.randrange(2, 11))
    assert {status for statuses in answers for status in statuses} == {200}
    embedded.settle(load.history)


def test_late_and_out_of_order(embedded: Stand) -> None:
    """F21: transfers of the last three days, told in any order, two for one bill among them: the end is the same."""
    chance = random.Random(embedded.seed)
    load = embedded.load()
    for _ in range(30):
        bill = embedded.city.take()
        for share in (bill.amount // 3, bill.amount - bill.amount // 3):
            moment = clock.now() - timedelta(hours=chance.uniform(0, 72))
            load.make(bill, amount=share, moment=moment)
    sent = list(load.history.sent)
    chance.shuffle(sent)
    assert {status for statuses in _tell_all(sent) for status in statuses} == {200}
    embedded.settle(load.history)
    in_full = embedded.auditor.number(
        "invoices",
        "SELECT count(*) FROM invoice WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'paid'",
        ids=[each.bill.uuid for each in sent if each.bill],
    )
    assert in_full == 30


def test_corrupted_bodies(embedded: Stand) -> None:
    """F22: bodies that are broken in every way are refused or kept for a person, quickly, and never a wrong amount."""
    chance = random.Random(embedded.seed)
    load = embedded.load()
    before = _credits(embedded)
    broken: list[tuple[Sent, bytes]] = []
    for _ in range(3 * REPEATS):
        for connection in embedded.city.connections:
            sent = load.make(embedded.city.take_of(connection), way="corrupted")
            broken += [(sent, body) for body in corrupted(message(connection, sent.transfer)[0], chance)]
    with httpx.Client(timeout=10) as client:
        for sent, body in broken:
            headers = sign(sent.connection, body)
            answer = client.post(sent.connection.url, content=body, headers=headers)
            assert answer.status_code < 500, (answer.status_code, body[:200])
            _assert_cheap(sent, headers, body)
    embedded.auditor.wait_quiet()
    # What a second reader finds in a body that a bank has signed may be a credit; anything else may not.
    honest = {found for sent, body in broken if (found := told(sent.connection.provider, body))}
    assert set(_credits(embedded) - before) <= honest
    load.history.sent.clear()
    embedded.settle(load.history)


def _credits(stand: Stand) -> Counter[tuple[str, int]]:
    rows = stand.auditor.rows("reconciliation", "SELECT bank_reference, amount FROM credit")
    return Counter((row.bank_reference, row.amount) for row in rows)


def _assert_cheap(sent: Sent, headers: dict[str, str], body: bytes) -> None:
    """Proof and reading take less than 50 ms of the processor, whatever is sent; the best of three is the work's own."""
    adapter, connection = adapter_of(sent.connection.provider), sent.connection
    took = []
    for _ in range(3):
        began = time.thread_time()
        with suppress(Error):
            now = int(clock.now().timestamp())
            proof = Headers(headers.items())
            adapter.read(adapter.verify([connection.secret], proof, body, now, connection.auth or None))
        took.append(time.thread_time() - began)
    assert min(took) < 0.05, (connection.provider, took, len(body), body[:100])


def test_unproven_senders(embedded: Stand) -> None:
    """F23: forged, expired and altered bodies get 401 and leave nothing; a replay within its window changes nothing."""
    load = embedded.load()
    kept = "SELECT count(*) FROM callback"
    before = embedded.auditor.number("intake", kept)
    replayed: list[tuple[Sent, bytes, dict[str, str]]] = []
    with httpx.Client(timeout=10) as client:
        for connection in embedded.city.connections:
            sent = load.make(embedded.city.take_of(connection), way="forged")
            body, headers = message(connection, sent.transfer)
            stranger = replace(connection, secret=connection.secret[:-6] + "abcdef")
            attempts = [message(stranger, sent.transfer), (body.replace(b"nop", b"NOP"), headers)]
            # payOS signs inside the body, and no time.
            if connection.provider != "payos":
                attempts += [(body, sign(connection, body, seconds=seconds)) for seconds in (-301, 301)]
                attempts.append((body, {}))
            for content, proof in attempts:
                answer = client.post(connection.url, content=content, headers=proof)
                assert answer.status_code == 401, (connection.provider, answer.text)
        assert embedded.auditor.number("intake", kept) == before
        for connection in embedded.city.connections:
            sent = load.make(embedded.city.take_of(connection))
            body, headers = message(connection, sent.transfer)
            replayed.append((sent, body, headers))
        for sent, body, headers in replayed * 3:
            status = client.post(sent.connection.url, content=body, headers=headers).status_code
            assert status == 200
            sent.statuses[status] += 1
    embedded.settle(load.history)


def test_secret_is_rotated_under_load(embedded: Stand) -> None:
    """F23: old and new secret are both valid while they stand beside each other; then only the new one."""
    city = embedded.city
    school, connection = city.schools[0], city.connections[0]
    fresh = replace(connection, secret="whsec_" + "ab12" * 12)
    administrator = city.desks.administrator
    old = administrator.call(
        "intake", "GetConnection", intake_pb.GetConnectionRequest(id=school.connection_id)
    ).secrets[0]
    load = embedded.load()

    def told_with(secret: Connection) -> set[int]:
        answers = _tell_all([load.make(city.take_of(secret)) for _ in range(5)])
        return {status for statuses in answers for status in statuses}

    administrator.call(
        "intake",
        "AddSecret",
        intake_pb.AddSecretRequest(
            request_id="rotate-add", connection_id=school.connection_id, secret=fresh.secret
        ),
    )
    _eventually(lambda: told_with(fresh) == {200})
    assert told_with(connection) == {200}
    administrator.call(
        "intake",
        "RemoveSecret",
        intake_pb.RemoveSecretRequest(
            request_id="rotate-remove", connection_id=school.connection_id, secret_id=old.id
        ),
    )
    _eventually(lambda: told_with(connection) == {401})
    assert told_with(fresh) == {200}
    for sent in load.history.sent:
        if sent.statuses[401] and not sent.is_acknowledged:
            sent.way = "forged"
    city.connections[0] = fresh
    city.bills = [
        replace(bill, connection=fresh) if bill.connection == connection else bill for bill in city.bills
    ]
    embedded.settle(load.history)


def test_gateway_was_dark_longer_than_a_bank_repeats(embedded: Stand) -> None:
    """F24, small: what was booked while nobody could be told is found in the bank's list by the pull sweep."""
    platform, city = _platform(embedded), embedded.city
    platform.kill("web")
    bills = [city.take() for _ in range(40)]
    with httpx.Client(base_url=platform.sandbox_url, timeout=10) as bank:
        for bill in bills:
            booked = bank.post(
                "/transfers",
                json={
                    "account": bill.connection.accounts[0],
                    "amount": bill.amount,
                    "memo": bill.reference,
                    "deliveries": 0,
                },
            )
            booked.raise_for_status()
    assert platform.tend() == ["web"]
    found = city.as_service("cli").call("intake", "PullNow", intake_pb.PullNowRequest(), timeout=60)
    assert found.reports_new == 40
    load = embedded.load()
    embedded.settle(load.history)
    state = "SELECT count(*) FROM invoice WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'paid'"
    assert embedded.auditor.number("invoices", state, ids=[bill.uuid for bill in bills]) == 40
    again = city.as_service("cli").call("intake", "PullNow", intake_pb.PullNowRequest(), timeout=60)
    assert again.reports_new == 0


def _tell_all(sent: Sequence[Sent], *, copies: Callable[[], int] = lambda: 1) -> list[list[int]]:
    """Tell each, in this order, `copies` at once; the statuses of each."""

    async def run() -> list[list[int]]:
        async with httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_connections=64)) as client:
            return [
                list(await asyncio.gather(*(tell(client, each) for _ in range(copies())))) for each in sent
            ]

    return asyncio.run(run())


def _eventually(condition: Callable[[], bool]) -> None:
    """Other processes hear of a change a moment later."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
