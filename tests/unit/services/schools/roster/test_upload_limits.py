"""Uploads that are no list: each refused with its reason, within bounded time and memory, in a process of its own."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kit.readers import Reader
from services.schools.roster import limited
from services.schools.roster.limited import read_limited, wrong_rows_limited
from services.schools.roster.limits import UPLOAD_LIMIT
from services.schools.roster.reading import read
from services.schools.roster.refusals import (
    REFUSALS,
    RosterDamaged,
    RosterRefused,
    RosterTooHeavy,
    RosterTooLarge,
)
from tests.support import bombs
from tests.support.bombs import HEADING, MAIN, package, sheet_xml

TODAY = date(2026, 11, 27)
# Refused "within a second and 100 MB": processor time of the whole process, its start included, on a busy machine.
SECONDS, MEGABYTES = 1.6, 100
_MEASURED = """
import resource, subprocess, sys
ended = subprocess.run([sys.executable, "-I", "-X", "utf8", "-m", "services.schools.roster.reader"],
                       input=sys.stdin.buffer.read(), capture_output=True, env={})
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stdout.buffer.write(b"%d %f %d\\n" % (ended.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024))
sys.stdout.buffer.write(ended.stdout)
"""


def measured(content: bytes, **job: object) -> tuple[int, float, int, Any]:
    """Exit code, seconds of processor time, megabytes and answer of the reading process itself."""
    line = json.dumps({"kind": "read", "today": TODAY.isoformat(), "file_name": "ds.csv", **job}).encode()
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURED], input=line + b"\n" + content, capture_output=True, check=True
    )
    figures, _, answer = ended.stdout.partition(b"\n")
    code, seconds, megabytes = figures.split()
    return int(code), float(seconds), int(megabytes), json.loads(answer) if answer else None


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
CELL_1 = b"<c><v>1</v></c>"
HONEST = package(sheet_xml(HEADING))

BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a gigabyte of zeros": ("ROSTER_UNPACKS_TOO_LARGE", lambda: package(bytes(1 << 30))),
    "sizes that lie": (
        "ROSTER_DAMAGED",
        lambda: bombs.lie_about_sizes(package(sheet_xml(b"<row>" + CELL_1 + b"</row>" * 2_000_000))),
    ),
    "ten million rows": (
        "ROSTER_UNPACKS_TOO_LARGE",
        lambda: package(sheet_xml((b"<row>" + CELL_1 + b"</row>") * 10_000_000)),
    ),
    "three million rows": (
        "ROSTER_TOO_MANY_ROWS",
        lambda: package(sheet_xml((b"<row>" + CELL_1 + b"</row>") * 3_000_000)),
    ),
    "ten million empty rows": ("ROSTER_TOO_MANY_ROWS", lambda: package(sheet_xml(b"<row/>" * 10_000_000))),
    "ten million empty cells": (
        "ROSTER_TOO_MANY_CELLS",
        lambda: package(sheet_xml(b"<row>" + b"<c/>" * 10_000_000 + b"</row>")),
    ),
    "a cell that stands twice": (
        "ROSTER_DAMAGED",
        lambda: package(sheet_xml(b'<row><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>')),
    ),
    "millions of formulas": (
        "ROSTER_TOO_MANY_ERRORS",
        lambda: package(sheet_xml((b"<row>" + b"<c><f>A1*2</f></c>" * 80 + b"</row>") * 40_000)),
    ),
    "one endless formula": (
        "ROSTER_DAMAGED",
        lambda: package(sheet_xml(HEADING + b"<row><c><f>" + b"SUM(" * 20_000_000 + b"</f></c></row>")),
    ),
    "entities in the strings": (
        "ROSTER_UNSAFE_CONTENT",
        lambda: package(sheet_xml(HEADING), strings=ENTITIES + b"<sst><si><t>&c;</t></si></sst>"),
    ),
    "a file of ours by an entity": (
        "ROSTER_UNSAFE_CONTENT",
        lambda: package(
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            + sheet_xml(b'<row><c t="inlineStr"><is><t>&e;</t></is></c></row>')
        ),
    ),
    "entities in UTF-16": (
        "ROSTER_UNSAFE_CONTENT",
        lambda: package(("\ufeff" + ENTITIES.decode() + "<x/>").encode("utf-16-le")),
    ),
    "a long text repeated": (
        "ROSTER_UNPACKS_TOO_LARGE",
        lambda: package(
            sheet_xml((b"<row>" + b'<c t="s"><v>0</v></c>' * 10 + b"</row>") * 40_000),
            strings=f"<sst {MAIN}><si><t>".encode() + b"A" * 32_000 + b"</t></si></sst>",
        ),
    ),
    "a cell at the far corner": (
        "ROSTER_TOO_MANY_CELLS",
        lambda: package(sheet_xml(HEADING + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    ),
    "elements ten million deep": ("ROSTER_DAMAGED", lambda: package(b"<a>" * 10_000_000)),
    "a name of 90 MB": ("ROSTER_DAMAGED", lambda: package(b"<" + b"a" * 90_000_000)),
    "millions of formats": (
        "ROSTER_DAMAGED",
        lambda: package(
            sheet_xml(HEADING), styles=f"<styleSheet {MAIN}><cellXfs>".encode() + b"<xf/>" * 9_000_000
        ),
    ),
    "millions of merged areas": (
        "ROSTER_TOO_MANY_CELLS",
        lambda: package(sheet_xml(HEADING, b"<mergeCells>" + b'<mergeCell ref="A2:A3"/>' * 2_000_000)),
    ),
    "merged areas over each other": (
        "ROSTER_DAMAGED",
        lambda: package(
            sheet_xml(
                HEADING + b"<row r='50000'><c><v>1</v></c></row>",
                b"<mergeCells>" + b'<mergeCell ref="A2:B50000"/>' * 90_000 + b"</mergeCells>",
            )
        ),
    ),
    "macros": ("ROSTER_HAS_MACROS", lambda: package(sheet_xml(HEADING), more={"xl/vbaProject.bin": b"x"})),
    "figures of another file": (
        "ROSTER_HAS_LINKS",
        lambda: package(sheet_xml(HEADING), more={"xl/externalLinks/externalLink1.xml": b"<a/>"}),
    ),
    "a database connection": (
        "ROSTER_HAS_LINKS",
        lambda: package(sheet_xml(HEADING), more={"xl/connections.xml": b"<a/>"}),
    ),
    "a locked new file": ("ROSTER_ENCRYPTED", lambda: bombs.renamed_stream("EncryptedPackage")),
    "a locked old file": ("ROSTER_ENCRYPTED", bombs.locked_old_list),
    "a Word file": ("ROSTER_NOT_A_SPREADSHEET", lambda: bombs.renamed_stream("WordDocument")),
    "a new Word file": (
        "ROSTER_NOT_A_SPREADSHEET",
        lambda: bombs.zip_of({"_rels/.rels": b"", "word/document.xml": b"<a/>"}),
    ),
    "an OpenDocument file": (
        "ROSTER_NOT_A_SPREADSHEET",
        lambda: bombs.zip_of({"mimetype": b"application/vnd.oasis", "content.xml": b"<a/>"}),
    ),
    "a binary Excel file": ("ROSTER_NOT_A_SPREADSHEET", lambda: bombs.zip_of({"xl/workbook.bin": b"x"})),
    "an archive": ("ROSTER_NOT_A_SPREADSHEET", lambda: bombs.zip_of({"a.txt": b"x"})),
    "twenty thousand parts": (
        "ROSTER_DAMAGED",
        lambda: bombs.zip_of({f"a{number}": b"" for number in range(20_000)}),
    ),
    "an encoding that does not exist": (
        "ROSTER_DAMAGED",
        lambda: package(b'<?xml version="1.0" encoding="xoai"?>' + sheet_xml(HEADING)),
    ),
    "an encoding of many bytes": (
        "ROSTER_DAMAGED",
        lambda: package(b'<?xml version="1.0" encoding="big5"?>' + sheet_xml(HEADING)),
    ),
    "a directory that ends too early": (
        "ROSTER_DAMAGED",
        lambda: bombs.old_list()[:-100],
    ),
    "half a file": ("ROSTER_DAMAGED", lambda: HONEST[: len(HONEST) // 2]),
    "a PDF": ("ROSTER_NOT_A_SPREADSHEET", lambda: b"%PDF-1.7\n" + bytes(1_000_000)),
    "a picture": ("ROSTER_NOT_A_SPREADSHEET", lambda: b"\x89PNG\r\n\x1a\n" + bytes(1_000_000)),
    "a web page": ("ROSTER_NOT_A_SPREADSHEET", lambda: b"<html><table><tr><td>Ho va ten</td></tr></table>"),
    "noise": ("ROSTER_NOT_A_SPREADSHEET", lambda: random.Random(1).randbytes(9_000_000)),
    "noise under an old file's mark": (
        "ROSTER_DAMAGED",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(1).randbytes(9_000_000),
    ),
    "nothing": ("ROSTER_EMPTY", lambda: b" \r\n"),
    "ten million blank lines": (
        "ROSTER_TOO_MANY_ROWS",
        lambda: b"Ho va ten,Lop\n" + b"\n" * 10_000_000,
    ),
    "ten million commas": ("ROSTER_TOO_MANY_CELLS", lambda: b"Ho va ten,Lop\n" + b"," * 10_000_000),
    "five million lines": ("ROSTER_TOO_MANY_ROWS", lambda: b"Ho va ten;Lop\n" + b"a\n" * 5_000_000),
    "a quote that never ends": ("ROSTER_DAMAGED", lambda: b'Ho va ten;Lop\n"' + b"a\n" * 4_000_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_a_second_and_a_hundred_megabytes(name: str) -> None:
    """The reason is the right one, in both languages, and neither time nor memory ran away."""
    reason, made = BOMBS[name]
    content = made()
    assert len(content) <= UPLOAD_LIMIT
    code, seconds, megabytes, answer = measured(content)
    assert (code, answer["reason"]) == (1, reason)
    refusal = REFUSALS[reason](**answer["metadata"])
    assert "{" not in refusal.text_vi + refusal.text_en
    assert seconds < SECONDS
    assert megabytes < MEGABYTES


def test_a_file_above_the_limit_is_refused_by_name_before_any_process_starts() -> None:
    """10 MB and one byte; the text names the limit."""
    with pytest.raises(RosterTooLarge) as refused:
        read_limited(b"a" * (UPLOAD_LIMIT + 1), today=TODAY)
    assert "10 MB" in refused.value.text_vi
    assert "10 MB" in refused.value.text_en


def test_long_texts_cost_no_more_than_their_length() -> None:
    """Patterns over a name of thirty thousand letters, and telephones of as many: a wrong row each, at once."""
    name, phone = "ngày tháng " * 3000, "1 (" * 10_000
    text = "Họ và tên;Lớp;SĐT\n" + "".join(f"{name};3A;{phone}\n" for _ in range(100))
    code, seconds, _, answer = measured(text.encode())
    assert code == 0
    assert {problem["reason"] for row in answer["rows"] for problem in row["problems"]} == {
        "NAME_TOO_LONG",
        "PHONE_FORM",
    }
    assert seconds < SECONDS


def _reader(program: str, *, seconds: float = 40) -> Reader:
    """The reader with another program in place of its own."""
    return replace(limited._READER, command=[sys.executable, "-I", "-c", program], seconds=seconds)


def test_this_process_outlives_a_reader_that_its_limits_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of time, out of memory, killed, or failed: one clear refusal, and the next file is read as ever."""
    good = "Họ và tên;Lớp\nNguyễn Văn An;3A\n".encode()
    for program in (
        "import time; time.sleep(60)",
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(limited, "_READER", _reader(program, seconds=0.5))
            with pytest.raises(RosterTooHeavy):
                read_limited(good, today=TODAY)
    with monkeypatch.context() as patch:
        patch.setattr(limited, "_READER", _reader("raise ValueError('secret of a pupil')"))
        with pytest.raises(RosterDamaged):
            read_limited(good, today=TODAY, file_name="ds.csv")
    assert read_limited(good, today=TODAY).totals.ok == 1


def test_the_reader_holds_no_secret_and_may_take_no_more_than_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its environment is empty; memory beyond the limit fails, files and processes cannot be made."""
    monkeypatch.setenv("XOAI_SUBJECT_KEY", "s" * 40)
    program = """
import os, sys
from kit import apart
from services.schools.roster import reader
apart.restrict(memory=reader.MEMORY_LIMIT, cpu_seconds=reader.CPU_SECONDS)
assert not [name for name in os.environ if name.startswith("XOAI")], os.environ
refused = 0
for attempt in (lambda: bytearray(1 << 30), lambda: open("/tmp/xoai-reader", "wb", buffering=0).write(b"x")):
    try:
        attempt()
    except (MemoryError, OSError):
        refused += 1
sys.stdout.write('{"reason":"ROSTER_REFUSED","metadata":{"refused":"%d"}}' % refused)
sys.exit(1)
"""
    program = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)" + program
    monkeypatch.setattr(limited, "_READER", _reader(program))
    with pytest.raises(RosterRefused) as refused:
        read_limited(b"x", today=TODAY)
    assert refused.value.metadata == {"refused": "2"}


def test_damage_anywhere_is_a_refusal_or_a_reading_never_a_fault() -> None:
    """Two hundred files with a few bytes changed: no other error than a refusal leaves the reader's code."""
    chance = random.Random(7)
    honest = [
        package(sheet_xml(HEADING), strings=f"<sst {MAIN}><si><t>a</t></si></sst>".encode()),
        bombs.old_list(),
        "Họ và tên;Lớp;Tiền ăn\nNguyễn Văn An;3A;1.250.000\n".encode("utf-16"),
    ]
    seen = set()
    for number in range(200):
        content = bytearray(honest[number % 3])
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            read(bytes(content), today=TODAY)
            seen.add("read")
        except RosterRefused as refusal:
            seen.add(refusal.reason)
    assert len(seen) > 2


def test_wrong_rows_are_given_back_by_the_same_process() -> None:
    """The heading and the wrong row, with what to correct beside it."""
    text = "Họ và tên;Lớp\nNguyễn Văn An;3A\nTrần Bình;\n".encode()
    made = wrong_rows_limited(text, "ds", "ds.csv", {3: ["Lớp: “”, cần 3A"]})
    assert zipfile.is_zipfile(io.BytesIO(made))
    reading = read_limited(made, today=TODAY)
    assert [(row.row, row.pupil.full_name, row.outcome) for row in reading.rows] == [
        (2, "Trần Bình", "wrong")
    ]
