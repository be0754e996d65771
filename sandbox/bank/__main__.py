"""`python -m sandbox.bank`: the sandbox bank as a process. It refuses to run in production."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from pathlib import Path

import uvicorn

from kit import log
from kit.rpc.clock_feed import ClockFeed
from kit.settings import Settings
from sandbox.bank.app import create_app


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="sandbox.bank", description="The sandbox bank of demo and tests")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--ready-file", default="")
    arguments = parser.parse_args()
    if os.environ.get("XOAI_MODE", "production") == "production":
        print("The sandbox bank never runs in production.", file=sys.stderr)
        return 1
    log.configure("WARNING", process="sandbox")
    stopping = threading.Event()
    threading.Thread(target=ClockFeed(Settings()).run, args=(stopping,), daemon=True).start()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(), host=arguments.host, port=arguments.port, log_config=None, access_log=False
        )
    )

    def tell_ready() -> None:
        while not server.started and not server.should_exit:
            time.sleep(0.01)
        if server.started and arguments.ready_file:
            Path(arguments.ready_file).write_text(str(arguments.port))

    threading.Thread(target=tell_ready, daemon=True).start()
    server.run()
    stopping.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())
