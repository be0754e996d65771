"""`xoai down`: stop what `xoai up` started."""

from __future__ import annotations

import typer

from cli.platform import full, here

app = typer.Typer(help="Dừng nền tảng đã chạy bằng `xoai up`.")


@app.callback(invoke_without_command=True)
def down() -> None:
    """Stop every service, Kafka and PostgreSQL; the data stay."""
    full.stop((here.RUN / "up").absolute())
