"""A finance desk behind a gateway of its own, for tests in the browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.support.fake_directory import PASSWORD as DESK_PASSWORD
from tests.support.finance_desk import FinanceDesk

OpenPage = Callable[..., Page]
# Pages that refuse a form answer with 4xx, which the browser notes in its console.
REFUSED = ("status of 4",)


@dataclass(frozen=True)
class Office:
    """A gateway in front of a desk's services."""

    url: str
    desk: FinanceDesk


def sign_in(page: Page, url: str, login: str, password: str) -> None:
    page.goto(f"{url}/dang-nhap?next=/doi-soat")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.click("main button")
    if "/xac-minh" in page.url:
        # In tests the code that the person's phone would show is filled in.
        with page.expect_navigation():
            page.get_by_role("button", name="Vào", exact=True).click()
    page.wait_for_url("**/doi-soat**")


def at_desk(page: Page, office: Office) -> Page:
    """The page of a clerk who has signed in."""
    sign_in(page, office.url, "lan.chi@hoamai.example", DESK_PASSWORD)
    return page
