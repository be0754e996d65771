"""The embedded platform's first process: every service at once, meeting each other over gRPC and topics as always."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from cli.installation import SERVICES
from kit import log
from kit.runtime import Process
from kit.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="cli.platform.services")
    parser.add_argument("--ready-file", default="")
    arguments = parser.parse_args()
    settings = Settings()
    log.configure(settings.log_level, process="services")
    process = Process(settings, name="services")
    for service in SERVICES:
        import_module(f"services.{service}.__main__").compose(process)
    return process.run(ready_file=arguments.ready_file)


if __name__ == "__main__":
    sys.exit(main())
