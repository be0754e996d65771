"""The administrator's work in a real browser on the real platform: from `xoai admin create` to a connection that works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from cli.platform.embedded import Embedded
from kit import clock
from tests.e2e.administration import (
    PASSWORD,
    REFUSED,
    Look,
    OpenPage,
    accept,
    connect,
    invite,
    link_of,
    pass_a_day,
    press,
    propose,
    read_trail,
    session_of,
    xoai,
)
from tests.support.town import give_code


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A platform with nobody in it."""
    started = Embedded(tmp_path_factory.mktemp("empty") / "platform", mode="test", port=0, fsync=False)
    started.start()
    yield started
    started.stop()


def test_from_an_empty_platform_to_a_school_that_collects(
    platform: Embedded, open_page: OpenPage, look: Look
) -> None:
    """Two administrators, a school, its account by two persons, a bank connection that works, an accountant who goes."""
    admin = open_page(width=1280, allow=REFUSED)
    second = open_page(width=360, allow=REFUSED)
    clerk = open_page(width=1280, allow=REFUSED)
    link = xoai(
        platform, "admin", "create", "--name", "Lê Quản Trị", "--login", "quantri@xoai.example",
        "--city", "Thành phố Đồng Xoài",
    )  # fmt: skip
    accept(admin, link, look)
    expect(admin.get_by_role("heading", level=1)).to_have_text("Không có việc nào chờ duyệt")
    look(admin)

    # The second administrator, without whom no account can be approved.
    admin.goto(f"{platform.url}/quan-tri/don-vi")
    look(admin)
    press(admin, "Thành phố Đồng Xoài")
    city = admin.url
    look(admin)
    link = invite(admin, city, "Trần Phê Duyệt", "duyet@xoai.example", "Quản trị")
    look(admin)
    admin.reload()
    assert "/loi-moi/" not in admin.locator("main").inner_text()
    secret = accept(second, link, look)

    # A school.
    admin.goto(f"{platform.url}/quan-tri/don-vi/moi")
    press(admin, "Thêm đơn vị")
    expect(admin.locator(".errors")).to_be_focused()
    expect(admin).to_have_title(re.compile("^Lỗi: "))
    look(admin)
    admin.get_by_label("Tên đơn vị").fill("Trường Tiểu học Hoa Mai")
    admin.get_by_label("Loại").select_option(label="Trường học")
    press(admin, "Thêm đơn vị")
    school = admin.url.partition("?")[0]
    expect(admin.get_by_role("status").filter(has_text="Đã thêm đơn vị")).to_be_visible()
    expect(admin.get_by_text("truong-tieu-hoc-hoa-mai")).to_be_visible()
    look(admin)

    # Its account: the proposer cannot approve; the second person can, with a code of this moment.
    account = propose(admin, school, "9021 0000 11187")
    expect(admin.get_by_text("người đề nghị không tự duyệt được")).to_be_visible()
    expect(admin.get_by_role("button", name=re.compile("Duyệt"))).to_have_count(0)
    look(admin)
    xoai(platform, "clock", "move", "--hours", "0.1")
    second.goto(f"{platform.url}/quan-tri")
    expect(second.get_by_role("heading", level=1)).to_have_text("1 tài khoản chờ người thứ hai duyệt")
    look(second)
    press(second, re.compile("Trường Tiểu học Hoa Mai"))
    assert second.url == account
    expect(second.get_by_text("Ngay khi được duyệt")).to_be_visible()
    look(second)
    before = session_of(second)
    second.get_by_label("Mã 6 số của bạn").fill("000000")
    press(second, re.compile("Duyệt tài khoản"))
    expect(second.locator(".errors")).to_contain_text("Mã 6 số chưa đúng")
    look(second)
    moment = clock.now() + timedelta(hours=0.1)
    second.get_by_label("Mã 6 số của bạn").fill(pyotp.TOTP(secret).at(moment))
    press(second, re.compile("Duyệt tài khoản"))
    expect(second.get_by_text("Đang nhận tiền")).to_be_visible()
    expect(second.get_by_text(re.compile("Trần Phê Duyệt, "))).to_be_visible()
    look(second)
    assert session_of(second) != before

    connect(admin, school, look)

    # An accountant, who hears of the next change and then has to go.
    link = invite(admin, school, "Đỗ Thị Lan Chi", "lan.chi@hoamai.example", "Kế toán trường")
    clerk.goto(link)
    clerk.get_by_label("Mật khẩu mới").fill(PASSWORD)
    press(clerk, "Đặt mật khẩu và vào")
    expect(clerk.get_by_text("Trường Tiểu học Hoa Mai").first).to_be_visible()
    change = propose(admin, school, "9021000022298", "Thay tài khoản đuôi 1187 (Thu dịch vụ)")
    expect(admin.get_by_text("24 giờ sau khi được duyệt.")).to_be_visible()
    clerk.reload()
    expect(clerk.get_by_text("1 thông báo về tài khoản nhận tiền bạn chưa đọc.")).to_be_visible()
    look(clerk)
    with clerk.expect_navigation():
        clerk.get_by_role("link", name="Đọc", exact=True).click()
    expect(clerk.get_by_text("Có đề nghị nhận tiền vào một tài khoản mới")).to_be_visible()
    look(clerk)
    press(clerk, "Đã đọc, đi tiếp")
    expect(clerk.get_by_text("bạn chưa đọc")).to_have_count(0)
    admin.goto(school)
    press(admin, "Đỗ Thị Lan Chi")
    look(admin)
    admin.get_by_text("Ngừng người này").click()
    press(admin, "Ngừng ngay")
    expect(admin.get_by_text("Mọi phiên đang mở của người này hết ngay.")).to_be_visible()
    look(admin)
    clerk.reload()
    expect(clerk).to_have_url(re.compile("/dang-nhap"))

    second.goto(change)
    press(second, re.compile("Duyệt tài khoản"))
    expect(second.get_by_text("Chờ đủ 24 giờ")).to_be_visible()
    expect(second.get_by_text(re.compile("Từ ..:.. ngày .*, 24 giờ sau khi duyệt."))).to_be_visible()
    look(second)
    pass_a_day(platform, second, change, look)
    read_trail(platform, second, look)


