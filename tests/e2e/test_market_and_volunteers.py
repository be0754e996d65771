"""The market board and a volunteer in a real browser: every state without a barrier, also at 320 px and in the dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from kit import auth, clock, ids
from services.directory.roles import PERMISSIONS, Role
from services.vietqr import images
from tests.support.fake_bills import stamp
from tests.support.fake_camera import camera_phone, photograph
from tests.support.fake_directory import PASSWORD
from tests.support.fake_market import PDF
from tests.support.fake_platform import FakePlatform
from tests.support.gateway import running_gateway, settings_for
from tests.support.market_board import differences, make_alarm, make_board
from xoai.pilots.v1 import trust_service_pb2 as pb

OpenPage = Callable[..., Page]
Look = Callable[[Page], None]
Inspect = Callable[[Page, bool], None]
# Forms that are refused answer with 4xx, which the browser notes in its console.
REFUSED = ("status of 4",)
CODE = "00020101021138"
PICTURE = {"name": "a.png", "mimeType": "image/png", "buffer": images.png(CODE)}


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    services = FakePlatform()
    services.scope = auth.EVERYWHERE
    services.start()
    yield services
    services.stop()


@pytest.fixture
def address(platform: FakePlatform, tmp_path: Path) -> Iterator[str]:
    with running_gateway(settings_for(platform, tmp_path)) as url:
        yield url


def sign_in(page: Page, address: str) -> None:
    """Sign in, and be at the page where the work begins."""
    page.goto(f"{address}/dang-nhap")
    page.locator("input[name=login]").fill("lan.chi@hoamai.example")
    page.locator("input[name=password]").fill(PASSWORD)
    press(page, "Đăng nhập")


def press(page: Page, words: str) -> None:
    """Press the button or link of the page's content with these words, and be on the page that follows."""
    main = page.locator("main")
    with page.expect_navigation():
        main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words)).first.click()


@pytest.fixture
def inspect(look: Look, find_barriers: Callable[[Page], list[str]]) -> Inspect:
    """Every state in light on a small phone as well; in the dark only its barriers, for colours are what differs."""

    def check(page: Page, dark: bool) -> None:
        if not dark:
            return look(page)
        assert find_barriers(page) == [], page.url
        return None

    return check


