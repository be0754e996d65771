"""SePay's list of transactions, first version of its API.

Source: SePay's developer page "API Giao dịch": GET transactions/list with `Authorization: Bearer`, `account_number`,
`since_id` (that id and later), `transaction_date_min`/`_max` (days), `limit` (at most 5,000, also the default);
amounts are texts with two decimals. The second version has other ids (UUIDs), so its elements could not be told from
the callbacks, whose `id` is that of the first version; therefore the first.

chưa xác nhận (the documentation is silent): whether a list cut by `limit` holds the oldest or the newest, and that an
id appears only after all smaller ones. Both orders are read rightly; the cursor goes back over the last ids
(`_OVERLAP`), since one that comes late would otherwise never be seen. Also unconfirmed: answers other than 200 with
`status` 200.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from services.intake.adapters.fields import Element, Entry, Tally, key_of, memo_text, object_of, text
from services.intake.adapters.pull import Page, fetch_json
from services.intake.domain import BodyFormUnknown, Direction, PullFailed, PullIncomplete

BASE_URL = "https://my.sepay.vn/userapi"

_LIMIT = 5_000
_OVERLAP = 200
_PAUSE_SECONDS = 0.6  # the documentation allows two calls a second


class SepayPull:
    """SePay's list for one connection; `token` is the API token, another secret than that of the callbacks."""

    def __init__(
        self,
        token: str,
        client: httpx.Client,
        base_url: str = BASE_URL,
        limit: int = _LIMIT,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        self._client = client
        self._url = f"{base_url.rstrip('/')}/transactions/list"
        self._limit = limit
        self._pause = pause

    def list_since(self, account: str, after: str | None) -> Page:
        """What SePay has from a little before the cursor (the highest id seen) on. Raises as `PullSource` says."""
        last = int(after) if after else 0
        params = {"account_number": account, "limit": str(self._limit)}
        if last:
            params["since_id"] = str(max(1, last - _OVERLAP))
        page = self._fetch(params)
        found = {_id(element): element for element in page}
        full = len(page) >= self._limit
        if full:
            self._walk_back(params, page, found)
        tally = Tally()
        for position, identity in enumerate(sorted(found)):
            tally.judge(_entry(found[identity]), f"transactions[{position}]")
        highest = max(found, default=last)
        return Page(
            tally.reading(), str(max(highest, last)) if highest or last else None, full and highest > last
        )

    def _walk_back(self, params: dict[str, str], page: list[Element], found: dict[int, Element]) -> None:
        """A full list may be the newest part alone: ask for what lies before its oldest day until a list is not full."""
        day = ""
        while len(page) >= self._limit:
            oldest = min(_day(element) for element in page)
            if oldest == day:
                raise PullIncomplete(day=day, limit=self._limit)
            day = oldest
            self._pause(_PAUSE_SECONDS)
            page = self._fetch({**params, "transaction_date_max": day})
            found.update((_id(element), element) for element in page)

    def _fetch(self, params: dict[str, str]) -> list[Element]:
        body = object_of(fetch_json(self._client, self._url, params, self._headers))
        if text(body.get("status")) not in (None, "200"):
            raise PullFailed(detail=f"status {text(body.get('status'))}: {text(body.get('error'))}")
        elements = body.get("transactions")
        if not isinstance(elements, list):
            raise BodyFormUnknown(detail="transactions is not a list")
        return [object_of(element, "a transaction") for element in elements]


def _id(element: Element) -> int:
    identity = text(element.get("id"))
    if identity is None or not identity.isascii() or not identity.isdigit() or len(identity) > 18:
        raise BodyFormUnknown(detail="a transaction has no numeric id")
    return int(identity)


def _day(element: Element) -> str:
    day = (text(element.get("transaction_date")) or "")[:10]
    if len(day) != 10:
        raise BodyFormUnknown(detail="a transaction has no date")
    return day


def _entry(element: Element) -> Entry:
    """The same fields as the callback's, by their names in the list; money moved is in one of the two amounts."""
    identity = text(element.get("id"))
    amount_in, amount_out = element.get("amount_in"), element.get("amount_out")
    goes_out = _is_nothing(amount_in) and not _is_nothing(amount_out)
    return Entry(
        provider_transaction_id=identity,
        bank_reference=text(element.get("reference_number")),
        account=text(element.get("account_number")),
        virtual_account=text(element.get("sub_account")),
        amount=amount_out if goes_out else amount_in,
        direction=Direction.OUT if goes_out else Direction.IN,
        memo=memo_text(element.get("transaction_content")),
        occur_time=text(element.get("transaction_date")),
        dedupe_key=key_of(identity),
    )


def _is_nothing(amount: object) -> bool:
    return amount is None or (isinstance(amount, str) and not amount.strip("0."))
