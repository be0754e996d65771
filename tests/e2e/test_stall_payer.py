"""A payer's phone at a stall in a real browser: the code, the money with its proof, the board's page; no barriers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from kit import clock
from tests.support.fake_bills import stamp
from tests.support.fake_platform import FakePlatform
from tests.support.fake_sales import State
from tests.support.gateway import running_gateway, settings_for
from tests.support.public_sales import change, open_sale
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

OpenPage = Callable[..., Page]
LONG = {
    "account_holder": "HO KINH DOANH TRAI CAY NHAP KHAU VA DAC SAN DONG NAI CO MAN",
    "name": "Trái cây nhập khẩu và đặc sản Đồng Nai Cô Mận",
    "programme_name": "Phố không tiền mặt Hùng Vương",
}


@pytest.fixture(scope="module")
def platform() -> Iterator[FakePlatform]:
    services = FakePlatform()
    services.start()
    yield services
    services.stop()


@pytest.fixture(scope="module")
def address(platform: FakePlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_for(platform, tmp_path_factory.mktemp("demo"), sandbox_url="/ngan-hang-thu")
    with running_gateway(settings) as url:
        yield url


def test_a_payment_turns_the_payer_s_page_green_with_the_proof(
    platform: FakePlatform, address: str, open_page: OpenPage
) -> None:
    """Short first, then full; the digits are those of the stall's phone; the code is gone."""
    sale = open_sale(platform, 50_000)
    page = open_page()
    page.goto(f"{address}/p/{sale.reference}")
    expect(page.get_by_role("img", name="Mã QR để chuyển 50.000 ₫ cho LÊ THỊ MẬN")).to_be_visible()
    expect(page.get_by_text("Đang chờ ngân hàng báo 00:0")).to_be_visible()
    platform.sales.pay(sale, 49_000)
    expect(page.get_by_text("Còn thiếu", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Mã QR để chuyển 1.000 ₫ cho LÊ THỊ MẬN")).to_be_visible()
    event = platform.sales.pay(sale, 1_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nhận đủ tiền")
    expect(page.locator(".proof b")).to_have_text(event.proof)
    expect(page.locator("svg.drawn")).to_have_count(0)
    expect(page.get_by_role("status").first).to_have_text("Đã nhận đủ 50.000 ₫")


def test_a_cancelled_sale_takes_its_code_away(
    platform: FakePlatform, address: str, open_page: OpenPage
) -> None:
    """The open page says so without a reload."""
    sale = open_sale(platform, 50_000)
    page = open_page()
    page.goto(f"{address}/p/{sale.reference}")
    expect(page.locator("svg.drawn")).to_have_count(1)
    change(platform, sale, state=State.STATE_CANCELLED)
    expect(page.get_by_text("Xin đừng chuyển tiền theo mã này.")).to_be_visible()
    expect(page.locator("svg.drawn")).to_have_count(0)


def test_a_sale_that_runs_out_takes_its_code_away(
    platform: FakePlatform, address: str, open_page: OpenPage
) -> None:
    """By the server's clock alone: nobody tells the page."""
    sale = open_sale(platform, 50_000)
    sale.expire_time.CopyFrom(stamp(clock.now() + timedelta(seconds=4)))
    page = open_page()
    page.goto(f"{address}/p/{sale.reference}")
    expect(page.locator("svg.drawn")).to_have_count(1)
    sale.expired = True
    expect(page.locator("main").get_by_text("Mã này đã hết giờ chờ")).to_be_visible(timeout=15_000)
    expect(page.locator("svg.drawn")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_state_of_a_sale_has_a_barrier(
    platform: FakePlatform,
    address: str,
    open_page: OpenPage,
    look: Callable[[Page], None],
    width: int,
    dark: bool,
) -> None:
    """Every end of a sale, with long names too."""
    ends = ((), (49_000,), (50_000,), (60_000,), (50_000, 50_000))
    sales = [open_sale(platform, 50_000, platform.stalls.add_stall(**LONG).id) for _ in range(len(ends) + 3)]
    for sale, amounts in zip(sales, ends, strict=False):
        for amount in amounts:
            platform.sales.pay(sale, amount)
    platform.sales.pay(sales[-3], 10_000)
    change(platform, sales[-3], state=State.STATE_SETTLED)
    change(platform, sales[-2], expired=True)
    change(platform, sales[-1], state=State.STATE_CANCELLED)
    page = open_page(width=width, dark=dark)
    for sale in sales:
        page.goto(f"{address}/p/{sale.reference}")
        look(page)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_of_a_board_has_a_barrier(
    platform: FakePlatform,
    address: str,
    open_page: OpenPage,
    look: Callable[[Page], None],
    width: int,
    dark: bool,
) -> None:
    """Genuine, withdrawn, waiting, unknown, the code to pay, the report and the question for a code."""
    states = stalls_pb.Stall.State
    genuine = platform.stalls.add_stall(**LONG).reference
    withdrawn = platform.stalls.add_stall(state=states.STATE_WITHDRAWN).reference
    waiting = platform.stalls.add_stall(state=states.STATE_WAITING, payload="").reference
    page = open_page(width=width, dark=dark, allow=("404",))
    for path in (
        f"/quay/{genuine}", f"/quay/{genuine}?bao=1", f"/quay/{genuine}/tra", f"/quay/{genuine}/bao",
        f"/quay/{withdrawn}", f"/quay/{waiting}", "/quay/XQ12", "/quay",
    ):  # fmt: skip
        page.goto(f"{address}{path}")
        look(page)


def test_a_strange_code_is_reported_from_its_page(
    platform: FakePlatform, address: str, open_page: OpenPage
) -> None:
    """Two steps, and the visitor sees that the board was told."""
    reference = platform.stalls.add_stall().reference
    page = open_page()
    page.goto(f"{address}/quay/{reference}")
    page.get_by_role("link", name="Báo mã lạ").click()
    page.get_by_label("Có gì lạ ở bảng mã?").fill("Bảng bị dán đè")
    page.get_by_role("button", name="Gửi cho ban quản lý chợ").click()
    expect(page.get_by_role("status")).to_contain_text("Đã gửi cho ban quản lý chợ")
    assert platform.trust.reports[-1] == (reference, "Bảng bị dán đè")
