"""Who is looking: a person with a session cookie, a system with an API key, a stall's paired phone, or a visitor.

A visitor has a device cookie (random, no person behind it): look-up limits and form tokens hang on it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway.access import PhoneNotPaired
from gateway.access_tokens import AccessTokens
from gateway.clients import Clients
from gateway.kept import Kept
from gateway.problems import FormExpired, WrongOrigin
from gateway.settings import GatewaySettings
from kit import auth, clock
from kit.auth import Kind, Subject
from kit.errors import NotFound, Unauthenticated
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DEVICE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_YEAR_SECONDS: Final = 365 * 86_400
# A proof that would get old while a form is filled in is asked for again.
_MARGIN_SECONDS: Final = 60
# A phone that its owner removed is out after so long; its open stream is ended by the event of the removal.
_PHONE_SECONDS: Final = 2.0
_MOST_PHONES: Final = 5_000
UNPROVED: Final = (
    directory_pb.Session.SECOND_FACTOR_TO_ENROL,
    directory_pb.Session.SECOND_FACTOR_TO_PROVE,
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page or calls the API, and the token that says so to the services."""

    subject: Subject
    token: str
    # What form tokens are bound to: the session's own secret, or a visitor's device.
    form_key: str
    device: str = ""
    session_token: str = ""
    session: directory_pb.Session | None = None
    phone: stalls_pb.DeviceSession | None = None
    phone_key: str = ""

    @property
    def is_signed_in(self) -> bool:
        """True for a person with a session and for a system with a key."""
        return self.subject.kind in (Kind.PERSON, Kind.API_KEY)

    @property
    def person(self) -> directory_pb.Person | None:
        """The person with the session, if it is one."""
        return self.session.person if self.session is not None else None

    @property
    def stall_id(self) -> str:
        """The one stall of a paired phone; empty for everybody else."""
        return self.phone.device.stall_id if self.phone is not None else ""

    @property
    def is_proved(self) -> bool:
        """False for a session that may do nothing before its second factor is proved."""
        return self.session is None or self.session.second_factor not in UNPROVED

    @property
    def is_fresh(self) -> bool:
        """True if the second factor was proved so lately that what weighs most is allowed."""
        return (
            int(clock.now().timestamp()) - self.subject.prove_seconds < auth.FRESH_SECONDS - _MARGIN_SECONDS
        )

    @property
    def unread_notices(self) -> int:
        """How many notices the person has not read yet."""
        return self.session.unread_notices if self.session is not None else 0

    @property
    def idle_seconds(self) -> int:
        """The session ends after so long without a request; 0 where there is none."""
        return self.session.idle_seconds if self.session is not None else 0

    @property
    def name(self) -> str:
        return self.subject.name

    def may(self, permission: str, organisation_id: str = "") -> bool:
        """Whether to show something. The services decide again."""
        return self.subject.may(permission, UUID(organisation_id) if organisation_id else None)

    def memberships(self, *kinds: int) -> list[directory_pb.Membership]:
        """The person's memberships, in organisations of these kinds (all kinds if none is named)."""
        if self.person is None:
            return []
        return [row for row in self.person.memberships if not kinds or row.organisation_kind in kinds]


