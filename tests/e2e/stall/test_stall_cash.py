"""Cash typed without a line: kept by the phone as not sent, sent once when the line is back, over reloads and crashes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.support.stall_line import HeldPhone
from xoai.pilots.v1 import sales_service_pb2 as sales_pb

_KEPT = "localStorage.getItem('xoai-stall-cash')"
_READY = "navigator.serviceWorker.ready.then((worker) => worker.active.state)"


@pytest.fixture
def phone(paired: Callable[..., HeldPhone]) -> HeldPhone:
    started = paired(allow=("net::ERR", "status of 409", "status of 403"))
    started.page.evaluate(_READY)
    started.begin()
    return started


def leave_line(phone: HeldPhone) -> None:
    """Neither stream nor request gets through."""
    phone.cut(True)
    phone.page.context.set_offline(True)
    expect(phone.shown("lost")).to_be_visible()


def join_line(phone: HeldPhone) -> None:
    phone.cut(False)
    phone.page.context.set_offline(False)


def open_anew(phone: HeldPhone) -> Page:
    """The screen in another page of the same browser.

    A crash may take along the process that is about to serve the page: a navigation is then never answered, and a
    person opens it again.
    """
    for _ in range(6):
        page = phone.page.context.new_page()
        with contextlib.suppress(AssertionError, Error):
            page.goto(f"{phone.address}/quay-hang", wait_until="commit", timeout=5_000)
            expect(page.locator('section[data-screen="begin"]:visible')).to_be_visible(timeout=5_000)
            return page
        page.close()
    pytest.fail("it does not open any more")


def take_cash(phone: HeldPhone, amount: int) -> None:
    """Type cash without a line, as the red screen offers."""
    phone.shown("lost").get_by_role("button", name="Thu tiền mặt").click()
    phone.page.locator("main").focus()
    phone.page.keyboard.type(str(amount))
    phone.shown("pad").get_by_role("button", name="Ghi tiền mặt").click()
    expect(phone.shown("lost")).to_be_visible()


def cash_of(phone: HeldPhone) -> list[int]:
    """What the service has as cash of the phone's stall."""
    return [
        taking.amount
        for stall_id, taking in phone.platform.sales.takings
        if stall_id == phone.stall.id and taking.kind == sales_pb.Taking.KIND_CASH
    ]


def soon(phone: HeldPhone, page: Page, amounts: list[int]) -> None:
    """Wait until just this cash is there and the phone keeps none any more."""
    for _ in range(100):
        if cash_of(phone) == amounts and page.evaluate(_KEPT) is None:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(500)
    assert cash_of(phone) == amounts
    assert page.evaluate(_KEPT) is None


def test_cash_without_a_line_is_sent_once_the_line_is_back(phone: HeldPhone) -> None:
    """Said to be not sent, kept over a reload, sent in order and once each; then the phone keeps nothing of it."""
    page = phone.page
    leave_line(phone)
    take_cash(phone, 20_000)
    expect(phone.shown("lost")).to_contain_text("1 khoản tiền mặt chưa gửi, 20.000 ₫")
    page.reload()
    expect(phone.shown("lost")).to_contain_text("1 khoản tiền mặt chưa gửi, 20.000 ₫")
    take_cash(phone, 35_000)
    expect(phone.shown("lost")).to_contain_text("2 khoản tiền mặt chưa gửi, 55.000 ₫")
    assert cash_of(phone) == []
    join_line(phone)
    expect(phone.shown("begin")).to_be_visible(timeout=15_000)
    soon(phone, page, [20_000, 35_000])


def test_cash_survives_a_page_that_is_killed(phone: HeldPhone) -> None:
    """The page dies after the server took the cash and before it heard so; opened anew it sends it again, and it is there once."""
    page = phone.page
    leave_line(phone)
    take_cash(phone, 20_000)
    heard: list[Any] = []

    def lose(route: Route) -> None:
        heard.append(route.fetch().status)
        # No answer: the page is gone before.

    page.route("**/v1/stall-phone/cash", lose)
    join_line(phone)
    for _ in range(100):
        if heard:
            break
        page.wait_for_timeout(100)
    assert cash_of(phone) == [20_000]
    with pytest.raises(Error):
        page.goto("chrome://crash", timeout=5_000)
    soon(phone, open_anew(phone), [20_000])


