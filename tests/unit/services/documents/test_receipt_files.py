"""Files handed in that are no receipt: each refused with its reason, within bounded time and memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pikepdf
import pytest

from services.documents import receipt_files
from services.documents.receipt_file import ATTACHMENT, read
from services.documents.receipt_files import (
    FILE_LIMIT,
    ReceiptFileDamaged,
    ReceiptFileRefused,
    ReceiptFileTooHeavy,
    ReceiptFileTooLarge,
    read_limited,
)
from services.documents.typesetting import receipt_pdf
from tests.support.documents import make_receipt

SECONDS, MEGABYTES = 4.0, 450
_MEASURED = """
import resource, subprocess, sys
ended = subprocess.run([sys.executable, "-I", "-X", "utf8", "-m", "services.documents.receipt_file"],
                       input=sys.stdin.buffer.read(), capture_output=True, env={})
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stdout.buffer.write(b"%d %f %d\\n" % (ended.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024))
sys.stdout.buffer.write(ended.stdout)
"""
GOOD = receipt_pdf(make_receipt(attachment='{"statement":"","signature":""}'))


def changed(change: Callable[[pikepdf.Pdf], None], **options: object) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(GOOD)) as file:
        change(file)
        file.save(out, compress_streams=False, **options)  # type: ignore[arg-type]
    return out.getvalue()


def zeros(megabytes: int) -> bytes:
    """A stream that unpacks to this much. Each megabyte of zeros is packed alike, so one is packed and repeated."""
    packed, block = zlib.compressobj(9), bytes(1 << 20)
    first, next_ = (packed.compress(block) + packed.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    last = b"\x03\x00"
    # Of zeros alone, the checksum's one half counts them and the other stays 1.
    checksum = ((megabytes << 20) % 65521) << 16 | 1
    return first + next_ * (megabytes - 1) + last + checksum.to_bytes(4, "big")


def bomb(file: pikepdf.Pdf) -> None:
    data = zlib.compress(zeros(3_000), 9)
    file.pages[0].Contents = file.make_stream(data)
    file.pages[0].Contents.write(
        data, filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    )


def deep(file: pikepdf.Pdf) -> None:
    nested: object = pikepdf.Array()
    for _ in range(400):
        nested = pikepdf.Array([nested])
    file.pages[0].obj["/Deep"] = nested


def many(file: pikepdf.Pdf) -> None:
    file.pages[0].obj["/Many"] = pikepdf.Array(range(200_000))


def no_attachment(file: pikepdf.Pdf) -> None:
    del file.attachments[ATTACHMENT]


def large_attachment(file: pikepdf.Pdf) -> None:
    file.attachments[ATTACHMENT] = pikepdf.AttachedFileSpec(file, b" " * 70_000, filename=ATTACHMENT)


def looped_parents(file: pikepdf.Pdf) -> None:
    """A page whose folder lies in itself."""
    file.pages[0].obj["/Parent"] = file.pages[0].obj
    del file.pages[0].obj["/MediaBox"]


FILES: dict[str, tuple[set[str], Callable[[], bytes]]] = {
    "nothing": ({"RECEIPT_FILE_FOREIGN"}, lambda: b""),
    "a picture": ({"RECEIPT_FILE_FOREIGN"}, lambda: b"\x89PNG\r\n\x1a\n" + bytes(1_000)),
    "noise": ({"RECEIPT_FILE_FOREIGN"}, lambda: random.Random(1).randbytes(1_000_000)),
    "a long JSON": ({"RECEIPT_FILE_FOREIGN"}, lambda: b'{"a":' * 1_000_000),
    "noise that says it is a PDF": (
        {"RECEIPT_FILE_DAMAGED"},
        lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(1_000_000),
    ),
    "half a receipt": ({"RECEIPT_FILE_DAMAGED"}, lambda: GOOD[: len(GOOD) // 2]),
    "another PDF": ({"RECEIPT_FILE_FOREIGN"}, lambda: changed(no_attachment)),
    "a large attachment": ({"RECEIPT_FILE_FOREIGN"}, lambda: changed(large_attachment)),
    "a locked receipt": (
        {"RECEIPT_FILE_ENCRYPTED"},
        lambda: changed(lambda _: None, encryption=pikepdf.Encryption(owner="x", user="y")),
    ),
    "a receipt with an owner": (
        {"RECEIPT_FILE_ENCRYPTED"},
        lambda: changed(lambda _: None, encryption=pikepdf.Encryption(owner="x", user="")),
    ),
    "a page of three gigabytes": ({"RECEIPT_FILE_TOO_HEAVY", "RECEIPT_FILE_DAMAGED"}, lambda: changed(bomb)),
    "a page that is deep": ({"RECEIPT_FILE_TOO_HEAVY", "RECEIPT_FILE_DAMAGED"}, lambda: changed(deep)),
    "a page of too many parts": ({"RECEIPT_FILE_TOO_HEAVY"}, lambda: changed(many)),
    "a page inside itself": (
        {"RECEIPT_FILE_TOO_HEAVY", "RECEIPT_FILE_DAMAGED"},
        lambda: changed(looped_parents),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_receipt_is_refused_in_bounded_time(name: str) -> None:
    """The reason is the right one, in both languages, and neither time nor memory ran away."""
    reasons, made = FILES[name]
    content = made()
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURED], input=content, capture_output=True, check=True
    ).stdout
    figures, _, answer = ended.partition(b"\n")
    code, seconds, megabytes = figures.split()
    # A limit of the process itself may end it, which is told as too heavy.
    reason = json.loads(answer)["reason"] if int(code) == 1 and answer else "RECEIPT_FILE_TOO_HEAVY"
    assert reason in reasons
    assert float(seconds) < SECONDS
    assert int(megabytes) < MEGABYTES
    with pytest.raises(ReceiptFileRefused) as refused:
        read_limited(content)
    assert refused.value.reason == reason
    assert "{" not in refused.value.text_vi + refused.value.text_en


def test_a_good_file_is_read_apart() -> None:
    """With a digest of 32 bytes; its attachment alone has none."""
    found = read_limited(GOOD)
    assert found.page_digest is not None
    assert len(found.page_digest) == 32
    assert read_limited(found.attachment).page_digest is None


def test_too_large_is_refused_before_any_process_starts() -> None:
    with pytest.raises(ReceiptFileTooLarge) as refused:
        read_limited(b"%PDF-" + bytes(FILE_LIMIT))
    assert "5 MB" in refused.value.text_en


def test_this_process_outlives_a_reader_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of time, killed, or failed: one clear refusal."""
    for program, refusal in (
        ("import time; time.sleep(60)", ReceiptFileTooHeavy),
        ("import os; os.abort()", ReceiptFileTooHeavy),
        ("raise ValueError('secret of a payer')", ReceiptFileDamaged),
    ):
        dying = replace(receipt_files._READER, command=[sys.executable, "-I", "-c", program], seconds=0.5)
        monkeypatch.setattr(receipt_files, "_READER", dying)
        with pytest.raises(refusal):
            read_limited(GOOD)


def test_damage_anywhere_is_a_refusal_or_another_page_never_a_fault() -> None:
    """Two hundred receipts with a few bytes changed: what is read is the same page, another page, or refused."""
    chance = random.Random(7)
    seen = set()
    for _ in range(200):
        content = bytearray(GOOD)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            seen.add(type(read(bytes(content))).__name__)
        except ReceiptFileRefused as refusal:
            seen.add(refusal.reason)
    assert len(seen) > 1
