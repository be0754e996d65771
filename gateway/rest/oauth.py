"""OAuth2 client credentials (RFC 6749, section 4.4) for the operation centre's systems: a client is an API key of the
directory, its id the key's id (`key_…`), its secret the key itself.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import unquote_plus

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from gateway.access import PUBLIC
from gateway.access_tokens import LIFETIME_SECONDS, SCOPE
from gateway.guards import callback_routes
from gateway.rest.wire import Body
from gateway.state import State, state_of
from kit import auth, ids
from kit.auth import Subject
from kit.errors import Unauthenticated
from xoai.directory.v1 import directory_service_pb2 as directory_pb

routes = callback_routes("Indicators")

_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM: Final = "application/x-www-form-urlencoded"
_REQUEST: Final = {
    "required": True,
    "content": {
        _FORM: {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "enum": ["client_credentials"]},
                    "scope": {"type": "string", "enum": [SCOPE]},
                    "client_id": {"type": "string", "description": "Unless HTTP Basic is used"},
                    "client_secret": {"type": "string", "description": "Unless HTTP Basic is used"},
                },
            }
        }
    },
}
Code = Literal[
    "invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"
]


class AccessToken(Body):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    scope: str


class TokenProblem(Body):
    """RFC 6749, section 5.2."""

    error: Code
    error_description: str


class _Refused(Exception):
    """A request for a token that gets none."""

    def __init__(self, code: Code, description: str, *, is_basic: bool = False) -> None:
        super().__init__(code)
        self.code, self.description, self.is_basic = code, description, is_basic

    def respond(self) -> Response:
        problem = TokenProblem(error=self.code, error_description=self.description)
        headers = dict(_NO_STORE)
        status = 401 if self.code == "invalid_client" else 400
        if self.is_basic and status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="xoai", charset="UTF-8"'
        return JSONResponse(problem.model_dump(), status, headers)


@routes.post(
    "/v1/oauth/token",
    PUBLIC,
    summary="Get an access token",
    response_model=AccessToken,
    responses={400: {"model": TokenProblem}, 401: {"model": TokenProblem}},
    openapi_extra={"requestBody": _REQUEST},
)
async def token(request: Request) -> Response:
    """A bearer token of ten minutes for `/v1/indicators`, for an API key with `indicators.read`. The key's id and the key
    itself stand in HTTP Basic or in the form, never in both.
    """
    state = state_of(request)
    try:
        form = await _form(request)
        identity, secret, is_basic = _credentials(request, form)
        grant_type = form.get("grant_type", "")
        if grant_type != "client_credentials":
            raise _Refused(
                "unsupported_grant_type" if grant_type else "invalid_request",
                "grant_type must be client_credentials",
            )
        subject = await _subject(state, identity, secret, is_basic=is_basic)
        if form.get("scope", "") not in ("", SCOPE):
            raise _Refused("invalid_scope", f"The only scope is {SCOPE}")
        if not subject.may(SCOPE):
            raise _Refused("unauthorized_client", f"This key does not have {SCOPE}")
    except _Refused as refused:
        return refused.respond()
    answer = AccessToken(
        access_token=state.access_tokens.make(subject),
        expires_in=LIFETIME_SECONDS,
        scope=SCOPE,
    )
    return JSONResponse(answer.model_dump(), headers=_NO_STORE)


async def _form(request: Request) -> dict[str, str]:
    """The parameters. Raises _Refused for another encoding and for one that is there twice."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _Refused("invalid_request", f"Send the parameters as {_FORM}")
    fields = (await request.form()).multi_items()
    if len(fields) != len({name for name, _ in fields}):
        raise _Refused("invalid_request", "A parameter is there twice")
    return {name: value for name, value in fields if isinstance(value, str)}


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str, bool]:
    """The client's id and secret, and whether they came by HTTP Basic."""
    client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
    header = request.headers.get("authorization", "")
    if not header:
        if not client_id or not client_secret:
            raise _Refused("invalid_client", "client_id and client_secret are missing")
        return client_id, client_secret, False
    if client_secret:
        raise _Refused("invalid_request", "Use HTTP Basic or the form, not both")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise _Refused("invalid_client", "Only HTTP Basic is known here", is_basic=True)
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _Refused("invalid_client", "The Basic header cannot be read", is_basic=True) from error
    if not colon or not name or not secret:
        raise _Refused("invalid_client", "The Basic header cannot be read", is_basic=True)
    name = unquote_plus(name)
    if client_id and client_id != name:
        raise _Refused("invalid_request", "client_id differs from that of HTTP Basic")
    return name, unquote_plus(secret), True


async def _subject(state: State, identity: str, secret: str, *, is_basic: bool) -> Subject:
    """The API key that the client is."""
    refused = _Refused("invalid_client", "The client is not known, or its key was revoked", is_basic=is_basic)
    clients = state.clients
    try:
        reply = await clients.call(
            clients.directory.ResolveApiKey,
            directory_pb.ResolveApiKeyRequest(api_key=secret),
            clients.sign(auth.service("gateway")),
        )
    except Unauthenticated as error:
        raise refused from error
    subject = auth.verify(reply.subject_token, state.settings.subject_key.get_secret_value())
    if ids.external("key", uuid.UUID(subject.id)) != identity:
        raise refused
    return subject
