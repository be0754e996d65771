"""The installed stall screen: kept by the phone, open without a line, and never holding money; and what its first load costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.fake_platform import FakePlatform
from tests.support.slow_line import slow_load
from tests.support.stall_line import HeldPhone

_READY = "navigator.serviceWorker.ready.then((worker) => worker.active.state)"
_KEPT = """caches.keys().then((names) => Promise.all(names.map(async (name) =>
  (await (await caches.open(name)).keys()).map((each) => new URL(each.url).pathname)))).then((all) => all.flat())"""
_STAND = "caches.match('/quay-hang/ma-dung').then((kept) => kept.json())"


@pytest.fixture
def kept(paired: Callable[..., HeldPhone]) -> HeldPhone:
    """A phone that has kept the screen, after a sale that was paid."""
    phone = paired(allow=("net::ERR",))
    phone.page.evaluate(_READY)
    phone.begin()
    sale = phone.sell("8", "5", "000")
    phone.tell(phone.platform.sales.pay(sale, 85_000))
    expect(phone.shown("received")).to_be_visible()
    return phone


def test_the_phone_keeps_files_and_the_stand_and_no_money(kept: HeldPhone) -> None:
    """In the phone's storage: the screen's files and what stands at the stall for everybody; no answer of the API, no sum."""
    paths = kept.page.evaluate(_KEPT)
    assert len(paths) > 40
    assert {path for path in paths if not path.startswith("/static/")} == {"/quay-hang", "/quay-hang/ma-dung"}
    stand = kept.page.evaluate(_STAND)
    assert set(stand) == {"id", "name", "number", "holder", "account_last_four", "code"}
    assert kept.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert kept.page.evaluate("indexedDB.databases().then((found) => found.length)") == 0


def test_a_second_opening_takes_nothing_of_the_shell_from_the_network(kept: HeldPhone) -> None:
    """Page, styles and scripts come from the phone; only what holds money is asked for."""
    answers: list[Any] = []
    kept.page.on("response", lambda answer: answers.append(answer))
    kept.page.reload()
    expect(kept.shown("begin")).to_be_visible()
    shell = [
        answer
        for answer in answers
        if "/v1/" not in answer.url and not answer.url.endswith("manifest.webmanifest")
    ]
    assert len(shell) >= 8
    assert [answer.url for answer in shell if not answer.from_service_worker] == []
    asked = [answer for answer in answers if "/v1/" in answer.url]
    assert asked
    assert [answer.url for answer in asked if answer.from_service_worker] == []


def test_the_language_is_switched_and_kept(kept: HeldPhone) -> None:
    """English by the switch: from the network once, then from the phone too."""
    page = kept.page
    page.reload()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("button", name="Sound on, start the shift")).to_be_visible()
    page.wait_for_timeout(500)
    page.evaluate(_READY)
    page.goto(f"{kept.address}/quay-hang")
    expect(page.get_by_role("button", name="Sound on, start the shift")).to_be_visible()


def test_without_a_line_it_opens_red_with_the_standing_code(kept: HeldPhone) -> None:
    """Nothing waits, nothing is green; the standing code is there; once there is a line it begins."""
    page = kept.page
    page.context.set_offline(True)
    page.reload()
    lost = kept.shown("lost")
    expect(lost.get_by_role("heading")).to_have_text("Mất kết nối")
    expect(lost.get_by_role("img", name="Mã đứng của LÊ THỊ MẬN")).to_be_visible()
    expect(lost).to_contain_text("Mã đứng quầy A12 · tài khoản đuôi 8842")
    expect(page.get_by_text("85.000")).to_have_count(0)
    page.context.set_offline(False)
    expect(kept.shown("begin")).to_be_visible(timeout=15_000)


@pytest.mark.alone
def test_the_first_load_stays_within_its_budget(
    platform: FakePlatform, address: str, paired: Callable[..., HeldPhone], open_page: Callable[..., Page]
) -> None:
    """At most 120 KB, 35 KB of it scripts; ready in 3.5 s at 400 kbit/s, 400 ms and a sixth of the processor; best of three."""
    fastest = []
    for _ in range(3):
        page = open_page()
        cookies = paired().page.context.cookies()
        page.context.add_cookies(cookies)
        load = slow_load(page, f"{address}/quay-hang", cpu=6)
        while not page.evaluate("performance.getEntriesByName('stall-ready').length"):
            page.wait_for_timeout(20)
        fastest.append(page.evaluate("performance.getEntriesByName('stall-ready')[0].startTime"))
        assert sum(load.sizes.values()) <= 120 * 1024, load.sizes
        scripts = [size for request, size in load.sizes.items() if load.kinds[request] == "Script"]
        assert sum(scripts) <= 35 * 1024
        page.context.close()
    assert min(fastest) <= 3_500, fastest