@pytest.fixture
def chief(platform: Embedded, open_page: OpenPage) -> Callable[..., Page]:
    """Pages of an administrator who has just come in, enrolled at the first call."""
    login = "truong@xoai.example"

    def enter(**options: Any) -> Page:
        page = open_page(allow=REFUSED, **options)
        page.goto(xoai(platform, "admin", "create", "--name", "Phạm Thị Trưởng", "--login", login))
        page.get_by_label("Mật khẩu mới").fill(PASSWORD)
        press(page, "Đặt mật khẩu và vào")
        give_code(page)
        return page

    return enter


def test_everything_works_without_scripts(platform: Embedded, chief: Callable[..., Page]) -> None:
    """Enrolment, a school, an API key and its end need no script."""
    page = chief(java_script_enabled=False)
    page.goto(f"{platform.url}/quan-tri/don-vi/moi")
    page.get_by_label("Tên đơn vị").fill("Trường THCS Bình Minh")
    page.get_by_label("Loại").select_option(label="Trường học")
    press(page, "Thêm đơn vị")
    press(page, "Tạo khoá")
    page.get_by_label("Phần mềm dùng khoá").fill("Phần mềm quản lý trường")
    press(page, "Tạo khoá")
    secret = link_of(page)
    assert secret.startswith("xoai_")
    press(page, "Xong")
    assert secret not in page.content()
    press(page, re.compile("Thu hồi khoá"))
    expect(page.get_by_text("Đã thu hồi", exact=True)).to_be_visible()


def cost(page: Page, address: str) -> tuple[int, int, int]:
    """Requests, bytes and bytes of scripts of a first load."""
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
    page.goto(address, wait_until="networkidle")
    session.detach()
    scripts = sum(size for request, size in sizes.items() if kinds.get(request) == "Script")
    return len(kinds), sum(sizes.values()), scripts


def test_pages_stay_within_their_budget(platform: Embedded, chief: Callable[..., Page]) -> None:
    """First loads: at most ten requests, 150 KB, 60 KB of it scripts."""
    page = chief(width=1280)
    page.goto(f"{platform.url}/quan-tri/don-vi")
    first = page.locator("table a").first.get_attribute("href") or ""
    for place in (
        "",
        "/don-vi",
        "/nguoi",
        "/ket-noi",
        "/nhat-ky",
        "/tai-khoan",
        first.removeprefix("/quan-tri"),
    ):
        requests, total, scripts = cost(page, f"{platform.url}/quan-tri{place}")
        assert requests <= 10, place
        assert total <= 150 * 1024, place
        assert scripts <= 60 * 1024, place


