"""Casso callbacks, first form: a static token, and a list of transactions.

Source: Casso's developer pages "Thiết lập webhook thủ công". Header `secure-token`; body `error` and `data`, a list; a
negative amount is money going out. 200 is taken as delivered; how often Casso repeats is not stated (chưa xác nhận).
The source is not signed: a connection of this kind has `confirm_above` and a list of sender addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.intake.adapters import proof
from services.intake.adapters.answers import success_answer
from services.intake.adapters.fields import (
    Element,
    Entry,
    Tally,
    bin_text,
    document_of,
    key_of,
    memo_text,
    object_of,
    sign_direction,
    text,
)
from services.intake.domain import BodyFormUnknown, Headers, Reading, Verified
from services.intake.limits import check_size

__all__ = ["answer", "is_test", "read", "reports_error", "verify"]

answer = success_answer

# chưa xác nhận by the documentation, but the same in Casso's samples and in open integrations: "Gọi thử" sends id 0
# and this bank reference. Both are Casso's and the bank's fields; a payer's memo makes no test.
_TEST_REFERENCE = "MA_GIAO_DICH_THU_NGHIEM"


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], raw_body: bytes, now: int, auth: str | None
) -> Verified:
    """Prove the sender by the static token. Raises SignatureMissing, BadSignature, BodyTooLarge."""
    check_size(raw_body)
    proof.match_secret(secrets, proof.header(Headers.of(headers), "secure-token"))
    return Verified(raw_body)


def read(verified: Verified) -> Reading:
    """All transactions of the body. Raises BodyUnreadable if there is no list of them within the limits."""
    body = object_of(document_of(verified))
    tally = Tally()
    if reports_error(body):
        tally.warn("PROVIDER_REPORTS_ERROR")
        return tally.reading()
    elements = body.get("data")
    if not isinstance(elements, list):
        raise BodyFormUnknown(detail="data is not a list")
    tally.judge_all(elements, "data", _entry)
    return tally.reading()


def reports_error(body: Element) -> bool:
    """Whether Casso says that this body tells of an error instead of money."""
    error = body.get("error")
    return not (error is None or error is False or error == "0")


def is_test(identity: str | None, bank_reference: str | None) -> bool:
    """Whether these fields are those of Casso's own test call."""
    return identity == "0" or bank_reference == _TEST_REFERENCE


def _entry(element: Element) -> Entry:
    identity = text(element.get("id"))
    bank_reference = text(element.get("tid"))
    amount = element.get("amount")
    return Entry(
        provider_transaction_id=identity,
        bank_reference=bank_reference,
        account=text(element.get("bank_sub_acc_id")) or text(element.get("subAccId")),
        virtual_account=text(element.get("virtualAccount")),
        amount=amount,
        direction=sign_direction(amount),
        memo=memo_text(element.get("description")),
        occur_time=text(element.get("when")),
        dedupe_key=key_of(identity),
        payer_name=text(element.get("corresponsiveName")),
        payer_account=text(element.get("corresponsiveAccount")),
        payer_bin=bin_text(element.get("corresponsiveBankId")),
        test=is_test(identity, bank_reference),
    )
