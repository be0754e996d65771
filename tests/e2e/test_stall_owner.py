"""The owner's pages in a real browser: a phone is paired by the code on the screen; no page has a barrier."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from gateway.web.merchant.frame import stall_url
from kit import clock
from tests.support.fake_directory import PASSWORD
from tests.support.fake_merchant import MerchantPlatform, merchant_platform
from tests.support.gateway import running_gateway, settings_for
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

OpenPage = Callable[..., Page]
LONG = "Trái cây nhập khẩu và đặc sản Đồng Nai Cô Mận"


@pytest.fixture(scope="module")
def platform() -> Iterator[MerchantPlatform]:
    with merchant_platform() as services:
        yield services


@pytest.fixture(scope="module")
def address(platform: MerchantPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gateway(settings_for(platform, tmp_path_factory.mktemp("demo"))) as url:
        yield url


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/dang-nhap")
    page.fill("[name=login]", "lan.chi@hoamai.example")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page).to_have_url(f"{address}/quay-hang/chu")


def fill(platform: MerchantPlatform) -> stalls_pb.Stall:
    """A stall with a phone, an old board, a pack; money without a stall; a book near the threshold."""
    stall = platform.stalls.add_stall(name=LONG)
    code = platform.stalls.open_pairing(stall)
    platform.stalls.PairDevice(stalls_pb.PairDeviceRequest(code=code), None)  # type: ignore[arg-type]
    platform.stalls.IssueStand(stalls_pb.IssueStandRequest(stall_id=stall.id, reason="rách"), None)  # type: ignore[arg-type]
    platform.stalls.IssuePack(stalls_pb.IssuePackRequest(stall_id=stall.id, amounts=[20_000]), None)  # type: ignore[arg-type]
    platform.stalls.add_stall(
        number="B07", state=stalls_pb.Stall.STATE_WAITING, payload="", account_number=""
    )
    platform.stalls.add_stall(number="B08", state=stalls_pb.Stall.STATE_WITHDRAWN)
    platform.sales.add_unassigned(45_000)
    platform.sales.add_unassigned(1_250_000, sale_id="x", stall_id=stall.id)
    if not platform.sales.held:
        platform.sales.add_held("POSSIBLE_DUPLICATE", 50_000, alike=1)
        platform.sales.add_held("POSSIBLE_DUPLICATE", 1_250_000, alike=2)
        platform.sales.add_held("AWAITING_CONFIRMATION", 25_000_000)
        platform.sales.add_held(
            "AWAITING_CONFIRMATION", 30_000_000, answer="Ngân hàng chưa thấy dòng này, chờ đến thứ hai."
        )
    platform.sales.pay_standing(stall.id, 120_000)
    cash = sales_pb.EnterCashRequest(request_id=stall.id, stall_id=stall.id, amount=35_000)
    platform.sales.EnterCash(cash, None)  # type: ignore[arg-type]
    private = sales_pb.MarkPrivateRequest(payment_id=platform.sales.takings[-2][1].id, private=True)
    platform.sales.MarkPrivate(private, None)  # type: ignore[arg-type]
    today = clock.today()
    platform.sales.book.CopyFrom(
        sales_pb.DayBook(
            year=today.year,
            revenue=912_400_000,
            days=[
                sales_pb.BookDay(
                    book_date=today.replace(day=day).isoformat(),
                    stall_id=stall.id,
                    stall_number="A12",
                    stall_name=LONG,
                    programme_name="Phố không tiền mặt Hùng Vương",
                    late_sum=12_000,
                    current=day == 3,
                    transfer_sum=2_490_000,
                    cash_sum=310_000,
                    private_sum=500_000,
                    closed=day < 3,
                )
                for day in (1, 2, 3)
            ],
            threshold=sales_pb.Threshold(amount=10**9, text="Trên 1 tỷ đồng phải nộp thuế.", legal="NĐ thử"),
            near_threshold=True,
        )
    )
    return stall


@pytest.mark.parametrize(("width", "dark"), [(360, False), (360, True), (1280, False), (1280, True)])
def test_no_page_of_the_owner_has_a_barrier(
    platform: MerchantPlatform,
    address: str,
    open_page: OpenPage,
    look: Callable[[Page], None],
    width: int,
    dark: bool,
) -> None:
    """List, stall, phones, boards, money without a stall, book, account; with errors as well."""
    stall = fill(platform)
    page = open_page(width=width, dark=dark)
    sign_in(page, address)
    for path in (
        "/quay-hang/chu", stall_url(stall.id), stall_url(stall.id, "ngay", clock.today().isoformat()), stall_url(stall.id, "may"), stall_url(stall.id, "bang-ma"),
        "/quay-hang/chu/chua-ro", "/quay-hang/chu/so", "/quay-hang/chu/tai-khoan",
    ):  # fmt: skip
        page.goto(f"{address}{path}")
        look(page)


def test_a_phone_is_paired_from_the_owner_s_screen(
    platform: MerchantPlatform, address: str, open_page: OpenPage, look: Callable[[Page], None]
) -> None:
    """The owner opens a code, another phone opens its address, and the owner's list has it."""
    stall = platform.stalls.add_stall(number="D01")
    # What the phone's own screen does is tested with that screen.
    owner, phone = open_page(), open_page(allow=("Failed to load resource",))
    sign_in(owner, address)
    owner.goto(f"{address}{stall_url(stall.id, 'may')}")
    owner.get_by_label("Tên máy").fill("Máy của Tâm")
    owner.get_by_role("button", name="Mở mã ghép").click()
    expect(owner.get_by_role("img", name="Mã QR để ghép máy")).to_be_visible()
    look(owner)
    link = owner.locator(".copy b").inner_text()
    phone.goto(address + link[link.index("/quay-hang/ghep/") :])
    phone.get_by_role("button", name="Ghép máy này").click()
    phone.wait_for_url("**/quay-hang")
    owner.get_by_role("link", name="Xong").click()
    expect(owner.get_by_role("rowheader", name="Máy của Tâm")).to_be_visible()
    owner.get_by_role("button", name="Gỡ Máy của Tâm").click()
    expect(owner.get_by_text("Đã gỡ máy")).to_be_visible()


