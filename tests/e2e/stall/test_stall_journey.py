"""Two stall phones and a payer's phone on the real platform: sale, code, money, green on both, proof; and a cut line between."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from kit import speech
from services.vietqr.domain import AdditionalData, Code, encode
from tests.support.cut_line import CutLine, cut_line
from tests.support.market import PIN, Market, living_market
from xoai.pilots.v1 import stalls_service_pb2 as pb

OpenPage = Callable[..., Page]
pytestmark = pytest.mark.timeout(300)
_SAID = """window.said = []; document.addEventListener("stall-says", (event) => {
  if (event.detail.clips.length) said.push(event.detail.clips.join(" ")); });"""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with living_market(tmp_path_factory.mktemp("market")) as started:
        yield started


class Phone:
    """One phone of the stall with its page, on the real line."""

    def __init__(self, url: str, page: Page, pairing: str) -> None:
        self.page = page
        page.add_init_script(_SAID)
        page.goto(url + pairing)
        page.get_by_role("button", name="Ghép máy này").click()
        expect(page.get_by_role("heading", name="Trái cây Cô Mận")).to_be_visible()
        expect(page.get_by_text("Đã nối, ngân hàng báo tin đều")).to_be_visible()
        page.get_by_role("button", name="Bật loa, vào ca").click()

    def unlock(self) -> None:
        for digit in PIN:
            self.shown("pin").get_by_role("button", name=digit, exact=True).click()
        expect(self.shown("pad")).to_be_visible()

    def shown(self, name: str) -> Locator:
        return self.page.locator(f'section[data-screen="{name}"]:visible')

    def said(self, count: int) -> list[str]:
        """What it has said, once there are so many sentences."""
        for _ in range(300):
            found: list[str] = self.page.evaluate("said")
            if len(found) >= count:
                return found
            self.page.wait_for_timeout(100)
        return found


def sentence(said: speech.Speech) -> str:
    return " ".join(said.clips)


@pytest.fixture
def line(market: Market) -> Iterator[CutLine]:
    with cut_line(market.url) as started:
        yield started


def test_a_sale_turns_both_phones_green_and_a_cut_line_catches_up(
    market: Market, line: CutLine, open_page: OpenPage
) -> None:
    """Amount, code, a payer who pays by the bank's page; both phones say the same; what one missed it hears in order, once."""
    seller = Phone(market.url, open_page(height=740), market.pairing(pb.Device.ROLE_SELLER, "Máy của Mận"))
    listener = Phone(
        line.url,
        open_page(height=740, allow=("net::ERR",)),
        market.pairing(pb.Device.ROLE_LISTENER, "Máy của Hạnh"),
    )
    seller.unlock()
    for key in ("8", "5", "000"):
        seller.page.locator('[data-screen="pad"]').get_by_role("button", name=key, exact=True).click()
    with seller.page.expect_response("**/v1/stall-phone/sales") as made:
        seller.page.get_by_role("button", name="Hiện mã QR").click()
    reference = made.value.json()["reference"]
    expect(seller.page.get_by_role("img", name="Mã QR để chuyển 85.000 ₫")).to_be_visible()

    payer = open_page()
    payer.goto(f"{market.url}/p/{reference}")
    expect(payer.get_by_text("LE THI MAN").first).to_be_visible()
    payer.get_by_role("link", name="Trả bằng ngân hàng thử").click()
    payer.get_by_role("button", name="Chuyển tiền").click()
    for phone in (seller, listener):
        green = phone.shown("received")
        expect(green).to_contain_text("85.000", timeout=15_000)
        expect(green).to_contain_text("Đã nhận tám mươi lăm nghìn đồng")
        assert phone.said(1) == [sentence(speech.received(85_000))]
    payer.goto(f"{market.url}/p/{reference}")
    proof = payer.locator(".proof b").inner_text().replace(" ", "")
    assert re.fullmatch(r"\d{3}", proof)
    for phone in (seller, listener):
        expect(phone.shown("received").locator("output")).to_have_text(proof)

    # The listener's line is cut for a minute; three payments come to the standing code meanwhile.
    line.cut()
    cut = time.monotonic()
    expect(listener.shown("lost")).to_be_visible(timeout=20_000)
    amounts = (35_000, 50_000, 60_000)
    for place, amount in enumerate(amounts, start=2):
        market.pay_board(amount)
        assert seller.said(place)[place - 1] == sentence(speech.received(amount))
    expect(listener.shown("lost")).to_be_visible()
    listener.page.wait_for_timeout(max(60 - (time.monotonic() - cut), 0) * 1_000)
    line.join()
    today = listener.shown("today")
    expect(today).to_contain_text("Lúc mất mạng có 3 khoản, 145.000 ₫", timeout=20_000)
    expect(today.get_by_text("đọc bù")).to_have_count(3, timeout=20_000)
    heard = listener.said(5)
    assert [text for text in heard if text != sentence(speech.not_confirmed())] == [
        sentence(speech.received(85_000)),
        sentence(speech.missed(3, 145_000)),
        *(sentence(speech.received(amount)) for amount in amounts),
    ]
    expect(today.locator(".day-amount")).to_contain_text("230.000")
    listener.page.wait_for_timeout(3_000)
    assert listener.said(5) == heard


