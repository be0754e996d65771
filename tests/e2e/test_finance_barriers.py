"""The finance pages for everybody: no barrier in any state of any page, at any width, in the dark too."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from kit import auth
from services.reconciliation.store import lists
from tests.e2e.finance_office import REFUSED, Office, OpenPage, at_desk
from tests.support.fake_bills import OTHER_SCHOOL
from tests.support.finance_desk import OTHER_ACCOUNT, FinanceDesk


def _full_desk(desk: FinanceDesk) -> None:
    """Credits of every kind, long names and memos of strangers among them."""
    bill = desk.bill()
    long = desk.bill("Nguyễn Phước Thiên Trường Bảo Hoàng Ngọc Ẫn Nữ Công Huyền Tôn Nữ Ỷ Nhi", 1_250_000_000)
    void = desk.bill("Trần Gia Bảo", 400_000)
    desk.change(void, state=2)
    desk.money(400_000, void.reference)
    desk.money(1_250_000_000, f"{long.reference[:-1]} {'X' * 90}")
    desk.money(500_000, f"{bill.reference} {void.reference}")
    desk.money(1_000_000, bill.reference)
    desk.money(936_000, bill.reference)
    facts = {"occur_time": "2026-09-15T09:30:00+07:00", "bank_reference": None}
    for source in ("bank", "bank", "second"):
        desk.money(300_000, "hoc phi linh", source=source, **facts)
    desk.money(936_000, "<script>alert(1)</script> 'a' \"b\"")
    desk.message({"credits": [{"provider_transaction_id": "X2", "account": "999", "amount": 1_000}]})
    desk.bill("Lê Hoài An", 420_000, group_name="2C")
    desk.bill("Lê Thanh Bình", 512_000, group_name="4B")
    desk.money(932_000, "HAI CON HOAI AN 2C, THANH BINH 4B")


def _left_to_people(desk: FinanceDesk) -> None:
    """What no rule may decide alone: a large credit without proof, another unit's code, an account that nobody has
    registered; and events that a service could not handle."""
    bill = desk.bill(amount=45_000_000)
    foreign = desk.bill(
        "Trần Gia Bảo", 512_000, organisation_id=OTHER_SCHOOL, account_number=OTHER_ACCOUNT, group_name="2B"
    )
    desk.unproven(45_000_000, bill.reference)
    desk.money(512_000, f"{foreign.reference} GIA BAO 2B")
    desk.money(300_000, "nop tien hoc thang 11", source="early")
    desk.bury("IntegrityError: null value in column “holder_name”\n" + "  File holders.py, line 41\n" * 12, 3)
    desk.bury("made to fail")


@pytest.mark.parametrize("dark", [False, True])
def test_no_barriers_where_people_decide(office: Office, open_page: OpenPage, look: Any, dark: bool) -> None:
    """A credit that waits for confirmation, one on a wrong account, one on an unknown account, and dead letters."""
    office.desk.platform.scope = auth.EVERYWHERE
    office.desk.platform.permissions |= {"events.replay"}
    _left_to_people(office.desk)
    page = at_desk(open_page(width=1280, height=900, dark=dark, allow=REFUSED), office)
    for reason, pill in (
        ("awaiting-confirmation", "Chờ xác nhận"),
        ("wrong-account", "Sai tài khoản"),
        ("unknown-account", "Tài khoản lạ"),
    ):
        page.goto(f"{office.url}/doi-soat?ly-do={reason}")
        expect(page.locator("#list .pill")).to_have_text([pill])
        look(page)
        page.goto(page.locator("[data-row]").evaluate("row => row.href"))
        expect(page.locator(".why")).to_contain_text(pill)
        for fold in page.locator("details.fold").all():
            fold.locator("summary").first.click()
        look(page)
        page.goto(f"{page.url.partition('?')[0]}/tin")
        look(page)
    page.goto(f"{office.url}/doi-soat/tin-loi")
    expect(page.get_by_role("button", name="Xử lý lại")).to_have_count(2)
    for fold in page.locator("details").all():
        fold.locator("summary").click()
    look(page)
    page.goto(f"{office.url}/doi-soat/tin-loi?viec=chua-chay-duoc")
    look(page)


@pytest.mark.parametrize("dark", [False, True])
def test_no_barriers_while_a_search_goes_on(
    office: Office, open_page: OpenPage, look: Any, dark: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing yet, something with more to look through, the end."""
    monkeypatch.setattr(lists, "WINDOW", 2)
    for number in range(5):
        office.desk.money(20_000 + number, "dong phuc" if number == 2 else "an trua")
    page = at_desk(open_page(width=1280, height=900, dark=dark), office)
    page.goto(f"{office.url}/doi-soat?tim=đồng phục")
    for texts in (["Chưa thấy khoản nào"], ["Tìm tiếp"], ["Đã tìm hết, không còn khoản nào"]):
        for text in texts:
            expect(page.locator("#list")).to_contain_text(text)
        look(page)
        onward = page.get_by_role("link", name="Tìm tiếp")
        if onward.count():
            onward.click()