def test_held_money_is_decided_with_one_tap(
    platform: MerchantPlatform, address: str, open_page: OpenPage, look: Callable[[Page], None]
) -> None:
    """Two tellings become one, unproven money is handed to the city, and the page says what was done."""
    platform.sales.held.clear()
    doubtful = platform.sales.add_held("POSSIBLE_DUPLICATE", 50_000, alike=1)
    platform.sales.add_held("AWAITING_CONFIRMATION", 25_000_000)
    page = open_page(width=360)
    sign_in(page, address)
    page.goto(f"{address}/quay-hang/chu/chua-ro")
    expect(page.get_by_text("Đừng giao hàng vì tin này")).to_be_visible()
    page.get_by_role("button", name="Chỉ một khoản, báo hai lần").click()
    expect(page.get_by_text("Đã gộp hai tin thành một khoản")).to_be_visible()
    assert platform.sales.decided[-1][2] == doubtful.alike[0].credit_id
    page.get_by_role("button", name="Nhờ thành phố hỏi ngân hàng").click()
    expect(page.get_by_text("Đã nhờ thành phố hỏi ngân hàng lúc")).to_be_visible()
    expect(page.get_by_role("button", name="Nhờ thành phố hỏi ngân hàng")).to_have_count(0)
    look(page)


def test_errors_are_said_at_their_fields(
    platform: MerchantPlatform, address: str, open_page: OpenPage, look: Callable[[Page], None]
) -> None:
    """The summary has the focus, its links lead to the fields."""
    page = open_page(allow=("422",))
    sign_in(page, address)
    page.goto(f"{address}/quay-hang/chu/tai-khoan")
    page.get_by_role("button", name="Gửi đề nghị").click()
    expect(page.get_by_role("alert")).to_contain_text("Ghi số tài khoản")
    look(page)
