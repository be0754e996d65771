"""A stall's phone as a program plays it: pairing by the page, then what its screen sends."""

from __future__ import annotations

import uuid
from typing import Any

import httpx


def pair(client: httpx.Client, code: str) -> httpx.Response:
    """Spend a pairing code by the page's own form."""
    return press(client, code, form_token_of(client.get(f"/quay-hang/ghep/{code}")))


def form_token_of(page: httpx.Response) -> str:
    """The token of the page's form."""
    return page.text.split('name="form_token" value="')[1].split('"')[0]


def press(client: httpx.Client, code: str, form_token: str) -> httpx.Response:
    """The button of a pairing page that may have been opened a while ago."""
    return client.post(f"/quay-hang/ghep/{code}", data={"form_token": form_token})


def screen_of(client: httpx.Client) -> Any:
    """What the screen begins with."""
    answer = client.get("/v1/stall-phone")
    answer.raise_for_status()
    return answer.json()


def send(client: httpx.Client, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
    """What the screen sends: its token, a key of its own, JSON."""
    headers = {
        "X-CSRF-Token": screen_of(client)["form_token"],
        "Idempotency-Key": key or str(uuid.uuid4()),
    }
    return client.post(f"/v1/stall-phone{path}", headers=headers, json=body)