@pytest.mark.parametrize("dark", [False, True])
def test_confirming_asks_where_it_was_seen(
    office: Office, open_page: OpenPage, look: Any, dark: bool
) -> None:
    """Without an answer the field says so; with one the bill is paid, and the page says who confirmed."""
    bill = office.desk.bill(amount=45_000_000)
    office.desk.unproven(45_000_000, bill.reference)
    page = at_desk(open_page(width=1280, height=900, dark=dark, allow=REFUSED), office)
    page.goto(page.locator("[data-row]").evaluate("row => row.href"))
    assert office.desk.applied(bill) == 0
    confirm = page.get_by_role("button", name="Xác nhận tiền đã vào")
    page.locator("#confirm [name=reason]").evaluate("field => field.removeAttribute('required')")
    confirm.click()
    expect(page.locator("#confirm [aria-invalid]")).to_have_count(1)
    look(page)
    page.get_by_label("Đã xem ở đâu").fill("sao kê trên ứng dụng lúc 9 giờ")
    confirm.click()
    expect(page.locator("#result")).to_contain_text("45.000.000")
    assert office.desk.applied(bill) == 45_000_000
    look(page)


@pytest.mark.parametrize("dark", [False, True])
def test_no_barriers_on_any_page(office: Office, open_page: OpenPage, look: Any, dark: bool) -> None:
    """Every state of every page: each kind of credit, errors, empty lists, overview; at desk width and on a phone."""
    page = at_desk(open_page(width=1440, height=900, dark=dark, allow=REFUSED), office)
    look(page)
    _full_desk(office.desk)
    page.goto(f"{office.url}/doi-soat")
    look(page)
    addresses = page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.href)")
    assert len(addresses) == 8
    for address in addresses:
        page.goto(address)
        look(page)
        for fold in page.locator("details.fold").all():
            if not fold.get_attribute("open"):
                fold.locator("summary").first.click()
        look(page)
    for path in (
        "?xem=thua",
        "?xem=hai-lan",
        "?xem=de-lai",
        "?xem=tat-ca",
        "?tim=khong co gi",
        "?ly-do=void",
    ):
        page.goto(f"{office.url}/doi-soat{path}")
        look(page)
    page.goto(f"{office.url}/doi-soat?xem=tat-ca")
    page.locator("[data-row]", has_text="1.000.000").click()
    expect(page.locator(".paid")).to_have_count(1)
    page.locator(".paid summary").click()
    look(page)
    page.locator('a[data-key="r"]').click()
    look(page)
    page.goto(f"{office.url}/doi-soat/tien-du")
    look(page)
    page.locator("tbody a").first.click()
    look(page)
    for path in ("/rat-chac", "/so-cai", "/tin-loi", "/tin-loi?xong=1"):
        page.goto(f"{office.url}/doi-soat{path}")
        look(page)
