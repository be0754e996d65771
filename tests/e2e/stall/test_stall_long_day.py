"""What goes wrong in twelve hours at a stall: two pages, hasty fingers, the phone's back button, midnight, a removed phone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from kit import clock, speech
from tests.support.stall_line import HeldPhone
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1.pilots_events_pb2 import StallEvent

OpenPage = Callable[..., Page]
# Counts what reaches the phone's loudspeaker: one source is started for each clip.
_PLAYED = """
window.played = 0;
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...rest) { played += 1; return start.apply(this, rest); };
"""


@pytest.fixture
def phone(paired: Callable[..., HeldPhone]) -> HeldPhone:
    started = paired()
    started.begin()
    return started


def test_of_two_pages_of_a_phone_one_speaks(paired: Callable[..., HeldPhone]) -> None:
    """A sum that is heard twice would be a sum too many; the second page says so, and speaks once the first is closed."""
    first = paired()
    first.page.add_init_script(_PLAYED)
    first.page.reload()
    first.begin()
    second = HeldPhone(first.platform, first.address, first.page.context.new_page())
    second.stall = first.stall
    second.page.add_init_script(_PLAYED)
    second.page.goto(f"{first.address}/quay-hang")
    second.begin(pin="")
    expect(second.page.get_by_text("Quầy đang mở ở một trang khác trên máy này")).to_be_visible()
    expect(first.page.get_by_text("Quầy đang mở ở một trang khác trên máy này")).to_be_hidden()
    event = first.platform.sales.pay_standing(first.stall.id, 45_000)
    clips = len(speech.received(45_000).clips)
    for each in (first, second):
        each.tell(event)
        expect(each.shown("received")).to_contain_text("45.000")
    first.page.wait_for_timeout(2_500)
    assert first.page.evaluate("played") == clips
    assert second.page.evaluate("played") == 0
    first.page.close()
    expect(second.page.get_by_text("Quầy đang mở ở một trang khác trên máy này")).to_be_hidden()
    second.tell(first.platform.sales.pay_standing(first.stall.id, 45_000))
    second.page.wait_for_timeout(2_500)
    assert second.page.evaluate("played") == clips


def test_a_screen_that_came_under_the_finger_takes_no_tap(phone: HeldPhone) -> None:
    """Money comes as the seller taps "cancel" in the same place: the green screen stays."""
    sale = phone.sell("8", "5", "000")
    place = phone.shown("code").get_by_role("button", name="Huỷ lần bán này").bounding_box()
    assert place is not None
    phone.tell(phone.platform.sales.pay(sale, 85_000))
    phone.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(phone.shown("received")).to_contain_text("85.000")
    phone.page.wait_for_timeout(600)
    expect(phone.shown("received")).to_be_visible()
    phone.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(phone.shown("pad")).to_be_visible()


def test_an_expired_sale_that_is_tapped_twice_is_asked_for_once(phone: HeldPhone) -> None:
    """Its first code is given up, and one other is made."""
    phone.sell("8", "5", "000")
    phone.later(2_000)
    expect(phone.shown("none")).to_contain_text("Mã này đã hết hạn")
    before = len(phone.platform.sales.sales)
    phone.page.evaluate("for (const _ of [1, 2, 3]) document.querySelector('[data-do=again]').click()")
    for _ in range(50):
        if len(phone.platform.sales.sales) > before:
            break
        phone.page.wait_for_timeout(100)
    phone.page.wait_for_timeout(1_000)
    assert len(phone.platform.sales.sales) == before + 1


def test_the_rest_of_a_sale_is_cancelled_by_itself(phone: HeldPhone) -> None:
    """What is cancelled is the sale whose code is shown, not the one that was short before it."""
    sale = phone.sell("8", "5", "000")
    phone.tell(phone.platform.sales.pay(sale, 80_000))
    phone.page.get_by_role("button", name="Mã QR cho 5.000 ₫").click()
    expect(phone.shown("code")).to_contain_text("5.000")
    rest = list(phone.platform.sales.sales.values())[-1]
    phone.hear()
    phone.page.get_by_role("button", name="Huỷ lần bán này").click()
    expect(phone.shown("pad")).to_be_visible()
    assert phone.platform.sales.sales[rest.id].state == sales_pb.Sale.STATE_CANCELLED
    assert phone.platform.sales.sales[sale.id].state == sales_pb.Sale.STATE_PART_PAID


def test_the_same_amount_much_later_is_another_sale(paired: Callable[..., HeldPhone]) -> None:
    """The line broke while a sale was asked for, and it was given up; hours later the same amount is not the old sale."""
    phone = paired(allow=("net::ERR",))
    phone.begin()
    page = phone.page

    def ask() -> None:
        page.locator("main").focus()
        page.keyboard.type("7000")
        page.get_by_role("button", name="Hiện mã QR").click()

    page.route("**/v1/stall-phone/sales", lambda route: (route.fetch(), route.abort()), times=1)
    ask()
    expect(page.get_by_role("alert").first).to_contain_text("Chưa có mạng nên chưa gửi được")
    lost = list(phone.platform.sales.sales.values())[-1]
    for _ in range(4):
        phone.shown("pad").get_by_role("button", name="Xoá một số").click()
    page.evaluate(
        "const real = performance.now.bind(performance); performance.now = () => real() + 600000; 0"
    )
    # The server's next beat sets the screen's clock right again.
    page.wait_for_timeout(1_500)
    ask()
    expect(phone.shown("code")).to_contain_text("7.000")
    assert list(phone.platform.sales.sales.values())[-1].id != lost.id


def test_the_phones_back_button_does_not_end_the_shift(phone: HeldPhone) -> None:
    """From the day's list it leads to selling; while a code is shown it changes nothing; the line and the sound stay."""
    page = phone.page
    phone.shown("pad").get_by_role("button", name="Hôm nay").click()
    expect(phone.shown("today")).to_be_visible()
    page.evaluate("history.back()")
    expect(phone.shown("pad")).to_be_visible()
    sale = phone.sell("8", "5", "000")
    page.evaluate("history.back()")
    page.wait_for_timeout(300)
    expect(phone.shown("code")).to_be_visible()
    assert page.url.endswith("/quay-hang")
    phone.tell(phone.platform.sales.pay(sale, 85_000))
    expect(phone.shown("received")).to_be_visible()


