"""What all REST resources share: strict bodies, outside ids, times, pages, and the idempotency key."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Query
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from gateway.state import state_of
from gateway.viewers import Viewer
from kit import ids
from kit.errors import IdempotencyKeyMissing
from kit.messages import moment_if_set

_AMOUNT_MOST: Final = 10**15


class Body(BaseModel):
    """A JSON object with the listed fields and no others."""

    model_config = ConfigDict(extra="forbid")


# Whole đồng; a JSON integer and nothing that could be rounded into one.
Amount = Annotated[int, Field(strict=True, ge=-_AMOUNT_MOST, le=_AMOUNT_MOST, description="Whole đồng")]
Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500, description="Kept with the change")]
PageSize = Annotated[int, Query(ge=0, le=200, description="At most 200; 50 if absent")]
PageToken = Annotated[str, Query(max_length=2_000, description="next_page_token of the page before")]


def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=200,
            description="Required. One of its own for each thing to be done",
        ),
    ] = None,
) -> str:
    """The request's key. Raises IdempotencyKeyMissing."""
    if not key:
        raise IdempotencyKeyMissing()
    return key


RequestId = Annotated[str, Depends(idempotency_key)]


class Api:
    """Calls services for one request of the API, as its viewer."""

    def __init__(self, request: Request) -> None:
        self.state = state_of(request)
        self.clients = self.state.clients
        self.viewer: Viewer = request.state.viewer

    async def call(self, method: Any, request: Message, *, timeout: float = 3.0) -> Any:
        """Call a service. Raises errors of ours. `timeout` in seconds."""
        return await self.clients.call(method, request, self.viewer.token, timeout=timeout)


def _api(request: Request) -> Api:
    return Api(request)


CurrentApi = Annotated[Api, Depends(_api)]


def outside(prefix: str, value: str) -> str | None:
    """An id as the outside knows it; None where there is none, other text as it stands."""
    if not value:
        return None
    try:
        return ids.external(prefix, UUID(value))
    except ValueError:
        return value


def inside(prefix: str, value: str | None) -> str:
    """The id behind an outside one; empty for none. Raises BadId."""
    return str(ids.internal(prefix, value)) if value else ""


def time(value: Timestamp) -> datetime | None:
    """A time in UTC; None where none is set."""
    return moment_if_set(value)


def name(enum: Any, value: int, prefix: str) -> str:
    """An enum's value as the outside writes it: STATE_PART_PAID as part_paid."""
    return str(enum.Name(value)).removeprefix(prefix).lower()
