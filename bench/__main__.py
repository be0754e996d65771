"""Runs benchmarks: `make bench` runs all, `make bench NAME=chain` one, or several. A refused figure ends with exit code 1."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from importlib import import_module
from types import FrameType
from typing import Final

from bench import results, table
from bench.ground import Ground
from bench.results import Refused, Result

# In this order: what needs a quiet machine most comes first.
_MODULES: Final = (
    "reconcile",
    "chain",
    "callbacks",
    "live",
    "rounds",
    "embedded",
    "stalls",
    "city",
    "stall_page",
)


def main() -> int:
    """Measure, keep the results, show the table."""
    wanted = set(sys.argv[1:])
    names = {module: set(import_module(f"bench.{module}").NAMES) for module in _MODULES}
    known = set().union(*names.values())
    if unknown := wanted - known:
        print(
            f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(sorted(known))}",
            file=sys.stderr,
        )
        return 2
    chosen = [module for module in _MODULES if not wanted or wanted & names[module]]

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    ground = Ground()
    if not wanted:
        results.FILE.unlink(missing_ok=True)
    found: list[Result] = []
    refused = False
    try:
        for name in chosen:
            began = time.monotonic()
            print(f"{name} …", flush=True)
            try:
                made: list[Result] = import_module(f"bench.{name}").measure(ground)
            except Refused as error:
                print(f"  no figure: {error}", file=sys.stderr, flush=True)
                refused = True
                continue
            except Exception:
                # One part that cannot be started does not take the others' figures with it.
                traceback.print_exc()
                refused = True
                continue
            results.write(made)
            found += made
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
    finally:
        ground.close()
    table.show(found)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
