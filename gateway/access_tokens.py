"""Access tokens for systems that sign in by OAuth2 client credentials: ten minutes, for the one permission asked for.

They are signed with a key of their own, so that no service takes one for a subject's token and none of those is taken for
an access token. A revoked API key gives no new ones; those that are out end by themselves.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from kit import auth
from kit.auth import Subject

LIFETIME_SECONDS: Final = auth.LIFETIME_SECONDS
# What can be asked for. API keys by themselves may do more; tokens are for the feed.
SCOPE: Final = "indicators.read"
_PREFIX: Final = "at_"


class AccessTokens:
    """Makes and opens access tokens; `subject_key` is the platform's."""

    def __init__(self, subject_key: str) -> None:
        self._key = hmac.new(subject_key.encode(), b"access tokens", hashlib.sha256).hexdigest()

    @staticmethod
    def is_one(bearer: str) -> bool:
        """True for what has the form of an access token: an API key has another one."""
        return bearer.startswith(_PREFIX)

    def make(self, subject: Subject) -> str:
        """A token for the scope, in the organisations where the subject holds it."""
        grants = {place: frozenset({SCOPE}) for place, held in subject.grants.items() if SCOPE in held}
        scoped = Subject(subject.kind, subject.id, subject.name, grants)
        return _PREFIX + auth.sign(scoped, self._key, lifetime_seconds=LIFETIME_SECONDS)

    def open(self, token: str) -> Subject:
        """Whose token it is. Raises Unauthenticated if it is forged or over."""
        return auth.verify(token.removeprefix(_PREFIX), self._key)
