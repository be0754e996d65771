"""A stall's phone as a program plays it: pairing by the page, then what its screen sends."""

from __future__ import annotations

import uuid
from typing import Any

import httpx


def pair(client: httpx.Client, code: str) -> httpx.Response:
    """Spend a pairing code by the page's own form."""
    page = client.get(f"/quay-hang/ghep/{code}").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    return client.post(f"/quay-hang/ghep/{code}", data={"form_token": token})


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
