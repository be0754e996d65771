"""`xoai events`: dead letters, looked at and replayed; facts announced once more where a log was lost."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Final

import grpc
import typer

from cli.platform import here
from kit import auth
from kit.db import Database
from kit.grpc_client import Channels
from kit.grpc_errors import from_rpc_error
from kit.inbox import Consumer
from kit.inbox_tables import open_letters
from kit.runtime import Process
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as stalls_grpc

# Services whose databases have dead letters.
_CONSUMING: Final = ("invoices", "reconciliation", "pilots")

# Topics whose owner can announce them again: its service, its stub, its request, its own name of the topic.
_OWNERS: Final[dict[str, tuple[str, Any, Any, Any]]] = {
    "invoices.payables": (
        "invoices",
        invoices_grpc.InvoicesServiceStub,
        invoices_pb.AnnounceAgainRequest,
        invoices_pb.AnnounceAgainRequest.TOPIC_PAYABLES,
    ),
    "invoices.invoices": (
        "invoices",
        invoices_grpc.InvoicesServiceStub,
        invoices_pb.AnnounceAgainRequest,
        invoices_pb.AnnounceAgainRequest.TOPIC_INVOICES,
    ),
    "pilots.payables": (
        "pilots",
        stalls_grpc.StallsServiceStub,
        stalls_pb.AnnounceAgainRequest,
        stalls_pb.AnnounceAgainRequest.TOPIC_PAYABLES,
    ),
}

app = typer.Typer(
    help="Tin không xử lý được: xem và chạy lại. Nhật ký bị mất: báo lại.", no_args_is_help=True
)


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


@app.command("announce")
def announce(topic: Annotated[str, typer.Argument(help=f"Luồng tin: {', '.join(_OWNERS)}")]) -> None:
    """Announce every fact of a topic once more, from its owner's tables: for a log that was lost."""
    if topic not in _OWNERS:
        raise typer.BadParameter(f"{topic}: {', '.join(_OWNERS)}", param_hint="TOPIC")
    service, stub, request_type, number = _OWNERS[topic]
    settings = here.settings()
    key = settings.subject_key.get_secret_value()
    channels = Channels(settings)
    total, page_token = 0, ""
    try:
        call = stub(channels.to(service)).AnnounceAgain
        while True:
            # The platform may be days away from the clock of this command.
            token = auth.sign(auth.service("cli"), key, lifetime_seconds=auth.TIMELESS_SECONDS)
            request = request_type(topic=number, page_token=page_token)
            page = call(request, timeout=30, metadata=(("authorization", f"Bearer {token}"),))
            total, page_token = total + page.announced, page.next_page_token
            if not page_token:
                break
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        channels.close()
    print(f"{topic}: đã báo lại {total} tin")


class _Recorder(Process):
    """Collects a service's consumers instead of running them."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings, roles=("consume",))
        self.consumers: list[Consumer] = []

    def add_consumer(self, name: str, consumer: Any) -> None:
        self.consumers.append(consumer)
