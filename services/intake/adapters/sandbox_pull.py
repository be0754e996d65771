"""The sandbox bank's list of transactions (demo and tests), in the normalised form; also the form in which a bank that
connects directly gives its own list: GET statement?account=…&after=CURSOR → {"transactions": […], "next": CURSOR}."""

from __future__ import annotations

import httpx

from services.intake.adapters.fields import object_of, text
from services.intake.adapters.pull import MOST_PULLED, Page, fetch_json
from services.intake.adapters.xoai import read_credits


class SandboxPull:
    """The list at `base_url`; the cursor is the bank's own and opaque. `token`, if given, goes as a Bearer token."""

    def __init__(self, base_url: str, client: httpx.Client, token: str = "") -> None:
        self._url = f"{base_url.rstrip('/')}/statement"
        self._client = client
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def list_since(self, account: str, after: str | None) -> Page:
        """What the bank booked on the account after the cursor. Raises as `PullSource` says."""
        params = {"account": account, "after": after} if after else {"account": account}
        body = object_of(fetch_json(self._client, self._url, params, self._headers))
        reading = read_credits(body.get("transactions"), "transactions", MOST_PULLED)
        following = text(body.get("next")) or after
        found = bool(reading.told or reading.passed_over or reading.unreadable)
        return Page(reading, following, more=found and following != after)
