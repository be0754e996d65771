"""`xoai clock`: the clock of a demo or test platform, so that a day of waiting need not be waited."""

from __future__ import annotations

import time
from typing import Annotated

import grpc
import typer

from cli.platform import here
from kit import auth
from kit.clock import FOLLOW_SECONDS
from kit.grpc_client import Channels
from kit.grpc_errors import from_rpc_error
from xoai.common.v1 import clock_service_pb2 as pb
from xoai.common.v1 import clock_service_pb2_grpc as pb_grpc

app = typer.Typer(help="Đồng hồ của bản thử.", no_args_is_help=True)


@app.callback()
def clock() -> None:
    """The clock of a demo or test platform; in production it cannot be moved."""


@app.command("move")
def move(
    hours: Annotated[float, typer.Option(help="Số giờ lệch so với giờ thật; 0 là giờ thật")],
) -> None:
    """Set the platform's clock so many hours ahead of the true time; every process follows within two seconds."""
    settings = here.settings()
    channels = Channels(settings)
    try:
        stub = pb_grpc.ClockServiceStub(channels.to("directory"))
        request = pb.MoveClockRequest(offset_seconds=round(hours * 3600))
        key = settings.subject_key.get_secret_value()
        # The platform may be days away from the clock of this command.
        token = auth.sign(auth.service("cli"), key, lifetime_seconds=auth.TIMELESS_SECONDS)
        moved = stub.MoveClock(request, timeout=5, metadata=(("authorization", f"Bearer {token}"),))
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    finally:
        channels.close()
    time.sleep(2 * FOLLOW_SECONDS)
    print(f"Đồng hồ lệch {moved.offset_seconds} giây so với giờ thật")
