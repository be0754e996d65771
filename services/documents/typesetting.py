"""Papers as PDF: the words become JSON, one typst run lays out all of it.

PDF/A-2a (archival, tagged, all fonts inside; 3a where a file is attached) is asked for, and with it typst refuses a letter that no font can draw
instead of printing an empty box. Fonts come from packages, never from the machine, so that the same content gives
the same bytes everywhere.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import repeat
from pathlib import Path
from typing import Any

import pikepdf
import typst

from kit.clock import CITY_ZONE
from kit.errors import InvalidArgument
from services.documents.domain import (
    GuideContent,
    NoticeContent,
    PackContent,
    ReceiptContent,
    StandContent,
    UndrawableText,
)
from services.documents.guides import guide_sheet
from services.documents.notices import leaves_of
from services.documents.page_digest import page_digest
from services.documents.receipts import receipt_sheet
from services.documents.stands import board, pack_sheet

TEMPLATES = Path(__file__).parent / "templates"
# Roboto draws every Vietnamese letter and ₫; the fonts inside typst add marks of the S'tiêng and M'nông alphabets.
FONTS = ("Roboto", "Libertinus Serif", "DejaVu Sans Mono")
# A4 is √2 times A5; 1.41 as the printing trade says it, so that the enlarged page is never wider than the paper.
LARGE_PRINT = 1.41
# Notices that are set in one typst run, more than any class has pupils; bounds the memory of long runs.
BATCH_SIZE = 64
# Millimetres kept free on each leaf, tried in turn until no leaf runs over. Past the last one a text of hundreds of
# words is allowed to run on to a page of its own: nothing is ever cut.
_SLACKS = (0.0, 5.0, 15.0, 45.0)

# A sign never begins a line without its number.
_BEFORE_SIGN = re.compile(r"(?<=\d) (?=[%₫đ](?!\w))")
_UNDRAWABLE = re.compile(r"the text `\"(.*)\"` could not be displayed")


def notices_pdf(notices: Sequence[NoticeContent], *, large_print: bool = False) -> bytes:
    """All notices in the order given as one PDF, each beginning on a leaf of its own.

    A5; with `large_print` the same on A4, 1.41 times as large. Raises InvalidArgument for no notices and
    UndrawableText for letters that no font has. Up to BATCH_SIZE notices make a tagged PDF/A; longer runs, which are
    for the printer, are set in batches to bound the memory and joined without tags.
    """
    if not notices:
        raise InvalidArgument(field="notices")
    batches = [notices[start : start + BATCH_SIZE] for start in range(0, len(notices), BATCH_SIZE)]
    if len(batches) == 1:
        return _batch_pdf(batches[0], large_print)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return _joined(list(pool.map(_batch_pdf, batches, repeat(large_print))))


def receipt_pdf(receipt: ReceiptContent) -> bytes:
    """One receipt, 148 × 105 mm, as tagged PDF/A-3, its attachment inside. Raises UndrawableText."""
    return _compiled("receipt.typ", receipt_sheet(receipt), receipt.issue_time, receipt.attachment)


def stands_pdf(
    stands: Sequence[StandContent], *, large: bool = False, outline: bool = False, is_trial: bool = False
) -> bytes:
    """The boards of stalls, one a page: A6, or A5 with `large`; `outline` spares ink. Raises UndrawableText."""
    data = {
        "large": large,
        "scale": LARGE_PRINT if large else 1,
        "outline": outline,
        "trial": is_trial,
        "title": f"Bảng mã quầy {', '.join(stand.stall_number for stand in stands)}",
        "author": stands[0].programme_name,
        "boards": [board(stand) for stand in stands],
    }
    return _compiled("stand.typ", data, _day_start(stands[0].issue_date))


def pack_pdf(pack: PackContent) -> bytes:
    """One A4 sheet with the codes of a market day. Raises UndrawableText."""
    return _compiled("pack.typ", pack_sheet(pack), _day_start(pack.stand.issue_date))


def guide_pdf(guide: GuideContent) -> bytes:
    """One A4 page in large print: how a bill is paid without a smartphone. Raises UndrawableText."""
    return _compiled("guide.typ", guide_sheet(guide), guide.print_time)


def _day_start(day: date) -> datetime:
    """A day as a moment: the same board gives the same bytes whenever it is printed."""
    return datetime.combine(day, time(), CITY_ZONE)


def digest_of(pdf: bytes) -> bytes:
    """The digest of all that a PDF shows; a receipt's is the same with and without its attachment."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        return page_digest(opened)


def page_count(pdf: bytes) -> int:
    """The number of pages of a PDF."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        return len(opened.pages)


def _batch_pdf(notices: Sequence[NoticeContent], large_print: bool) -> bytes:
    first = notices[0]
    for slack in _SLACKS:
        leaves = [leaf for notice in notices for leaf in leaves_of(notice, slack)]
        data = {
            "large": large_print,
            "scale": LARGE_PRINT if large_print else 1,
            "title": f"{first.title} – {first.unit_name}",
            "author": first.unit_name,
            "breakable": slack == _SLACKS[-1],
            "leaves": leaves,
        }
        pdf = _compiled("notice.typ", data, first.print_time)
        if page_count(pdf) == len(leaves):
            break
    return pdf


def _joined(pdfs: Sequence[bytes]) -> bytes:
    """The pages of all in order, with the first one's title; equal input gives equal bytes."""
    with ExitStack() as stack:
        parts = [stack.enter_context(pikepdf.open(BytesIO(pdf))) for pdf in pdfs]
        joined = stack.enter_context(pikepdf.new())
        for part in parts:
            joined.pages.extend(part.pages)
        joined.docinfo["/Title"] = parts[0].docinfo["/Title"]
        joined.docinfo["/Author"] = parts[0].docinfo["/Author"]
        out = BytesIO()
        joined.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True)
        return out.getvalue()


def _compiled(template: str, data: dict[str, Any], moment: datetime, attachment: str | None = None) -> bytes:
    text = unicodedata.normalize("NFC", json.dumps(data | {"fonts": FONTS}, ensure_ascii=False))
    try:
        return typst.compile(
            TEMPLATES / template,
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            # What is attached is signed as it is: nothing may tidy it.
            sys_inputs={"data": _BEFORE_SIGN.sub("\u00a0", text), "attachment": attachment or ""},
            pdf_standards=["a-2a" if attachment is None else "a-3a"],
            timestamp=int(moment.timestamp()),
        )
    except typst.TypstError as error:
        undrawable = _UNDRAWABLE.search(error.message)
        if undrawable is None:
            raise
        raise UndrawableText(text=undrawable[1]) from error
    finally:
        _forget_layouts()


def _forget_layouts() -> None:
    """Let typst drop what it remembers: it keeps layouts, about up to 1 MB a notice, for the ten runs after the last use."""
    for _ in range(11):
        typst.compile(b"", font_paths=_fonts(), format="svg")


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[str(files("fontpkg_roboto") / "files")],
    )
