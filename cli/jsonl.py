"""The one loop behind every `--jsonl` command: an object a line in, an object a line out, in order.

A line that cannot be worked on is answered `{"ok": false, "error": {"reason", "detail"}}`; it never ends the loop.
A fault of our own on a line is answered INTERNAL, its trace goes to standard error, the command ends with 1.
Whatever has arrived is answered before the next read, so that a program may talk with us line by line.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import Final, NoReturn, cast

import typer

from kit.errors import Error, InvalidArgument

JsonObject = dict[str, object]
Handler = Callable[[JsonObject], JsonObject]

_CHUNK: Final = 1 << 18
LINE_MOST: Final = 4 << 20  # bytes


class LineRefused(Exception):
    """A line that cannot be worked on, for a reason that is no class of its own."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class FieldMissing(InvalidArgument):
    reason = "FIELD_MISSING"
    vi = "Thiếu “{field}”."
    en = "“{field}” is missing."


class FieldWrong(InvalidArgument):
    reason = "FIELD_WRONG"
    vi = "“{field}” phải là {expected}."
    en = "“{field}” must be {expected}."


def run_jsonl(handler: Handler) -> None:
    """Answer every line of standard input with `handler`; exit code 1 only after a fault of our own."""
    faults = 0
    try:
        for lines in _arrivals(cast(BufferedIOBase, sys.stdin.buffer)):
            answers = []
            for line in lines:
                answer, is_fault = _answer(handler, line)
                answers.append(answer)
                faults += is_fault
            sys.stdout.buffer.write(b"".join(answers))
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has gone; nothing that is left could be told to anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    if faults:
        raise typer.Exit(1)


def print_answer(handler: Handler, line: JsonObject) -> None:
    """Answer one object given on the command line; exit code 1 if it is not ok."""
    try:
        answer = {"ok": True, **handler(line)}
    except (Error, LineRefused) as error:
        answer = refusal_of(error)
    typer.echo(json.dumps(answer, ensure_ascii=False))
    if not answer["ok"]:
        raise typer.Exit(1)


def refusal_of(error: Error | LineRefused) -> JsonObject:
    """The answer to what cannot be worked on."""
    return _refusal(error.reason, _detail(error) if isinstance(error, Error) else error.detail)


def text_field(line: JsonObject, field: str) -> str:
    """A text. Raises FieldMissing, FieldWrong."""
    value = _present(line, field)
    if not isinstance(value, str):
        raise FieldWrong(field=field, expected="a text")
    return value


def whole_field(line: JsonObject, field: str) -> int:
    """A whole number; true, 1.0 and "1" are none. Raises FieldMissing, FieldWrong."""
    value = _present(line, field)
    if type(value) is not int:
        raise FieldWrong(field=field, expected="a whole number")
    return value


def optional_text_field(line: JsonObject, field: str) -> str | None:
    """A text, or None where the field is absent or null. Raises FieldWrong."""
    return None if line.get(field) is None else text_field(line, field)


def texts_field(line: JsonObject, field: str) -> list[str]:
    """A list of texts. Raises FieldMissing, FieldWrong."""
    value = _present(line, field)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FieldWrong(field=field, expected="a list of texts")
    return value


def _present(line: JsonObject, field: str) -> object:
    if field not in line:
        raise FieldMissing(field=field)
    return line[field]


def _arrivals(source: BufferedIOBase) -> Iterator[list[bytes]]:
    """The whole lines that each read completes; the last one may lack its line end."""
    pending: list[bytes] = []
    while chunk := source.read1(_CHUNK):  # what is there, without waiting for more
        if b"\n" not in chunk:
            pending.append(chunk)
            continue
        first, *lines = b"".join([*pending, chunk]).split(b"\n")
        pending = [lines.pop()]
        yield [first, *lines]
    if rest := b"".join(pending):
        yield [rest]


def _answer(handler: Handler, line: bytes) -> tuple[bytes, bool]:
    """The answer to one line with its line end, and whether we were at fault."""
    try:
        answer = {"ok": True, **handler(_object(line))}
        return _encoded(answer), False
    except Error as error:
        refusal = _refusal(error.reason, _detail(error))
    except LineRefused as error:
        refusal = _refusal(error.reason, error.detail)
    except Exception:
        traceback.print_exc()
        return _encoded(_refusal("INTERNAL", "a fault of the command; its trace is on standard error")), True
    return _encoded(refusal), False


def _object(line: bytes) -> JsonObject:
    if len(line) > LINE_MOST:
        raise LineRefused("LINE_TOO_LONG", f"a line has at most {LINE_MOST} bytes")
    try:
        value = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise LineRefused("BAD_UTF8", "the line is not UTF-8") from None
    except RecursionError:
        raise LineRefused("BAD_JSON", "nested too deeply") from None
    except ValueError as error:
        raise LineRefused("BAD_JSON", str(error)) from None
    if not isinstance(value, dict):
        raise LineRefused("NOT_AN_OBJECT", "a line must be one JSON object")
    if b"\\u" in line:
        _refuse_half_characters(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _refuse_half_characters(value: object) -> None:
    """Escapes can write half a surrogate pair: no text, and nothing that could be written out again."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise LineRefused("BAD_TEXT", "an escape writes half a character") from None


def _refusal(reason: str, detail: str) -> JsonObject:
    return {"ok": False, "error": {"reason": reason, "detail": detail}}


def _detail(error: Error) -> str:
    return " ".join([error.text_en, *(f"{found.field}: {found.en}." for found in error.violations)])


def _encoded(answer: JsonObject) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
