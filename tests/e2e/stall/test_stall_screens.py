"""Every state of the stall's phone in a real browser: what it says, that it says only what came, and that nobody is kept out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from kit import clock, speech
from tests.support.fake_bills import stamp
from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import Role
from tests.support.gateway import running_gateway, settings_for
from tests.support.stall_line import HeldPhone
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb
from xoai.pilots.v1.pilots_events_pb2 import StallEvent

OpenPage = Callable[..., Page]


@pytest.fixture
def phone(paired: Callable[..., HeldPhone]) -> HeldPhone:
    started = paired()
    started.begin()
    return started


def test_a_sale_goes_from_amount_to_green(phone: HeldPhone) -> None:
    """Typed with dots, asked by a code under the holder's name, green and spoken when the money is told of, then the next."""
    page = phone.page
    phone.shown("pad").get_by_role("button", name="20.000", exact=True).click()
    expect(phone.shown("pad").locator(".typed")).to_contain_text("20.000")
    for _ in range(5):
        phone.shown("pad").get_by_role("button", name="Xoá một số").click()
    sale = phone.sell("8", "5", "000")
    expect(page.get_by_role("img", name="Mã QR để chuyển 85.000 ₫ cho LÊ THỊ MẬN")).to_be_visible()
    expect(page.get_by_text("Chưa nhận, đang chờ")).to_be_visible()
    phone.tell(phone.platform.sales.pay(sale, 85_000))
    green = phone.shown("received")
    expect(green.get_by_role("heading")).to_contain_text("85.000")
    expect(green).to_contain_text("Đã nhận tám mươi lăm nghìn đồng")
    expect(green).to_contain_text("472")
    expect(green).to_contain_text("Từ tài khoản đuôi 4417")
    expect(page.get_by_role("status").first).to_have_text("Đã nhận tám mươi lăm nghìn đồng")
    assert page.evaluate("document.querySelector('meta[name=theme-color]').content") == "rgb(11, 107, 54)"
    assert phone.said() == [" ".join(speech.received(85_000).clips)]
    page.get_by_role("button", name="Bán tiếp").click()
    expect(phone.shown("pad").locator(".typed")).to_have_text("0 ₫")
    expect(phone.shown("pad")).to_contain_text("Hôm nay 85.000 ₫")


def test_typed_amounts_that_cannot_be_asked_are_said(phone: HeldPhone) -> None:
    """Nothing, and half a billion and more, in words beside the figure; nothing is sent."""
    page = phone.page
    page.get_by_role("button", name="Hiện mã QR").click()
    expect(phone.shown("pad").get_by_role("alert")).to_have_text("Nhập số tiền trước.")
    page.locator("main").focus()
    page.keyboard.type("500000000")
    page.get_by_role("button", name="Hiện mã QR").click()
    expect(phone.shown("pad").get_by_role("alert")).to_contain_text("NAPAS 247")
    assert not [call for call in phone.platform.sales.calls if getattr(call[1], "amount", 0) >= 500_000_000]


def test_a_double_tap_asks_once(phone: HeldPhone) -> None:
    """Two taps on the button make one sale."""
    before = len(phone.platform.sales.sales)
    phone.page.locator("main").focus()
    phone.page.keyboard.type("7000")
    phone.page.evaluate("for (const _ of [1, 2, 3]) document.querySelector('[data-do=sell]').click()")
    expect(phone.shown("code")).to_be_visible()
    assert len(phone.platform.sales.sales) == before + 1


