"""The loop of the `--jsonl` commands: as many answers as lines, in order, whatever the lines hold."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli import jsonl
from cli.main import app
from kit.errors import FieldViolation, InvalidArgument

DOUBLE = typer.Typer()


class TooOdd(InvalidArgument):
    reason = "TOO_ODD"
    vi = "{number} là số lẻ."
    en = "{number} is odd."


def double_line(line: jsonl.JsonObject) -> jsonl.JsonObject:
    number = jsonl.whole_field(line, "number")
    if number == 13:
        raise ZeroDivisionError("a fault of ours")
    if number == 11:
        raise jsonl.LineRefused("ELEVEN", "not eleven")
    if number % 2:
        raise TooOdd(number=number, violations=[FieldViolation("number", "phải chẵn", "must be even")])
    return {"double": 2 * number}


@DOUBLE.command()
def double() -> None:
    jsonl.run_jsonl(double_line)


def run(given: bytes) -> tuple[Result, list[Any]]:
    result = CliRunner().invoke(DOUBLE, input=given)
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def test_answers_in_order() -> None:
    """One answer a line; a refusal keeps its place."""
    result, answers = run(b'{"number": 1}\n{"number": 2}\n{"number": 11}\n{"number": 4}')
    assert result.exit_code == 0
    assert answers == [
        {"ok": False, "error": {"reason": "TOO_ODD", "detail": "1 is odd. number: must be even."}},
        {"ok": True, "double": 4},
        {"ok": False, "error": {"reason": "ELEVEN", "detail": "not eleven"}},
        {"ok": True, "double": 8},
    ]


BAD_LINES = [
    (b"", "BAD_JSON"),
    (b"   ", "BAD_JSON"),
    (b"hello", "BAD_JSON"),
    (b'{"number": 2', "BAD_JSON"),
    (b'{"number": 2} {"number": 2}', "BAD_JSON"),
    (b'{"number": NaN}', "BAD_JSON"),
    (b'{"number": Infinity}', "BAD_JSON"),
    (b'{"number": ' + b"9" * 5000 + b"}", "BAD_JSON"),
    (b'{"number": 2, "number": 4}', "BAD_JSON"),
    (b"[" * 100_000, "BAD_JSON"),
    (b"[]", "NOT_AN_OBJECT"),
    (b'"text"', "NOT_AN_OBJECT"),
    (b"12", "NOT_AN_OBJECT"),
    (b"null", "NOT_AN_OBJECT"),
    (b'{"number": "\xff"}', "BAD_UTF8"),
    (b"\xed\xa0\x80", "BAD_UTF8"),
    (b"\x00", "BAD_JSON"),
    (b'{"number": "\\ud800"}', "BAD_TEXT"),
    (b"{}", "FIELD_MISSING"),
    (b'{"number": null}', "FIELD_WRONG"),
    (b'{"number": true}', "FIELD_WRONG"),
    (b'{"number": 2.0}', "FIELD_WRONG"),
    (b'{"number": 1e400}', "FIELD_WRONG"),
    (b'{"number": "2"}', "FIELD_WRONG"),
]


def test_no_bad_line_ends_the_loop() -> None:
    """Each is answered with its reason, and the line behind it is worked on."""
    result, answers = run(b"\n".join(line + b'\n{"number": 6}' for line, _ in BAD_LINES) + b"\n")
    assert result.exit_code == 0
    assert [answer["error"]["reason"] for answer in answers[::2]] == [reason for _, reason in BAD_LINES]
    assert answers[1::2] == [{"ok": True, "double": 12}] * len(BAD_LINES)


def test_odd_but_good_lines() -> None:
    """A byte order mark, a carriage return, huge whole numbers and unknown fields are no fault."""
    huge = 10**100
    _, answers = run(b'\xef\xbb\xbf{"number": 2}\r\n{"number": %d, "x": {"y": []}}\n' % huge)
    assert answers == [{"ok": True, "double": 4}, {"ok": True, "double": 2 * huge}]


def test_no_lines() -> None:
    """Nothing in, nothing out."""
    result, answers = run(b"")
    assert (result.exit_code, answers) == (0, [])


def test_a_line_that_is_too_long() -> None:
    """It is refused with the limit named, and the next line is worked on."""
    _, answers = run(b'{"number": 2, "x": "' + b"x" * jsonl.LINE_MOST + b'"}\n{"number": 2}\n')
    assert [answer["ok"] for answer in answers] == [False, True]
    assert str(jsonl.LINE_MOST) in answers[0]["error"]["detail"]


def test_a_fault_of_our_own() -> None:
    """It is answered, told on standard error, and the command ends with 1 after all other lines."""
    result, answers = run(b'{"number": 13}\n{"number": 2}\n')
    assert answers[0]["error"]["reason"] == "INTERNAL"
    assert "a fault of ours" not in answers[0]["error"]["detail"]
    assert answers[1] == {"ok": True, "double": 4}
    assert "ZeroDivisionError" in result.stderr
    assert result.exit_code == 1


def test_fields() -> None:
    """The readers of fields tell a missing one from a wrong one."""
    line: jsonl.JsonObject = {"text": "a", "texts": ["a", "b"], "none": None, "number": 5}
    assert jsonl.text_field(line, "text") == "a"
    assert jsonl.texts_field(line, "texts") == ["a", "b"]
    assert jsonl.optional_text_field(line, "none") is None
    assert jsonl.optional_text_field(line, "absent") is None
    assert jsonl.optional_text_field(line, "text") == "a"
    for read, field in (
        (jsonl.text_field, "number"),
        (jsonl.texts_field, "text"),
        (jsonl.optional_text_field, "number"),
    ):
        with pytest.raises(jsonl.FieldWrong):
            read(line, field)
    with pytest.raises(jsonl.FieldWrong):
        jsonl.texts_field({"texts": ["a", 1]}, "texts")
    with pytest.raises(jsonl.FieldMissing):
        jsonl.text_field(line, "absent")


def test_one_object_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A single answer is printed the same way; one that is not ok ends with 1."""
    jsonl.print_answer(double_line, {"number": 2})
    assert json.loads(capsys.readouterr().out) == {"ok": True, "double": 4}
    for number in (3, 11):
        with pytest.raises(typer.Exit) as caught:
            jsonl.print_answer(double_line, {"number": number})
        assert caught.value.exit_code == 1
        assert json.loads(capsys.readouterr().out)["ok"] is False


