"""The sandbox bank over real HTTP: each provider's form is read by our own adapter; its tricks are the seed's alone."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit import clock
from kit.references import Kind, find, new_reference
from sandbox.bank.app import create_app
from sandbox.bank.memos import HABITS, mangle
from services.intake.adapters import adapter_of
from services.intake.domain import Headers
from services.vietqr.domain import Code, encode

ACCOUNT = "9021000011001"
PROVIDERS = ("sepay", "sepay:api_key", "casso_v1", "casso_v2", "payos", "vietqrvn", "xoai")


@dataclass
class Office:
    """Xoài's side: takes callbacks, answers as told, keeps what came."""

    answers: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.bodies.append(await request.body())
            self.headers.append(dict(request.headers))
        return Response(status_code=status)

    async def token(self, request: Request) -> Response:
        assert request.headers["authorization"].startswith("Basic ")
        return JSONResponse({"access_token": "a token of five minutes", "expires_in": 300})


@contextmanager
def served(application: Any) -> Iterator[str]:
    """An application on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    routes = [
        Route("/here", office.take, methods=["POST"]),
        Route("/here/api/token_generate", office.token, methods=["POST"]),
        Route("/here/bank/api/transaction-sync", office.take, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as url:
        office.url = f"{url}/here"
        yield office


@pytest.fixture
def bank() -> Iterator[httpx.Client]:
    with served(create_app()) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def connect(bank: httpx.Client, office: Office, provider: str = "xoai", auth: str = "") -> str:
    """Connect the account; the secret in the provider's form."""
    secret = {"xoai": "whsec_" + "0a" * 24, "vietqrvn": "xoai:mat khau"}.get(provider, "a-key-of-tests")
    answer = bank.post(
        "/connections",
        json={
            "provider": provider,
            "url": office.url,
            "secret": secret,
            "auth": auth,
            "accounts": [ACCOUNT],
            "bin": "970499",
            "holder": "TRUONG TIEU HOC",
        },
    )
    assert answer.status_code == 204
    return secret


