"""The finance clerk at the desk in a real browser: by keyboard, live, two at once, without scripts, without barriers."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from sandbox.city.schools import SANDBOX_BIN
from tests.e2e.finance_office import REFUSED, Office, OpenPage, at_desk, sign_in
from tests.support.town import CITY_CLERK, PASSWORD, Town, living_town
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

FindBarriers = Callable[[Page], list[str]]
WAIT_SECONDS = 30


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with living_town(tmp_path_factory.mktemp("town")) as started:
        yield started


def issue(town: Town, name: str, group: str, amount: int) -> invoices_pb.Invoice:
    """A bill of the town's school."""
    desk = town.school.accountant
    assert desk is not None
    draft = invoices_pb.InvoiceDraft(
        source_id=str(uuid.uuid4()),
        title="Khoản thu tháng 11/2026",
        payer_id=str(uuid.uuid4()),
        payer_name=name,
        group_name=group,
        account_id=town.school.account,
        bin=SANDBOX_BIN,
        account_number=town.plan.account,
        holder_name=town.plan.holder,
        due_date="2030-11-30",
        lines=[
            invoices_pb.InvoiceLine(
                id="1", title="Tiền ăn", amount=amount, ledger_class="dich_vu", priority=1
            )
        ],
    )
    request = invoices_pb.IssueInvoicesRequest(
        request_id=str(uuid.uuid4()),
        organisation_id=town.school.id,
        source_service="schools",
        drafts=[draft],
    )
    outcome = desk.call("invoices", "IssueInvoices", request).outcomes[0]
    assert outcome.invoice_id, outcome
    found: invoices_pb.Invoice = desk.call(
        "invoices", "GetInvoice", invoices_pb.GetInvoiceRequest(id=outcome.invoice_id)
    )
    return found


def transfer(town: Town, bill: invoices_pb.Invoice, amount: int, memo: str) -> None:
    """A family transfers money at the sandbox bank, which calls back by itself."""
    body = {
        "account": bill.account_number,
        "amount": amount,
        "memo": memo,
        "payer_name": "NGUYEN VAN TOAN",
        "payer_account": "0071000124417",
    }
    httpx.post(f"{town.bank_url}/transfers", json=body, timeout=30).raise_for_status()


def until(what: str, check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def state_of(town: Town, bill: invoices_pb.Invoice) -> tuple[int, int]:
    desk = town.school.accountant
    assert desk is not None
    found = desk.call("invoices", "GetInvoice", invoices_pb.GetInvoiceRequest(id=bill.id))
    return found.state, found.amount_paid


def test_from_an_unmatched_transfer_to_a_paid_bill_and_back(town: Town, open_page: OpenPage) -> None:
    """Money with a cut reference appears on the open desk, is assigned by keyboard alone, pays the bill, is undone."""
    bill = issue(town, "Nguyễn Khánh Linh", "3A", 936_000)
    page = open_page(width=1440, height=900)
    sign_in(page, town.url, CITY_CLERK, PASSWORD)
    expect(page.get_by_role("heading", name="Không còn khoản nào chờ").first).to_be_visible()
    transfer(town, bill, 936_000, f"{bill.reference[:-1]} KHANH LINH 3A T11")
    row = page.locator("[data-row]")
    expect(row).to_have_count(1, timeout=WAIT_SECONDS * 1000)
    expect(page.locator("#said")).to_contain_text("Danh sách vừa thay đổi")
    page.keyboard.press("j")
    expect(page.locator(".offer.first")).to_contain_text("Nguyễn Khánh Linh, 3A")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Đã ghi 936.000 ₫ cho Nguyễn Khánh Linh, 3A.")
    expect(page.locator("#said")).to_contain_text("Đã ghi 936.000 ₫")
    until("the bill is paid", lambda: state_of(town, bill) == (invoices_pb.Invoice.STATE_PAID, 936_000))
    page.keyboard.press("u")
    expect(page.locator("#result")).to_contain_text("Đã hoàn tác. 936.000 ₫ chờ xử lý.")
    expect(row).to_contain_text("Đã hoàn tác")
    until("the bill is open", lambda: state_of(town, bill) == (invoices_pb.Invoice.STATE_OPEN, 0))


def test_two_clerks_race_for_one_credit(office: Office, open_page: OpenPage, look: Any) -> None:
    """Both look at it; the second is told who did what, and the money moved once."""
    bill, other = office.desk.bill(), office.desk.bill("Trần Gia Linh", 936_000)
    office.desk.money(936_000, "LINH 3A nop tien")
    first = at_desk(open_page(width=1440, height=900), office)
    second = at_desk(open_page(width=1440, height=900, allow=REFUSED), office)
    for page in (first, second):
        expect(page.locator(".offer")).to_have_count(2)
    first.keyboard.press("1")
    expect(first.locator("#result")).to_be_visible()
    second.keyboard.press("2")
    conflict = second.locator("#conflict")
    expect(conflict).to_contain_text("Đỗ Thị Lan Chi đã ghi 936.000 ₫ vào phiếu.")
    expect(conflict).to_be_focused()
    look(second)
    assert office.desk.applied(bill) + office.desk.applied(other) == 936_000


def test_the_desk_by_keyboard_alone(office: Office, open_page: OpenPage) -> None:
    """Down, up, park with a reason, back by undo, search, help; and all keys off by the switch."""
    office.desk.bill()
    for number in range(1, 4):
        office.desk.money(number * 10_000, f"chuyen tien {number}")
    page = at_desk(open_page(width=1440, height=900), office)
    expect(page.locator("[data-row]")).to_have_count(3)
    page.keyboard.press("j")
    expect(page.locator("h1.amount")).to_have_text("20.000 ₫")
    page.keyboard.press("k")
    expect(page.locator("h1.amount")).to_have_text("30.000 ₫")
    page.keyboard.press("p")
    page.keyboard.type("chờ phụ huynh jk1")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Đã để lại 30.000 ₫: chờ phụ huynh jk1.")
    expect(page.locator("h1.amount")).to_have_text("20.000 ₫")
    expect(page.locator("[data-row][aria-current]")).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator("#result")).to_contain_text("Đã lấy lại 30.000 ₫")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("10.000")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_role("button", name="Phím tắt: bật").click()
    before = page.url
    page.keyboard.press("p")
    page.wait_for_timeout(300)
    assert page.url == before
    assert page.locator("#park[open]").count() == 0


