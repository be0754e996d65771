"""Containers of spreadsheets: what is opened, and what each service refuses in its own words."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from kit.containers import Container, Refusals
from kit.errors import InvalidArgument

LIMIT = 10_000
BOOK = {"_rels/.rels": b"<r/>", "xl/workbook.xml": b"<w/>"}


class Refused(InvalidArgument):
    reason = "REFUSED"
    vi = "{what}"
    en = "{what}"


WORDS = Refusals(
    damaged=lambda place: Refused(what=f"damaged {place}"),
    too_large=lambda limit: Refused(what=f"above {limit}"),
    other_kind=lambda _, en: Refused(what=en),
    encrypted=lambda: Refused(what="locked"),
    macros=lambda: Refused(what="macros"),
    links=lambda: Refused(what="links"),
)


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()


def locked(content: bytes) -> bytes:
    """The same file, its entries marked as under a password."""
    return content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


def opened(content: bytes, **options: Any) -> Container:
    return Container(content, WORDS, **({"limit": LIMIT, "most_parts": 10} | options))


def test_an_honest_book_is_read_part_by_part() -> None:
    """By any spelling of a part's name."""
    book = opened(packed({**BOOK, "xl/Sheet.xml": b"x" * 5_000}))
    assert set(book.parts) == {"_rels/.rels", "xl/workbook.xml", "xl/sheet.xml"}
    assert b"".join(book.chunks("xl/SHEET.xml")) == b"x" * 5_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 no zip", "damaged zip"),
        (packed({**BOOK, "a": b"", "A": b""}), "damaged A"),
        (packed({f"{number}": b"" for number in range(11)}), "damaged zip"),
        (packed({**BOOK, "a": bytes(LIMIT)}), f"above {LIMIT}"),
        (locked(packed(BOOK)), "locked"),
        (packed({**BOOK, "xl/vbaProject.bin": b""}), "macros"),
        (packed({**BOOK, "xl/externalLinks/1.xml": b""}), "links"),
        (packed({**BOOK, "xl/connections.xml": b""}), "links"),
        (packed({**BOOK, "xl/workbook.bin": b""}), "a binary Excel file (.xlsb)"),
        (packed({"mimetype": b"", "content.xml": b""}), "an OpenDocument file"),
        (packed({"word/document.xml": b""}), "a Word document"),
        (packed({"ppt/slide.xml": b""}), "a PowerPoint presentation"),
        (packed({"a.txt": b""}), "a compressed archive (.zip)"),
    ],
)
def test_what_is_no_safe_book_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(content)
    assert refused.value.text_en == words


def test_a_part_that_is_missing_damaged_or_large_is_refused() -> None:
    """At the part, not at the file: what is never read may be as it is."""
    content = packed({**BOOK, "a": b"abc" * 1_000})
    for book, name, limit, words in (
        (opened(content), "b", None, "damaged b"),
        (opened(content), "a", 100, "above 100"),
        (opened(content.replace(zipfile.ZipFile(io.BytesIO(content)).getinfo("a").CRC.to_bytes(4, "little"), b"0000")), "a", None, "damaged a"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            b"".join(book.chunks(name, limit))
        assert refused.value.text_en == words
