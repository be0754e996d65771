"""The results as a table: on the screen, and (`python -m bench.table --readme`) in the README between its two marks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import results
from bench.results import Result

_README: Final = Path(__file__).resolve().parent.parent / "README.md"
_BEGIN: Final = "<!-- benchmarks: made by `python -m bench.table --readme` -->"
_END: Final = "<!-- /benchmarks -->"
_HEADINGS: Final = ("name", "what", "value", "min … max (runs)", "yardstick", "ratio", "goal", "met")


def show(found: Sequence[Result]) -> None:
    """The table on the screen."""
    table = Table(*_HEADINGS)
    for each in found:
        table.add_row(*_cells(each), style="" if each.met else "yellow")
    Console(width=180).print(table)


def markdown(found: Sequence[Result]) -> str:
    """The table as Markdown, with the machine below it."""
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|" + " --- |" * len(_HEADINGS)]
    lines += ["| " + " | ".join(_cells(each)) + " |" for each in found]
    machines = sorted({each.machine for each in found})
    return "\n".join([*lines, "", *(f"Measured on {machine}." for machine in machines)])


def _cells(each: Result) -> tuple[str, ...]:
    beside = "" if each.yardstick_value is None else f"{each.yardstick}: {_text(each.yardstick_value)}"
    return (
        each.name,
        each.what,
        f"{_text(each.value)} {each.unit}",
        f"{_text(each.min)} … {_text(each.max)} ({each.runs})",
        beside,
        "" if each.ratio is None else f"{each.ratio:.2f}",
        each.goal,
        "yes" if each.met else "no",
    )


def _text(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def main() -> int:
    """Print the kept results; with --readme write them into the README as well."""
    found = results.read()
    show(found)
    if "--readme" in sys.argv:
        text = _README.read_text()
        before, _, rest = text.partition(_BEGIN)
        _, _, after = rest.partition(_END)
        if not after:
            print(f"{_README} lacks the marks {_BEGIN} and {_END}", file=sys.stderr)
            return 1
        _README.write_text(f"{before}{_BEGIN}\n{markdown(found)}\n{_END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
