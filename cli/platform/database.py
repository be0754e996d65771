"""PostgreSQL in the foreground for a supervisor: starts it or takes hold of it, ends with it, stops it on SIGTERM."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from kit import postgres as launcher
from kit.errors import Error


def main() -> int:
    """Exit code 1 when the server dies by itself: the supervisor then starts both anew."""
    parser = argparse.ArgumentParser(prog="cli.platform.database")
    parser.add_argument("data", type=Path)
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--no-fsync", action="store_true", help="for tests alone")
    parser.add_argument("--ready-file", type=Path, required=True)
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        server = launcher.start(arguments.data, fsync=not arguments.no_fsync, settings=arguments.settings)
    except Error as error:
        print(f"{error.text_vi}\n{error.text_en}", file=sys.stderr)
        return 1
    arguments.ready_file.write_text(str(server.port))
    while not ended.wait(0.2):
        if server.pid() is None:
            print("PostgreSQL ended by itself", file=sys.stderr)
            return 1
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
