"""The pages of a stall's owner: stalls, phones, boards, money without a stall, the day book, the account."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.merchant import account, boards, book, days, held, phones, stalls, unassigned

# The pages with names of their own come before those of one stall.
GROUPS: Final[tuple[Routes, ...]] = (
    unassigned.routes,
    held.routes,
    book.routes,
    account.routes,
    boards.routes,
    days.routes,
    phones.routes,
    stalls.routes,
)
