"""The city's pages in a real browser: light and dark, at every width, on paper, without barriers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kit import auth
from tests.support.fake_city import cell, week
from tests.support.fake_directory import PASSWORD
from tests.support.fake_platform import FakePlatform
from tests.support.gateway import running_gateway, settings_for
from xoai.pilots.v1 import city_service_pb2 as pb

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def platform() -> Iterator[FakePlatform]:
    services = FakePlatform()
    services.permissions, services.scope = frozenset({"city.read", "directory.read"}), auth.EVERYWHERE
    services.start()
    yield services
    services.stop()


@pytest.fixture(scope="module")
def address(platform: FakePlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gateway(settings_for(platform, tmp_path_factory.mktemp("demo"))) as url:
        yield url


@pytest.fixture(autouse=True)
def _week(platform: FakePlatform) -> None:
    platform.city.view = week()


def enter(page: Page, address: str) -> Page:
    """The page of somebody of the operation centre who has signed in."""
    page.goto(f"{address}/dang-nhap")
    page.fill("[name=login]", "lan.chi@hoamai.example")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("main button")
    page.goto(f"{address}/thanh-pho")
    return page


def open_folds(page: Page) -> None:
    for fold in page.locator("details.fold").all():
        fold.locator("summary").click()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_barriers(open_page: OpenPage, address: str, look: Any, width: int, dark: bool) -> None:
    """Every table open, in both languages."""
    page = enter(open_page(width=width, dark=dark), address)
    open_folds(page)
    look(page)
    page.goto(f"{address}/mo")
    open_folds(page)
    look(page)
    page.goto(f"{address}/mo?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cashless streets, markets and fairs")
    look(page)


def test_no_barriers_where_there_is_little(
    platform: FakePlatform, open_page: OpenPage, address: str, look: Any
) -> None:
    """Before the first week, and in a week in which all is hidden."""
    page = enter(open_page(width=360), address)
    platform.city.view = pb.CityView()
    for path in ("/thanh-pho", "/mo"):
        page.goto(address + path)
        look(page)
    view = week()
    for row in [*view.programmes, *view.sections, *view.wards, view.total]:
        for name in ("active_30_days", "transfers", "takings", "share_permille", "payments"):
            getattr(row, name).CopyFrom(cell(None))
    for day in view.days:
        day.transfers.CopyFrom(cell(None))
        day.change.CopyFrom(cell(None))
    view.complete = False
    platform.city.view = view
    for path in ("/thanh-pho", "/mo"):
        page.goto(address + path)
        open_folds(page)
        look(page)


def test_another_week_is_chosen_from_the_list(open_page: OpenPage, address: str) -> None:
    """The list of published weeks leads to one of them, by keyboard alone."""
    page = enter(open_page(width=1280), address)
    page.get_by_label("Tuần", exact=True).select_option("2026-11-15")
    page.get_by_label("Tuần", exact=True).press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/thanh-pho?ky=2026-11-15")


def test_the_button_prints_and_the_file_comes(open_page: OpenPage, address: str) -> None:
    """Print opens the browser's own dialogue; the file has the week's name."""
    page = enter(open_page(width=1280), address)
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="In A4").click()
    assert page.title() == "printed"
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải CSV").click()
    assert download.value.suggested_filename == "xoai-2026-11-22.csv"


def test_the_paper_is_a4_landscape_and_whole(open_page: OpenPage, address: str, tmp_path: Path) -> None:
    """Two sheets: everything that the page says, who printed it, and no buttons; nothing is cut off at the right."""
    page = enter(open_page(width=1280), address)
    paper = tmp_path / "city.pdf"
    page.pdf(path=paper, prefer_css_page_size=True)
    facts = subprocess.run(["pdfinfo", paper], capture_output=True, text=True, check=True).stdout
    assert "Pages:           2" in facts
    assert "841.92 x 594.96" in facts or "842 x 595" in facts
    text = subprocess.run(
        ["pdftotext", "-layout", paper, "-"], capture_output=True, text=True, check=True
    ).stdout
    for words in ("Tỷ trọng", "38 %", "Có mã không phải là có dùng", "Người in: Đỗ Thị Lan Chi", "694"):
        assert words in text.replace("\u00a0", " "), words
    for words in ("Tải CSV", "In A4", "Xem"):
        assert words not in text, words
