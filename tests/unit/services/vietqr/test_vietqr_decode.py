"""Reading VietQR strictly: refusals with their reasons, and what real codes carry accepted with a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidArgument
from services.vietqr.domain import AdditionalData, BadCode, Code, Initiation, Service, decode, encode
from services.vietqr.domain.elements import write
from services.vietqr.domain.encode import with_checksum

ACCOUNT = "0010A00000072701240006970436011012345678900208QRIBFTTA"
PARTS = {"00": "01", "01": "12", "38": ACCOUNT, "53": "704", "54": "450000", "58": "VN", "62": "0807XD2 hoc"}


def build(*, append: str = "", **changes: str | None) -> str:
    """A code of PARTS with objects changed (`t54="1"`), left out (`t54=None`) or text added before the checksum."""
    parts: dict[str, str | None] = {**PARTS, **{name[1:]: value for name, value in changes.items()}}
    body = "".join(write(tag, value) for tag, value in sorted(parts.items()) if value is not None)
    return with_checksum(body + append)


def template(
    bank: str = "970436", account: str = "1234567890", guid: str = "A000000727", tail: str = "0208QRIBFTTA"
) -> str:
    return write("00", guid) + write("01", write("00", bank) + write("01", account)) + tail


def reason_of(payload: str) -> str:
    with pytest.raises(InvalidArgument) as caught:
        decode(payload)
    assert caught.value.text_vi
    assert "…" not in caught.value.text_vi + caught.value.text_en
    return caught.value.reason


GOOD = build()


def test_a_good_code() -> None:
    """All fields, no warning."""
    decoded = decode(GOOD)
    assert decoded.warnings == ()
    assert decoded.code == Code(
        bin="970436",
        account="1234567890",
        amount=450_000,
        additional=AdditionalData(purpose="XD2 hoc"),
        service=Service.ACCOUNT_TRANSFER,
        initiation=Initiation.DYNAMIC,
    )


REFUSED = {
    "nothing": ("", "NOT_EMV"),
    "an address": ("https://example.vn/pay", "NOT_EMV"),
    "full-width digits": ("０００２０１" + GOOD[6:], "NOT_EMV"),
    "wrong CRC": (GOOD[:-4] + "0000", "BAD_CRC"),
    "CRC not hexadecimal": (GOOD[:-4] + "GGGG", "BAD_CRC"),
    "CRC in full-width digits": (GOOD[:-4] + "１２３４", "BAD_CRC"),
    "a changed amount": (GOOD.replace("450000", "450001"), "BAD_CRC"),
    "no CRC": (GOOD[:-8], "MISSING_TAG"),
    "a short CRC": (GOOD[:-8] + "6303ABC", "BAD_LENGTH"),
    "text behind 63": (GOOD + "A", "CRC_NOT_LAST"),
    "an object behind 63": (GOOD + "5802VN", "CRC_NOT_LAST"),
    "63 twice": (GOOD + GOOD[-8:], "CRC_NOT_LAST"),
    "63 in the middle": (with_checksum(GOOD[:-8] + "6304ABCD" + "6405abcde"), "CRC_NOT_LAST"),
    "cut": (GOOD[:-1], "BAD_LENGTH"),
    "cut early": (GOOD[:20], "BAD_LENGTH"),
    "a newline behind": (GOOD + "\n", "CONTROL_CHARACTER"),
    "a control character in the memo": (build(t62="0807XD2\x07hoc"), "CONTROL_CHARACTER"),
    "a bidirectional mark in the memo": (build(t62="0807XD2\u202ehoc"), "CONTROL_CHARACTER"),
    "too long": (build(append="64" + "99" + "x" * 99 + "65" + "99" + "y" * 99 * 1) + "0" * 1024, "PAYLOAD_TOO_LONG"),
    "length 00": (with_checksum("000201" "5400" + GOOD[6:-8]), "BAD_LENGTH"),
    "length past the end": (with_checksum(GOOD[:-8] + "6199X"), "BAD_LENGTH"),
    "length not a number": (with_checksum(GOOD[:-8] + "61X1A"), "BAD_LENGTH"),
    "length in Arabic digits": (with_checksum(GOOD[:-8] + "61٠١A"), "BAD_LENGTH"),
    "id not a number": (with_checksum(GOOD[:-8] + "A101A"), "BAD_TAG"),
    "id in full-width digits": (with_checksum(GOOD[:-8] + "６１01A"), "BAD_TAG"),
    "two templates 38": (build(append=write("38", template(account="9999999999"))), "DUPLICATE_TAG"),
    "two amounts": (build(append="5401" "1"), "DUPLICATE_TAG"),
    "two accounts inside": (build(t38=template(tail="0208QRIBFTTA0118" "00069704360104" "9999")), "DUPLICATE_TAG"),
    "two BINs inside": (build(t38="0010A0000007270130" "0006970436" "0006970415" "01061234560208QRIBFTTA"), "DUPLICATE_TAG"),
    "two purposes": (build(t62="0803ABC0803DEF"), "DUPLICATE_TAG"),
    "00 not first": (with_checksum("010212000201" + GOOD[12:-8]), "FORMAT_NOT_FIRST"),
    "no 00": (build(t00=None), "FORMAT_NOT_FIRST"),
    "another format": (build(t00="02"), "BAD_FORMAT"),
    "dollars": (build(t53="840"), "BAD_CURRENCY"),
    "no currency": (build(t53=None), "MISSING_TAG"),
    "another country": (build(t58="TH"), "BAD_COUNTRY"),
    "small letters in the country": (build(t58="vn"), "BAD_COUNTRY"),
    "no country": (build(t58=None), "MISSING_TAG"),
    "unknown initiation": (build(t01="13"), "BAD_INITIATION"),
    "no template": (build(t38=None), "NO_ACCOUNT_TEMPLATE"),
    "unknown GUID": (build(t38=template(guid="A000000728")), "BAD_GUID"),
    "no GUID": (build(t38=template()[14:]), "BAD_GUID"),
    "GUID in small letters": (build(t38=template(guid="a000000727")), "BAD_GUID"),
    "unknown service": (build(t38=template(tail="0208QRIBFTTX")), "BAD_SERVICE"),
    "no beneficiary": (build(t38="0010A0000007270208QRIBFTTA"), "MISSING_TAG"),
    "BIN of 8": (build(t38=template(bank="97043600")), "BAD_BIN"),
    "BIN of 5": (build(t38=template(bank="97043")), "BAD_BIN"),
    "BIN with a letter": (build(t38=template(bank="97043A")), "BAD_BIN"),
    "BIN in full-width digits": (build(t38=template(bank="９７０４３６")), "BAD_BIN"),
    "account of 20": (build(t38=template(account="1" * 20)), "BAD_ACCOUNT"),
    "account with a hyphen": (build(t38=template(account="12-34")), "BAD_ACCOUNT"),
    "account with a blank": (build(t38=template(account="12 34")), "BAD_ACCOUNT"),
    "account with an accent": (build(t38=template(account="12é34")), "BAD_ACCOUNT"),
    "no account": (build(t38="0010A0000007270110" "0006970436" "0208QRIBFTTA"), "BAD_ACCOUNT"),
    "broken structure inside": (build(t38="0010A00000072701990006970436"), "BAD_LENGTH"),
    "amount of 14": (build(t54="1" * 14), "BAD_AMOUNT"),
    "amount with a sign": (build(t54="-5"), "BAD_AMOUNT"),
    "amount with a comma": (build(t54="50,000"), "BAD_AMOUNT"),
    "amount with two points": (build(t54="1.0.0"), "BAD_AMOUNT"),
    "amount in full-width digits": (build(t54="５"), "BAD_AMOUNT"),
    "amount as exponent": (build(t54="5e4"), "BAD_AMOUNT"),
    "part of a đồng": (build(t54="50000.5"), "AMOUNT_NOT_WHOLE"),
    "merchant category with letters": (build(t52="82AB"), "BAD_MERCHANT_CATEGORY"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Each with its own reason, and in two languages."""
    payload, reason = REFUSED[name]
    assert reason_of(payload) == reason


