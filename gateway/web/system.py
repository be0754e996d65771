"""Pages for machines and programmers: static files, health, metrics, the API's description, reasons of errors."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from gateway import problems
from gateway.access import PUBLIC
from gateway.guards import CurrentPage, page_routes
from gateway.openapi import operations
from gateway.page import Page
from gateway.state import state_of
from kit import errors
from kit.errors import Error, NotFound

routes = page_routes()
_REASON: Final = re.compile(r"[A-Z][A-Z0-9_]{1,60}")


@routes.get("/static/{name}", PUBLIC, include_in_schema=False)
async def static(request: Request, name: str) -> Response:
    """A static file by its fingerprinted name."""
    return state_of(request).assets.respond(request, name)


@routes.get("/healthz", PUBLIC, include_in_schema=False)
async def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@routes.get("/readyz", PUBLIC, include_in_schema=False)
async def ready(request: Request) -> Response:
    """Requests may be sent here. A service that is away does not make the gateway unready."""
    if state_of(request).draining:
        return PlainTextResponse("draining\n", status_code=503)
    return PlainTextResponse("ok\n")


def _only_outside_production(request: Request) -> None:
    """In production metrics and documentation are not on the public listener."""
    if not state_of(request).settings.is_sandbox:
        raise NotFound()


@routes.get("/metrics", PUBLIC, include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Metrics in Prometheus' form; in production they are on XOAI_METRICS_LISTEN instead."""
    _only_outside_production(request)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@routes.get("/openapi.json", PUBLIC, include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The API's description, OpenAPI 3.1."""
    return JSONResponse(request.app.openapi(), headers={"Cache-Control": "public, max-age=300"})


@routes.get("/docs", PUBLIC, include_in_schema=False)
async def docs(page: CurrentPage) -> Response:
    """The API for reading and trying."""
    _only_outside_production(page.request)
    description = page.request.app.openapi()
    return page.render("docs.html", info=description["info"], groups=operations(description))


@routes.get("/errors/{reason}", PUBLIC, include_in_schema=False)
async def reason(page: CurrentPage, reason: str) -> Response:
    """What a reason means, for programmers who follow the type of a problem document."""
    if not _REASON.fullmatch(reason):
        raise NotFound()
    known = _known().get(reason)
    if known is None:
        text = page.gettext(
            "Lỗi này do một dịch vụ phía sau báo. Câu giải thích nằm trong phần detail của câu trả lời."
        )
        return _error_page(page, reason, page.gettext("Mã lỗi %(reason)s", reason=reason), text)
    blank: dict[str, Any] = {}
    error = known(**blank)
    return _error_page(page, reason, problems.title(error, page.locale), problems.detail(error, page.locale))


def _error_page(page: Page, reason: str, title: str, text: str) -> Response:
    return page.render(
        "error.html", title=title, text=text, reason=reason, code=200, violations=[], trace_id=""
    )


def _known() -> dict[str, type[Error]]:
    """Every reason that this process knows by its class."""
    found: dict[str, type[Error]] = {}
    waiting: list[type[Error]] = [errors.Error]
    while waiting:
        cls = waiting.pop()
        # Reasons of remote errors are made on the way and belong to their services.
        if cls.__module__.startswith(("kit.", "gateway.")) and cls.__module__ != "kit.grpc_errors":
            found.setdefault(cls.reason, cls)
        waiting.extend(cls.__subclasses__())
    return found
