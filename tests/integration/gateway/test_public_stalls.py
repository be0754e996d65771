"""Public pages of stalls: is this code genuine, and what a sale's payer is told in each of its states."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from kit import clock
from kit.references.code import Kind, new_reference
from tests.support.fake_bills import stamp
from tests.support.fake_platform import FakePlatform
from tests.support.fake_sales import State
from tests.support.gateway import running_gateway, settings_for
from tests.support.public_sales import change, open_sale
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb


def text_of(answer: httpx.Response) -> str:
    """What a reader sees, blanks made one."""
    return " ".join(
        re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " ").replace("&nbsp;", " ").split()
    )


def fresh(client: httpx.Client) -> httpx.Client:
    """Another visitor's phone, with no misses counted."""
    client.cookies.clear()
    return client


def test_a_genuine_code_names_its_holder_and_never_a_credit(
    platform: FakePlatform, client: httpx.Client
) -> None:
    """Holder, last four, issue, check code and word; money that came is on no public page."""
    stall = platform.stalls.add_stall()
    platform.sales.pay_standing(stall.id, 123_000)
    answer = client.get(f"/quay/{stall.reference}")
    said = text_of(answer)
    for text in (
        "Quầy có đăng ký", "LÊ THỊ MẬN", "Trái cây Cô Mận, quầy A12, Hùng Vương", "đuôi 8842", "số 01, cấp",
        "K7 M4", "xoài cát", "Ứng dụng ngân hàng phải hiện đúng tên này.",
    ):  # fmt: skip
        assert text in said
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    for path in (f"/quay/{stall.reference}", f"/quay/{stall.reference}/tra"):
        assert "123" not in text_of(client.get(path)).replace(stall.reference, "")
    assert stall.account_number not in answer.text


def test_a_typed_code_finds_its_page(platform: FakePlatform, client: httpx.Client) -> None:
    """Blanks and small letters are forgiven."""
    reference = platform.stalls.add_stall().reference
    typed = f" {reference[:3].lower()} {reference[3:]} "
    assert client.get("/quay", params={"ma": typed}).headers["location"] == f"/quay/{reference}"
    assert client.get(f"/quay/{reference.lower()}").headers["location"] == f"/quay/{reference}"
    assert "Mã quầy" in text_of(client.get("/quay"))


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (stalls_pb.Stall.STATE_WITHDRAWN, "Mã này đã thu hồi"),
        (stalls_pb.Stall.STATE_WAITING, "Quầy chưa nhận tiền được"),
    ],
)
def test_a_code_out_of_force_says_so_and_gives_no_code(
    platform: FakePlatform, client: httpx.Client, state: stalls_pb.Stall.State, text: str
) -> None:
    """Whom nobody should pay is neither named nor payable."""
    stall = platform.stalls.add_stall(state=state)
    said = text_of(fresh(client).get(f"/quay/{stall.reference}"))
    assert text in said
    assert stall.account_holder not in said
    assert client.get(f"/quay/{stall.reference}/tra").status_code == 404
    assert client.get(f"/quay/{stall.reference}/qr.png").status_code == 404


@pytest.mark.parametrize("code", ["XQXTPR3D4XR6H", "XDPR27MV57DPT", "XQ12", "<script>"])
def test_an_unknown_code_has_one_clear_text(client: httpx.Client, code: str) -> None:
    """Never issued, of a bill, too short, no code at all: the same page."""
    answer = fresh(client).get(f"/quay/{code}", follow_redirects=True)
    assert answer.status_code == 404
    assert "Không có quầy nào mang mã này" in text_of(answer)
    assert "<script>" not in answer.text


def test_codes_cannot_be_tried_one_by_one(platform: FakePlatform, client: httpx.Client) -> None:
    """After five unknown codes even a right one waits."""
    client.get("/quay/XQ/bao")
    for _ in range(5):
        client.get(f"/quay/{new_reference(Kind.STALL)}")
    assert client.get(f"/quay/{platform.stalls.add_stall().reference}").status_code == 429


def test_a_report_reaches_the_market_board(platform: FakePlatform, client: httpx.Client) -> None:
    """Also about a code that nobody knows; the visitor is told."""
    reference = platform.stalls.add_stall().reference
    form = client.get(f"/quay/{reference}/bao").text
    token = form.split('name="form_token" value="')[1].split('"')[0]
    sent = client.post(f"/quay/{reference}/bao", data={"form_token": token, "text": "Tên khác trên máy"})
    assert platform.trust.reports[-1] == (reference, "Tên khác trên máy")
    assert "Đã gửi cho ban quản lý chợ" in text_of(client.get(sent.headers["location"]))


def test_a_printed_code_opened_as_a_bill_leads_to_the_stalls_page(
    platform: FakePlatform, client: httpx.Client
) -> None:
    """A phone's camera may read either address, of a board or of a pack; it counts as no miss and tells of no credit."""
    stall = platform.stalls.add_stall()
    request = stalls_pb.IssuePackRequest(stall_id=stall.id, amounts=[20_000])
    pack = platform.stalls.IssuePack(request, None)  # type: ignore[arg-type]
    platform.sales.pay_standing(stall.id, 20_000)
    form = client.get(f"/quay/{stall.reference}/bao")
    assert form.status_code == 200
    for code in [stall.reference, pack.codes[0].reference] * 4:
        assert client.get(f"/p/{code}").headers["location"] == f"/quay/{stall.reference}"
    answer = client.get(f"/quay/{pack.codes[0].reference}", follow_redirects=True)
    assert answer.url.path == f"/quay/{stall.reference}"
    assert "hoặc quầy không ở Hùng Vương: đừng chuyển" in text_of(answer)
    assert "20.000" not in text_of(answer)
    assert client.get(f"/p/{pack.codes[0].reference}/qr.png").status_code == 404