def test_less_than_asked_says_both_numbers(phone: HeldPhone) -> None:
    """Amber with what is missing; its code is a sale of its own; the rest turns it green."""
    sale = phone.sell("8", "5", "000")
    phone.tell(phone.platform.sales.pay(sale, 80_000))
    amber = phone.shown("differs")
    for text in ("Khách chuyển thiếu", "5.000", "85.000 ₫", "80.000 ₫", "còn thiếu năm nghìn đồng"):
        expect(amber).to_contain_text(text)
    assert phone.said() == [" ".join(speech.short(80_000, 5_000).clips)]
    phone.page.get_by_role("button", name="Mã QR cho 5.000 ₫").click()
    expect(phone.shown("code")).to_contain_text("5.000")
    rest = list(phone.platform.sales.sales.values())[-1]
    assert (rest.amount, rest.rest_of_sale_id) == (5_000, sale.id)
    phone.hear()
    phone.tell(phone.platform.sales.pay(rest, 5_000))
    expect(phone.shown("received")).to_be_visible()


@pytest.mark.parametrize(("button", "cash"), [("Nhận thiếu cũng được", 0), ("Thu nốt tiền mặt", 5_000)])
def test_less_may_be_taken_or_made_up_in_cash(phone: HeldPhone, button: str, cash: int) -> None:
    """The sale is settled; cash stands in the day."""
    sale = phone.sell("8", "5", "000")
    phone.tell(phone.platform.sales.pay(sale, 80_000))
    phone.page.get_by_role("button", name=button).click()
    expect(phone.shown("pad")).to_be_visible()
    day = phone.platform.sales._day(phone.stall.id)
    assert (day.transfer_sum, day.cash_sum, day.waiting_sale.id) == (80_000, cash, "")


def test_other_money_is_called_what_it_is(phone: HeldPhone) -> None:
    """Over, twice, late, taken back: amber, in words of its own, never green."""
    sales = phone.platform.sales
    sale = phone.sell("8", "5", "000")
    for amount, text in ((90_000, "Khách chuyển thừa"), (85_000, "Khách chuyển hai lần")):
        phone.tell(sales.pay(sale, amount))
        expect(phone.shown("differs").get_by_role("heading")).to_contain_text(text)
    phone.page.get_by_role("button", name="Bán tiếp").click()
    cancelled = phone.sell("3", "0", "000")
    phone.page.get_by_role("button", name="Huỷ lần bán này").click()
    expect(phone.shown("pad")).to_be_visible()
    phone.hear()
    phone.tell(sales.pay(cancelled, 30_000))
    expect(phone.shown("differs").get_by_role("heading")).to_contain_text("Tiền đến muộn")
    undone = sales.tell(phone.stall.id, type=StallEvent.TYPE_REVERSED, amount=30_000, payment_id="p")
    phone.tell(undone)
    expect(phone.shown("differs").get_by_role("heading")).to_contain_text("Khoản này đã bị rút lại")


def test_money_without_a_code_asks_for_one_tap(phone: HeldPhone) -> None:
    """Amber question, spoken as a question; yes turns green by the server's word; an answer elsewhere takes it away."""
    sale = phone.sell("9", "0", "000")
    phone.tell(phone.platform.sales.ask(sale))
    question = phone.shown("question")
    expect(question).to_contain_text("90.000")
    expect(question).to_contain_text("Từ tài khoản đuôi 2209")
    assert phone.said() == [" ".join(speech.asked(90_000).clips)]
    phone.page.get_by_role("button", name="Phải, là khách này").click()
    expect(phone.shown("code")).to_be_visible()
    phone.hear()
    expect(phone.shown("received")).to_contain_text("90.000")
    phone.page.get_by_role("button", name="Bán tiếp").click()
    again = phone.sell("9", "0", "000")
    phone.tell(phone.platform.sales.ask(again))
    expect(phone.shown("question")).to_be_visible()
    closed = phone.platform.sales.questions.popitem()[1]
    phone.tell(
        phone.platform.sales.tell(
            phone.stall.id, type=StallEvent.TYPE_QUESTION_CLOSED, credit_id=closed.credit_id
        )
    )
    expect(phone.shown("code")).to_be_visible()


