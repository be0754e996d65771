"""The demo's summary: counts and sums out of the services, the equations between them, and the bank's own truth."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from cli.demo.offices import Desk, Login
from cli.demo.payments import Truth
from cli.demo.rounds import DemoStopped
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb

_QUIET_SECONDS: Final = 120.0
_WORDS: Final = {
    "invoices_issued": "Phiếu đã phát",
    "invoices_paid": "Phiếu đã nộp đủ",
    "notices_pdf_pages": "Trang phiếu đã in",
    "stalls": "Quầy đã đăng ký",
    "stall_sales": "Lượt bán có mã riêng",
    "stall_payments": "Khoản về quầy",
    "stall_takings": "Tiền chuyển khoản về quầy (đ)",
    "stall_cash": "Tiền mặt ghi tại quầy (đ)",
    "credits_received": "Khoản tiền về (mỗi khoản một lần)",
    "credits_applied": "Khoản ghi trọn vào phiếu hoặc quầy",
    "credits_suspense": "Khoản chờ người xử lý",
    "duplicates_ignored": "Tin báo lặp đã bỏ qua",
    "callback_only_credits": "Khoản chỉ có tin báo",
    "amount_received": "Tiền về (đ)",
    "amount_applied": "Ghi vào phiếu và quầy (đ)",
    "amount_payer_credit": "Giữ cho người nộp (đ)",
    "amount_suspense": "Chờ xử lý (đ)",
    "amount_refundable": "Chờ hoàn (đ)",
    "ledger_debits": "Sổ cái, bên Nợ (đ)",
    "ledger_credits": "Sổ cái, bên Có (đ)",
    "seconds": "Giây",
}


def wait_quiet(desk: Desk, transfers: int) -> None:
    """Wait until every transfer is a credit and nothing is on its way. Raises DemoStopped."""
    deadline = time.monotonic() + _QUIET_SECONDS
    found = None
    while time.monotonic() < deadline:
        found = desk.call("reconciliation", "SummariseCredits", reconciliation_pb.SummariseCreditsRequest())
        city = desk.call("invoices", "SummariseCity", invoices_pb.SummariseCityRequest())
        stalls = desk.call("sales", "SummariseStalls", sales_pb.SummariseStallsRequest())
        if (
            found.credits_received >= transfers
            and not found.outbox_rows
            and not found.dead_letters_open
            and city.amount_paid + stalls.takings == found.amount_applied
        ):
            return
        time.sleep(0.2)
    raise DemoStopped(
        what=f"{found.credits_received if found else 0} khoản trên {transfers} sau {_QUIET_SECONDS:.0f} giây"
    )


def collect(desk: Desk, pages: int, seconds: float) -> dict[str, int]:
    """The summary as the contract names it; whole numbers."""
    credits = desk.call("reconciliation", "SummariseCredits", reconciliation_pb.SummariseCreditsRequest())
    city = desk.call("invoices", "SummariseCity", invoices_pb.SummariseCityRequest())
    intake = desk.call("intake", "SummariseIntake", intake_pb.SummariseIntakeRequest())
    stalls = desk.call("sales", "SummariseStalls", sales_pb.SummariseStallsRequest())
    return {
        "invoices_issued": city.invoices_issued,
        "invoices_paid": city.invoices_paid,
        "notices_pdf_pages": pages,
        "stalls": stalls.stalls,
        "stall_sales": stalls.sales,
        "stall_payments": stalls.payments,
        "stall_takings": stalls.takings,
        "stall_cash": stalls.cash,
        "credits_received": credits.credits_received,
        "credits_applied": credits.credits_applied,
        "credits_suspense": credits.credits_suspense,
        "duplicates_ignored": intake.duplicates_ignored,
        "callback_only_credits": credits.callback_only_credits,
        "amount_received": credits.amount_received,
        "amount_applied": credits.amount_applied,
        "amount_payer_credit": credits.amount_payer_credit,
        "amount_suspense": credits.amount_suspense,
        "amount_refundable": credits.amount_refundable,
        "ledger_debits": credits.ledger_debits,
        "ledger_credits": credits.ledger_credits,
        "seconds": round(seconds),
    }


def disagreements(summary: Mapping[str, int], truth: Truth, paid: int) -> list[str]:
    """What does not agree to the đồng; empty if everything does."""
    kept = ("amount_applied", "amount_payer_credit", "amount_suspense", "amount_refundable")
    checks = {
        "tiền về = ghi + giữ + chờ + hoàn": summary["amount_received"] == sum(summary[name] for name in kept),
        "Nợ = Có": summary["ledger_debits"] == summary["ledger_credits"],
        "khoản tiền về = số lần chuyển": summary["credits_received"] == truth.transfers,
        "tiền về = tiền ngân hàng thử đã chuyển": summary["amount_received"] == truth.amount,
        "ghi vào phiếu và quầy = phiếu và quầy ghi nhận": summary["amount_applied"]
        == paid + summary["stall_takings"],
        "lượt bán = số lần bấm bán": summary["stall_sales"] == truth.sales,
        "tiền mặt tại quầy = tiền mặt đã ghi": summary["stall_cash"] == truth.cash,
        "tin báo lặp = số lần báo lại": summary["duplicates_ignored"] == truth.repeats,
    }
    return [words for words, holds in checks.items() if not holds]


def paid_on_invoices(desk: Desk) -> int:
    """Đồng that the invoices themselves show as paid."""
    return int(desk.call("invoices", "SummariseCity", invoices_pb.SummariseCityRequest()).amount_paid)


def write(folder: Path, summary: Mapping[str, int], reference: str, stall: str, logins: list[Login]) -> None:
    """summary.json for people and programs, doors.json for the first page."""
    folder.mkdir(parents=True, exist_ok=True)
    doors = {
        "Kế toán trường": "/truong",
        "Tài chính thành phố": "/doi-soat",
        "Quản trị": "/quan-tri",
        # The second person, who approves what the first one proposed.
        "Quản trị (người duyệt)": "/quan-tri/tai-khoan",
        "Chủ quầy": "/quay-hang/chu",
        "Trung tâm điều hành": "/thanh-pho",
        "Ban quản lý chợ": "/cho",
        "Tổ công nghệ số": "/giup",
    }
    samples = {doors[item.role]: item for item in reversed(logins) if item.role in doors}
    content = {
        "reference": reference,
        # The code of a stall whose owner is among the logins, for its page /quay/CODE.
        "stall": stall,
        "logins": [
            {"door": door, "name": item.name, "login": item.login, "password": item.password}
            for door, item in samples.items()
        ],
    }
    (folder / "doors.json").write_text(json.dumps(content, ensure_ascii=False, indent=1))
    (folder / "summary.json").write_text(json.dumps(dict(summary), indent=1) + "\n")


def show(console: Console, summary: Mapping[str, int]) -> None:
    """The table on the screen."""
    table = Table(title="Thành phố thử", show_header=False)
    for name, words in _WORDS.items():
        table.add_row(words, f"{summary[name]:,}".replace(",", "."))
    console.print(table)
