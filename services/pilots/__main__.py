"""The pilots' process: stalls, sales, trust and the city's figures."""

from __future__ import annotations

import sys

from kit.inbox import Consumer
from kit.runtime import Process, main
from services.pilots.consume import accounts

SERVICE = "pilots"


def compose(process: Process) -> None:
    """Put this service's parts into a process."""
    database = process.database(SERVICE)
    process.add_consumer(
        accounts.NAME,
        Consumer(
            accounts.NAME,
            lambda: process.events().subscribe(accounts.NAME, [accounts.TOPIC]),
            database,
            batch_handlers=accounts.BATCH_HANDLERS,
        ),
    )
    process.add_relay(database)


if __name__ == "__main__":
    sys.exit(main(SERVICE, compose))
