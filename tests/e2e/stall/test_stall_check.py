"""The morning's check of the board: by the camera, by a photograph, by a pasted text; and what each outcome says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.fake_camera import camera_phone, give_reader, photograph
from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import payload_of
from tests.support.stall_line import HeldPhone
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

_OWN = "Mã ở quầy đúng là của bạn"
_OTHER = "Mã ở quầy KHÁC mã đã đăng ký"


@pytest.fixture
def stall(platform: FakePlatform) -> stalls_pb.Stall:
    return platform.stalls.add_stall()


def check(phone: HeldPhone) -> None:
    phone.page.locator("[data-do=check]:visible").click()
    expect(phone.shown("check")).to_be_visible()


def camera_is_off(page: Page) -> bool:
    """True once no picture comes any more."""
    found: bool = page.evaluate(
        "(() => { const stream = document.querySelector('#finder').srcObject;"
        " return !stream || stream.getTracks().every((track) => track.readyState === 'ended'); })()"
    )
    return found


def soon(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until it holds, for some seconds."""
    for _ in range(50):
        if holds():
            return
        page.wait_for_timeout(100)
    pytest.fail("it did not become so")


@pytest.mark.parametrize("account", ["1017738842", "1017738824"])
@pytest.mark.parametrize("has_reader", [True, False], ids=["own reader", "loaded reader"])
def test_the_camera_reads_the_board(
    browser: Browser,
    platform: FakePlatform,
    address: str,
    stall: stalls_pb.Stall,
    account: str,
    has_reader: bool,
    tmp_path: Path,
) -> None:
    """Held before the board it compares by itself; a pasted-over one is red with its letters; the camera is off again.

    So do browsers without a reader of codes, as iPhones' are: they load one.
    """
    payload = payload_of(stall.reference, account=account)
    with camera_phone(browser, tmp_path, payload) as context:
        phone = HeldPhone(platform, address, context.new_page())
        if has_reader:
            give_reader(phone.page)
        phone.pair(stall)
        check(phone)
        verdict = phone.shown("checked")
        expect(verdict.get_by_role("heading")).to_have_text(_OWN if payload == stall.payload else _OTHER)
        assert platform.trust.checks[-1].stall_id == stall.id
        assert camera_is_off(phone.page)
        if payload != stall.payload:
            assert phone.page.locator("mark.differs").all_inner_texts() == ["42", "24"]
            expect(verdict).to_contain_text("tiền sẽ vào tài khoản khác: có thể đã bị dán đè")


def test_a_camera_that_sees_nothing_ends_with_the_screen(
    browser: Browser, platform: FakePlatform, address: str, stall: stalls_pb.Stall, tmp_path: Path
) -> None:
    """Its picture stands in a frame until the screen is left, by hand or because money came."""
    with camera_phone(browser, tmp_path, "") as context:
        phone = HeldPhone(platform, address, context.new_page())
        give_reader(phone.page)
        phone.pair(stall)
        check(phone)
        expect(phone.shown("check")).to_contain_text("Đưa mã lớn ở giữa bảng vào khung")
        soon(phone.page, lambda: not camera_is_off(phone.page))
        phone.page.get_by_role("button", name="Quay lại").click()
        soon(phone.page, lambda: camera_is_off(phone.page))
        phone.begin()
        phone.page.get_by_role("button", name="Hôm nay").click()
        phone.shown("today").get_by_role("button", name="Kiểm mã").click()
        soon(phone.page, lambda: not camera_is_off(phone.page))
        phone.tell(platform.sales.pay_standing(stall.id, 45_000))
        expect(phone.shown("received")).to_contain_text("45.000")
        soon(phone.page, lambda: camera_is_off(phone.page))


def test_a_refused_camera_leaves_photograph_and_paste(
    browser: Browser, platform: FakePlatform, address: str, stall: stalls_pb.Stall, tmp_path: Path
) -> None:
    """It is asked for by a tap, not by itself; a no is said, with what can be done instead."""
    with camera_phone(browser, tmp_path, stall.payload, allowed=False) as context:
        phone = HeldPhone(platform, address, context.new_page())
        give_reader(phone.page)
        phone.pair(stall)
        check(phone)
        page = phone.page
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("button", name="Soi bằng máy ảnh").click()
        expect(page.get_by_text("Máy ảnh đang bị chặn với trang này")).to_be_visible()
        picture = tmp_path / "board.jpg"
        picture.write_bytes(photograph(browser, stall.payload))
        page.locator("#photo").set_input_files(picture)
        expect(phone.shown("checked").get_by_role("heading")).to_have_text(_OWN)


@pytest.mark.parametrize("has_reader", [True, False], ids=["own reader", "loaded reader"])
def test_a_photograph_without_a_code_says_so(
    browser: Browser, paired: Callable[..., HeldPhone], tmp_path: Path, has_reader: bool
) -> None:
    """The phone says when there is none in the picture; the next one is read."""
    phone = paired()
    if has_reader:
        give_reader(phone.page)
        phone.page.reload()
    check(phone)
    phone.page.locator("#photo").wait_for(state="attached")
    for payload in ("", phone.stall.payload):
        picture = tmp_path / "board.jpg"
        picture.write_bytes(photograph(browser, payload))
        phone.page.locator("#photo").set_input_files(picture)
        if not payload:
            expect(phone.page.get_by_role("alert").first).to_contain_text("Không thấy mã QR nào trong ảnh")
    expect(phone.shown("checked").get_by_role("heading")).to_have_text(_OWN)


def test_a_browser_that_reads_no_codes_takes_a_pasted_text(paired: Callable[..., HeldPhone]) -> None:
    """The own code is green; a pasted-over one is red with its letters; every other text is called what it is."""
    phone = paired(allow=("net::ERR",))
    page = phone.page
    page.route("**/static/qr-decode.*", lambda route: route.abort())
    for payload, heading, text in (
        (phone.stall.payload, _OWN, "phải là LÊ THỊ MẬN"),
        (payload_of(phone.stall.reference, account="1017738824"), _OTHER, "Ban quản lý chợ đã được báo"),
        ("hello", "Đây không phải mã VietQR", "không"),
        ("00020101021138620010A00000072701320006970436", "Đây không phải mã VietQR", "mã"),
    ):
        check(phone)
        expect(page.get_by_role("button", name="Soi bằng máy ảnh")).to_be_hidden()
        expect(page.get_by_text("Chụp mã ở quầy")).to_be_hidden()
        page.get_by_label("Hoặc dán nội dung mã").fill(payload)
        page.get_by_role("button", name="So với mã đã đăng ký").click()
        expect(phone.shown("checked").get_by_role("heading")).to_have_text(heading)
        expect(phone.shown("checked")).to_contain_text(text)


def test_only_the_stall_screen_may_ask_for_the_camera(browser: Browser, address: str, tmp_path: Path) -> None:
    """Elsewhere the browser itself refuses, even where the person has allowed it."""
    ask = "navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'yes', (error) => error.name)"
    with camera_phone(browser, tmp_path, "") as context:
        page = context.new_page()
        answers = []
        for path in ("/quay-hang", "/quay", "/"):
            page.goto(address + path)
            answers.append(page.evaluate(ask))
        # The screen that the phone keeps says the same as the server's.
        page.goto(f"{address}/quay-hang")
        page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.active.state)")
        page.reload()
        answers.append(page.evaluate(ask))
    assert answers == ["yes", "NotAllowedError", "NotAllowedError", "yes"]
