"""`xoai events`: dead letters, looked at and replayed."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Final

import typer

from cli.platform import here
from kit.db import Database
from kit.inbox import Consumer
from kit.inbox_tables import open_letters
from kit.runtime import Process

# Services whose databases have dead letters.
_CONSUMING: Final = ("invoices", "reconciliation", "pilots")

app = typer.Typer(help="Tin không xử lý được: xem và chạy lại.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """Dead letters."""


@app.command("replay")
def replay(
    key: Annotated[str, typer.Option(help="Mã thứ tự (ordering id) của tin")],
    service: Annotated[str, typer.Option(help="Dịch vụ nhận tin")],
) -> None:
    """Run the dead letters of an ordering id through their handlers again, in order."""
    process = _Recorder(here.settings())
    import_module(f"services.{service}.__main__").compose(process)
    left = 0
    for consumer in process.consumers:
        result = consumer.replay(key)
        left += result.left
        print(
            f"{consumer.name}: xử lý {result.done}, còn {result.left}{' – ' + result.error if result.error else ''}"
        )
    raise typer.Exit(1 if left else 0)


@app.command("dead")
def dead(limit: Annotated[int, typer.Option(help="Nhiều nhất bao nhiêu tin")] = 50) -> None:
    """List open dead letters of every service."""
    settings = here.settings()
    for name in _CONSUMING:
        database = Database(settings, name, pool_size=1)
        with database.begin() as session:
            for letter in open_letters(session, limit=limit):
                event = letter.event
                print(
                    f"{name} {letter.consumer} {event.event_type} key={event.ordering_id} {letter.reason}: {letter.error[:200]}"
                )
        database.close()


class _Recorder(Process):
    """Collects a service's consumers instead of running them."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings, roles=("consume",))
        self.consumers: list[Consumer] = []

    def add_consumer(self, name: str, consumer: Any) -> None:
        self.consumers.append(consumer)