def test_nothing_after_ninety_seconds_is_said(phone: HeldPhone) -> None:
    """Grey, spoken once, never silence; the code can be shown again; an expired one is asked for anew."""
    sale = phone.sell("8", "5", "000")
    phone.later(91)
    grey = phone.shown("none")
    expect(grey).to_contain_text("Chưa nhận được tiền")
    expect(grey).to_contain_text("01:3")
    expect(grey).to_contain_text("Ảnh chụp màn hình không phải là bằng chứng.")
    phone.page.get_by_role("button", name="Hiện lại mã QR").click()
    expect(phone.shown("code")).to_be_visible()
    phone.later(900)
    expect(phone.shown("none").get_by_text("Mã này đã hết hạn")).to_be_visible()
    with phone.page.expect_response("**/v1/stall-phone/sales") as asked:
        phone.page.get_by_role("button", name="Hiện lại mã QR").click()
    assert asked.value.json()["amount"] == 85_000
    assert phone.platform.sales.sales[sale.id].state == sales_pb.Sale.STATE_CANCELLED


def test_a_code_that_expires_while_it_is_looked_at(phone: HeldPhone) -> None:
    """The grey screen says so by itself once the sale's time is over."""
    phone.sell("8", "5", "000")
    phone.later(91)
    over = phone.shown("none").get_by_text("Mã này đã hết hạn")
    expect(phone.shown("none")).to_be_visible()
    expect(over).to_be_hidden()
    phone.later(900)
    expect(over).to_be_visible()


def test_cash_instead_settles_the_sale(phone: HeldPhone) -> None:
    """A customer who pays in cash after all: the sale waits no longer, the cash stands in the day."""
    phone.sell("8", "5", "000")
    phone.later(91)
    phone.page.get_by_role("button", name="Thu tiền mặt").click()
    expect(phone.shown("pad")).to_be_visible()
    assert phone.platform.sales._day(phone.stall.id).cash_sum == 85_000


def test_a_lost_line_never_looks_like_waiting(phone: HeldPhone) -> None:
    """Red with the standing code once beats are missing; no ring, no green; back, it goes on with the waiting sale."""
    phone.sell("8", "5", "000")
    phone.cut(True)
    lost = phone.shown("lost")
    expect(lost).to_contain_text("Không xác nhận được tiền từ", timeout=20_000)
    expect(lost.get_by_role("img", name="Mã đứng của LÊ THỊ MẬN")).to_be_visible()
    expect(lost).to_contain_text("Mã đứng quầy A12 · tài khoản đuôi 8842")
    expect(phone.page.locator(".ring:visible")).to_have_count(0)
    assert (
        phone.page.evaluate("document.querySelector('meta[name=theme-color]').content") == "rgb(179, 38, 30)"
    )
    phone.cut(False)
    phone.page.get_by_role("button", name="Nối lại").click()
    expect(phone.shown("code")).to_be_visible()


def test_what_was_missed_is_said_in_order_once(phone: HeldPhone) -> None:
    """First how much was missed, then each sum; the day's list marks them; nothing is said twice."""
    sales = phone.platform.sales
    events = [sales.pay_standing(phone.stall.id, amount) for amount in (35_000, 50_000, 60_000)]
    summary = speech.missed(3, 145_000)
    missed = {"count": 3, "amount": "145000", "clips": list(summary.clips), "spoken": summary.text}
    phone.page.evaluate("(missed) => line.tell(0, 'stall.missed', missed)", missed)
    for event in [*events, events[1], events[0]]:
        phone.tell(event)
    today = phone.shown("today")
    expect(today).to_contain_text("Lúc mất mạng có 3 khoản, 145.000 ₫")
    expect(today.get_by_text("đọc bù")).to_have_count(3)
    expect(today.locator(".day-amount")).to_contain_text("145.000")
    assert phone.wait_said(4) == [
        " ".join(summary.clips),
        *(" ".join(speech.received(amount).clips) for amount in (35_000, 50_000, 60_000)),
    ]


