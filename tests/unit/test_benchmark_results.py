"""What benchmarks leave behind: the fields of the contract, the verdict, and the README's table."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from bench import results, table

FIELDS = (
    "name", "what", "value", "unit", "min", "max", "runs", "yardstick", "yardstick_value", "ratio", "goal", "met",
    "machine",
)  # fmt: skip


def test_a_result_has_the_fields_of_the_contract() -> None:
    """Exactly these, in this order; the value is the median of the runs."""
    assert tuple(field.name for field in fields(results.Result)) == FIELDS
    found = results.least(
        "chain",
        "x",
        "credits/s",
        [2400, 3000, 2700],
        yardstick="pgbench",
        yardsticks=[2000, 2100, 1900],
        factor=1.2,
    )
    assert (found.value, found.min, found.max, found.runs, found.yardstick_value) == (
        2700,
        2400,
        3000,
        3,
        2000,
    )
    assert (found.ratio, found.met, found.goal) == (1.35, True, "≥ 1.2 × pgbench")


def test_a_goal_that_is_missed_says_so() -> None:
    """Rates below the factor, shares below the per cent, durations above the limit."""
    slow = results.least("a", "x", "/s", [100], yardstick="y", yardsticks=[100], factor=1.2)
    assert (slow.met, slow.ratio) == (False, 1.0)
    assert not results.share("b", "x", "/s", [79], other=slow, percent=80).met
    assert results.share("b", "x", "/s", [80], other=slow, percent=80).met
    late = results.most("c", "x", "s", [5.1, 4.0, 6.0], 5)
    assert (late.met, late.value, late.yardstick, late.ratio) == (False, 5.1, None, None)


def test_results_are_kept_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later run of one benchmark replaces its own figures and leaves the others."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    results.write(
        [results.most("warm_start", "x", "s", [3], 5), results.most("memory.mb", "x", "MB", [400], 500)]
    )
    results.write([results.most("warm_start", "x", "s", [7], 5)])
    kept = json.loads((tmp_path / "results.json").read_text())
    assert {each["name"]: each["value"] for each in kept} == {"memory.mb": 400, "warm_start": 7}
    assert all(tuple(each) == FIELDS for each in kept)
    text = table.markdown(results.read())
    assert "| warm_start | x | 7 s |" in text
    assert "| no |" in text
