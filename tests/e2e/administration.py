"""What administrators do in the browser, step by step, for the tests that tell their day."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable

import pyotp
from playwright.sync_api import Page, expect

from cli.platform.embedded import Embedded
from tests.support.town import give_code

OpenPage = Callable[..., Page]
Look = Callable[[Page], None]
PASSWORD = "mùa xoài chín bên sông Bé"
# Pages that refuse a form answer with 4xx, which the browser notes in its console.
REFUSED = ("status of 4",)


def xoai(platform: Embedded, *arguments: str) -> str:
    """What the command says when it speaks to the platform."""
    command = [sys.executable, "-m", "cli.main", *arguments]
    result = subprocess.run(
        command,
        env={**platform.environment, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


def press(page: Page, words: str | re.Pattern[str]) -> None:
    """Press the button or link of the page's content with these words, and be on the page that follows."""
    main = page.locator("main")
    with page.expect_navigation():
        main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words)).first.click()


def accept(page: Page, link: str, look: Look) -> str:
    """Take an invitation, set a password, enrol an app with the secret on the page; the secret."""
    page.goto(link)
    page.get_by_label("Mật khẩu mới").fill(PASSWORD)
    press(page, "Đặt mật khẩu và vào")
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng ký ứng dụng xác thực")
    expect(page.get_by_role("img", name="Mã QR cho ứng dụng xác thực")).to_be_visible()
    look(page)
    secret = page.locator(".copy b.code").inner_text().replace(" ", "")
    page.get_by_label("Mã 6 số").fill(pyotp.TOTP(secret).now())
    press(page, "Đăng ký và vào")
    expect(page.get_by_role("navigation", name="Mục chính")).to_be_visible()
    return secret


def link_of(page: Page) -> str:
    """The one-time link that the page shows."""
    return page.locator(".once b").inner_text().strip()


def invite(page: Page, organisation: str, name: str, login: str, role: str) -> str:
    """Invite somebody on an organisation's page; the one-time link."""
    page.goto(organisation)
    press(page, "Mời người")
    page.get_by_label("Họ và tên").fill(name)
    page.get_by_label("Thư điện tử hoặc số di động").fill(login)
    page.get_by_label("Vai trò").select_option(label=role)
    press(page, "Mời")
    return link_of(page)


def propose(page: Page, organisation: str, number: str, replaces: str = "") -> str:
    """Propose a receiving account; the address of its page."""
    page.goto(f"{organisation}/tai-khoan/moi")
    page.get_by_label("Ngân hàng").select_option(label="Ngân hàng Thử (chỉ bản thử)")
    page.get_by_label("Số tài khoản").fill(number)
    page.get_by_label("Tên chủ tài khoản").fill("TRUONG TIEU HOC HOA MAI")
    page.get_by_label("Dùng để thu").fill("Thu dịch vụ")
    if replaces:
        page.get_by_label("Thay cho tài khoản nào").select_option(label=replaces)
    press(page, "Gửi đề nghị")
    return page.url.partition("?")[0]


def session_of(page: Page) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "xoai")


def connect(page: Page, school: str, look: Look) -> None:
    """Connect SePay: the address to copy, a test that shows each step, a change of secrets without a gap."""
    page.goto(f"{school}/ket-noi/moi")
    look(page)
    press(page, re.compile("SePay"))
    look(page)
    page.get_by_label("Tên kết nối").fill("")
    press(page, "Thêm kết nối")
    expect(page.locator(".errors")).to_contain_text("Ghi tên kết nối")
    look(page)
    page.get_by_label("Tên kết nối").fill("SePay của trường")
    press(page, "Thêm kết nối")
    expect(page.locator(".once b")).to_contain_text("/v1/callbacks/sepay/con_")
    look(page)
    press(page, "Gửi tin thử")
    expect(page.locator(".track li.done")).to_have_count(4)
    expect(page.get_by_text("Không khoản tiền nào bị ghi.")).to_be_visible()
    look(page)
    page.get_by_text("Đổi khoá").click()
    press(page, "Thêm khoá mới")
    expect(page.get_by_text("Khoá mới đã có hiệu lực")).to_be_visible()
    press(page, "Gửi tin thử")
    expect(page.locator(".track li.done")).to_have_count(5)
    press(page, re.compile("Bỏ khoá đuôi"))
    expect(page.get_by_text("Tin ký bằng khoá đó bị từ chối ngay.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Bỏ khoá đuôi"))).to_have_count(0)
    page.get_by_text("Tài khoản ảo", exact=True).last.click()
    page.get_by_label("Mỗi dòng một tài khoản ảo").fill("VA0001 9021000011187 HS1\nVA0001 9021000011187 HS2")
    press(page, "Ghi bảng")
    expect(page.locator(".errors")).to_contain_text("Dòng 2: “VA0001” có hai lần.")
    look(page)
    page.get_by_label("Mỗi dòng một tài khoản ảo").fill("VA0001 9021000011187 HS1\nVA0002")
    press(page, "Ghi bảng")
    expect(page.get_by_text("Đã ghi bảng tài khoản ảo.")).to_be_visible()


def pass_a_day(platform: Embedded, page: Page, account: str, look: Look) -> None:
    """The clock moves on by a day: old sessions are over, and the account comes into force by itself."""
    xoai(platform, "clock", "move", "--hours", "24.5")
    page.reload()
    expect(page).to_have_url(re.compile("/dang-nhap"))
    sign_in(page, platform, "duyet@xoai.example")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page.goto(account)
        if page.get_by_text("Đang nhận tiền").count():
            break
        page.wait_for_timeout(1_000)
    expect(page.get_by_text("Đang nhận tiền")).to_be_visible()
    expect(page.get_by_text("Thay tài khoản đuôi 1187.")).to_be_visible()
    look(page)


def sign_in(page: Page, platform: Embedded, login: str) -> None:
    page.goto(f"{platform.url}/dang-nhap?next=/quan-tri")
    page.get_by_label("Thư điện tử hoặc số điện thoại").fill(login)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    press(page, "Đăng nhập")
    give_code(page)
    page.wait_for_url("**/quan-tri")


def read_trail(platform: Embedded, page: Page, look: Look) -> None:
    """The trails are whole, and tell who did what."""
    page.goto(f"{platform.url}/quan-tri/nhat-ky")
    expect(page.get_by_text(re.compile("Chuỗi .* dòng còn nguyên"))).to_be_visible()
    expect(page.get_by_text("Ngừng Đỗ Thị Lan Chi")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Kết nối ngân hàng").last.click()
    expect(page.get_by_text("Thêm kết nối ngân hàng")).to_be_visible()
    expect(page.get_by_text(re.compile("Chuỗi .* dòng còn nguyên"))).to_be_visible()
    page.get_by_role("link", name="Chợ và phố").last.click()
    expect(page.get_by_text(re.compile("Chuỗi .* dòng còn nguyên"))).to_be_visible()
    page.get_by_label("Ngày").fill("31/2/2026")
    press(page, "Lọc")
    expect(page.locator(".errors")).to_contain_text("Ghi ngày có thật")
    look(page)
    page.goto(f"{platform.url}/quan-tri/tim?tim=hoa mai")
    expect(page.get_by_role("link", name="Trường Tiểu học Hoa Mai")).to_be_visible()
    look(page)