def test_announcements_wait_for_each_other(phone: HeldPhone) -> None:
    """Two sums at the same moment: both are shown, one after the other."""
    sales = phone.platform.sales
    for amount in (10_000, 20_000):
        phone.tell(sales.pay_standing(phone.stall.id, amount))
    expect(phone.shown("received").get_by_role("heading")).to_contain_text("10.000")
    expect(phone.shown("received").get_by_role("heading")).to_contain_text("20.000")


def test_a_listener_hears_and_may_not_sell(paired: Callable[..., HeldPhone]) -> None:
    """No PIN, no pad; every sum turns it green; a short one offers nothing to do."""
    listener = paired(Role.ROLE_LISTENER)
    listener.begin(pin="")
    expect(listener.shown("listen")).to_contain_text("Đang nghe")
    expect(listener.page.get_by_role("button", name="Nhập PIN để bán")).to_be_hidden()
    listener.tell(listener.platform.sales.pay_standing(listener.stall.id, 45_000))
    expect(listener.shown("received")).to_contain_text("45.000")
    listener.page.get_by_role("button", name="Nghe tiếp").click()
    expect(listener.shown("listen")).to_contain_text("Hôm nay 45.000 ₫")


def test_a_wrong_pin_is_said_and_the_phone_listens_on(paired: Callable[..., HeldPhone]) -> None:
    """Wrong digits say how many tries are left; without the PIN the phone goes on listening."""
    started = paired(allow=("status of 403",))
    started.begin(pin="")
    for digit in "1111":
        started.shown("pin").get_by_role("button", name=digit, exact=True).click()
    expect(started.shown("pin").get_by_role("alert")).to_contain_text("Còn 4 lần thử")
    started.page.get_by_role("button", name="Chỉ nghe").click()
    started.tell(started.platform.sales.pay_standing(started.stall.id, 5_000))
    expect(started.shown("received")).to_be_visible()


def test_after_the_pins_time_it_listens_and_asks_again(phone: HeldPhone) -> None:
    """The shift is over: money is still heard, selling needs the PIN."""
    phone.later(13 * 3600)
    phone.page.wait_for_timeout(1_500)
    phone.tell(phone.platform.sales.pay_standing(phone.stall.id, 5_000))
    expect(phone.shown("received")).to_be_visible()
    phone.page.get_by_role("button", name="Nghe tiếp").click()
    expect(phone.page.get_by_role("button", name="Nhập PIN để bán")).to_be_visible()


def test_the_day_is_kept_closed_and_sent(phone: HeldPhone) -> None:
    """Private money apart, cash in, a picture of the total, and the close with its time."""
    page, sales = phone.page, phone.platform.sales
    phone.tell(sales.pay_standing(phone.stall.id, 500_000))
    phone.tell(sales.pay_standing(phone.stall.id, 45_000))
    # The second sum has its green screen after the first.
    expect(phone.shown("received").get_by_role("heading")).to_contain_text("45.000", timeout=10_000)
    page.get_by_role("button", name="Bán tiếp").click()
    page.get_by_role("button", name="Hôm nay 545.000 ₫").click()
    today = phone.shown("today")
    today.get_by_role("button", name="500.000").click()
    today.get_by_role("button", name="Đây là tiền riêng").click()
    expect(today).to_contain_text("Tiền riêng 1 khoản: 500.000 ₫")
    expect(today.locator(".day-amount")).to_contain_text("45.000")
    today.get_by_role("button", name="Ghi tiền mặt").click()
    page.locator("main").focus()
    page.keyboard.type("20000")
    phone.shown("pad").get_by_role("button", name="Ghi tiền mặt").click()
    expect(today).to_contain_text("Tiền mặt 1 khoản: 20.000 ₫")
    today.get_by_role("button", name="20.000").click()
    today.get_by_role("button", name="Bỏ khoản tiền mặt này").click()
    expect(today).to_contain_text("đã bỏ")
    with page.expect_download() as download:
        today.get_by_role("button", name="Gửi ảnh tổng").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    today.get_by_role("button", name="Đóng ngày").click()
    today.get_by_role("button", name="Đóng ngày").last.click()
    expect(today).to_contain_text("Đã đóng ngày lúc")


