"""A picture of a code, read back by a scanner's own program, says what was written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kit.references import Kind, new_reference
from services.vietqr import images
from services.vietqr.domain import AdditionalData, Code, decode, encode, purpose


def scanned(picture: Path) -> str:
    """What zbarimg reads; the test fails where the program is missing."""
    run = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)],
        capture_output=True,
        check=True,
        timeout=30,
    )
    return run.stdout.decode().removesuffix("\n")


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize(
    "code",
    [
        Code(bin="970436", account="1234567890"),
        Code(bin="970436", account="1234567890", amount=450_000),
        Code(bin="971025", account="PSP123456789012345", amount=9_999_999_999_999),
        Code(
            bin="970415",
            account="A1b2C3d4E5f6G7h8I9j",
            amount=1,
            additional=AdditionalData(bill_number="HD 1", purpose="x" * 25),
        ),
    ],
    ids=["static", "dynamic", "wallet", "long"],
)
def test_a_scanner_reads_what_was_written(tmp_path: Path, level: images.Level, code: Code) -> None:
    """At every level of error correction, at a size that a phone's screen shows."""
    payload = encode(code)
    picture = tmp_path / "code.png"
    picture.write_bytes(images.png(payload, level=level, module_pixels=4))
    assert scanned(picture) == payload


def test_many_references(tmp_path: Path) -> None:
    """The fixed mask reads as well as any: twenty references, one scan each, back to the same fields."""
    for _ in range(20):
        code = Code(
            bin="970418",
            account="0123456789",
            amount=2_277_000,
            additional=AdditionalData(purpose=purpose(new_reference(Kind.INVOICE), "Học phí Đỗ Ân")),
        )
        picture = tmp_path / "code.png"
        picture.write_bytes(images.png(encode(code), module_pixels=3))
        read = decode(scanned(picture)).code
        assert (read.amount, read.account, read.additional) == (code.amount, code.account, code.additional)
