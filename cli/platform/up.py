"""`xoai up`: the full platform, started and left running."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.platform import folders, full, here

app = typer.Typer(help="Chạy toàn bộ nền tảng, mỗi dịch vụ một tiến trình.")


@app.callback(invoke_without_command=True)
def up(
    port: Annotated[int, typer.Option(help="Cổng của các trang")] = 8080,
    sandbox: Annotated[bool, typer.Option(help="Kèm ngân hàng thử")] = True,
) -> None:
    """Start PostgreSQL, Kafka and every service; return when pages are served."""
    folder = here.RUN / "up"
    if full.is_running(folder.absolute()):
        print("Nền tảng đang chạy rồi; `make down` để dừng / it runs already; `make down` stops it")
        return
    platform = full.Full(folder, port=port, with_sandbox=sandbox, tell=print)
    with folders.held(folder):
        platform.start()
    print(f"Trang: {platform.url}")
    if sandbox:
        print(f"Ngân hàng thử: {platform.sandbox_url}")
    print("Quản trị viên đầu tiên: .venv/bin/xoai admin create --name … --login …")
