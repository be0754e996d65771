"""Events that a service could not handle: seen and handled once more by who acts for the whole city."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.finance.frame import FinancePageNotFound, with_query
from kit.errors import Unavailable
from xoai.common.v1 import common_pb2 as pb

routes = page_routes()
REPLAY: Final = "events.replay"
# Services with the name under which the gateway calls them.
_SERVICES: Final = {"reconciliation": "reconciliation", "invoices": "invoices", "pilots": "stalls"}


@dataclass(frozen=True, slots=True)
class Stuck:
    """The letters of one ordering id in one consumer: the first is the cause, the others wait behind it."""

    service: str
    title: str
    first: pb.DeadLetter
    count: int


def may_see(page: Page) -> bool:
    """Dead letters belong to no organisation: only who holds the permission everywhere sees them."""
    return page.viewer.subject.tenants(REPLAY).everywhere


async def stuck_of(page: Page) -> tuple[list[Stuck], list[str]]:
    """What is stuck in each service, oldest first, and the services that do not answer."""
    if not may_see(page):
        return [], []
    answers = await asyncio.gather(*(_letters(page, service) for service in _SERVICES))
    found = [stuck for letters in answers if letters is not None for stuck in letters]
    away = [service for service, letters in zip(_SERVICES, answers, strict=True) if letters is None]
    return found, away


async def _letters(page: Page, service: str) -> list[Stuck] | None:
    try:
        reply = await page.call(_stub(page, service).ListDeadLetters, pb.ListDeadLettersRequest())
    except Unavailable:
        return None
    return _grouped(page, service, reply.dead_letters)


def _grouped(page: Page, service: str, letters: Sequence[pb.DeadLetter]) -> list[Stuck]:
    _ = page.gettext
    titles = {
        "reconciliation": _("Đối soát"),
        "invoices": _("Phiếu thu"),
        "pilots": _("Quầy hàng"),
    }
    groups: dict[tuple[str, str, str], list[pb.DeadLetter]] = {}
    for letter in letters:
        groups.setdefault((letter.consumer, letter.topic, letter.ordering_id), []).append(letter)
    return [Stuck(service, titles[service], group[0], len(group)) for group in groups.values()]


def _stub(page: Page, service: str) -> Any:
    return getattr(page.state.clients, _SERVICES[service])


@routes.post("/doi-soat/tin-loi/ket/{service}", holds(REPLAY), include_in_schema=False)
async def replay(page: CurrentPage, service: str) -> Response:
    """Handle the letters of an ordering id once more."""
    if service not in _SERVICES:
        raise FinancePageNotFound()
    request = pb.ReplayDeadLettersRequest(
        consumer=await page.field("consumer"), ordering_id=await page.field("ordering_id")
    )
    reply = await page.call(_stub(page, service).ReplayDeadLetters, request, timeout=30.0)
    deed = "chay-lai" if not reply.left else "chua-chay-duoc"
    return page.redirect(with_query("/doi-soat/tin-loi", viec=deed, so=str(reply.done)))
