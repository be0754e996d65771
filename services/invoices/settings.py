"""Settings of this service beside those of every process; the data key (XOAI_DATA_KEY) opens second facts and links."""

from __future__ import annotations

from pydantic import Field, SecretStr

from kit.settings import Settings


class InvoicesSettings(Settings):
    """What this service's processes read from the environment."""

    # Events a consumer takes into one transaction.
    invoices_batch: int = Field(default=1_000, ge=1, le=10_000)
    # The seed of the Ed25519 key that signs printed receipts (32 bytes, base64); empty: they are printed without a
    # signature. Each installation makes its own; the public keys are kept in the database.
    receipt_key: SecretStr = SecretStr("")
    # Receipts are sealed this long after their payments at the latest, and at once when one is printed.
    invoices_seal_seconds: int = Field(default=60, ge=1)
    invoices_tidy_seconds: int = Field(default=3_600, ge=1)
