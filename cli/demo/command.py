"""`xoai demo`: builds the demo city on a platform of its own, runs the main job once, sums up, serves until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from typing import Annotated, Final, Literal

import httpx
import typer
from rich.console import Console

from cli.demo import enrolment, history, payments, pilots, rounds, summary
from cli.demo.moving import Days
from cli.demo.offices import addresses_of
from cli.platform import folders, here
from cli.platform.embedded import Embedded
from cli.platform.full import Full
from kit import clock
from kit.db import Database
from kit.settings import Settings
from sandbox.city.schools import MadeUpSchool, make_schools
from sandbox.city.stalls import make_programmes
from services.directory import bootstrap
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

app = typer.Typer(help="Dựng thành phố thử rồi phục vụ các trang.")
_SEED = 20261122
_MODES: Final[dict[str, type[Embedded] | type[Full]]] = {"embedded": Embedded, "full": Full}


@app.callback(invoke_without_command=True)
def demo(
    mode: Annotated[Literal["embedded", "full"], typer.Option(help="embedded hoặc full")] = "embedded",
    once: Annotated[bool, typer.Option("--once", help="Dừng sau bảng tổng kết")] = False,
    port: Annotated[int, typer.Option(help="Cổng của các trang")] = 8080,
    seed: Annotated[int, typer.Option(help="Hạt giống của thành phố")] = _SEED,
    schools: Annotated[int, typer.Option(help="Bao nhiêu trường trong sáu trường", min=2, max=6)] = 6,
) -> None:
    """Build the demo city; exit code 1 if any sum disagrees."""
    _end_on_signals()
    console = Console()
    folder = here.RUN / "demo-platform"
    with folders.held(folder):
        shutil.rmtree(folder, ignore_errors=True)
        platform = _MODES[mode](folder, mode="demo", port=port)
        wrong = _run(platform, console, make_schools(seed, clock.today())[:schools], seed, once=once)
    raise typer.Exit(1 if wrong else 0)


def _run(
    platform: Embedded | Full, console: Console, schools: list[MadeUpSchool], seed: int, *, once: bool
) -> list[str]:
    """Build, show, serve; what does not agree, if anything. Whatever happens, nothing of it runs on."""
    platform.start()
    try:
        wrong = _build(platform, console, schools, seed)
        if wrong:
            console.print("[bold red]Lệch / disagrees:[/] " + "; ".join(wrong))
        if not once:
            console.print(f"Các trang: [bold]{platform.url}[/]   (Ctrl-C để dừng)")
            _serve_until_stopped(platform, console)
    finally:
        platform.stop()
    return wrong


def _build(platform: Embedded | Full, console: Console, schools: list[MadeUpSchool], seed: int) -> list[str]:
    """The main job once: enrol, sell, collect, print, pay, find again. What does not agree, if anything."""
    began = time.monotonic()
    os.environ.update(platform.environment)
    settings = Settings()
    calendar = history.Calendar.of(clock.now())
    days = Days(addresses_of(settings.grpc_addresses), settings.subject_key.get_secret_value())
    days.go_back(calendar.back[0])
    database = Database(settings, "directory", pool_size=1)
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="quantri@xoai.example", city_name="Thành phố Đồng Xoài"
    )
    database.close()
    truth = payments.Truth()
    with httpx.Client(base_url=platform.sandbox_url, timeout=60) as bank:
        city = enrolment.open_city(days.visitor, token)
        plans = make_programmes(seed, calendar.today, calendar.week.days[3])
        market = pilots.enrol(days.visitor, days.service("gateway"), city, plans, platform.url, bank)
        console.print(f"{len(market.stalls)} quầy đã đăng ký, {market.wrong_rows} dòng chờ sửa")
        history.live(days, calendar, market, truth, bank, seed)
        enrolment.log_in(days.visitor, city)
        enrolment.add_schools(days.visitor, city, schools, platform.url, bank)
        notices = here.RUN / "demo" / "notices"
        issued = [
            rounds.issue(city, school, seed, calendar.today, notices, console.print)
            for school in city.schools
        ]
        console.print("Phụ huynh đang chuyển tiền qua ngân hàng thử …")
        payments.pay(city, seed, bank, truth)
    service = days.service("cli")
    service.call("intake", "PullNow", intake_pb.PullNowRequest(), timeout=120)
    summary.wait_quiet(service, truth.transfers)
    sample = _sample(city)
    history.look_after(days.visitor, market, city, sample)
    found = summary.collect(service, sum(item.pages for item in issued), time.monotonic() - began)
    summary.show(console, found)
    summary.write(here.RUN / "demo", found, sample, market.sample.reference, city.logins)
    for login in city.logins:
        console.print(f"  {login.role}: {login.login} / {login.password}")
    wrong = summary.disagreements(found, truth, summary.paid_on_invoices(service))
    days.visitor.close()
    return wrong


def _sample(city: enrolment.City) -> str:
    """A bill that nobody has paid yet, to be opened from the first page."""
    school = city.schools[1]
    assert school.accountant is not None
    request = invoices_pb.ListInvoicesRequest(
        organisation_id=school.id, states=[invoices_pb.Invoice.STATE_OPEN], page_size=1
    )
    page = school.accountant.call("invoices", "ListInvoices", request)
    return page.invoices[0].reference if page.invoices else ""


def _end_on_signals() -> None:
    """SIGTERM ends the demo as Ctrl-C does, wherever it is: everything that it started is stopped."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def _serve_until_stopped(platform: Embedded | Full, console: Console) -> None:
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)
            for name in platform.tend():
                console.print(f"[yellow]{name}: đã dừng, chạy lại / had ended, started again[/]")
