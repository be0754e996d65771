"""Every state of the stall's phone keeps nobody out: light and dark, on the smallest phone and at a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.fake_stalls import payload_of
from tests.support.stall_line import HeldPhone

FindBarriers = Callable[[Page], list[str]]
STATES = (
    "begin",
    "pin",
    "pad",
    "code",
    "received",
    "short",
    "twice",
    "question",
    "none",
    "lost",
    "today",
    "check",
    "listen",
)


# Buttons that a thumb needs and that the window does not show whole; a shown code that is too small to be scanned.
_OUT_OF_REACH = """[
  ...[...document.querySelectorAll(".stall > section:not([hidden]) .big")].filter((each) => {
    const place = each.getBoundingClientRect();
    return place.width && (place.top < 0 || place.bottom > innerHeight || !each.contains(
      document.elementFromPoint((place.left + place.right) / 2, place.bottom - 4)));
  }).map((each) => each.textContent.trim()),
  ...[...document.querySelectorAll('[data-code="sale"] svg')].filter((each) => {
    const place = each.getBoundingClientRect();
    return place.width && Math.min(place.width, place.height) < 216;
  }).map(() => "small code"),
]"""


def show(phone: HeldPhone, state: str) -> None:
    """Lead a phone to a state, as money and taps do."""
    sales = phone.platform.sales
    if state == "check":
        phone.page.locator("[data-do=check]:visible").click()
        phone.page.locator("#payload").fill(payload_of(phone.stall.reference, account="1017738824"))
        phone.page.locator("[data-check=compare]").click()
        phone.shown("checked").wait_for()
    if state in ("begin", "check"):
        return
    phone.begin(pin="" if state in ("pin", "listen") else "2468")
    if state == "listen":
        phone.page.locator("[data-do=listen]:visible").click()
    if state in ("code", "received", "short", "twice", "question", "none"):
        sale = phone.sell("8", "5", "000")
        for amount in {"received": [85_000], "short": [80_000], "twice": [85_000, 85_000]}.get(state, []):
            phone.tell(sales.pay(sale, amount))
        if state == "question":
            phone.tell(sales.ask(sale))
        if state == "none":
            phone.later(91)
    if state == "lost":
        phone.cut(True)
    if state == "today":
        for amount in (2_290_000, 45_000):
            phone.tell(sales.pay_standing(phone.stall.id, amount))
            expect(phone.shown("received")).to_contain_text(f"{amount:,}".replace(",", "."), timeout=10_000)
        phone.page.locator("[data-do=next]:visible").click()
        phone.page.locator("[data-do=today]:visible").click()
        phone.page.locator(".takings .row").first.click()
    name = {"short": "differs", "twice": "differs"}.get(state, state)
    phone.shown(name).wait_for(timeout=20_000)
    if state == "twice":
        expect(phone.shown("differs").get_by_role("heading")).to_contain_text("85.000")


@pytest.mark.parametrize("state", STATES)
def test_no_state_has_barriers(
    paired: Callable[..., HeldPhone], find_barriers: FindBarriers, state: str
) -> None:
    """The checker finds nothing, light and dark, on small phones and at a desk; nothing scrolls sideways, and the
    main buttons stand in the window under the sandbox's band."""
    phone = paired()
    show(phone, state)
    for width, height, scheme in ((360, 640, "light"), (320, 640, "dark"), (1280, 900, "light")):
        phone.page.set_viewport_size({"width": width, "height": height})
        phone.page.emulate_media(color_scheme=scheme)
        phone.page.wait_for_timeout(250)
        assert find_barriers(phone.page) == [], f"{state} at {width}"
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= width, f"{state} at {width}"
        assert phone.page.evaluate(_OUT_OF_REACH) == [], f"{state} at {width}"


@pytest.mark.parametrize("strip", ["muted", "late", "elsewhere", "problem"])
def test_no_key_of_the_pad_is_covered(paired: Callable[..., HeldPhone], strip: str) -> None:
    """On a short phone, under the sandbox's band and a strip of two lines, every key stands above the main button."""
    phone = paired()
    phone.begin()
    phone.page.evaluate(
        """(name) => {
          const strip = document.querySelector(`[data-when=${name}]`);
          strip.hidden = false;
          if (name !== "muted") strip.querySelector("span").textContent = "Ngân hàng Thử Xoài đang gửi tin chậm, từ 19:26";
        }""",
        strip,
    )
    for width in (360, 320):
        phone.page.set_viewport_size({"width": width, "height": 640})
        covered = phone.page.evaluate(
            """() => {
              const pad = document.querySelector('[data-screen="pad"]');
              const edge = pad.querySelector(".thumb").getBoundingClientRect().top;
              return [...pad.querySelectorAll("[data-key]")].filter((key) => key.getBoundingClientRect().bottom > edge).length;
            }"""
        )
        assert covered == 0, width
