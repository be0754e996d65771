"""The demo's sums: each equation is looked at, and one that fails is exit code 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.demo import command, summary
from cli.demo.payments import Truth
from cli.platform import here

AGREED = {
    "invoices_issued": 3,
    "invoices_paid": 2,
    "notices_pdf_pages": 3,
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
    truth = Truth(transfers=4, amount=1_000, repeats=1)
    return summary.disagreements(AGREED | changes, truth, 700)


def test_agreement_is_silent() -> None:
    """Where all sums agree there is nothing to say."""
    assert disagreements() == []


@pytest.mark.parametrize(
    "name",
    [
        "credits_received", "duplicates_ignored", "amount_received", "amount_applied", "amount_payer_credit",
        "amount_suspense", "amount_refundable", "ledger_debits", "ledger_credits",
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
