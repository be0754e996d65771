"""Writing VietQR: the text other readers expect, and a refusal of whatever does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.errors import InvalidArgument
from kit.money import AmountNotWhole
from kit.references import Kind, find, new_reference
from services.vietqr.domain import (
    AdditionalData,
    BadCode,
    Code,
    Initiation,
    Service,
    decode,
    encode,
    errors,
    purpose,
)
from services.vietqr.domain.encode import amount_of, checksum, with_checksum

TRANSFER = Code(
    bin="970436", account="1234567890", amount=450_000, additional=AdditionalData(purpose="XD2345 hoc phi")
)
MERCHANT = Code(
    bin="970415",
    account="0212345678",
    service=Service.MERCHANT_PAYMENT,
    merchant_category="8211",
    merchant_name="Trường THCS Tân Đồng",
    merchant_city="Đồng Xoài",
    postal_code="830000",
)


def test_checksum_of_the_standard() -> None:
    """CRC-16/CCITT-FALSE has the check value 29B1."""
    assert checksum("123456789") == 0x29B1


def test_small_checksums_keep_four_digits() -> None:
    """A value under 1000 hexadecimal is written with its zeros; one library makes one code in sixteen unreadable."""
    small = 0
    for account in range(300):
        payload = encode(replace(TRANSFER, account=str(account)))
        assert payload[-8:-4] == "6304"
        assert int(payload[-4:], 16) == checksum(payload[:-4])
        assert payload[-4:] == payload[-4:].upper()
        small += payload[-4] == "0"
    assert small > 5


def test_a_transfer_to_the_letter() -> None:
    """Ids ascend, the service stands in 38-02, the memo in 62-08, whole đồng in 54."""
    assert encode(TRANSFER)[:-4] == (
        "000201"
        "010212"
        "38540010A000000727" "0124" "0006970436" "01101234567890" "0208QRIBFTTA"
        "5303704"
        "5406450000"
        "5802VN"
        "6218" "0814XD2345 hoc phi"
        "6304"
    )  # fmt: skip


def test_published_samples() -> None:
    """The sound samples of the NAPAS specification, rebuilt; the account sample with its inner length corrected."""
    account = Code(bin="970403", account="0011012345678")
    assert encode(account) == (
        "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN63049E6F"
    )
    dynamic = replace(
        account,
        amount=180_000,
        additional=AdditionalData(bill_number="NPS6869", purpose="thanh toan don hang"),
    )
    assert encode(dynamic) == (
        "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA53037045406180000"
        "5802VN62340107NPS68690819thanh toan don hang63042E2E"
    )
    card = Code(bin="970403", account="9704031101234567", service=Service.CARD_TRANSFER)
    assert encode(card) == (
        "00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN63044F52"
    )


def test_initiation_follows_the_amount() -> None:
    """11 without, 12 with an amount; a stall's sticker may be 11 with its fixed fee; 12 without is not written."""
    assert encode(replace(TRANSFER, amount=None))[6:12] == "010211"
    assert encode(TRANSFER)[6:12] == "010212"
    assert encode(replace(TRANSFER, initiation=Initiation.STATIC))[6:12] == "010211"
    with pytest.raises(errors.DynamicWithoutAmount):
        encode(replace(TRANSFER, amount=None, initiation=Initiation.DYNAMIC))


def test_accents_are_folded_and_dong_by_hand() -> None:
    """An accented text gives codes whose lengths other readers count differently."""
    payload = encode(MERCHANT)
    assert "5920Truong THCS Tan Dong" in payload
    assert "6009Dong Xoai" in payload
    assert payload.isascii()
    accented = encode(replace(TRANSFER, additional=AdditionalData(purpose="Đóng học phí Đỗ Ân")))
    assert "0818Dong hoc phi Do An" in accented
    decomposed = encode(replace(TRANSFER, additional=AdditionalData(purpose="Ho\u0323c phi\u0301")))
    assert "0807Hoc phi" in decomposed


