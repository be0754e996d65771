"""A callback on its way through: proven, stored or refused, answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kit.errors import Error


@dataclass(frozen=True, slots=True)
class Verified:
    """A body whose sender is proven; `document` is there if the proof needed it parsed."""

    raw_body: bytes
    document: object = None


class Verdict(StrEnum):
    """What became of a callback."""

    ACCEPTED = "accepted"  # stored and committed, also when it repeats or waits for a person
    REFUSED = "refused"  # nothing stored; repeating it unchanged is useless
    UNAVAILABLE = "unavailable"  # could not be stored now; the sender should repeat


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell the provider; `receipt` is our own id of the stored callback."""

    verdict: Verdict
    reason: str = ""
    http_status: int = 200
    receipt: UUID | None = None
    retry_after_seconds: int = 0

    @classmethod
    def accepted(cls, receipt: UUID | None = None) -> Outcome:
        """Stored and committed."""
        return cls(Verdict.ACCEPTED, receipt=receipt)

    @classmethod
    def refused(cls, error: Error) -> Outcome:
        """Not taken, for the reason of the error."""
        return cls(Verdict.REFUSED, reason=error.reason, http_status=error.http_status)

    @classmethod
    def unavailable(cls, retry_after_seconds: int) -> Outcome:
        """Not stored now; to be sent again after so many seconds."""
        return cls(Verdict.UNAVAILABLE, "UNAVAILABLE", 503, retry_after_seconds=retry_after_seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer in the provider's own form."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Headers(dict[str, str]):
    """HTTP headers by lower-case name."""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Headers:
        """The same headers with lower-case names; costs nothing if they are that already."""
        if isinstance(headers, Headers):
            return headers
        return cls((name.lower(), value) for name, value in headers.items())
