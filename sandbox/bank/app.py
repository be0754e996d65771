"""The bank over HTTP: connections, transfers, batches, the list for pulls, and the page."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kit import clock
from kit.errors import Error
from kit.money import parse_vnd
from sandbox.bank import page
from sandbox.bank.book import Bank
from sandbox.bank.callbacks import Connection, Transfer
from sandbox.bank.memos import mangle
from services.vietqr.domain import decode

_LOCAL = {"127.0.0.1", "localhost"}


def create_app() -> Starlette:
    """The bank as an ASGI application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.bank = Bank()
        try:
            yield
        finally:
            await app.state.bank.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/connections", _connect, methods=["POST"]),
            Route("/transfers", _transfer, methods=["POST"]),
            Route("/batch", _batch, methods=["POST"]),
            Route("/statement", _statement),
            Route("/bank.css", _style),
            Route("/", _form),
            Route("/", _pay, methods=["POST"]),
        ],
    )


async def _connect(request: Request) -> Response:
    body = await request.json()
    _bank(request).connect(
        Connection(
            provider=body["provider"],
            url=body["url"],
            secret=body["secret"],
            auth=body.get("auth", ""),
            accounts=tuple(body["accounts"]),
            bin=body["bin"],
            holder=body.get("holder", ""),
        )
    )
    return Response(status_code=204)


async def _transfer(request: Request) -> Response:
    """One transfer, told in the background."""
    body = await request.json()
    transfer = _bank(request).book(
        body["account"],
        int(body["amount"]),
        body["memo"],
        body.get("payer_name", ""),
        body.get("payer_account", ""),
    )
    _bank(request).tell_later(transfer, int(body.get("deliveries", 1)), float(body.get("delay_seconds", 0)))
    return JSONResponse({"bank_reference": transfer.bank_reference})


async def _batch(request: Request) -> Response:
    """Many transfers, booked in the order given; answers when every callback was taken or given up.

    Of each entry: `deliveries` (0: the callback is lost), `mangle` (its memo comes as a bank passes it on),
    `late_hours` or `late_minutes` (told that long after it was booked). With `reorder` the callbacks go out in another
    order than the transfers were booked in; with `one_by_one` each is booked when its callback's turn comes, as in life.
    The seed decides what chance decides.
    """
    body = await request.json()
    bank, chance = _bank(request), random.Random(body.get("seed", 1))
    entries = [
        (
            _booking(bank, entry, mangle(entry["memo"], chance) if entry.get("mangle") else entry["memo"]),
            entry,
        )
        for entry in body["transfers"]
    ]
    if body.get("one_by_one"):
        waiting = [bank.book_and_tell(book, int(entry.get("deliveries", 1))) for book, entry in entries]
    else:
        booked = [(book(), int(entry.get("deliveries", 1))) for book, entry in entries]
        if body.get("reorder"):
            chance.shuffle(booked)
        waiting = [bank.tell(transfer, deliveries) for transfer, deliveries in booked]
    tallies = await asyncio.gather(*waiting)
    return JSONResponse(
        {
            "transfers": len(tallies),
            "delivered": sum(tally.delivered for tally in tallies),
            "lost": sum(tally.lost for tally in tallies),
            "refused": [words for tally in tallies for words in tally.refused][:20],
        }
    )


def _booking(bank: Bank, entry: dict[str, Any], memo: str) -> Callable[[], Transfer]:
    """What books an entry of a batch when it is called."""
    late = timedelta(hours=float(entry.get("late_hours", 0)), minutes=float(entry.get("late_minutes", 0)))
    return lambda: bank.book(entry["account"], int(entry["amount"]), memo, moment=clock.now() - late)


async def _statement(request: Request) -> Response:
    query = request.query_params
    transactions, following = _bank(request).listed(query.get("account", ""), query.get("after", ""))
    return JSONResponse({"transactions": transactions, "next": following})


async def _style(request: Request) -> Response:
    return Response(page.STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


async def _form(request: Request) -> Response:
    payload, back = request.query_params.get("payload", ""), request.query_params.get("back", "")
    try:
        decoded = decode(payload)
    except Error as error:
        return _html(page.refused(error.text_vi), 400)
    connection = _bank(request).connections.get(decoded.code.account)
    return _html(page.form(payload, decoded, connection.holder if connection else "", _safe(back)))


async def _pay(request: Request) -> Response:
    form = await request.form()
    back = _safe(str(form.get("back", "")))
    try:
        code = decode(str(form.get("payload", ""))).code
        amount = parse_vnd(str(form.get("amount", "")))
    except Error as error:
        return _html(page.refused(error.text_vi), 400)
    trick = str(form.get("trick", "exact"))
    amount += {"short": -1000, "over": 1000}.get(trick, 0)
    bank, memo = _bank(request), str(form.get("memo", ""))[:140]
    for _ in range(2 if trick == "twice" else 1):
        transfer = bank.book(code.account, max(1, amount), memo)
        bank.tell_later(transfer, 0 if trick == "lost" else 1, 5 if trick == "late" else 0.3)
    return RedirectResponse(back, 303) if back else _html(page.done(amount, ""))


def _bank(request: Request) -> Bank:
    bank: Bank = request.app.state.bank
    return bank


def _safe(back: str) -> str:
    """Only addresses of this machine lead back."""
    parts = urlsplit(back)
    return back if parts.scheme == "http" and parts.hostname in _LOCAL else ""


def _html(content: str, status: int = 200) -> Response:
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        " form-action 'self' http://127.0.0.1:* http://localhost:*"
    )
    headers = {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return HTMLResponse(content, status, headers=headers)