def test_two_children_are_paid_by_one_key(office: Office, open_page: OpenPage) -> None:
    """Both are named and together they are the amount: Enter pays both bills, one undo takes both back."""
    one = office.desk.bill("Lê Hoài An", 420_000, group_name="2C")
    other = office.desk.bill("Lê Thanh Bình", 512_000, group_name="4B")
    office.desk.money(932_000, "HAI CON HOAI AN 2C, THANH BINH 4B")
    page = at_desk(open_page(width=1440, height=900), office)
    expect(page.get_by_text("Hai phiếu cộng lại đúng bằng số tiền")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Đã ghi 932.000 ₫ vào 2 phiếu.")
    assert (office.desk.applied(one), office.desk.applied(other)) == (420_000, 512_000)
    page.keyboard.press("u")
    expect(page.locator("#result")).to_contain_text("Đã hoàn tác. 932.000 ₫ chờ xử lý.")
    assert (office.desk.applied(one), office.desk.applied(other)) == (0, 0)


def test_without_scripts_everything_is_there(office: Office, open_page: OpenPage) -> None:
    """On a phone without scripts: the list, one credit, search for a bill, apply, undo."""
    bill = office.desk.bill("Phạm Thu Hà", 250_000)
    office.desk.money(250_000, "nop tien hoc")
    page = at_desk(open_page(width=360, java_script_enabled=False), office)
    expect(page.locator("#pane")).to_be_hidden()
    page.click(".credits a")
    expect(page.locator("#queue")).to_be_hidden()
    page.locator("#find summary").click()
    page.fill("#phieu", "pham thu ha")
    page.get_by_role("button", name="Tìm").click()
    page.locator(".found .offer button").first.click()
    expect(page.locator("#result")).to_contain_text("Đã ghi 250.000 ₫ cho Phạm Thu Hà, 3A.")
    assert office.desk.applied(bill) == 250_000
    page.locator("#result").get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("#result")).to_contain_text("Đã hoàn tác")
    assert office.desk.applied(bill) == 0


def test_the_desk_stays_within_its_budget(office: Office, open_page: OpenPage) -> None:
    """With a full list: at most 150 KB, 60 KB of it scripts, in ten requests."""
    office.desk.bill()
    for number in range(60):
        office.desk.money(10_000 + number, f"chuyen tien hoc cho con lan {number}")
    page = at_desk(open_page(width=1440, height=900), office)
    page.context.clear_cookies(name="nothing")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: dict[str, int] = {}
    kinds: dict[str, str] = {}
    session.on("Network.requestWillBeSent", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(f"{office.url}/doi-soat", wait_until="load")
    expect(page.locator("[data-row]")).to_have_count(50)
    assert sum(sizes.values()) <= 150 * 1024, sizes
    assert sum(size for request, size in sizes.items() if kinds.get(request) == "Script") <= 60 * 1024
    assert len(kinds) <= 10, kinds
    assert re.search(r"/doi-soat$", page.url)


def test_a_dead_network_loses_nothing_and_pays_once(office: Office, open_page: OpenPage) -> None:
    """The answer is lost on the way: the desk stays and says so; pressing again does the same thing, once."""
    bill = office.desk.bill()
    office.desk.money(936_000, "NGUYEN KHANH LINH 3A")
    page = at_desk(open_page(width=1440, height=900, allow=("ERR_",)), office)
    lost = []

    def answer_is_lost(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch(max_redirects=0).status)
        route.abort()

    page.route("**/ghi*", answer_is_lost)
    with page.expect_event("requestfailed"):
        page.keyboard.press("Enter")
    expect(page.locator("#lost")).to_contain_text("không ghi hai lần")
    assert lost == [303]
    expect(page.locator(".offer.first")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Đã ghi 936.000 ₫ cho Nguyễn Khánh Linh, 3A.")
    assert office.desk.applied(bill) == 936_000
    assert office.desk.rows("SELECT count(*) FROM payment") == [(1,)]