def test_a_removed_phone_says_so(paired: Callable[..., HeldPhone]) -> None:
    """The owner removes the phone: its screen says what to do, and it hears nothing more."""
    started = paired(allow=("status of 401",))
    started.begin()
    device = next(
        each for each in started.platform.stalls.devices.values() if each.stall_id == started.stall.id
    )
    started.platform.stalls.revoke(device.id)
    started.page.wait_for_timeout(2_200)
    started.hear()
    expect(started.shown("unpaired")).to_contain_text("Máy này chưa ghép với quầy nào")


def test_a_late_bank_is_named(
    platform: FakePlatform, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """“Ngân hàng X đang gửi tin chậm, từ 10:42” stands over the pad while it lasts."""
    since = clock.now() - timedelta(minutes=5)
    late = trust_pb.BankFeed(bin="970436", late_since=stamp(since))
    monkeypatch.setattr(platform.trust, "feeds", [late])
    # A gateway of its own: how the feeds are is asked once in some seconds for all phones.
    with running_gateway(settings_for(platform, tmp_path)) as url:
        started = HeldPhone(platform, url, open_page())
        started.pair(platform.stalls.add_stall())
        expect(started.shown("begin")).to_contain_text("Vietcombank đang gửi tin chậm")
        started.begin()
        time = since.astimezone(clock.CITY_ZONE).strftime("%H:%M")
        strip = started.page.get_by_text(f"Vietcombank đang gửi tin chậm, từ {time}")
        expect(strip).to_be_visible()


def test_a_sale_whose_answer_was_lost_is_made_once(paired: Callable[..., HeldPhone]) -> None:
    """The line breaks while the sale is asked for: pressed again, the first one is shown, not a second."""
    phone = paired(allow=("net::ERR",))
    phone.begin()
    before = len(phone.platform.sales.sales)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    phone.page.route("**/v1/stall-phone/sales", lose, times=1)
    phone.page.locator("main").focus()
    phone.page.keyboard.type("7000")
    phone.page.get_by_role("button", name="Hiện mã QR").click()
    expect(phone.page.get_by_role("alert").first).to_contain_text("Chưa có mạng nên chưa gửi được")
    expect(phone.shown("pad").locator(".typed")).to_contain_text("7.000")
    phone.page.get_by_role("button", name="Hiện mã QR").click()
    expect(phone.shown("code")).to_contain_text("7.000")
    assert len(phone.platform.sales.sales) == before + 1


def test_a_phone_whose_clock_is_wrong_waits_by_the_servers(phone: HeldPhone) -> None:
    """A year ahead, the phone still counts from the server's moment: no early "not received", no expired code."""
    phone.page.evaluate(
        "const real = Date.now.bind(Date); line.ahead = -31536e6; Date.now = () => real() + 31536e6; undefined"
    )
    phone.page.wait_for_timeout(1_200)
    phone.sell("8", "5", "000")
    phone.page.wait_for_timeout(1_200)
    expect(phone.shown("code")).to_contain_text("giây")
    seconds = int(phone.shown("code").locator(".waiting-strip span").last.inner_text().split()[0])
    assert 0 <= seconds < 30


def test_a_phone_whose_sound_is_locked_says_so(paired: Callable[..., HeldPhone]) -> None:
    """A browser that plays nothing: the strip stands over every screen, and money is still shown and put in words."""
    phone = paired()
    phone.page.add_init_script(
        "window.AudioContext = class { state = 'suspended'; resume() { return new Promise(() => {}); } "
        "async decodeAudioData() { return {}; } };"
    )
    phone.page.reload()
    phone.begin()
    phone.tell(phone.platform.sales.pay_standing(phone.stall.id, 45_000))
    expect(phone.shown("received")).to_contain_text("Đã nhận bốn mươi lăm nghìn đồng")
    expect(phone.page.get_by_role("button", name="Loa chưa bật")).to_be_visible()