def test_two_pages_of_a_phone_send_its_cash_once(phone: HeldPhone) -> None:
    """Both see it as not sent, both hear that the line is back."""
    page = phone.page
    other = open_anew(phone)
    leave_line(phone)
    take_cash(phone, 20_000)
    take_cash(phone, 20_000)
    join_line(phone)
    soon(phone, page, [20_000, 20_000])
    soon(phone, other, [20_000, 20_000])


def test_cash_that_was_not_sent_stands_in_the_list_and_can_be_dropped(phone: HeldPhone) -> None:
    """In no sum of the day; what the server refuses for good says why; a double tap enters once."""
    page = phone.page
    why = {"title": "x", "status": 409, "detail": "Ngày 28/11 đã đóng.", "reason": "DAY_CLOSED"}
    page.route("**/v1/stall-phone/cash", lambda route: route.fulfill(status=409, json=why))
    phone.shown("pad").get_by_role("button", name="Hôm nay").click()
    phone.shown("today").get_by_role("button", name="Ghi tiền mặt").click()
    page.locator("main").focus()
    page.keyboard.type("20000")
    page.evaluate("for (const _ of [1, 2, 3]) document.querySelector('[data-do=cash]').click()")
    today = phone.shown("today")
    expect(today.get_by_text("Ngày 28/11 đã đóng.")).to_be_visible()
    expect(today.locator(".takings li")).to_have_count(1)
    expect(today).to_contain_text("Chưa gửi 1 khoản tiền mặt: 20.000 ₫")
    expect(today.locator(".day-amount")).to_have_text("0 ₫")
    today.locator(".takings .row").click()
    today.get_by_role("button", name="Bỏ khoản chưa gửi này").click()
    expect(today.locator(".takings li")).to_have_count(0)
    assert page.evaluate(_KEPT) is None
    assert cash_of(phone) == []


def test_without_the_pin_cash_waits(phone: HeldPhone) -> None:
    """The shift is over when the line comes back: it is sent after the PIN."""
    page = phone.page
    page.route(
        "**/v1/stall-phone/cash",
        lambda route: route.fulfill(status=403, json={"detail": "Cần PIN", "reason": "DEVICE_LOCKED"}),
    )
    leave_line(phone)
    take_cash(phone, 20_000)
    phone.platform.stalls.unlocked.clear()
    # What the gateway knows of a phone is two seconds old at most.
    page.wait_for_timeout(2_100)
    join_line(phone)
    expect(phone.shown("listen")).to_be_visible(timeout=15_000)
    assert cash_of(phone) == []
    page.unroute("**/v1/stall-phone/cash")
    phone.shown("listen").get_by_role("button", name="Nhập PIN để bán").click()
    for digit in "2468":
        phone.shown("pin").get_by_role("button", name=digit, exact=True).click()
    soon(phone, page, [20_000])


def test_a_phone_that_keeps_nothing_says_so(paired: Callable[..., HeldPhone]) -> None:
    """A private window or a full phone: the cash waits in the page, and the seller is told not to close it."""
    phone = paired(allow=("net::ERR",))
    phone.page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
        "Cache.prototype.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));"
    )
    phone.page.reload()
    phone.begin()
    leave_line(phone)
    take_cash(phone, 20_000)
    expect(phone.page.get_by_text("Máy không giữ được khoản chưa gửi khi đóng trang")).to_be_visible()
    join_line(phone)
    soon(phone, phone.page, [20_000])


def test_another_stalls_cash_is_not_sent(phone: HeldPhone) -> None:
    """A phone that is paired with another stall forgets what it kept of the one before."""
    page, first = phone.page, phone.stall
    leave_line(phone)
    # A request on its way when the page goes would still get out, to the stall at which the cash was taken.
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/v1/stall-phone/cash")):
        take_cash(phone, 20_000)
    page.goto("about:blank")
    page.context.set_offline(False)
    phone.pair(phone.platform.stalls.add_stall(number="B03"))
    soon(phone, page, [])
    phone.stall = first
    assert cash_of(phone) == []
