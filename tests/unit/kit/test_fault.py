"""Fault points do nothing unless asked, and then exactly what was asked."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from kit import fault


def test_a_point_does_nothing_by_itself() -> None:
    """In production a point is one comparison."""
    fault.point("anything")


def test_the_nth_pass_fails() -> None:
    """`@2` is the second pass and no other; other points are left alone."""
    act = fault.parse("relay.published=fail@2; inbox.claimed=delay:0@1")
    act("relay.published")
    act("inbox.claimed")
    act("elsewhere")
    with pytest.raises(fault.FaultInjected, match=r"relay\.published"):
        act("relay.published")
    act("relay.published")


def test_a_probability_is_drawn_from_the_seed() -> None:
    """The same seed fails at the same passes."""

    def failures(seed: int) -> list[int]:
        act = fault.parse("p=fail@p0.3", seed)
        found = []
        for number in range(50):
            try:
                act("p")
            except fault.FaultInjected:
                found.append(number)
        return found

    assert failures(1) == failures(1)
    assert failures(1) != failures(2)
    assert 5 < len(failures(1)) < 30


def test_a_delay_waits() -> None:
    """Seconds stand behind the colon."""
    act = fault.parse("p=delay:0.05")
    began = time.monotonic()
    act("p")
    assert time.monotonic() - began >= 0.05


def test_a_crash_leaves_no_time_to_clean_up() -> None:
    """The process is killed as by kill -9."""
    program = "from kit import fault\ntry:\n    fault.point('p')\nfinally:\n    print('cleaned up')\n"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"XOAI_FAULTS": "p=crash"}, capture_output=True, check=False
    )
    assert done.returncode == -9
    assert done.stdout == b""


@pytest.mark.parametrize("spec", ["p", "p=explode", "p=delay", "p=crash:3", "p=fail@never", "p=fail@px"])
def test_what_is_no_fault_is_refused(spec: str) -> None:
    """A misspelt fault would make a test prove nothing."""
    with pytest.raises(ValueError, match=r".+"):
        fault.parse(spec)


def test_a_simulation_takes_the_points_over() -> None:
    """`install` sends every point to the schedule until it is taken away."""
    seen: list[str] = []
    fault.install(seen.append)
    try:
        fault.point("one")
    finally:
        fault.install(None)
    fault.point("two")
    assert seen == ["one"]
