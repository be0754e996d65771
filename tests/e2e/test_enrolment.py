"""The administrator's enrolment in a real browser: a list is read, a cell put right, the rows go on; no barriers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from gateway.web.admin.frame import programme_url
from tests.support.fake_directory import PASSWORD
from tests.support.fake_enrolment import EnrolmentPlatform, enrolment_platform
from tests.support.gateway import running_gateway, settings_for

OpenPage = Callable[..., Page]
LIST = "A1,Lê Thị Mận,1017738842\nA2,Trần Văn Bảo,khong biet\nA3,Phạm Thị Hằng,998877,spouse"


@pytest.fixture(scope="module")
def platform() -> Iterator[EnrolmentPlatform]:
    with enrolment_platform() as services:
        services.stalls.add_programme()
        services.stalls.add_stall(number="A9", programme_id=services.stalls.programmes["hung-vuong"].id)
        yield services


@pytest.fixture(scope="module")
def address(platform: EnrolmentPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gateway(settings_for(platform, tmp_path_factory.mktemp("demo"))) as url:
        yield url


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/dang-nhap?next=/quan-tri/chuong-trinh")
    page.fill("[name=login]", "lan.chi@hoamai.example")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page).to_have_url(f"{address}/quan-tri/chuong-trinh")


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_a_list_goes_on_row_by_row(
    address: str, open_page: OpenPage, look: Callable[[Page], None], width: int, dark: bool
) -> None:
    """Programmes, the upload, a wrong cell, and what waits for the second person; each state without a barrier."""
    page = open_page(width=width, dark=dark)
    sign_in(page, address)
    look(page)
    page.goto(f"{address}{programme_url('hung-vuong')}")
    look(page)
    page.set_input_files("[name=tep]", {"name": "quay.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    page.get_by_role("button", name="Đọc tệp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 dòng: 2 dùng được, 1 cần sửa")
    look(page)
    page.get_by_label("Số tài khoản của dòng 3 sửa thành").fill("1017555")
    page.get_by_role("button", name="Kiểm lại 1 dòng").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 dòng, dòng nào cũng dùng được")
    page.get_by_role("button", name="Đi tiếp với 3 dòng").click()
    expect(page.get_by_text("3 tài khoản chờ người thứ hai")).to_be_visible()
    look(page)


def test_the_form_of_a_programme_says_what_is_wrong(
    address: str, open_page: OpenPage, look: Callable[[Page], None]
) -> None:
    """Empty, then with errors."""
    page = open_page(allow=("422",))
    sign_in(page, address)
    page.get_by_role("link", name="Thêm chương trình").click()
    look(page)
    page.get_by_role("button", name="Ghi chương trình").click()
    expect(page.get_by_role("alert")).to_contain_text("Ghi tên chương trình")
    look(page)


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)])
def test_blocks_come_and_go_in_the_form(
    address: str, open_page: OpenPage, look: Callable[[Page], None], width: int, dark: bool
) -> None:
    """A block is added under the others with the cursor in it, another taken out; Enter stores and takes none out."""
    page = open_page(width=width, dark=dark)
    sign_in(page, address)
    page.get_by_role("link", name="Thêm chương trình").click()
    page.fill("[name=name]", "Hội chợ")
    page.fill("[name=code]", f"hoi-cho-{width}")
    page.select_option("[name=ward]", label="Phường Tân Đồng cũ (2023)")
    page.get_by_label("Mã đoạn 1").fill("A")
    page.get_by_label("Tên đoạn 1").fill("Dãy A")
    page.get_by_role("button", name="Thêm một đoạn").click()
    expect(page.get_by_label("Mã đoạn 2")).to_be_focused()
    page.get_by_label("Mã đoạn 2").fill("B")
    page.get_by_label("Tên đoạn 2").fill("Dãy B")
    page.get_by_text("Chỗ trên sơ đồ").nth(1).click()
    look(page)
    page.get_by_role("button", name="Bỏ đoạn 1").click()
    expect(page.get_by_label("Tên đoạn 1")).to_have_value("Dãy B")
    page.get_by_label("Tên đoạn 1").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hội chợ")
    expect(page.get_by_text("B, Dãy B")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_a_stall_is_moved_and_ended(
    platform: EnrolmentPlatform,
    address: str,
    open_page: OpenPage,
    look: Callable[[Page], None],
    width: int,
    dark: bool,
) -> None:
    """From the programme to the stall, to another block, to its end; each state without a barrier."""
    programme = platform.stalls.programmes["hung-vuong"]
    platform.stalls.add_stall(number=f"E{width}", name="Bánh cuốn", programme_id=programme.id)
    page = open_page(width=width, dark=dark, allow=("422",))
    sign_in(page, address)
    page.goto(f"{address}{programme_url('hung-vuong')}")
    page.get_by_role("link", name=f"E{width}, Bánh cuốn").click()
    look(page)
    page.get_by_role("link", name="Sửa, chuyển chỗ").click()
    page.select_option("[name=section]", "B")
    look(page)
    page.get_by_role("button", name="Ghi", exact=True).click()
    expect(page.get_by_text("B, Dãy B")).to_be_visible()
    page.get_by_role("link", name="Thu hồi quầy").click()
    look(page)
    page.get_by_role("button", name="Thu hồi quầy").click()
    expect(page.get_by_role("alert")).to_contain_text("Ghi lý do thu hồi")
    look(page)
    page.fill("[name=reason]", "Trả mặt bằng")
    page.get_by_label(f"Tôi đã đọc, và thu hồi quầy E{width}").check()
    page.get_by_role("button", name="Thu hồi quầy").click()
    expect(page.get_by_text("Đã thu hồi: Trả mặt bằng")).to_be_visible()
    look(page)
