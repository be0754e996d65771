"""Callbacks of banks and providers, as the interface describes them.

Intake takes them in front of the gateway, in a process that needs nothing but its own database. One that comes as far
as here was led astray (intake is not in front, or is not running): it is answered 503, so that the sender repeats it.
"""

from __future__ import annotations

from gateway.access import PUBLIC
from gateway.guards import callback_routes
from kit.errors import Unavailable

routes = callback_routes("Callbacks")
_PATH = "/v1/callbacks/{provider}/{connection}"


class CallbacksNotTaken(Unavailable):
    reason = "CALLBACKS_NOT_TAKEN"
    vi = "Nơi nhận tin báo chưa chạy. Xin gửi lại sau ít phút."
    en = "What takes callbacks is not running. Send it again in a few minutes."


@routes.post(_PATH, PUBLIC, summary="Tell of money")
async def tell(provider: str, connection: str) -> None:
    """For banks and providers: `provider` is payos, casso_v1, casso_v2, sepay or xoai; `connection` is `con_…`.

    Proof, body and answer are in the provider's own form. 2xx means: stored and committed. 401: the proof is wrong, nothing
    was stored. 503 with Retry-After: not stored, send it again. At most 256 KB, 20 levels deep, no field twice.
    """
    raise CallbacksNotTaken()


@routes.post(f"{_PATH}/api/token_generate", PUBLIC, summary="Fetch a token (VietQR.vn)")
async def fetch_token(provider: str, connection: str) -> None:
    """For the provider `vietqrvn`: Basic credentials for a bearer token of 300 seconds."""
    raise CallbacksNotTaken()


@routes.post(f"{_PATH}/bank/api/transaction-sync", PUBLIC, summary="Tell of money (VietQR.vn)")
async def synchronise(provider: str, connection: str) -> None:
    """For the provider `vietqrvn`: one transaction under a bearer token."""
    raise CallbacksNotTaken()