VNPAY = "0010A00000077501100123456789"
ACCEPTED = {
    "lower-case CRC": (GOOD[:-4] + GOOD[-4:].lower(), ("LOWERCASE_CRC",)),
    "11 with amount": (build(t01="11"), ("STATIC_WITH_AMOUNT",)),
    "12 without amount": (build(t54=None), ("DYNAMIC_WITHOUT_AMOUNT",)),
    "amount 0": (build(t01="11", t54="0"), ("ZERO_AMOUNT",)),
    "amount 0.00": (build(t01="11", t54="0.00"), ("AMOUNT_WITH_DECIMALS", "ZERO_AMOUNT")),
    "amount with .0": (build(t54="450000.0"), ("AMOUNT_WITH_DECIMALS",)),
    "amount with leading zeros": (build(t54="000450000"), ("AMOUNT_WITH_LEADING_ZERO",)),
    "no initiation": (build(t01=None), ("INITIATION_MISSING",)),
    "merchant fields": (
        build(t52="0000", t59="TRUONG THCS", t60="DONG XOAI"),
        ("MERCHANT_FIELD_IN_TRANSFER:52", "MERCHANT_FIELD_IN_TRANSFER:59", "MERCHANT_FIELD_IN_TRANSFER:60"),
    ),
    "a long name": (
        build(t59="CONG TY DIEN LUC BINH PHUOC PC1"),
        ("MERCHANT_FIELD_IN_TRANSFER:59", "LONG_VALUE:59"),
    ),
    "a long memo": (build(t62="0830" + "x" * 30), ("LONG_VALUE:62-08",)),
    "a second scheme": (build(t26=VNPAY), ("OTHER_SCHEME:VNPAY-QR",)),
    "a private object": (build(t80="123"), ("UNKNOWN_TAG:80",)),
    "an unknown object in 62": (build(t62="0807XD2 hoc5003abc"), ("UNKNOWN_TAG:62-50",)),
    "no service": (build(t38=template(tail="")), ("SERVICE_MISSING",)),
    "an unknown bank": (build(t38=template(bank="970499")), ("UNKNOWN_BANK:970499",)),
    "a tip": (build(t55="01"), ("TIP:55",)),
    "a second language": (build(t64="0002vi0105Truon"), ()),
    "an accented memo": (build(t62=write("08", "học phí")), ("NON_ASCII",)),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_with_a_warning(name: str) -> None:
    """What real codes carry is read and told."""
    payload, warnings = ACCEPTED[name]
    decoded = decode(payload)
    assert set(decoded.warnings) == set(warnings)
    assert decoded.code.account == "1234567890"
    assert decoded.code.amount == (
        None if "ZERO_AMOUNT" in warnings or "DYNAMIC_WITHOUT_AMOUNT" in warnings else 450_000
    )


def test_lengths_in_bytes() -> None:
    """One library counts bytes: its accented codes are read where only that gives a sound structure."""
    memo = "học phí"
    inner = f"08{len(memo.encode()):02d}{memo}"
    body = "".join(write(tag, value) for tag, value in PARTS.items() if tag != "62")
    decoded = decode(with_checksum(f"{body}62{len(inner.encode()):02d}{inner}"))
    assert decoded.code.additional.purpose == memo
    assert decoded.warnings == ("NON_ASCII", "BYTE_LENGTHS")


def test_a_length_that_splits_a_letter() -> None:
    """Bytes that are no text are a wrong length, not a crash."""
    body = "".join(write(tag, value) for tag, value in PARTS.items() if tag != "62")
    assert reason_of(with_checksum(f"{body}62090802ọpx6501z")) in {"BAD_LENGTH", "BAD_TAG", "CRC_NOT_LAST"}


SCHEMES = {
    "VNPAY-QR": write("26", VNPAY),
    "electricity bill QR": write("26", write("00", "00") + write("01", "0300942001PB0101")),
    "ShopeePay": write("26", write("00", "vn.shopeepay.www") + write("01", "123")),
    "Visa": write("02", "4111111111111111"),
    "26 vn.example.pay": write("26", write("00", "vn.example.pay")),
    "EMVCo 17": write("17", "x" * 20),
    "31 not a template": write("31", "xxxxnot a template"),
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_other_schemes_alone_are_refused_by_name(scheme: str) -> None:
    """A merchant code of a wallet is no bank transfer: its money arrives elsewhere."""
    body = "000201010211" + SCHEMES[scheme] + "5204490053037045802VN5903ABC6003DEF"
    with pytest.raises(BadCode) as caught:
        decode(with_checksum(body))
    assert caught.value.reason == "OTHER_SCHEME"
    assert caught.value.metadata["scheme"] == scheme
    assert scheme in caught.value.text_en


def test_a_wallet_over_vietqr() -> None:
    """MoMo's own BIN with its 18-character account is an ordinary code."""
    decoded = decode(build(t38=template(bank="971025", account="PSP123456789012345"), t62="0506ABC123"))
    assert decoded.code.additional.reference_label == "ABC123"
    assert decoded.warnings == ()


def test_the_published_account_sample_is_broken() -> None:
    """Its checksum is right, but the inner length says 12 for a 13-digit account: a strict reader refuses it."""
    payload = "00020101021138570010A00000072701270006970403011200110123456780208QRIBFTTA53037045802VN6304F4E5"
    assert reason_of(payload) in {"BAD_LENGTH", "BAD_TAG"}
    corrected = (
        "00020101021138570010A00000072701270006970403011300110123456780208QRIBFTTA53037045802VN63049E6F"
    )
    assert decode(corrected).code.account == "0011012345678"


names = st.text(st.sampled_from("abc XYZ 019 .-_ĐđẤạ"), min_size=1, max_size=20).filter(
    lambda text: text.strip() != ""
)
codes = st.builds(
    Code,
    bin=st.from_regex("[0-9]{6}", fullmatch=True),
    account=st.from_regex("[A-Za-z0-9]{1,19}", fullmatch=True),
    amount=st.none() | st.integers(1, 10**13 - 1),
    additional=st.builds(AdditionalData, purpose=st.none() | names, store_label=st.none() | names),
    service=st.sampled_from([Service.ACCOUNT_TRANSFER, Service.CARD_TRANSFER]),
)


@given(codes)
def test_what_is_written_is_read(code: Code) -> None:
    """Reading gives back what was written, accents off, and writing that again gives the same text."""
    payload = encode(code)
    assert payload.isascii()
    read = decode(payload).code
    assert (read.bin, read.account, read.amount, read.service) == (
        code.bin,
        code.account,
        code.amount,
        code.service,
    )
    assert read.initiation is (Initiation.STATIC if code.amount is None else Initiation.DYNAMIC)
    assert encode(read) == payload
    assert encode(replace(read, initiation=None)) == payload


@given(codes, st.data())
def test_any_change_of_one_character_is_refused(code: Code, data: st.DataObject) -> None:
    """The checksum sees every single change; only its own letter case may differ."""
    payload = encode(code)
    place = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda character: character != payload[place]))
    changed = payload[:place] + other + payload[place + 1 :]
    if changed.upper() != payload:
        with pytest.raises(InvalidArgument):
            decode(changed)


@given(st.text(max_size=200) | st.text(st.sampled_from("0123456789ABCDEFVN"), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text ends in anything but a code or a refusal with a reason."""
    for payload in (text, with_checksum("000201" + text.encode("utf-8", "ignore").decode())):
        reason = refusal(payload)
        assert reason is None or reason.isupper()


def refusal(payload: str) -> str | None:
    """The reason for which a text is refused, None if it is read."""
    try:
        decode(payload)
    except InvalidArgument as error:
        return error.reason
    return None
