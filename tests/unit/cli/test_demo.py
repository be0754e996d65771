"""The demo's sums: each equation is looked at, and one that fails is exit code 1."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.demo import command, summary
from cli.demo.history import Calendar
from cli.demo.offices import Login
from cli.demo.payments import Truth
from cli.platform import here
from kit.clock import CITY_ZONE

AGREED = {
    "invoices_issued": 3,
    "invoices_paid": 2,
    "notices_pdf_pages": 3,
    "stalls": 5,
    "stall_sales": 6,
    "stall_payments": 1,
    "stall_takings": 200,
    "stall_cash": 30,
    "credits_received": 4,
    "credits_applied": 2,
    "credits_suspense": 1,
    "duplicates_ignored": 1,
    "callback_only_credits": 4,
    "amount_received": 1_000,
    "amount_applied": 700,
    "amount_payer_credit": 100,
    "amount_suspense": 150,
    "amount_refundable": 50,
    "ledger_debits": 1_000,
    "ledger_credits": 1_000,
    "seconds": 7,
}


def disagreements(**changes: int) -> list[str]:
    truth = Truth(transfers=4, amount=1_000, repeats=1, sales=6, cash=30)
    return summary.disagreements(AGREED | changes, truth, 500)


def test_agreement_is_silent() -> None:
    """Where all sums agree there is nothing to say."""
    assert disagreements() == []


@pytest.mark.parametrize(
    "name",
    [
        "credits_received", "duplicates_ignored", "amount_received", "amount_applied", "amount_payer_credit",
        "amount_suspense", "amount_refundable", "ledger_debits", "ledger_credits", "stall_sales", "stall_takings", "stall_cash",
    ],
)  # fmt: skip
def test_one_dong_too_much_is_told(name: str) -> None:
    """A single đồng or credit too much in any sum is a disagreement."""
    assert disagreements(**{name: AGREED[name] + 1}) != []


@pytest.mark.parametrize(("wrong", "code"), [([], 0), (["Nợ = Có"], 1)])
def test_a_disagreement_is_exit_code_1(
    wrong: list[str], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Programs learn it by the exit code."""

    def run(*_: Any, **__: Any) -> list[str]:
        return wrong

    monkeypatch.setattr(here, "RUN", tmp_path / ".run")
    monkeypatch.setattr(command, "_run", run)
    assert CliRunner().invoke(command.app, ["--once"]).exit_code == code


@pytest.mark.parametrize("days", range(7))
def test_the_stalls_sell_on_every_day_of_the_newest_week_that_figures_tell_of(days: int) -> None:
    """Whatever day the demo is built on: a whole week with some days of the one before it, then today."""
    now = datetime(2026, 11, 23, 9, 0, tzinfo=CITY_ZONE) + timedelta(days=days)
    calendar = Calendar.of(now)
    assert calendar.week.is_due(now)
    assert not calendar.week.is_due(now - timedelta(days=7))
    assert set(calendar.week.days) < set(calendar.days)
    assert calendar.days == sorted(set(calendar.days))
    assert calendar.days[-1] == now.date() == calendar.today
    assert calendar.back[-1] == 0
    assert calendar.days[0] >= now.date() - timedelta(days=30)


def test_the_doors_lead_each_sample_login_to_its_page(tmp_path: Path) -> None:
    """One login a door, the first of its role, and the code of a stall to look at."""
    logins = [
        Login("Chủ quầy", "Nguyễn A", "a@xoai.example", "x", "Quầy 1"),
        Login("Chủ quầy", "Nguyễn B", "b@xoai.example", "x", "Quầy 2"),
        Login("Ban quản lý chợ", "Võ C", "c@xoai.example", "x", "Thành phố"),
    ]
    summary.write(tmp_path, AGREED, "XP1", "XS1", logins)
    doors = json.loads((tmp_path / "doors.json").read_text())
    assert (doors["reference"], doors["stall"]) == ("XP1", "XS1")
    assert [(row["door"], row["login"]) for row in doors["logins"]] == [
        ("/cho", "c@xoai.example"),
        ("/quay-hang/chu", "a@xoai.example"),
    ]
    assert json.loads((tmp_path / "summary.json").read_text()) == AGREED
