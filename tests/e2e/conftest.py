"""A real browser for whole-system tests: the machine's Chromium, a fresh context per test, nothing but our own origin."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; a machine without one fails the tests."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages: `open_page(width=360, dark=True, javascript_enabled=False)`.

    When the test ends, no page may have asked another origin for anything nor written an error to its console.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(
        *,
        width: int = 360,
        height: int = 800,
        dark: bool = False,
        allow: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "request", lambda request: _is_own(request.url) or wrong.append(f"foreign request {request.url}")
        )
        page.on("pageerror", lambda error: wrong.append(f"script error {error}"))

        def heard(message: Any) -> None:
            if message.type in ("error", "warning") and not any(text in message.text for text in allow):
                wrong.append(f"console: {message.text}")

        page.on("console", heard)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def _is_own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:", "blob:"))


@pytest.fixture(scope="session")
def find_barriers() -> Callable[[Page], list[str]]:
    """What the accessibility checker finds wrong on a page; an empty list is what tests want."""
    axe = Axe()

    def find(page: Page) -> list[str]:
        response = axe.run(page, options=_AXE).response
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in response["violations"]
            for node in rule["nodes"]
        ]

    return find
