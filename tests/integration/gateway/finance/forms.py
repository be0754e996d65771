"""A finance page as the tests read it: its address, its forms, its words."""

from __future__ import annotations

import html
import re
from uuid import UUID

import httpx

from kit import ids


def page_of(credit_id: str) -> str:
    """The address of a credit's page."""
    return f"/doi-soat/khoan/{ids.external('crd', UUID(credit_id))}"


def form_of(page: str, action: str, number: int = 0) -> dict[str, str]:
    """The hidden and filled fields of a form on a page, by the end of its address."""
    forms = re.findall(r'<form[^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = [body for address, body in forms if address.split("?")[0].endswith(action)]
    fields = re.findall(r"<input([^>]*)>", found[number])
    named = [(re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)) for field in fields]
    return {name[1]: html.unescape(value[1]) if value else "" for name, value in named if name}


def words_of(page: str) -> str:
    """A page's text in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def act(client: httpx.Client, credit_id: str, action: str, number: int = 0, **fields: str) -> httpx.Response:
    """Send a form of a credit's page, filled in further."""
    shown = client.get(page_of(credit_id)).text
    return client.post(f"{page_of(credit_id)}/{action}", data={**form_of(shown, action, number), **fields})
