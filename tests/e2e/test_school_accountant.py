"""The main job in a real browser on the real platform: a school's list becomes notices, a family pays, the round shows it."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from tests.support.town import (
    ACCOUNTANT,
    HEAD,
    MEALS,
    PASSWORD,
    TEACHER,
    Town,
    list_with_mistakes,
    living_town,
)

OpenPage = Callable[..., Page]
FindBarriers = Callable[[Page], list[str]]
# Pages that refuse a form answer with 4xx, which the browser notes in its console.
REFUSED = ("status of 4",)
LIST_NAME = "danh-sach.xlsx"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with living_town(tmp_path_factory.mktemp("town")) as started:
        yield started


def sign_in(page: Page, town: Town, login: str) -> None:
    page.goto(f"{town.url}/dang-nhap?next=/truong")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main button")
    if "/xac-minh" in page.url:
        # In tests the code that the person's phone would show is filled in.
        page.locator("main form").first.locator("button").first.click()
        page.wait_for_url(re.compile("/truong/"))
    page.goto(f"{town.url}/truong")


def go(page: Page, words: str) -> None:
    """Press the button or link of the page's content with these words, and be on the page that follows."""
    with page.expect_navigation():
        page.locator("main").locator("button, a").get_by_text(words).or_(
            page.locator("main").get_by_role("button", name=words)
        ).first.click()


def add_item(page: Page, kind: str, title: str, price: str) -> None:
    """From a round's items to one more; without a price its amounts come from the list."""
    page.goto(f"{page.url.split('/khoan')[0].split('?')[0]}/khoan/them?loai={kind}")
    page.fill("[name=title]", title)
    if price:
        page.fill("[name=unit_price]", price)
    else:
        page.check("[name=how][value=list]")
    page.locator("[name=account]").select_option(index=1)
    go(page, "Ghi khoản")


def figures(page: Page) -> str:
    return re.sub(r"\s+", " ", page.locator("dl.figures").first.inner_text())


def test_from_a_list_with_mistakes_to_a_paid_notice(
    town: Town, open_page: OpenPage, look: Callable[[Page], None], tmp_path: Path
) -> None:
    """Log in, open a round, upload, correct, go on, preview, release, print, pay by phone; the round's page turns."""
    page = open_page(width=1280, height=900, allow=REFUSED, accept_downloads=True)
    sign_in(page, town, ACCOUNTANT)
    expect(page.get_by_text("Chưa có đợt thu")).to_be_visible()
    look(page)

    go(page, "Mở đợt thu")
    page.fill("[name=due_date]", "31/02/2026")
    go(page, "Mở đợt thu")
    expect(page).to_have_title(re.compile("^Lỗi:"))
    assert page.evaluate("document.activeElement.className") == "errors"
    look(page)
    page.fill("[name=due_date]", "31/12/2030")
    go(page, "Mở đợt thu")
    look(page)
    add_item(page, "AN", MEALS, "")
    add_item(page, "NU", "Nước uống", "12.000")
    look(page)

    page.goto(page.url.split("/khoan")[0])
    round_url = page.url
    go(page, "Nhập danh sách")
    look(page)
    file = {
        "name": LIST_NAME,
        "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "buffer": list_with_mistakes(town.plan),
    }
    page.set_input_files("[name=tep]", files=[file])  # type: ignore[list-item]
    go(page, "Đọc tệp")
    everybody = town.plan.pupils
    expect(page.locator("h1")).to_have_text(f"{everybody} dòng: {everybody - 3} dùng được, 3 cần sửa")
    wrong = page.locator(".wrong-rows tbody tr")
    expect(wrong).to_have_count(3)
    expect(wrong.nth(0)).to_contain_text("31/02/2019")
    expect(wrong.nth(1)).to_contain_text("Lớp")
    expect(wrong.nth(2)).to_contain_text("660.000,5")
    look(page)

    with page.expect_download() as download:
        page.get_by_text("Tải 3 dòng (.xlsx)").click()
    assert download.value.suggested_filename == "danh-sach-can-sua.xlsx"
    # Taking a suggestion mends that row alone; nothing is taken silently.
    with page.expect_navigation():
        wrong.nth(2).get_by_role("button", name=re.compile("^Nhận")).click()
    expect(wrong).to_have_count(2)
    class_name = town.plan.classes[0].name
    wrong.nth(1).locator("input:visible").fill(class_name)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"{everybody} dòng: {everybody - 1} dùng được, 1 cần sửa")
    look(page)
    go(page, f"Đi tiếp với {everybody - 1} dòng")

    amount = f"{(everybody - 1) * 672_000:,}".replace(",", ".")
    expect(page.locator("h1")).to_contain_text(f"{everybody - 1} phiếu, {amount}")
    look(page)
    go(page, "Xem phiếu mẫu")
    expect(page.locator("article")).to_contain_text("672.000")
    expect(page.locator("article")).to_contain_text("Mã QR có sau khi phát hành")
    look(page)
    with page.expect_download() as download:
        page.get_by_text("Tải PDF (A5)").click()
    assert "Bản xem trước" in text_of(download.value.path())

    page.goto(f"{round_url}/xem-truoc")
    go(page, f"Phát hành {everybody - 1} phiếu")
    expect(page.get_by_text(f"Đã phát hành {everybody - 1} phiếu")).to_be_visible(timeout=30_000)
    look(page)
    go(page, "In thông báo")
    look(page)
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Thông báo lớp {class_name}, A5").click()
    paper = text_of(download.value.path())
    assert "672.000" in paper
    assert paper.count("Phải nộp") == len(town.plan.classes[0].pupils) - 1

    page.goto(f"{round_url}/phieu?lop={class_name}")
    look(page)
    page.locator("main tbody a").first.click()
    look(page)
    name = page.locator("h1").inner_text().split(",")[0]
    invoice_url = page.url
    reference = page.locator(".crumbs li").last.inner_text()
    page.goto(round_url)
    assert f"Nộp đủ 0 trên {everybody - 1} phiếu" in figures(page)
    look(page)

    phone = open_page(width=360, height=740)
    phone.goto(f"{town.url}/p/{reference}")
    phone.get_by_text("Trả bằng ngân hàng thử").click()
    phone.get_by_role("button", name="Chuyển tiền").click()
    phone.goto(f"{town.url}/p/{reference}")
    expect(phone.locator("h1")).to_contain_text("Đã nhận đủ", timeout=20_000)
    # The accountant's screen turns by itself.
    expect(page.locator("#classes").locator("xpath=../..").locator("tbody tr").first).to_contain_text(
        f"1 / {len(town.plan.classes[0].pupils) - 1}", timeout=15_000
    )
    assert f"Nộp đủ 1 trên {everybody - 1} phiếu" in figures(page)
    expect(page.get_by_text(f"{name}, {class_name}")).to_be_visible()
    look(page)

    page.goto(invoice_url)
    expect(page.locator(".state-line")).to_contain_text("Đã nhận đủ")
    with page.expect_download() as download:
        page.get_by_text(re.compile("Biên nhận số")).click()
    assert "672.000" in text_of(download.value.path())
    look(page)


