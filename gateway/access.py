"""Who may come to a route. A route that does not say so stops the start of the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from kit.auth import Kind
from kit.errors import PermissionDenied, Unauthenticated

Endpoint = Callable[..., Any]


class SecondFactorNeeded(Unauthenticated):
    reason = "SECOND_FACTOR_NEEDED"
    vi = "Xin nhập mã xác thực trước khi làm việc này."
    en = "Prove your second factor before you do this."


class PhoneNotPaired(Unauthenticated):
    reason = "PHONE_NOT_PAIRED"
    vi = "Máy này chưa ghép với quầy nào, hoặc chủ quầy đã gỡ máy. Xin nhờ chủ quầy mở mã ghép mới."
    en = "This phone is not paired with a stall, or its owner removed it. Ask the owner for a new pairing code."


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks of its caller: nothing, a login (with its second factor), a permission held somewhere, or a
    phone that is paired with a stall.

    The services decide about the single object; this is the first of the two gates.
    """

    signed_in: bool = False
    permission: str = ""
    # True also for a session that has still to prove its second factor.
    before_proof: bool = False
    # Paired phones and nobody else; phones come to nothing else that is closed.
    phone: bool = False

    def admit(self, viewer: Any) -> None:
        """Raise Unauthenticated, PhoneNotPaired, SecondFactorNeeded or PermissionDenied unless the viewer may come in."""
        if self.phone and viewer.subject.kind is not Kind.DEVICE:
            raise PhoneNotPaired()
        if (self.signed_in or self.permission) and not viewer.is_signed_in:
            raise Unauthenticated()
        if self.signed_in and not (self.before_proof or viewer.is_proved):
            raise SecondFactorNeeded()
        if self.permission and not viewer.may(self.permission):
            raise PermissionDenied(permission=self.permission)

    def __str__(self) -> str:
        if self.phone:
            return "stall phone"
        return self.permission or ("signed in" if self.signed_in else "public")


PUBLIC: Final = Access()
SIGNED_IN: Final = Access(signed_in=True)
BEFORE_PROOF: Final = Access(signed_in=True, before_proof=True)
STALL_DEVICE: Final = Access(phone=True)


def holds(permission: str) -> Access:
    """Access for those who hold a permission in at least one organisation."""
    return Access(signed_in=True, permission=permission)


@dataclass(frozen=True, slots=True)
class Declared:
    """A route as it was declared."""

    method: str
    path: str
    access: Access
    endpoint: Endpoint
    options: dict[str, Any] = field(default_factory=dict)


class Routes:
    """A group of routes; each declares its access. `add_to` puts them into an app with their guards."""

    def __init__(self, *, tag: str = "", guard: Callable[[Access], Any]) -> None:
        self.declared: list[Declared] = []
        self._tag = tag
        self._guard = guard

    def get(self, path: str, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a GET route (of pages HEAD is answered as well)."""
        return self._declare("GET", path, access, options)

    def post(self, path: str, access: Access, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a POST route."""
        return self._declare("POST", path, access, options)

    def _declare(
        self, method: str, path: str, access: Access, options: dict[str, Any]
    ) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            self.declared.append(Declared(method, path, access, endpoint, options))
            return endpoint

        return add

    def add_to(self, app: FastAPI) -> None:
        """Add every declared route to the app, behind its guard."""
        for route in self.declared:
            is_page = route.method == "GET" and not route.options.get("include_in_schema", True)
            methods = ["GET", "HEAD"] if is_page else [route.method]
            options = {"tags": [self._tag], **route.options} if self._tag else dict(route.options)
            described = {"x-access": str(route.access), **options.pop("openapi_extra", {})}
            app.add_api_route(
                route.path,
                route.endpoint,
                methods=methods,
                dependencies=[Depends(_form_closed), Depends(self._guard(route.access))],
                openapi_extra=described,
                **options,
            )
            _remember(app, route.method, route.path, route.access)


async def _form_closed(request: Request) -> AsyncIterator[None]:
    """Whatever becomes of a request, files of its form are let go."""
    yield
    await request.close()


def declared_access(app: FastAPI) -> dict[tuple[str, str], Access]:
    """The access of every route by (method, path)."""
    table: dict[tuple[str, str], Access] = getattr(app.state, "access", {})
    return table


def check_all_declared(app: FastAPI) -> None:
    """Raise LookupError if a route of the app has not declared who may come."""
    table = declared_access(app)
    missing = [f"{method} {path}" for method, path in _routes(app.routes) if (method, path) not in table]
    if missing:
        raise LookupError(f"routes without declared access: {', '.join(sorted(missing))}")


def _routes(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if not isinstance(route, APIRoute):
            yield "?", str(getattr(route, "path", route))
            continue
        for method in sorted(route.methods or ()):
            if method != "HEAD":
                yield method, route.path


def _remember(app: FastAPI, method: str, path: str, access: Access) -> None:
    if not hasattr(app.state, "access"):
        app.state.access = {}
    if (method, path) in app.state.access:
        raise LookupError(f"{method} {path} is declared twice")
    app.state.access[(method, path)] = access


def viewer_of(request: Request) -> Any:
    """The viewer that the route's guard found out about."""
    return request.state.viewer
