"""`xoai admin`: the first steps of an installation, without a database tool."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.platform import here
from kit.db import Database
from services.directory import bootstrap

app = typer.Typer(help="Các bước đầu của một bản cài đặt.", no_args_is_help=True)


@app.callback()
def admin() -> None:
    """The first steps of an installation."""


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="Họ và tên")],
    login: Annotated[str, typer.Option(help="Thư điện tử hoặc số di động")],
    city: Annotated[str, typer.Option(help="Tên thành phố, dùng khi chưa có")] = "Thành phố",
) -> None:
    """Invite an administrator; prints the address at which that person sets a password, once."""
    settings = here.settings()
    database = Database(settings, "directory", pool_size=1)
    try:
        token = bootstrap.invite_administrator(database, name=name, login=login, city_name=city)
    finally:
        database.close()
    print(f"{settings.public_url}/loi-moi/{token}")