def test_after_release_a_pupil_comes_moves_and_leaves(
    town: Town, open_page: OpenPage, look: Callable[[Page], None]
) -> None:
    """A late pupil gets an invoice of their own, changes class, leaves; the invoice is voided; another one is by hand."""
    page = open_page(width=1280, height=900, allow=REFUSED)
    sign_in(page, town, ACCOUNTANT)
    page.locator(".round-row a").first.click()
    round_url = page.url
    page.goto(f"{round_url.split('/dot-thu')[0]}/hoc-sinh/moi")
    look(page)
    page.fill("[name=full_name]", "Đặng Quỳnh Muộn")
    page.fill("[name=birth_date]", "3/9/2019")
    page.fill("[name=class_name]", town.plan.classes[1].name)
    go(page, "Thêm học sinh")
    pupil_url = page.url.split("?")[0]
    look(page)

    page.goto(round_url)
    page.get_by_text("1 phiếu chưa phát hành").click()
    expect(page.locator("h1")).to_contain_text("1 phiếu, 12.000")
    go(page, "Phát hành 1 phiếu")
    expect(page.get_by_text("Đã phát hành 1 phiếu")).to_be_visible(timeout=30_000)

    page.goto(pupil_url)
    page.get_by_text("Chuyển lớp").first.click()
    look(page)
    page.fill("[name=new_class]", town.plan.classes[2].name)
    page.get_by_role("button", name="Chuyển lớp").click()
    expect(page.get_by_text(f"Đã chuyển sang lớp {town.plan.classes[2].name}")).to_be_visible()
    page.get_by_text("Ghi thôi học").first.click()
    page.fill("[name=reason]", "Chuyển trường theo gia đình")
    page.get_by_role("button", name="Ghi thôi học").click()
    expect(page.get_by_text("Thôi học từ")).to_be_visible()
    page.reload()
    expect(page.locator(".rows .pill").first).to_have_text("Đã huỷ", timeout=15_000)
    look(page)

    page.goto(f"{round_url}/phieu?trang_thai=chua-nop")
    page.locator("main tbody a").first.click()
    page.get_by_text("Sửa số tiền").first.click()
    page.locator("[name^=amount-]").first.fill("600.000")
    page.fill("[name=change_reason]", "Nghỉ ốm hai ngày")
    look(page)
    page.get_by_role("button", name="Sửa số tiền").click()
    expect(page.get_by_text("Đã sửa số tiền")).to_be_visible()
    go(page, "Tạo liên kết")
    link = page.locator("#lien-ket ~ .card b").inner_text()
    look(page)
    family = open_page(width=360)
    family.goto(link)
    expect(family.get_by_text("600.000")).to_be_visible()
    page.get_by_text("Huỷ phiếu").first.click()
    page.fill("[name=reason]", "Thu nhầm lớp")
    page.get_by_role("button", name="Huỷ phiếu").click()
    expect(page.locator(".state-line")).to_contain_text("Thu nhầm lớp")


