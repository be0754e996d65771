"""The command `xoai`. A command's module is imported only when it is called, so that each starts fast."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final, NoReturn

import typer
from typer._click import Command, Context  # the base types of what typer.core hands out
from typer.core import TyperGroup

from kit.errors import Error

# One line a command: its name and the module whose `app` (a typer.Typer) it is.
COMMANDS: Final = {
    "admin": "cli.admin",
    "callback": "cli.callback",
    "check": "cli.check",
    "clock": "cli.clock",
    "demo": "cli.demo.command",
    "down": "cli.platform.down",
    "events": "cli.events",
    "money": "cli.money",
    "receipt": "cli.receipt",
    "reference": "cli.reference",
    "roster": "cli.roster",
    "sim": "cli.sim",
    "text": "cli.text",
    "up": "cli.platform.up",
    "verify": "cli.verify",
    "vietqr": "cli.vietqr",
    "words": "cli.words",
}


class CommandTable(TyperGroup):
    """A group whose commands are looked up in COMMANDS."""

    def list_commands(self, ctx: Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: Command = typer.main.get_command(import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=CommandTable,
    help="Xoài: thu phí không dùng tiền mặt của thành phố.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def xoai() -> None:
    """Xoài: thu phí không dùng tiền mặt của thành phố."""


def main() -> None:
    """Run a command; an error with a reason becomes one line and exit code 1."""
    try:
        app()
    except Error as error:
        _refuse(error)
    except Exception as error:
        # Imported only now: most commands need no database.
        from cli.platform.here import InstallationAway
        from kit.db import is_transient

        if not is_transient(error):
            raise
        _refuse(InstallationAway(detail=str(error).split("\n", 1)[0]))


def _refuse(error: Error) -> NoReturn:
    print(f"{error.reason}: {error.text_vi}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
