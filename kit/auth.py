"""Who is asking: a subject with its permissions per organisation, carried between processes in a signed token.

The gateway gets the token from the directory and sends it with each call; services verify it and pass it on. Tokens
live for minutes and are never stored. The permissions are words such as `invoices.read`; what they mean is the
services' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from kit import clock
from kit.errors import PermissionDenied, Unauthenticated
from kit.tenants import Tenants

LIFETIME_SECONDS: Final = 600
# For asking what time it is: the one question whose asker may be a day or a year behind.
TIMELESS_SECONDS: Final = 30 * 365 * 86_400
# A second factor that was proved so long ago still counts as fresh.
FRESH_SECONDS: Final = 300
# In `grants`: the permissions that hold for every organisation.
EVERYWHERE: Final = "*"


class FreshProofNeeded(PermissionDenied):
    reason = "FRESH_PROOF_NEEDED"
    vi = "Việc này cần mã xác thực mới, nhập trong 5 phút gần đây."
    en = "This needs a fresh code of your second factor, given in the last 5 minutes."


class Kind(StrEnum):
    PERSON = "person"
    API_KEY = "api_key"
    SERVICE = "service"
    # A phone that a stall's owner paired: it acts for that stall alone.
    DEVICE = "device"
    # A visitor of a public page, through the gateway.
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks. `grants` maps an organisation id (as text, or EVERYWHERE) to permissions.

    `prove_seconds` is when the person last proved a second factor in this session (Unix time; 0: never).
    """

    kind: Kind
    id: str
    name: str = ""
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    prove_seconds: int = 0

    @property
    def label(self) -> str:
        """Kind and id in one word, for logs and the audit trail."""
        return f"{self.kind}:{self.id}"

    def may(self, permission: str, organisation_id: UUID | None = None) -> bool:
        """True if the permission is held for the organisation (or, without one, for any)."""
        if permission in self.grants.get(EVERYWHERE, ()):
            return True
        if organisation_id is not None:
            return permission in self.grants.get(str(organisation_id), ())
        return any(permission in held for held in self.grants.values())

    def require(self, permission: str, organisation_id: UUID) -> None:
        """Raise PermissionDenied unless the permission is held for the organisation."""
        if not self.may(permission, organisation_id):
            raise PermissionDenied(permission=permission)

    def require_fresh_proof(self) -> None:
        """Raise FreshProofNeeded unless a second factor was proved in the last five minutes."""
        if int(clock.now().timestamp()) - self.prove_seconds > FRESH_SECONDS:
            raise FreshProofNeeded()

    def tenants(self, permission: str) -> Tenants:
        """The organisations for which the subject holds the permission."""
        if permission in self.grants.get(EVERYWHERE, ()):
            return Tenants(everywhere=True)
        return Tenants(frozenset(UUID(id) for id, held in self.grants.items() if permission in held))


def sign(subject: Subject, key: str, *, lifetime_seconds: int = LIFETIME_SECONDS) -> str:
    """The subject as a signed token (JWT, HS256)."""
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "sub": subject.id,
        "kind": subject.kind.value,
        "name": subject.name,
        "grants": {organisation: sorted(held) for organisation, held in subject.grants.items()},
        "proved": subject.prove_seconds,
        "iat": now,
        "exp": now + lifetime_seconds,
    }
    return jwt.encode({"alg": "HS256"}, claims, _key(key))


def verify(token: str, key: str) -> Subject:
    """The subject of a token. Raises Unauthenticated if it is forged, damaged or past its time."""
    try:
        claims = jwt.decode(token, _key(key), algorithms=["HS256"]).claims
        if int(claims["exp"]) < int(clock.now().timestamp()):
            raise Unauthenticated()
        return Subject(
            kind=Kind(claims["kind"]),
            id=str(claims["sub"]),
            name=str(claims["name"]),
            grants={organisation: frozenset(held) for organisation, held in claims["grants"].items()},
            prove_seconds=int(claims["proved"]),
        )
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise Unauthenticated() from error


def service(name: str) -> Subject:
    """A service acting by itself: an RPC admits it by name in its permission entry."""
    return Subject(kind=Kind.SERVICE, id=name, name=name)


def public() -> Subject:
    """A visitor without a login."""
    return Subject(kind=Kind.PUBLIC, id="visitor")


@dataclass(frozen=True, slots=True)
class Permission:
    """What an RPC asks of its caller: a permission held somewhere, or being one of the named services.

    `name` empty and `anyone` true admits every caller with a token, visitors of public pages included. `others` are
    permissions that admit as well; which of them an object asks for is then the flow's to say.
    """

    name: str = ""
    services: Sequence[str] = ()
    anyone: bool = False
    others: Sequence[str] = ()

    def admit(self, subject: Subject) -> Tenants | None:
        """The tenants to bind the transaction to; None is the worker role. Raises PermissionDenied."""
        if self.anyone or (subject.kind is Kind.SERVICE and subject.id in self.services):
            return None
        held = [name for name in (self.name, *self.others) if name and subject.may(name)]
        if held:
            tenants = [subject.tenants(name) for name in held]
            return Tenants(
                frozenset().union(*(each.organisation_ids for each in tenants)),
                everywhere=any(each.everywhere for each in tenants),
            )
        raise PermissionDenied(permission=self.name)


def _key(key: str) -> OctKey:
    if len(key) < 32:
        raise ValueError("XOAI_SUBJECT_KEY must hold at least 32 characters")
    return OctKey.import_key(key)
