"""`warm_start`, `memory`: the embedded platform as it stands on a laptop.

`warm_start` is the time from the command until pages are served, on a folder that was in use before. `memory` is the
proportional set size of all its processes, PostgreSQL's backends included, after it has imported a list of 1,000
pupils, issued it and printed the notices. The sandbox bank, which the demo adds, is no part of the platform.
"""

from __future__ import annotations

import time
import urllib.request
from typing import Final

from bench.costs import descendants, proportional_bytes
from bench.ground import Ground, embedded
from bench.results import Refused, Result, most
from bench.rounds import Rounds
from cli.platform.embedded import Embedded

NAMES: Final = ("warm_start", "memory")
_RUNS: Final = 3
_PUPILS: Final = 1_000
_SETTLE_SECONDS: Final = 3.0


def _megabytes(platform: Embedded) -> float:
    roots = {child.name: child.process.pid for child in platform.children.running}
    pid = platform.server.pid()
    if pid is None:
        raise Refused("the server does not run")
    roots["postgresql"] = pid
    parts = {name: proportional_bytes(descendants(root)) / 1024**2 for name, root in roots.items()}
    print("  " + ", ".join(f"{name} {size:.0f} MB" for name, size in parts.items()), flush=True)
    return sum(parts.values())


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """Use a platform, weigh it, then stop and start it again and again."""
    sizes, starts = [], []
    with embedded(ground) as platform:
        rounds = Rounds(platform)
        _, school, opened = rounds.issue(_PUPILS)
        rounds.print(school, opened, _PUPILS)
        rounds.office.close()
        for _ in range(runs):
            time.sleep(_SETTLE_SECONDS)
            sizes.append(_megabytes(platform))
        for _ in range(runs):
            platform.stop()
            began = time.perf_counter()
            platform.start()
            with urllib.request.urlopen(f"{platform.url}/healthz") as answer:  # noqa: S310
                if answer.status != 200:
                    raise Refused(f"/healthz answers {answer.status}")
            starts.append(time.perf_counter() - began)
            print(f"  started in {starts[-1]:.2f} s", flush=True)
    return [
        most("warm_start", "embedded platform, from the command until pages are served", "s", starts, 5),
        most("memory.mb", "embedded platform, all processes by proportional set size", "MB", sizes, 500),
    ]
