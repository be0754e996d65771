"""The guard before each route: who is looking, may they come in, and does an unsafe request come from a page of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from gateway.access import PUBLIC, Access, Routes
from gateway.page import Page
from gateway.problems import FormExpired
from gateway.state import State, state_of
from gateway.viewers import SAFE_METHODS, Viewer, check_form_token, check_origin
from kit import errors
from kit.auth import Kind

Guard = Callable[[Request], Awaitable[None]]


def page_guard(access: Access) -> Guard:
    """The guard of a page: sessions by cookie, form tokens, origin."""

    async def guard(request: Request) -> None:
        state = state_of(request)
        try:
            viewer = await _find(state, access, request)
        except errors.Unauthenticated:
            # An ended session must not keep a visitor from public pages.
            viewer = state.viewers.visitor(request)
        request.state.viewer = viewer
        access.admit(viewer)
        if request.method not in SAFE_METHODS:
            check_origin(request, state.settings.public_url)
            token = request.headers.get("x-csrf-token") or (await request.form()).get("form_token", "")
            if not isinstance(token, str):
                raise FormExpired()
            check_form_token(viewer.form_key, token)

    return guard


def api_guard(access: Access) -> Guard:
    """The guard of /v1: a bearer key by itself, or a cookie (session, paired phone) with the form token in X-CSRF-Token."""

    async def guard(request: Request) -> None:
        state = state_of(request)
        try:
            viewer = await _find(state, access, request)
        except errors.Unauthenticated:
            if access != PUBLIC or "authorization" in request.headers:
                raise
            viewer = state.viewers.visitor(request)
        request.state.viewer = viewer
        access.admit(viewer)
        if request.method not in SAFE_METHODS and viewer.subject.kind is not Kind.API_KEY:
            check_origin(request, state.settings.public_url)
            check_form_token(viewer.form_key, request.headers.get("x-csrf-token", ""))

    return guard


def page_routes() -> Routes:
    """An empty group of pages."""
    return Routes(guard=page_guard)


def api_routes(tag: str) -> Routes:
    """An empty group of /v1 routes under a heading of the documentation."""
    return Routes(tag=tag, guard=api_guard)


def callback_routes(tag: str) -> Routes:
    """An empty group of /v1 routes for senders that prove themselves in each provider's own way, not in ours."""
    return Routes(tag=tag, guard=_open_guard)


def _open_guard(access: Access) -> Guard:
    async def guard(request: Request) -> None:
        if access != PUBLIC:
            raise LookupError("a callback has no session and no key of ours")

    return guard


async def _find(state: State, access: Access, request: Request) -> Viewer:
    """A paired phone counts only where phones are meant; there, nobody else does."""
    return await (state.viewers.phone(request) if access.phone else state.viewers.resolve(request))


def _viewer(request: Request) -> Viewer:
    viewer: Viewer = request.state.viewer
    return viewer


def _page(request: Request) -> Page:
    return Page(request, state_of(request), request.state.viewer)


CurrentViewer = Annotated[Viewer, Depends(_viewer)]
CurrentPage = Annotated[Page, Depends(_page)]
