"""What lives as long as the process: settings, clients, templates, limits, live events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from gateway.access_tokens import AccessTokens
from gateway.assets import Assets
from gateway.bills import BillReader
from gateway.clients import Clients
from gateway.feeds import FeedReader
from gateway.live import LiveHub
from gateway.lookups import LookupLimits
from gateway.proofs import Proofs
from gateway.rendering import Renderer
from gateway.settings import GatewaySettings
from gateway.stalls import StallReader
from gateway.viewers import Cookies, Viewers


@dataclass(slots=True)
class State:
    """The parts that requests share. Made at start-up, inside the event loop."""

    settings: GatewaySettings
    clients: Clients
    assets: Assets
    renderer: Renderer
    cookies: Cookies
    viewers: Viewers
    access_tokens: AccessTokens
    limits: LookupLimits
    bills: BillReader
    stalls: StallReader
    feeds: FeedReader
    proofs: Proofs
    live: LiveHub
    draining: bool = False


def state_of(request: Request) -> State:
    """The process's parts, from a request."""
    return cast(State, request.app.state.xoai)
