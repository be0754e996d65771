"""A real browser for whole-system tests: the machine's Chromium, a fresh context per test, nothing but our own origin."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from kit.postgres import Server
from tests.e2e.finance_office import Office
from tests.support.finance_desk import finance_desk
from tests.support.gateway import running_gateway, settings_for

_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What reaches beyond a page that scrolls sideways.
_WIDE = """[...document.querySelectorAll("main *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest(".table, .tabs"))
  .map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 60)}`)"""


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


@pytest.fixture
def office(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with (
        finance_desk(postgres_server) as desk,
        running_gateway(settings_for(desk.platform, tmp_path_factory.mktemp("demo"))) as url,
    ):
        yield Office(url, desk)


@pytest.fixture
def look(find_barriers: Callable[[Page], list[str]]) -> Callable[[Page], None]:
    """Holds a page state to what every page must be: no barrier, and no sideways scroll on the smallest phone."""

    def check(page: Page) -> None:
        assert find_barriers(page) == [], page.url
        size = page.viewport_size
        assert size is not None
        page.set_viewport_size({"width": 320, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, (page.url, page.evaluate(_WIDE))
        assert find_barriers(page) == [], f"{page.url} at 320"
        page.set_viewport_size(size)

    return check
