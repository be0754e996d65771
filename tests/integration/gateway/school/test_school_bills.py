"""Invoices and pupils one by one, and files for spreadsheets."""

from __future__ import annotations

import csv
import io
import re

import httpx
from python_calamine import CalamineWorkbook

from tests.support.fake_bills import States
from tests.support.fake_school_city import SchoolPlatform
from tests.support.filled_school import month, released
from tests.support.school_desk import NASTY, at, bill_at, home, send, words


def test_files_hold_numbers_and_never_formulas(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """In both forms a name that begins like a formula is text; the sums under the list are those above it."""
    round_ = month(platform, "Đợt 11/2026 xuất")
    released(platform, round_)
    bills = platform.of_round(round_.id)
    bills[0].payer_name = NASTY
    answer = desk.get(at(round_, "phieu.xlsx"))
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    assert "/" not in answer.headers["content-disposition"].split("UTF-8''")[1]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == len(bills) + 2
    assert sum(row[4] for row in rows[1:-1]) == rows[-1][4] == sum(bill.amount_due for bill in bills)
    assert any(row[1] == f"'{NASTY}" for row in rows)
    assert b"<f>" not in answer.content
    text = desk.get(at(round_, "phieu.csv")).content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))]
    page = desk.get(at(round_, "phieu"), params={"lop": bills[0].group_name}).text
    assert "<script>alert" not in page


def test_an_invoice_is_voided_with_a_reason_only(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Without a reason the form comes back open; with one the invoice is void and says why."""
    round_ = month(platform, "Huỷ phiếu")
    released(platform, round_, paid=0)
    bill = platform.of_round(round_.id)[0]
    refused = send(desk, bill_at(bill, "huy"), bill_at(bill), reason="  ")
    assert refused.status_code == 422
    assert "Ghi lý do huỷ" in refused.text
    assert bill.state == States.STATE_OPEN
    assert send(desk, bill_at(bill, "huy"), bill_at(bill), reason="Thu nhầm").status_code == 303
    page = words(desk.get(bill_at(bill)).text)
    assert "Đã huỷ: Thu nhầm" in page
    assert "Tạo liên kết" not in page


def test_amounts_change_before_a_payment_only(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Other amounts with a reason; the same amounts are no change; a paid invoice has no such form."""
    round_ = month(platform, "Sửa tiền")
    released(platform, round_, paid=0)
    bill, paid = platform.of_round(round_.id)[:2]
    same = {f"amount-{line.id}": str(line.amount) for line in bill.lines}
    refused = send(desk, bill_at(bill, "sua"), bill_at(bill), change_reason="Nghỉ ốm", **same)
    assert refused.status_code == 422
    other = {**same, f"amount-{bill.lines[0].id}": "500.000"}
    done = send(desk, bill_at(bill, "sua"), bill_at(bill), change_reason="Nghỉ ốm", **other)
    assert done.status_code == 303
    assert bill.amount_due == sum(line.amount for line in bill.lines)
    assert bill.lines[0].amount == 500_000
    platform.pay(paid, paid.amount_due)
    assert "Sửa số tiền" not in desk.get(bill_at(paid)).text


def test_a_familys_link_opens_the_lines_until_it_is_revoked(
    platform: SchoolPlatform, desk: httpx.Client, address: str
) -> None:
    """The link is in the answer and in no address; a visitor opens the lines with it; revoked, it opens nothing."""
    round_ = month(platform, "Liên kết")
    released(platform, round_, paid=0)
    bill = platform.of_round(round_.id)[0]
    answer = send(desk, bill_at(bill, "lien-ket"), bill_at(bill))
    assert answer.status_code == 200
    match = re.search(rf"/p/{bill.reference}/[\w-]+", answer.text)
    assert match
    with httpx.Client(base_url=address) as family:
        assert bill.lines[0].title in family.get(match[0]).text
        assert send(desk, bill_at(bill, "thu-hoi"), bill_at(bill)).status_code == 303
        assert family.get(match[0]).status_code == 404


def test_a_pupil_comes_late_moves_and_leaves(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Each with its own form; what is wrong is said at the field; leaving voids what nobody has paid."""
    shown = f"{home()}/hoc-sinh/moi"
    wrong = send(desk, shown, shown, full_name="", class_name="", birth_date="32/1/2019")
    assert wrong.status_code == 422
    for text in ("Ghi họ và tên học sinh", "Ghi tên lớp", "Ghi ngày có thật"):
        assert text in wrong.text
    made = send(
        desk, shown, shown, full_name="Ngô Văn Muộn", class_name="2B", birth_date="3/9/2018", sex="nam"
    )
    assert made.status_code == 303
    path = made.headers["location"].split("?")[0]
    pupil = next(row for row in platform.schools.pupils.values() if row.full_name == "Ngô Văn Muộn")
    round_ = month(platform, "Có em vào muộn")
    released(platform, round_, paid=0)
    assert send(desk, f"{path}/chuyen-lop", path, new_class="", move_date="1/12/2026").status_code == 422
    assert send(desk, f"{path}/chuyen-lop", path, new_class="2C", move_date="1/12/2026").status_code == 303
    assert pupil.class_name == "2C"
    assert send(desk, f"{path}/thoi-hoc", path, withdraw_date="", reason="").status_code == 422
    assert (
        send(desk, f"{path}/thoi-hoc", path, withdraw_date="2/12/2026", reason="Chuyển trường").status_code
        == 303
    )
    assert {bill.state for bill in platform.of_round(round_.id) if bill.payer_id == pupil.id} == {
        States.STATE_VOID
    }
    page = words(desk.get(path).text)
    assert "Chuyển trường" in page
    assert "Chuyển lớp" not in page
    del platform.schools.pupils[pupil.id]