def test_a_program_may_talk_line_by_line() -> None:
    """Each line is answered before the next one is sent."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "words", "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for amount, words in ((1, "Một đồng"), (2, "Hai đồng")):
            process.stdin.write(b'{"amount": %d}\n' % amount)
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"ok": True, "words": words}
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_reader_that_goes_away() -> None:
    """`xoai … | head -1` ends quietly with 1."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "words", "--jsonl"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b'{"amount": 1}\n' * 10)
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


def test_modules_are_imported_only_when_called() -> None:
    """Asking for one command loads no other: the start stays fast."""
    script = (
        "import sys; sys.argv = ['xoai', 'words', '21']\n"
        "from cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'qrcode', 'PIL', 'sqlalchemy', 'grpc', 'fastapi'}])\n"
        "print('cli.vietqr' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.splitlines()[1:] == ["[]", "False"]


def test_an_unknown_command() -> None:
    """A word that is no command is a usage error."""
    result = CliRunner().invoke(app, ["nothing"])
    assert result.exit_code == 2


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\n" not in line), min_size=1, max_size=20))
def test_as_many_lines_out_as_in(lines: list[bytes]) -> None:
    """Whatever bytes the lines hold: one JSON object for each, and no fault of ours."""
    result = CliRunner().invoke(app, ["money", "parse", "--jsonl"], input=b"\n".join(lines) + b"\n")
    found = [json.loads(line) for line in result.stdout.split("\n")[:-1]]
    assert (result.exit_code, len(found)) == (0, len(lines))
    assert all(
        answer["ok"] is False and answer["error"]["reason"] != "INTERNAL"
        for answer in found
        if not answer["ok"]
    )