def test_files_that_are_no_lists(town: Town, open_page: OpenPage, look: Callable[[Page], None]) -> None:
    """A paper, half an archive and a bomb: each is named, says what to do, and leaves the form as it was."""
    page = open_page(width=1280, height=900, allow=REFUSED)
    sign_in(page, town, ACCOUNTANT)
    page.goto(f"{page.url}/nhap")
    for content, words in (
        (b"%PDF-1.7 a paper", "không phải bảng tính"),
        (b"PK\x03\x04 half an archive", "Tệp bị hỏng"),
        (bomb(), "nên không được mở"),
    ):
        file = {"name": "danh-sach.xlsx", "mimeType": "application/octet-stream", "buffer": content}
        page.set_input_files("[name=tep]", files=[file])  # type: ignore[list-item]
        go(page, "Đọc tệp")
        expect(page.locator("#errors")).to_contain_text(words)
        assert page.evaluate("document.activeElement.id") == "errors"
    look(page)


def bomb() -> bytes:
    """A workbook of half a megabyte that unfolds into two hundred."""
    plain, folded = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Họ và tên")
        sheet.write(0, 1, "Lớp")
    row = b'<row r="2"><c r="A2" t="inlineStr"><is><t>Nguyen Van A</t></is></c></row>'
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(folded, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", row * 2_800_000 + b"</sheetData>")
            target.writestr(name, content)
    return folded.getvalue()


def text_of(paper: Path) -> str:
    """What stands on a PDF."""
    found = subprocess.run(["pdftotext", str(paper), "-"], capture_output=True, text=True, check=True)
    return found.stdout


def test_what_a_teacher_and_a_head_teacher_may_do(
    town: Town, open_page: OpenPage, look: Callable[[Page], None]
) -> None:
    """A class teacher sees who has paid and changes nothing; a head teacher may release and void, but not upload."""
    for login, may_void in ((TEACHER, False), (HEAD, True)):
        page = open_page(width=1280, height=900, allow=REFUSED)
        sign_in(page, town, login)
        assert page.locator("main").get_by_text("Nhập danh sách").count() == 0
        look(page)
        page.locator(".round-row a").first.click()
        assert page.locator("main").get_by_text("Khoản, miễn giảm").count() == 0
        page.locator("table.classes tbody a").first.click()
        page.locator("main tbody a").nth(3).click()
        assert page.get_by_text("Sửa số tiền").count() == 0
        assert (page.get_by_text("Huỷ phiếu").count() > 0) is may_void
        look(page)
        answer = page.goto(page.url.split("/phieu")[0] + "/nhap")
        assert answer is not None
        assert answer.status == 403


def test_a_round_page_without_scripts(town: Town, open_page: OpenPage) -> None:
    """The same figures stand there; a reload brings the newest."""
    page = open_page(width=360, java_script_enabled=False)
    sign_in(page, town, ACCOUNTANT)
    page.locator(".round-row a").first.click()
    assert "Nộp đủ 1 trên" in figures(page)


def test_a_round_page_within_its_budget(town: Town, open_page: OpenPage) -> None:
    """At most 150 KB on the wire, 60 KB of it scripts, and ten requests."""
    page = open_page(width=1280, height=900)
    sign_in(page, town, ACCOUNTANT)
    page.locator(".round-row a").first.click()
    page.wait_for_load_state("load")
    weights = json.loads(
        page.evaluate(
            "JSON.stringify(performance.getEntriesByType('resource')"
            ".concat(performance.getEntriesByType('navigation')).map(e => [e.name, e.encodedBodySize]))"
        )
    )
    # What is already kept by the browser counts as well.
    fetched = [(name, size) for name, size in weights if "/v1/events" not in name]
    assert sum(size for _, size in fetched) <= 150 * 1024
    assert sum(size for name, size in fetched if name.endswith(".js")) <= 60 * 1024
    assert len(weights) <= 10


def test_a_class_list_on_paper(town: Town, open_page: OpenPage, tmp_path: Path) -> None:
    """A4 landscape without buttons and menus; who printed it and when; each sheet has its number."""
    page = open_page(width=1280, height=900)
    sign_in(page, town, ACCOUNTANT)
    page.locator(".round-row a").first.click()
    page.wait_for_load_state()
    page.goto(f"{page.url}/phieu")
    paper = tmp_path / "list.pdf"
    page.pdf(path=paper, prefer_css_page_size=True)
    text = text_of(paper)
    assert "1/1" in text or "1/2" in text
    assert "In bởi" in text
    assert "Số liệu đến" in text
    for gone in ("Tải .xlsx", "Khoản thu\n", "Tìm theo tên"):
        assert gone not in text
    size = subprocess.run(["pdfinfo", str(paper)], capture_output=True, text=True, check=True).stdout
    assert "841.92 x 594.96" in size or "842 x 595" in size