def test_a_forged_payment_and_a_borrowed_proof_are_worth_nothing(market: Market, open_page: OpenPage) -> None:
    """Who does not have the bank's secret is refused; what they would show, a page that was paid before, has other digits."""
    seller = Phone(market.url, open_page(height=740), market.pairing(pb.Device.ROLE_SELLER, "Máy chống giả"))
    seller.unlock()
    payer = open_page()
    proofs = []
    for _ in range(3):
        with seller.page.expect_response("**/v1/stall-phone/sales") as made:
            for key in ("4", "5", "000"):
                seller.shown("pad").get_by_role("button", name=key, exact=True).click()
            seller.page.get_by_role("button", name="Hiện mã QR").click()
        reference = made.value.json()["reference"]
        assert market.tell_forged(reference, 45_000) == 401
        payer.goto(f"{market.url}/p/{reference}")
        expect(payer.get_by_text("Đang chờ ngân hàng báo")).to_be_visible()
        # Long enough for true money to be there.
        payer.wait_for_timeout(3_000)
        expect(payer.locator(".proof")).to_have_count(0)
        expect(seller.shown("code")).to_be_visible()
        payer.get_by_role("link", name="Trả bằng ngân hàng thử").click()
        payer.get_by_role("button", name="Chuyển tiền").click()
        green = seller.shown("received")
        expect(green).to_contain_text("45.000", timeout=15_000)
        payer.goto(f"{market.url}/p/{reference}")
        proof = payer.locator(".proof b").inner_text().replace(" ", "")
        expect(green.locator("output")).to_have_text(proof)
        proofs.append(proof)
        green.get_by_role("button", name="Bán tiếp").click()
    # Drawn anew for each sale: three alike come once in a million.
    assert len(set(proofs)) > 1


def test_a_swapped_board_is_an_alarm_at_the_market_board(market: Market, open_page: OpenPage) -> None:
    """The stall's phone says that its board is another's; the board's people see both accounts, and close it with a note."""
    phone = open_page(height=740)
    phone.goto(market.url + market.pairing(pb.Device.ROLE_LISTENER, "Máy kiểm mã"))
    phone.get_by_role("button", name="Ghép máy này").click()
    swapped = Code(
        bin=market.stall.bin,
        account="9099999999999",
        additional=AdditionalData(purpose=market.stall.reference),
    )
    for payload, verdict in (
        (market.stall.payload, "Mã ở quầy đúng là của bạn"),
        (encode(swapped), "Mã ở quầy KHÁC mã đã đăng ký"),
    ):
        phone.locator('[data-do="check"]:visible').first.click()
        phone.get_by_label("Hoặc dán nội dung mã").fill(payload)
        phone.get_by_role("button", name="So với mã đã đăng ký").click()
        expect(phone.get_by_role("heading", name=verdict)).to_be_visible()

    board = open_page(width=1280)
    password = market.join("market_inspector", "Võ Kiểm Tra", "cho@xoai.example")
    board.goto(f"{market.url}/dang-nhap?next=/cho")
    board.locator("input[name=login]").fill("cho@xoai.example")
    board.locator("input[name=password]").fill(password)
    board.get_by_role("button", name="Đăng nhập").click()
    expect(board.get_by_role("heading", level=1)).to_have_text("1 cảnh báo cần người đến xem")
    alarm = board.locator(".alarms > li")
    expect(alarm).to_contain_text("Quầy A12 · Trái cây Cô Mận")
    expect(alarm).to_contain_text(market.stall.account_number)
    expect(alarm).to_contain_text("9099999999999")
    expect(board.locator("tbody tr")).to_contain_text("1 / 1")
    alarm.get_by_role("link").click()
    board.get_by_label("Đã làm gì, ai đến quầy").fill("Anh Nam đến gỡ mã dán đè")
    board.get_by_role("button", name="Đóng cảnh báo").click()
    expect(board.get_by_role("heading", level=1)).to_have_text("Không có cảnh báo nào")
