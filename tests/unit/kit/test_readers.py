"""Files read apart, as the asking process sees it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from kit.errors import InvalidArgument, Unavailable
from kit.readers import Reader, Turns


class Refused(InvalidArgument):
    reason = "REFUSED"
    vi = "{what}"
    en = "{what}"


class TooHeavy(InvalidArgument):
    reason = "TOO_HEAVY"
    vi = "nặng"
    en = "heavy"


class Busy(Unavailable):
    reason = "BUSY"
    vi = "bận"
    en = "busy"


READER = Reader(
    [],
    seconds=20,
    refusals={Refused.reason: Refused},
    too_heavy=TooHeavy,
    damaged=lambda name: Refused(what=f"damaged {name}"),
)


def reader(program: str, seconds: float = 20) -> Reader:
    return replace(READER, command=[sys.executable, "-I", "-c", f"import sys\n{program}"], seconds=seconds)


def test_an_answer_comes_back_as_it_is() -> None:
    """The file goes in, the answer comes out."""
    assert reader("sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])").read(b"abc\x00") == b"\x00cba"


def test_a_refusal_comes_back_with_its_values() -> None:
    answer = '{"reason":"REFUSED","metadata":{"what":"cột A"}}'
    with pytest.raises(Refused) as refused:
        reader(f"sys.stdout.buffer.write({answer.encode()!r}); sys.exit(1)").read(b"")
    assert refused.value.text_vi == "cột A"


@pytest.mark.parametrize(
    "program",
    [
        "raise ValueError('a secret of the file')",
        "sys.stdout.write('{'); sys.exit(1)",
        """sys.stdout.write('{"reason":"UNHEARD","metadata":{}}'); sys.exit(1)""",
    ],
)
def test_a_fault_is_damage_under_the_files_name(program: str) -> None:
    with pytest.raises(Refused) as refused:
        reader(program).read(b"", name="ds.xlsx")
    assert refused.value.text_en == "damaged ds.xlsx"


@pytest.mark.parametrize(
    ("program", "seconds"), [("import time; time.sleep(60)", 0.3), ("import os; os.abort()", 20)]
)
def test_what_a_limit_ended_took_too_much(program: str, seconds: float) -> None:
    with pytest.raises(TooHeavy):
        reader(program, seconds).read(b"")


def test_who_finds_no_place_in_time_is_told_so() -> None:
    """And a place is free again when its block ends, however it ends."""
    turns = Turns(1, wait_seconds=0.01, busy=Busy)
    with turns.taken(), pytest.raises(Busy), turns.taken():
        raise AssertionError
    with pytest.raises(KeyError), turns.taken():
        raise KeyError
    with turns.taken():
        pass