def test_a_school_changes_its_account_by_itself(
    platform: Embedded, chief: Callable[..., Page], open_page: OpenPage, look: Look
) -> None:
    """The accountant proposes, the head teacher approves; both see of the administration this one page only."""
    page = chief(width=1280)
    page.goto(f"{platform.url}/quan-tri/don-vi/moi")
    page.get_by_label("Tên đơn vị").fill("Trường Mầm non Sơn Ca")
    page.get_by_label("Loại").select_option(label="Trường học")
    press(page, "Thêm đơn vị")
    school = page.url.partition("?")[0]
    links = [
        invite(page, school, "Kế Toán Sơn Ca", "ketoan@sonca.example", "Kế toán trường"),
        invite(page, school, "Hiệu Trưởng Sơn Ca", "hieutruong@sonca.example", "Hiệu trưởng"),
    ]
    accountant, head = open_page(width=360, allow=REFUSED), open_page(width=360, allow=REFUSED)
    for person, link in zip((accountant, head), links, strict=True):
        person.goto(link)
        person.get_by_label("Mật khẩu mới").fill(PASSWORD)
        press(person, "Đặt mật khẩu và vào")
        give_code(person)
        person.goto(f"{platform.url}/tai-khoan")
        press(person, "Tài khoản nhận tiền của đơn vị")
        look(person)
        expect(person.get_by_role("link", name="Người dùng")).to_have_count(0)
    press(accountant, "Đề nghị tài khoản")
    accountant.get_by_label("Ngân hàng").select_option(label="Ngân hàng Thử (chỉ bản thử)")
    accountant.get_by_label("Số tài khoản").fill("9021000077777")
    accountant.get_by_label("Tên chủ tài khoản").fill("TRUONG MAM NON SON CA")
    press(accountant, "Gửi đề nghị")
    look(accountant)
    head.reload()
    press(head, re.compile("đuôi 7777"))
    press(head, re.compile("Duyệt tài khoản"))
    expect(head.get_by_text("Đang nhận tiền")).to_be_visible()
    look(head)
    accountant.reload()
    expect(accountant.get_by_text("Hiệu Trưởng Sơn Ca, ")).to_be_visible()
    expect(accountant.get_by_role("button", name=re.compile("Ngừng"))).to_have_count(0)
    for place in ("/quan-tri/don-vi", "/quan-tri/nguoi", "/quan-tri/ket-noi"):
        answer = accountant.goto(platform.url + place)
        assert answer is not None
        assert answer.status == 403, place


def test_a_session_about_to_end_says_so_and_can_be_kept(
    platform: Embedded, chief: Callable[..., Page], look: Look
) -> None:
    """Thirteen idle minutes: a strip with a button that keeps the session; a quarter of an hour: it says what to save."""
    page = chief(width=1280)
    page.clock.install()
    page.goto(f"{platform.url}/quan-tri/don-vi/moi")
    page.get_by_label("Tên đơn vị").fill("Trường đang gõ dở")
    soon = page.get_by_text("Phiên sắp hết vì không có thao tác.")
    page.clock.fast_forward("12:30")
    expect(soon).to_be_hidden()
    page.clock.fast_forward("01:00")
    expect(soon).to_be_visible()
    look(page)
    page.get_by_role("button", name="Ở lại").click()
    expect(soon).to_be_hidden()
    page.clock.fast_forward("16:00")
    expect(page.get_by_text("Phiên đã hết. Chép lại những gì đang gõ")).to_be_visible()
    expect(page.get_by_label("Tên đơn vị")).to_have_value("Trường đang gõ dở")
    look(page)


def test_the_enrolment_can_be_read_in_the_dark(platform: Embedded, open_page: OpenPage, look: Look) -> None:
    """Code and key stand on grounds that they can be read on, whatever the phone is set to."""
    page = open_page(dark=True)
    link = xoai(platform, "admin", "create", "--name", "Vũ Thị Đêm", "--login", "dem@xoai.example")
    page.goto(link)
    look(page)
    page.get_by_label("Mật khẩu mới").fill(PASSWORD)
    press(page, "Đặt mật khẩu và vào")
    look(page)


def test_english_is_whole(platform: Embedded, chief: Callable[..., Page], look: Look) -> None:
    """The same pages in English: no Vietnamese is left in what the pages say themselves."""
    page = chief(width=1280, dark=True)
    for place in ("/quan-tri", "/quan-tri/don-vi/moi", "/quan-tri/tai-khoan", "/quan-tri/nhat-ky"):
        page.goto(f"{platform.url}{place}?lang=en")
        look(page)
        headings = page.locator("main h1, main h2, main label, main .button").all_inner_texts()
        assert not re.search("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", " ".join(headings)), (
            place
        )
