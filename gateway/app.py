"""Builds the gateway: routes with their guards, errors, and the parts that live as long as the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gateway import access, i18n, problems, rest, timekeeping, web
from gateway.access import Routes
from gateway.access_tokens import AccessTokens
from gateway.assets import Assets
from gateway.bills import BillReader
from gateway.channels import stall_sequences
from gateway.clients import Clients
from gateway.defence import Defence
from gateway.feeds import FeedReader
from gateway.live import LiveHub
from gateway.lookups import LookupLimits
from gateway.openapi import DESCRIPTION, Gateway
from gateway.page import Page
from gateway.proofs import Proofs
from gateway.rendering import Renderer
from gateway.settings import GatewaySettings
from gateway.stalls import StallReader
from gateway.state import State
from gateway.streams import Streams
from gateway.viewers import Cookies, Viewers
from gateway.web.people import login_url, proof_url
from kit.errors import Error

ErrorAnswer = Callable[[Scope, Error], Callable[[Scope, Receive, Send], Any]]


def create_app(
    settings: GatewaySettings,
    *,
    clients: Callable[[GatewaySettings], Clients] = Clients,
    groups: Sequence[Routes] = (*web.GROUPS, *rest.GROUPS),
) -> FastAPI:
    """The gateway as an ASGI application. Raises LookupError if a route has not declared who may come."""
    assets = Assets()
    renderer = Renderer(settings, assets)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stubs = clients(settings)
        cookies = Cookies(settings)
        access_tokens = AccessTokens(settings.subject_key.get_secret_value())
        bills = BillReader(stubs, sample_bank="Ngân hàng Thử Xoài" if settings.is_sandbox else "")
        state = State(
            settings=settings,
            clients=stubs,
            assets=assets,
            renderer=renderer,
            cookies=cookies,
            viewers=Viewers(settings, stubs, cookies, access_tokens),
            access_tokens=access_tokens,
            limits=LookupLimits(),
            stalls=StallReader(stubs),
            bills=bills,
            feeds=FeedReader(stubs, bills),
            proofs=Proofs(settings.subject_key.get_secret_value()),
            live=LiveHub(stubs, stall_sequences(stubs)),
        )
        app.state.xoai = state
        state.live.start()
        key = settings.subject_key.get_secret_value()
        followers = [asyncio.create_task(timekeeping.follow(stubs, key))] if settings.is_sandbox else []
        try:
            yield
        finally:
            state.draining = True
            for follower in followers:
                follower.cancel()
            await state.live.close()
            await stubs.close()

    app = Gateway(
        title="Xoài",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    for group in groups:
        group.add_to(app)
    access.check_all_declared(app)
    app.state.answer_error = _answer_error
    _handle_errors(app)
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=6)
    app.add_middleware(Streams)
    app.add_middleware(Defence, settings=settings)
    return app


def drain(app: FastAPI) -> None:
    """Tell screens to connect elsewhere and health checks that this process is going; called before it stops."""
    state: State = app.state.xoai
    state.draining = True
    state.live.drain()


def _handle_errors(app: FastAPI) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        return _respond(request, error if isinstance(error, Error) else Error())

    async def invalid(request: Request, error: Exception) -> Response:
        details = error.errors() if isinstance(error, RequestValidationError) else ()
        return _respond(request, problems.of_validation(details))

    async def http(request: Request, error: Exception) -> Response:
        # Errors that the framework wraps while it reads a body come out again.
        if isinstance(error.__cause__, Error):
            return _respond(request, error.__cause__)
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _respond(request, problems.of_status(status, method=request.method))

    app.add_exception_handler(Error, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _answer_error(scope: Scope, error: Error) -> Response:
    """The answer for an error that came past every handler."""
    return _respond(Request(scope), error)


def _respond(request: Request, error: Error) -> Response:
    """A problem document under /v1, a page elsewhere; who has to sign in is led to the login page."""
    trace_id = request.scope.get("state", {}).get("trace_id", "")
    state: State = request.app.state.xoai
    headers = problems.headers(error)
    path = request.url.path
    if path.startswith("/v1") or path == "/openapi.json":
        locale = i18n.of_header(request.headers.get("accept-language", ""))
        document = problems.to_json(
            error, locale=locale, trace_id=trace_id, public_url=state.settings.public_url
        )
        return JSONResponse(document, error.http_status, headers, media_type=problems.MEDIA_TYPE)
    if error.http_status == 401 and request.method in ("GET", "HEAD") and "hx-request" not in request.headers:
        target = f"{path}?{request.url.query}" if request.url.query else path
        way = proof_url if isinstance(error, access.SecondFactorNeeded) else login_url
        return RedirectResponse(way(target), status_code=303)
    viewer = getattr(request.state, "viewer", None) or state.viewers.visitor(request)
    page = Page(request, state, viewer)
    response = page.render(
        "error.html",
        status=error.http_status,
        title=problems.title(error, page.locale),
        text=problems.detail(error, page.locale),
        violations=[item.en if page.locale == "en" else item.vi for item in error.violations],
        reason=error.reason,
        code=error.http_status,
        trace_id=trace_id,
    )
    headers.pop("WWW-Authenticate", None)
    response.headers.update(headers)
    return response