@pytest.mark.parametrize("dark", [False, True])
def test_the_market_boards_morning(
    platform: FakePlatform,
    address: str,
    browser: Browser,
    open_page: OpenPage,
    inspect: Inspect,
    dark: bool,
) -> None:
    """Nothing to do; then an alarm, its market, a photographed code that differs, and the alarm closed with a note."""
    platform.permissions = PERMISSIONS[Role.MARKET_INSPECTOR]
    page = open_page(width=360 if dark else 1280, dark=dark, allow=REFUSED)
    sign_in(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Không có cảnh báo nào")
    inspect(page, dark)

    alarm = make_alarm(count=2)
    platform.trust.alarms = [alarm, make_alarm(pb.Alarm.KIND_REPORTED, reports=["Tên lạ " * 30])]
    platform.trust.boards = [make_board()]
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 cảnh báo cần người đến xem")
    expect(page.locator("mark.differs").filter(has_text=re.compile("^8$"))).to_be_visible()
    inspect(page, dark)
    press(page, "Chợ Đồng Xoài")
    expect(page.get_by_text("Chưa kiểm tra hôm nay")).to_be_visible()
    inspect(page, dark)

    press(page, "Kiểm tra một mã")
    inspect(page, dark)
    page.locator("#photo").set_input_files({**PICTURE, "buffer": photograph(browser, "")})
    expect(page.get_by_text("Không thấy mã trong ảnh")).to_be_visible()
    inspect(page, dark)
    press(page, "So với sổ đăng ký")
    expect(page.locator(".errors")).to_be_focused()
    inspect(page, dark)
    platform.trust.answer = pb.StandCheck(
        stall_number="A07",
        outcome=pb.StandCheck.OUTCOME_DIFFERS,
        text="Tiền sẽ vào tài khoản khác.",
        differences=differences(),
        alarm_id=alarm.id,
    )
    with page.expect_navigation():
        page.locator("#photo").set_input_files(PICTURE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mã khác sổ đăng ký của quầy A07")
    assert platform.trust.checked[-1].payload == CODE
    inspect(page, dark)

    press(page, "Mở cảnh báo")
    press(page, "Đóng cảnh báo")
    expect(page).to_have_title(re.compile("^Lỗi: "))
    inspect(page, dark)
    page.get_by_label("Đã làm gì, ai đến quầy").fill("Anh Nam đến gỡ mã dán đè, báo công an phường")
    press(page, "Đóng cảnh báo")
    expect(page.get_by_role("status").filter(has_text="Đã đóng cảnh báo")).to_be_visible()
    page.goto(f"{address}/cho/da-dong")
    expect(page.get_by_text("Anh Nam đến gỡ mã dán đè")).to_be_visible()
    inspect(page, dark)


def test_without_a_reader_the_text_is_pasted(
    platform: FakePlatform, address: str, open_page: OpenPage, look: Look
) -> None:
    """A browser that gets no reader of codes, or runs no scripts, says so; the pasted text does the same."""
    platform.permissions = PERMISSIONS[Role.MARKET_INSPECTOR]
    platform.trust.answer = pb.StandCheck(
        stall_number="A07", outcome=pb.StandCheck.OUTCOME_SAME, text="Đúng mã."
    )
    for runs_scripts in (True, False):
        page = open_page(java_script_enabled=runs_scripts, allow=("net::ERR",))
        page.route("**/static/qr-decode.*", lambda route: route.abort())
        sign_in(page, address)
        page.goto(f"{address}/cho/kiem-tra")
        expect(page.get_by_text("Trình duyệt này chưa tự đọc ảnh mã")).to_be_visible()
        expect(page.get_by_text("Chụp mã đang dán ở quầy")).to_be_hidden()
        page.get_by_label("Dòng chữ đọc được từ mã").fill("00020101021138")
        press(page, "So với sổ đăng ký")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Đúng mã của quầy A07")
    page = open_page()
    sign_in(page, address)
    page.goto(f"{address}/cho/kiem-tra")
    look(page)


def test_an_inspector_holds_the_camera_before_a_board(
    browser: Browser, platform: FakePlatform, address: str, tmp_path: Path
) -> None:
    """Where the camera may be used already it looks by itself, and sends what it read; else a tap asks, a no is said."""
    platform.permissions = PERMISSIONS[Role.MARKET_INSPECTOR]
    platform.trust.answer = pb.StandCheck(
        stall_number="A07", outcome=pb.StandCheck.OUTCOME_SAME, text="Đúng mã."
    )
    with camera_phone(browser, tmp_path, CODE) as context:
        page = context.new_page()
        sign_in(page, address)
        page.goto(f"{address}/cho/kiem-tra")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Đúng mã của quầy A07")
        assert platform.trust.checked[-1].payload == CODE
    with camera_phone(browser, tmp_path, CODE, allowed=False) as context:
        page = context.new_page()
        sign_in(page, address)
        page.goto(f"{address}/cho/kiem-tra")
        page.get_by_role("button", name="Soi bằng máy ảnh").click()
        expect(page.get_by_text("Không mở được máy ảnh")).to_be_visible()
        expect(page.locator("[data-finder]")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_a_volunteer_helps_somebody(
    platform: FakePlatform, address: str, open_page: OpenPage, inspect: Inspect, dark: bool
) -> None:
    """A slip in the code, consent that is missing, the bill with its code, a guide, money comes, and it is forgotten."""
    platform.permissions = PERMISSIONS[Role.HELPER]
    bill = platform.add_bill()
    page = open_page(width=360 if dark else 1280, dark=dark, allow=REFUSED)
    sign_in(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tìm phiếu theo mã trên giấy")
    inspect(page, dark)
    page.get_by_label("Mã thanh toán").fill("XD 1234")
    press(page, "Hỏi người được giúp")
    expect(page.locator(".errors")).to_be_focused()
    inspect(page, dark)
    page.get_by_label("Mã thanh toán").fill(f"{bill.reference[:6].lower()} {bill.reference[6:]}")
    press(page, "Hỏi người được giúp")
    inspect(page, dark)
    press(page, "Mở phiếu trong 30 phút")
    expect(page.locator(".errors")).to_contain_text("Chọn ai đồng ý")
    inspect(page, dark)
    page.get_by_label("Người nhà đồng ý thay").check()
    page.get_by_label("Ghi thêm").fill("Con gái Lan")
    page.get_by_label("Tôi đã đọc câu trên").check()
    press(page, "Mở phiếu trong 30 phút")
    expect(page.get_by_role("img", name="Mã QR để chuyển 936.000 ₫")).to_be_visible()
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^(30:00|29:\d\d)$"))
    inspect(page, dark)
    with page.expect_download() as download:
        page.get_by_role("button", name="In hướng dẫn một trang").click()
    assert Path(download.value.path()).read_bytes() == PDF
    page.reload()
    expect(page.get_by_text("Đã in lúc")).to_be_visible()

    with page.expect_navigation():
        platform.pay(bill, bill.amount_due)
    expect(page.get_by_text("Đã nhận đủ tiền")).to_be_visible()
    expect(page.locator("svg.drawn")).to_have_count(0)
    inspect(page, dark)

    # Three seconds are left: the page forgets by itself, and the list as well.
    platform.trust.visits[0].view_until.CopyFrom(stamp(clock.now() + timedelta(seconds=3)))
    page.reload()
    with page.expect_navigation():
        platform.trust.visits[0].reference = ""
    expect(page.get_by_text("Máy đã quên phiếu này")).to_be_visible()
    assert bill.reference[-4:] not in page.content()
    inspect(page, dark)
    press(page, "Mở lượt mới")
    expect(page.get_by_text("Đã ẩn mã")).to_be_visible()
    inspect(page, dark)
    platform.trust.already = 40
    page.reload()
    expect(page.get_by_text("Hôm nay đã đủ 40 lượt")).to_be_visible()
    inspect(page, dark)


def test_pages_speak_english(platform: FakePlatform, address: str, open_page: OpenPage) -> None:
    """Every text has its English one."""
    platform.permissions = PERMISSIONS[Role.MARKET_INSPECTOR]
    platform.trust.alarms = [make_alarm(pb.Alarm.KIND_SILENT, text_en="The stall has received nothing.")]
    page = open_page(width=1280)
    sign_in(page, address)
    page.goto(f"{address}/cho/canh-bao/{ids.external('alm', UUID(platform.trust.alarms[0].id))}?lang=en")
    expect(page.get_by_text("The stall has received nothing.")).to_be_visible()
    expect(page.get_by_role("button", name="Close the alarm")).to_be_visible()