def test_all_fields_come_back() -> None:
    """Every field that can be written is read again."""
    additional = AdditionalData(
        bill_number="HD 1", mobile_number="***", store_label="Q1", customer_label="C1", terminal_label="T1",
        purpose="XD2 an", consumer_data_request="AME",
    )  # fmt: skip
    code = replace(
        MERCHANT, amount=9_999_999_999_999, additional=additional, merchant_name="A", merchant_city="B"
    )
    assert decode(encode(code)).code == replace(code, initiation=Initiation.DYNAMIC)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"bin": "97043"}, errors.BadBin),
        ({"bin": "9704360"}, errors.BadBin),
        ({"bin": "97043A"}, errors.BadBin),
        ({"bin": "９７０４３６"}, errors.BadBin),
        ({"bin": "٩٧٠٤٣٦"}, errors.BadBin),
        ({"bin": "970436\n"}, errors.BadBin),
        ({"account": ""}, errors.BadAccount),
        ({"account": "1" * 20}, errors.BadAccount),
        ({"account": "12-34"}, errors.BadAccount),
        ({"account": "12 34"}, errors.BadAccount),
        ({"account": "１２３"}, errors.BadAccount),
        ({"account": "tàikhoản"}, errors.BadAccount),
        ({"amount": 0}, errors.BadAmount),
        ({"amount": -1}, errors.BadAmount),
        ({"amount": 10**13}, errors.BadAmount),
        ({"amount": 10**40}, errors.BadAmount),
        ({"amount": True}, AmountNotWhole),
        ({"amount": 1000.0}, AmountNotWhole),
        ({"amount": "1000"}, AmountNotWhole),
        ({"merchant_category": "821"}, errors.BadMerchantCategory),
        ({"merchant_category": "82A1"}, errors.BadMerchantCategory),
        ({"merchant_name": "x" * 26}, errors.TextTooLong),
        ({"merchant_name": "\u2028"}, errors.MissingField),
        ({"merchant_name": "quán 😀"}, errors.BadText),
        ({"merchant_city": "x" * 16}, errors.TextTooLong),
        ({"merchant_city": ""}, errors.MissingField),
        ({"postal_code": "1" * 11}, errors.TextTooLong),
        ({"additional": AdditionalData(purpose="x" * 26)}, errors.TextTooLong),
        ({"additional": AdditionalData(purpose="")}, errors.MissingField),
        ({"additional": AdditionalData(purpose="   ")}, errors.MissingField),
        ({"additional": AdditionalData(purpose="a\nb")}, errors.BadText),
        ({"additional": AdditionalData(purpose="a\x00")}, errors.BadText),
        ({"additional": AdditionalData(purpose="a\u202eb")}, errors.BadText),
        ({"additional": AdditionalData(purpose="学费")}, errors.BadText),
        ({"additional": AdditionalData(purpose="tiền 💰")}, errors.BadText),
        ({"additional": AdditionalData(purpose="\ud800")}, errors.BadText),
        ({"additional": AdditionalData(consumer_data_request="AX")}, errors.BadConsumerRequest),
        ({"additional": AdditionalData(consumer_data_request="AA")}, errors.BadConsumerRequest),
        (
            {"additional": AdditionalData(bill_number="x" * 25, store_label="x" * 25, loyalty_number="x" * 25, purpose="x" * 25)},
            errors.TextTooLong,
        ),
        ({"service": Service.MERCHANT_PAYMENT}, errors.MissingField),
        ({"service": Service.CASH_WITHDRAWAL}, errors.MissingField),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change: dict[str, object], error: type[InvalidArgument]) -> None:
    """Nothing is cut, rounded or dropped silently; the refusal says it in two languages."""
    with pytest.raises(error) as caught:
        encode(replace(TRANSFER, **change))  # type: ignore[arg-type]
    assert caught.value.text_vi
    assert "…" not in caught.value.text_vi + caught.value.text_en


def test_mandatory_fields_of_merchant_payment_and_cash() -> None:
    """52, 59 and 60 for both, 62-05 and 62-07 for cash."""
    for field in ("merchant_category", "merchant_name", "merchant_city"):
        with pytest.raises(errors.MissingField, match=field):
            encode(replace(MERCHANT, **{field: None}))  # type: ignore[arg-type]
    cash = replace(MERCHANT, service=Service.CASH_WITHDRAWAL)
    labels = AdditionalData(reference_label="R1", terminal_label="T1")
    for field in ("reference_label", "terminal_label"):
        with pytest.raises(errors.MissingField, match=field):
            encode(replace(cash, additional=replace(labels, **{field: None})))
    assert decode(encode(replace(cash, additional=labels))).code.service is Service.CASH_WITHDRAWAL


@pytest.mark.parametrize(
    "text", ["50000.0", "50000.00", "5e4", "50.000", "50,000", "050000", "-5", "", " 5", "５", "1_0", "+5"]
)
def test_amount_texts_that_are_no_whole_number(text: str) -> None:
    """A `.0` from a float broke scanning in the field; it is refused here."""
    with pytest.raises(AmountNotWhole):
        amount_of(text)


def test_amount_texts() -> None:
    """Plain decimal digits are whole đồng; more than 13 of them do not fit."""
    assert amount_of("450000") == 450_000
    with pytest.raises(errors.BadAmount):
        amount_of("1" * 14)
    with pytest.raises(errors.BadAmount):
        amount_of("9" * 5_000)


def test_purpose_begins_with_the_reference() -> None:
    """Whole words follow while they fit into 25 characters, without accents and signs."""
    reference = new_reference(Kind.INVOICE)
    assert purpose(reference) == reference
    assert purpose(reference, "Học phí – Đỗ Ân 6A2") == f"{reference} Hoc phi Do"
    for words in ("", "a" * 50, "Nguyễn Thị Thanh Thuỷ lớp 12A10"):
        text = purpose(reference, words)
        assert len(text) <= 25
        assert find(
            decode(encode(replace(TRANSFER, additional=AdditionalData(purpose=text)))).code.additional.purpose
            or ""
        ).references == (reference,)


def test_checksum_goes_behind() -> None:
    """The checksum covers everything up to and including `6304`."""
    assert with_checksum("000201") == f"0002016304{checksum('0002016304'):04X}"


def test_every_refusal_has_a_reason_of_its_own() -> None:
    """Programs tell refusals apart by reason; people read them in two languages."""
    classes = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BadCode)
    ]
    assert len({found.reason for found in classes}) == len(classes) > 20
    assert all(found.reason == found.reason.upper() and found.vi != found.en for found in classes)
