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