class Cookies:
    """The names and flags of our cookies."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.secure = settings.secure_cookies
        prefix = "__Host-" if self.secure else ""
        self.session = f"{prefix}xoai"
        self.device = f"{prefix}xoai-device"
        self.language = f"{prefix}xoai-lang"
        self.stall = f"{prefix}xoai-stall"

    def set(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """Set a cookie that scripts cannot read and other sites' forms do not send."""
        response.set_cookie(
            name, value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def clear(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def remember_device(self, response: Response, viewer: Viewer) -> None:
        """Give a visitor the device cookie that their forms are bound to."""
        if viewer.device:
            self.set(response, self.device, viewer.device, max_age=_YEAR_SECONDS)


class Viewers:
    """Finds out who is looking, from the headers and cookies of a request."""

    def __init__(
        self, settings: GatewaySettings, clients: Clients, cookies: Cookies, tokens: AccessTokens
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._cookies = cookies
        self._tokens = tokens
        self._phones: Kept[stalls_pb.DeviceSession] = Kept(_PHONE_SECONDS, _MOST_PHONES)

    async def resolve(self, request: Request) -> Viewer:
        """The viewer of a request. Raises Unauthenticated for a key or a session that is not, or no longer, good."""
        authorization = request.headers.get("authorization", "")
        if authorization:
            return await self._by_key(authorization)
        session_token = request.cookies.get(self._cookies.session, "")
        if session_token:
            return await self._by_session(session_token)
        return self.visitor(request)

    async def phone(self, request: Request) -> Viewer:
        """The paired phone that a request comes from. Raises PhoneNotPaired, also once its owner has removed it."""
        key = request.cookies.get(self._cookies.stall, "")
        if not key:
            raise PhoneNotPaired()
        return await self.phone_of(key)

    async def phone_of(self, key: str) -> Viewer:
        """The paired phone with this key. Raises PhoneNotPaired."""

        async def read() -> stalls_pb.DeviceSession:
            reply: stalls_pb.DeviceSession = await self._clients.call(
                self._clients.stalls.ResolveDevice,
                stalls_pb.ResolveDeviceRequest(key=key),
                self._clients.sign(auth.service("gateway")),
            )
            return reply

        try:
            return self.of_phone(await self._phones.get(_digest(key), read), key)
        except (Unauthenticated, NotFound) as error:
            raise PhoneNotPaired() from error

    def of_phone(self, session: stalls_pb.DeviceSession, key: str) -> Viewer:
        """The viewer of a phone that the stalls told of. Raises Unauthenticated."""
        subject = self._subject(session.subject_token)
        if subject.kind is not Kind.DEVICE:
            raise Unauthenticated()
        return Viewer(
            subject=subject,
            token=session.subject_token,
            form_key=self._mac(f"stall:{key}"),
            phone=session,
            phone_key=key,
        )

    def phone_changed(self, session: stalls_pb.DeviceSession, key: str) -> Viewer:
        """The viewer of a phone that has just been locked or unlocked, for the next requests too."""
        self._phones.put(_digest(key), session)
        return self.of_phone(session, key)

    def visitor(self, request: Request) -> Viewer:
        """A viewer without a login."""
        device = request.cookies.get(self._cookies.device, "")
        if not _DEVICE.fullmatch(device):
            device = secrets.token_urlsafe(16)
        subject = auth.public()
        return Viewer(subject, self._clients.sign(subject), self._mac(f"form:{device}"), device=device)

    async def _by_key(self, authorization: str) -> Viewer:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthenticated()
        if AccessTokens.is_one(key.strip()):
            subject = self._tokens.open(key.strip())
            return Viewer(subject, self._clients.sign(subject), form_key="")
        reply = await self._clients.call(
            self._clients.directory.ResolveApiKey,
            directory_pb.ResolveApiKeyRequest(api_key=key.strip()),
            self._clients.sign(auth.service("gateway")),
        )
        return Viewer(self._subject(reply.subject_token), reply.subject_token, form_key="")

    async def _by_session(self, session_token: str) -> Viewer:
        session = await self._clients.call(
            self._clients.directory.ResolveSession,
            directory_pb.ResolveSessionRequest(session_token=session_token),
            self._clients.sign(auth.service("gateway")),
        )
        return self.of_session(session, session_token)

    def of_session(self, session: directory_pb.Session, session_token: str) -> Viewer:
        """The viewer of a session that the directory told of."""
        return Viewer(
            subject=self._subject(session.subject_token),
            token=session.subject_token,
            form_key=session.csrf_token or self._mac(f"session:{session_token}"),
            session_token=session_token,
            session=session,
        )

    def _subject(self, token: str) -> Subject:
        return auth.verify(token, self._settings.subject_key.get_secret_value())

    def _mac(self, text: str) -> str:
        key = self._settings.subject_key.get_secret_value().encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _digest(key: str) -> str:
    """What a kept phone is found by: keys themselves are not kept."""
    return hashlib.sha256(key.encode()).hexdigest()


def form_token(form_key: str) -> str:
    """A token for one form: other bytes each time, so that compression gives nothing away."""
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_form_mac(form_key, nonce)}"


def check_form_token(form_key: str, token: str) -> None:
    """Raise FormExpired unless the token was made for this session or device."""
    nonce, _, mac = token.partition(".")
    if not form_key or not hmac.compare_digest(mac, _form_mac(form_key, nonce)):
        raise FormExpired()


def check_origin(request: Request, public_url: str) -> None:
    """Raise WrongOrigin unless a browser says that the request comes from a page of ours."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise WrongOrigin()
        return
    origin = request.headers.get("origin", "")
    own = {urlsplit(public_url).netloc, request.headers.get("host", "")}
    if urlsplit(origin).netloc not in own - {""}:
        raise WrongOrigin()


def _form_mac(form_key: str, nonce: str) -> str:
    return hmac.new(form_key.encode(), f"form-token:{nonce}".encode(), hashlib.sha256).hexdigest()[:32]
