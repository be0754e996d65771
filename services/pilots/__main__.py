"""The pilots' process: stalls, sales, trust and the city's figures."""

from __future__ import annotations

import sys

from kit.runtime import Process, main

SERVICE = "pilots"


def compose(process: Process) -> None:
    """Put this service's parts into a process."""
    database = process.database(SERVICE)
    process.add_relay(database)


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