def test_a_printed_code_of_a_stall_that_is_gone_says_so(platform: FakePlatform, client: httpx.Client) -> None:
    """From either address, for the board and the pack."""
    stall = platform.stalls.add_stall(state=stalls_pb.Stall.STATE_WITHDRAWN)
    request = stalls_pb.IssuePackRequest(stall_id=stall.id, amounts=[20_000])
    pack = platform.stalls.IssuePack(request, None)  # type: ignore[arg-type]
    for code in (stall.reference, pack.codes[0].reference):
        said = text_of(client.get(f"/p/{code}", follow_redirects=True))
        assert "Mã này đã thu hồi" in said
        assert "Đừng chuyển tiền theo mã này" in said


def test_a_waiting_sale_shows_its_code_and_no_proof(platform: FakePlatform, client: httpx.Client) -> None:
    """Amount, holder, code, copy rows; the three digits come with the money."""
    sale = open_sale(platform, 50_000)
    answer = client.get(f"/p/{sale.reference}")
    said = text_of(answer)
    for text in (
        "50.000 ₫",
        "LÊ THỊ MẬN",
        "quầy A12",
        "1017 738842",
        "Đang chờ ngân hàng báo",
        sale.reference,
    ):
        assert text in said, text
    assert "Số đối chiếu" not in said
    picture = client.get(f"/p/{sale.reference}/qr.png")
    assert picture.headers["content-type"] == "image/png"


def test_a_late_bank_is_named_with_its_time(platform: FakePlatform, tmp_path: Path) -> None:
    """The payer is not left to think that the money is lost."""
    since = clock.now() - timedelta(minutes=4)
    feed = trust_pb.BankFeed(bin="970499", late_since=stamp(since))
    platform.trust.feeds.append(feed)
    sale = open_sale(platform, 50_000, platform.stalls.add_stall(bin="970499").id)
    with running_gateway(settings_for(platform, tmp_path)) as address:
        said = text_of(httpx.get(f"{address}/p/{sale.reference}"))
        other = text_of(httpx.get(f"{address}/p/{open_sale(platform).reference}"))
    assert f"Ngân hàng Thử Xoài đang gửi tin chậm, từ {since.astimezone(clock.CITY_ZONE):%H:%M}" in said
    assert "gửi tin chậm" not in other


@pytest.mark.parametrize(
    ("paid", "facts", "texts", "with_code"),
    [
        ((50_000,), {}, ["Đã nhận đủ tiền", "Số đối chiếu 472"], False),
        ((49_000,), {}, ["Còn thiếu 1.000 ₫", "Đã nhận 49.000 ₫", "Số đối chiếu 472"], True),
        ((60_000,), {}, ["Đã nhận nhiều hơn số phải trả", "thừa 10.000 ₫"], False),
        ((50_000, 50_000), {}, ["Đã chuyển hai lần", "thừa 50.000 ₫"], False),
        ((), {"expired": True}, ["Mã này đã hết giờ chờ"], False),
        (
            (),
            {"state": State.STATE_CANCELLED},
            ["Người bán đã huỷ lần bán này", "Xin đừng chuyển tiền"],
            False,
        ),
        ((40_000,), {"state": State.STATE_SETTLED}, ["Người bán đã chốt", "đã nhận 40.000 ₫"], False),
        ((40_000,), {"expired": True}, ["Còn thiếu 10.000 ₫", "hết giờ chờ"], False),
    ],
)
def test_each_end_of_a_sale_has_its_words(
    platform: FakePlatform,
    client: httpx.Client,
    paid: tuple[int, ...],
    facts: dict[str, object],
    texts: list[str],
    with_code: bool,
) -> None:
    """Full, short, over, twice, expired, cancelled, settled; a code stands only where money is still wanted."""
    sale = open_sale(platform, 50_000)
    for amount in paid:
        platform.sales.pay(sale, amount)
    change(platform, sale, **facts)
    answer = fresh(client).get(f"/p/{sale.reference}")
    said = text_of(answer)
    for text in texts:
        assert text in said, said
    assert ('class="drawn"' in answer.text) is with_code
    assert (client.get(f"/p/{sale.reference}/qr.png").status_code == 200) is with_code
    assert ("Số đối chiếu" in said) is bool(paid)


def test_money_after_the_end_is_said_to_be_there(platform: FakePlatform, client: httpx.Client) -> None:
    """A cancelled sale that is paid all the same: the truth first, then that it came late."""
    sale = open_sale(platform, 50_000)
    change(platform, sale, state=State.STATE_CANCELLED)
    platform.sales.pay(sale, 50_000)
    said = text_of(client.get(f"/p/{sale.reference}"))
    assert "Đã nhận đủ tiền" in said
    assert "Tiền đến khi người bán không còn chờ" in said


def test_a_sale_shows_nothing_of_its_payer(platform: FakePlatform, client: httpx.Client) -> None:
    """The last four of who paid are for the stall alone."""
    sale = open_sale(platform, 50_000)
    platform.sales.pay(sale, 50_000)
    assert "4417" not in client.get(f"/p/{sale.reference}").text


def test_an_unknown_sale_is_said_so(client: httpx.Client) -> None:
    """A code that was never issued."""
    answer = fresh(client).get(f"/p/{new_reference(Kind.STALL)}")
    assert answer.status_code == 404
    assert "Không thấy lần bán nào có mã này" in text_of(answer)