def batch(bank: httpx.Client, entries: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Book and tell; what became of it."""
    entries = [{"account": ACCOUNT, "amount": 100_000, "memo": "nop tien", **entry} for entry in entries]
    answer = bank.post("/batch", json={"transfers": entries, **options})
    assert answer.status_code == 200
    done: dict[str, Any] = answer.json()
    return done


def listed(bank: httpx.Client) -> list[dict[str, Any]]:
    """The account's list of transactions."""
    found: list[dict[str, Any]] = bank.get("/statement", params={"account": ACCOUNT}).json()["transactions"]
    return found


@pytest.mark.parametrize("named", PROVIDERS)
def test_each_form_is_proven_and_read(bank: httpx.Client, office: Office, named: str) -> None:
    """What the bank sends in a provider's name, our adapter proves and reads as the transfer that was booked."""
    provider, _, auth = named.partition(":")
    auth = auth or ("hmac" if provider == "sepay" else "")
    secret = connect(bank, office, provider, auth)
    memo = f"{new_reference(Kind.INVOICE)} nop tien"
    assert batch(bank, [{"amount": 936_500, "memo": memo, "late_hours": 30}])["delivered"] == 1
    adapter = adapter_of(provider)
    secrets = ["a token of five minutes"] if provider == "vietqrvn" else [secret]
    now = int(clock.now().timestamp())
    verified = adapter.verify(
        secrets, Headers(office.headers[0].items()), office.bodies[0], now, auth or None
    )
    (told,) = adapter.read(verified).told
    (booked,) = listed(bank)
    assert (told.credit.account, told.credit.amount, told.credit.currency) == (ACCOUNT, 936_500, "VND")
    assert told.credit.memo == memo
    assert told.credit.bank_reference == booked["bank_reference"]
    assert told.credit.occur_time is not None
    hours = (clock.now() - told.credit.occur_time).total_seconds() / 3600
    assert 29.9 < hours < 30.1
    assert told.credit.test is False


def test_repeated_and_lost(bank: httpx.Client, office: Office) -> None:
    """A repeated callback says the same again; a lost one is never told, and both stand on the list once."""
    connect(bank, office, "sepay", "hmac")
    done = batch(bank, [{"deliveries": 3}, {"deliveries": 0}])
    assert (done["delivered"], done["lost"], done["refused"]) == (3, 1, [])
    assert len(office.bodies) == 3
    assert len(set(office.bodies)) == 1
    assert len(listed(bank)) == 2


def test_told_again_until_it_is_taken(bank: httpx.Client, office: Office) -> None:
    """503 and 500 are met with patience, as banks have it; a refusal is final."""
    connect(bank, office)
    office.answers = [503, 500]
    assert batch(bank, [{}])["delivered"] == 1
    assert len(office.bodies) == 1
    office.answers = [401]
    done = batch(bank, [{}])
    assert (done["delivered"], len(done["refused"])) == (0, 1)
    assert done["refused"][0].startswith("401")


def test_reordered_by_seed(bank: httpx.Client, office: Office) -> None:
    """Callbacks go out in another order than the booking, with the same seed in the same one."""
    connect(bank, office)
    entries = [{"amount": 1_000 * number} for number in range(1, 13)]

    def order(**options: Any) -> list[int]:
        office.bodies.clear()
        batch(bank, entries, **options)
        return [int(body.split(b'"amount": ')[1].split(b",")[0]) // 1_000 for body in office.bodies]

    straight, shuffled = order(seed=7), order(seed=7, reorder=True)
    assert sorted(straight) == sorted(shuffled) == list(range(1, 13))
    assert shuffled != straight
    booked = [entry["amount"] // 1_000 for entry in listed(bank)]
    assert booked == [*range(1, 13), *range(1, 13)]


def test_memos_are_mangled_by_seed(bank: httpx.Client, office: Office) -> None:
    """Every habit of a bank leaves the reference to be found; the seed says which habit it is."""
    connect(bank, office)
    references = [new_reference(Kind.INVOICE) for _ in range(40)]
    entries = [{"memo": reference, "mangle": True} for reference in references]
    memos = []
    for seed in (3, 3, 4):
        done = batch(bank, entries, seed=seed)
        assert done["delivered"] == 40
        memos.append([entry["memo"] for entry in listed(bank)][-40:])
    assert memos[0] == memos[1] != memos[2]
    for memo, reference in zip(memos[0], references, strict=True):
        assert find(memo).references == (reference,)
    chance = random.Random(1)
    for habit in HABITS:
        for reference in references:
            assert find(habit(reference, chance)).references == (reference,)
    assert {mangle("X", random.Random(seed)) for seed in range(60)} != {"X"}


def test_list_goes_on_behind_its_cursor(bank: httpx.Client, office: Office) -> None:
    """The list gives each transfer once, whoever asks with the cursor of the answer before."""
    connect(bank, office)
    batch(bank, [{"deliveries": 0} for _ in range(3)])
    first = bank.get("/statement", params={"account": ACCOUNT}).json()
    batch(bank, [{"deliveries": 0}])
    second = bank.get("/statement", params={"account": ACCOUNT, "after": first["next"]}).json()
    assert (len(first["transactions"]), len(second["transactions"])) == (3, 1)
    assert bank.get("/statement", params={"account": "0", "after": ""}).json()["transactions"] == []


def payload(amount: int | None = 936_000) -> str:
    """A code that pays our account."""
    return encode(Code(bin="970499", account=ACCOUNT, amount=amount))


def test_page_shows_what_a_bank_shows(bank: httpx.Client, office: Office) -> None:
    """Account, holder, amount and memo of the code, every trick by name, and nothing that a script could use."""
    connect(bank, office)
    page = bank.get("/", params={"payload": payload(), "back": "http://127.0.0.1:1/p/X"})
    assert page.status_code == 200
    for words in (ACCOUNT, "TRUONG TIEU HOC", "936000", "Chuyển tiền", "Bản thử – không có tiền thật"):
        assert words in page.text
    for trick in ("Trả thiếu", "Trả thừa", "Trả hai lần", "báo muộn", "không báo"):
        assert trick in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert bank.get("/", params={"payload": "000201"}).status_code == 400
    hostile = bank.get("/", params={"payload": payload(), "back": 'https://evil.example/"><b>'})
    assert "evil.example" not in hostile.text


@pytest.mark.parametrize(
    ("trick", "amounts", "told"),
    [("exact", [936_000], 1), ("short", [935_000], 1), ("over", [937_000], 1), ("twice", [936_000] * 2, 2), ("lost", [936_000], 0)],
)  # fmt: skip
def test_page_pays_with_its_tricks(
    bank: httpx.Client, office: Office, trick: str, amounts: list[int], told: int
) -> None:
    """The button books what was chosen, leads back to the bill, and the callback follows by itself."""
    connect(bank, office)
    form = {
        "payload": payload(),
        "back": "http://127.0.0.1:1/p/X",
        "amount": "936.000",
        "memo": "X",
        "trick": trick,
    }
    answer = bank.post("/", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "http://127.0.0.1:1/p/X")
    assert [entry["amount"] for entry in listed(bank)] == amounts
    deadline = time.monotonic() + 10
    while len(office.bodies) < told and time.monotonic() < deadline:
        time.sleep(0.02)
    if not told:
        time.sleep(0.5)
    assert len(office.bodies) == told
    assert bank.post("/", data={**form, "back": "https://evil.example/"}).status_code == 200


def test_never_in_production() -> None:
    """The program ends at once where no demo and no test runs."""
    for mode in ({"XOAI_MODE": "production"}, {}):
        environment = {name: value for name, value in os.environ.items() if name != "XOAI_MODE"} | mode
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.bank", "--port", "1"],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1
        assert "production" in done.stderr


def test_one_by_one_a_transfer_is_booked_when_its_turn_comes(bank: httpx.Client, office: Office) -> None:
    """As in life the bank's time is that of the telling, but for a bank that is late by so many minutes."""
    connect(bank, office, "xoai")
    before = clock.now()
    entries = [
        {"account": ACCOUNT, "amount": 1_000 + place, "memo": "XS", "late_minutes": 12 if place == 5 else 0}
        for place in range(40)
    ]
    done = bank.post("/batch", json={"transfers": entries, "one_by_one": True}).json()
    assert (done["delivered"], done["refused"]) == (40, [])
    found = bank.get("/statement", params={"account": ACCOUNT}).json()["transactions"]
    times = {item["amount"]: datetime.fromisoformat(item["occur_time"]) for item in found}
    assert len(times) == 40
    late = times.pop(1_005)
    assert timedelta(minutes=11) < before - late < timedelta(minutes=13)
    assert before <= min(times.values())
    # Sixteen hands at the post: the last ones waited for the first.
    assert len(set(times.values())) == 39