def test_two_questions_are_asked_one_after_the_other(phone: HeldPhone) -> None:
    """Neither is forgotten because the other came after it."""
    sales = phone.platform.sales
    sale = phone.sell("9", "0", "000")
    for _ in range(2):
        phone.tell(sales.ask(sale))
    first, second = list(sales.questions)
    phone.shown("question").get_by_role("button", name="Không phải").click()
    for _ in range(50):
        if first not in sales.questions:
            break
        phone.page.wait_for_timeout(100)
    assert list(sales.questions) == [second]
    expect(phone.shown("question")).to_be_visible()
    phone.shown("question").get_by_role("button", name="Không phải").click()
    expect(phone.shown("code")).to_be_visible()
    assert not sales.questions


def test_late_money_of_yesterday_leaves_todays_sum_alone(phone: HeldPhone) -> None:
    """Told after midnight it is shown as late, and the head goes on with the day that runs; the next day begins anew."""
    today = clock.today()
    for sequence, (day, day_sum, head) in enumerate(
        (
            (today, 900_000, "900.000"),
            (today - timedelta(days=1), 5_000_000, "900.000"),
            (today + timedelta(days=1), 30_000, "30.000"),
        ),
        start=phone._told + 1,
    ):
        event = StallEvent(
            type=StallEvent.TYPE_STANDING_PAID, sequence=sequence, amount=30_000, payment_id=str(sequence),
            book_date=day.isoformat(), late=day < today, day_count=1, day_sum=day_sum,
        )  # fmt: skip
        # A new day is also read anew; here the service still has none of this money.
        with phone.page.expect_response("**/v1/stall-phone") if day > today else contextlib.nullcontext():
            phone.tell(event)
            expect(phone.shown("pad")).to_be_hidden()
        if day <= today:
            phone.page.locator("[data-do=next]:visible").click()
            expect(phone.shown("pad")).to_contain_text(f"Hôm nay {head} ₫")


def test_at_the_cut_off_another_day_begins(paired: Callable[..., HeldPhone]) -> None:
    """Also where nothing comes that would say so: yesterday's sum does not stand in the head as today's."""
    phone = paired()
    sales = phone.platform.sales
    sales.pay_standing(phone.stall.id, 700_000)
    phone.page.clock.install()
    phone.page.reload()
    phone.begin()
    expect(phone.shown("pad")).to_contain_text("Hôm nay 700.000 ₫")
    sales.takings.clear()
    phone.page.clock.run_for(25 * 3_600 * 1_000)
    expect(phone.page.locator(".line [data-do=today]").first).to_contain_text("Hôm nay 0 ₫")


def test_a_removed_phone_forgets_the_stall(paired: Callable[..., HeldPhone]) -> None:
    """In the middle of the day, with a code on its screen: nothing of the stall is left in its page or its storage."""
    phone = paired(allow=("status of 401",))
    phone.begin()
    phone.tell(phone.platform.sales.pay_standing(phone.stall.id, 1_234_000))
    phone.page.locator("[data-do=next]:visible").click()
    phone.sell("8", "5", "000")
    device = next(each for each in phone.platform.stalls.devices.values() if each.stall_id == phone.stall.id)
    phone.platform.stalls.revoke(device.id)
    phone.page.wait_for_timeout(2_200)
    phone.hear()
    expect(phone.shown("unpaired")).to_be_visible(timeout=15_000)
    for text in ("1.234.000", "85.000", "LÊ THỊ MẬN"):
        assert text not in phone.page.evaluate("document.body.textContent")
    assert phone.page.evaluate("caches.has('xoai-stall-stand')") is False


def test_a_long_day_leaves_nothing_behind(phone: HeldPhone) -> None:
    """A thousand events later the page has as many elements and listeners as before."""
    page = phone.page
    session = page.context.new_cdp_session(page)

    def counted() -> dict[str, int]:
        session.send("HeapProfiler.collectGarbage")
        found: dict[str, int] = session.send("Memory.getDOMCounters")
        return found

    sale = phone.sell("8", "5", "000")
    phone.hear()
    before = counted()
    page.evaluate(
        """async ([sale, from]) => {
          for (let each = 1; each <= 1000; each += 1) {
            const kind = each % 2 ? { type: "TYPE_QUESTION", credit_id: `c${each}`, amount: "1", clips: [] }
              : { type: "TYPE_QUESTION_CLOSED", credit_id: `c${each - 1}` };
            line.tell(from + each, "stall.event", kind);
            if (each % 100 === 0) {
              line.tell(from + each, "stall.event", {});
              await new Promise((resolve) => setTimeout(resolve, 50));
            }
          }
        }""",
        [sale.id, phone._told],
    )
    page.wait_for_timeout(500)
    after = counted()
    assert after["nodes"] - before["nodes"] < 200, (before, after)
    assert after["jsEventListeners"] - before["jsEventListeners"] < 20, (before, after)
