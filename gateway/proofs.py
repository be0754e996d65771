"""What a payer proved about a bill, carried back to us sealed and for half an hour: the receipt opens with it.

The proof itself (a second fact or the token of a link) is inside, since the owner of bills asks for it each time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidTag

from kit import clock
from kit.errors import PermissionDenied
from kit.seal import Sealer
from xoai.invoices.v1 import invoices_service_pb2 as pb

LIFETIME_SECONDS: Final = 1_800


class ProofExpired(PermissionDenied):
    reason = "PROOF_EXPIRED"
    vi = "Trang biên nhận này đã để lâu. Xin mở lại từ trang của phiếu."
    en = "This receipt page has been open too long. Open it again from the bill's page."


@dataclass(frozen=True, slots=True)
class Proof:
    """A second fact, or the token of an unguessable link."""

    kind: Literal["second_fact", "link_token"]
    value: str

    def request(self, reference: str) -> pb.OpenBillRequest:
        """The request that opens a bill with this proof."""
        if self.kind == "second_fact":
            return pb.OpenBillRequest(reference=reference, second_fact=self.value)
        return pb.OpenBillRequest(reference=reference, link_token=self.value)


class Proofs:
    """Seals and opens proofs, each for its bill only."""

    def __init__(self, subject_key: str) -> None:
        key = hashlib.sha256(b"xoai bill proof\x00" + subject_key.encode()).digest()
        self._sealer = Sealer(base64.b64encode(key).decode())

    def seal(self, reference: str, proof: Proof) -> str:
        """The proof as text for an address of ours."""
        until = int(clock.now().timestamp()) + LIFETIME_SECONDS
        plain = json.dumps([until, proof.kind, proof.value])
        return base64.urlsafe_b64encode(self._sealer.seal(plain, place=f"bill:{reference}")).decode()

    def open(self, reference: str, sealed: str) -> Proof:
        """The proof again. Raises ProofExpired if it is old, damaged or of another bill."""
        try:
            plain = self._sealer.open(base64.urlsafe_b64decode(sealed), place=f"bill:{reference}")
            until, kind, value = json.loads(plain)
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise ProofExpired() from error
        if until < clock.now().timestamp():
            raise ProofExpired()
        return Proof(kind, value)
