"""One adapter per provider, and the one table of them.

Each adapter proves the sender (`verify`, in constant time, before anything is interpreted), says what the body tells
(`read`) and answers in the provider's own form (`answer`). Nothing here knows of databases or HTTP servers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from services.intake.adapters import casso_v1, casso_v2, payos, sepay, vietqrvn, xoai
from services.intake.domain import Answer, Outcome, Reading, UnknownProvider, Verified

__all__ = ["PROVIDERS", "Adapter", "adapter_of"]

Verify = Callable[[Sequence[str], Mapping[str, str], bytes, int, str | None], Verified]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A provider as intake sees it. `auth_modes` is empty where there is only one way. Where bodies are not proven by
    a signature, credits above the connection's `confirm_above` wait until another source tells of them too."""

    name: str
    title: str
    verify: Verify
    read: Callable[[Verified], Reading]
    answer: Callable[[Outcome], Answer]
    auth_modes: tuple[str, ...] = ()
    signs_always: bool = True

    def is_signed(self, auth: str | None) -> bool:
        """Whether bodies of a connection with this mode carry a signature over their content."""
        return auth == "hmac" if self.auth_modes else self.signs_always


PROVIDERS: Mapping[str, Adapter] = MappingProxyType(
    {
        adapter.name: adapter
        for adapter in (
            Adapter("sepay", "SePay", sepay.verify, sepay.read, sepay.answer, auth_modes=("hmac", "api_key")),
            Adapter(
                "casso_v1", "Casso (v1)", casso_v1.verify, casso_v1.read, casso_v1.answer, signs_always=False
            ),
            Adapter("casso_v2", "Casso (v2)", casso_v2.verify, casso_v2.read, casso_v2.answer),
            Adapter("payos", "payOS", payos.verify, payos.read, payos.answer),
            Adapter(
                "vietqrvn", "VietQR.vn", vietqrvn.verify, vietqrvn.read, vietqrvn.answer, signs_always=False
            ),
            Adapter("xoai", "Xoài (Standard Webhooks)", xoai.verify, xoai.read, xoai.answer),
        )
    }
)


def adapter_of(provider: str) -> Adapter:
    """The adapter of a provider; UnknownProvider if there is none."""
    adapter = PROVIDERS.get(provider)
    if adapter is None:
        raise UnknownProvider(provider=provider[:40])
    return adapter
