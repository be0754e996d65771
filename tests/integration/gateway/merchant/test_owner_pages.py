"""What a stall's owner does: phones, PIN, boards, packs, money without a stall, the book, another account."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.web.merchant.frame import stall_url
from kit import clock, ids
from tests.integration.services.documents.pdf_reading import codes_of, text_of
from tests.support.fake_merchant import OTHER_MERCHANT, MerchantPlatform
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb


def said(answer: httpx.Response) -> str:
    """What a reader sees, blanks made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " ").split())


def send(owner: httpx.Client, path: str, page: str = "", **fields: Any) -> httpx.Response:
    """A form of a page, sent to its address."""
    token = owner.get(page or path).text.split('name="form_token" value="')[1].split('"')[0]
    return owner.post(path, data={"form_token": token, "request_id": str(uuid.uuid4()), **fields})


def test_the_owner_sees_her_stalls_and_who_sees_what(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """Her own stalls only; the city's view is said plainly."""
    stall = platform.stalls.add_stall(number="B07", name="Rau Cô Mận")
    platform.stalls.add_stall(organisation_id=OTHER_MERCHANT, name="Cá Chú Ba")
    text = said(owner.get("/quay-hang/chu"))
    assert "B07, Rau Cô Mận" in text
    assert "Cá Chú Ba" not in text
    assert "Thành phố không thấy doanh thu từng quầy" in text
    assert stall_url(stall.id) in owner.get("/quay-hang/chu").text


def test_somebody_else_s_stall_is_not_found(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """By its address, on every page; nor a damaged address."""
    other = platform.stalls.add_stall(organisation_id=OTHER_MERCHANT)
    for part in ("", "/may", "/bang-ma", "/bang-ma.pdf", "/goi-ma.pdf"):
        assert owner.get(f"{stall_url(other.id)}{part}").status_code == 404, part
    for path in (f"/quay-hang/chu/{ids.external('stl', uuid.uuid4())}", "/quay-hang/chu/stl_x"):
        assert owner.get(path).status_code == 404


def test_hours_and_the_rule_for_money_without_a_code(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """What was chosen is stored; a closing hour before the opening one is said at its field."""
    stall = platform.stalls.add_stall()
    path = stall_url(stall.id)
    assert "có phải khách này?" in said(owner.get(path))
    answer = send(owner, path, open="6h", close="21:30", rule="hours")
    assert answer.status_code == 303
    assert "Đã ghi giờ mở cửa" in said(owner.get(answer.headers["location"]))
    kept = platform.stalls.stalls[stall.id]
    assert (kept.open_minute, kept.close_minute) == (360, 1290)
    assert kept.default_rule == stalls_pb.Stall.DEFAULT_RULE_OPENING_HOURS
    wrong = send(owner, path, open="22:00", close="6:00", rule="never")
    assert (wrong.status_code, "Giờ đóng cửa phải sau giờ mở cửa" in said(wrong)) == (422, True)
    assert "Ghi giờ như 06:00" in said(send(owner, path, open="sáng", close="25:00", rule="never"))


def test_a_phone_is_paired_by_a_code_shown_once_and_removed(
    platform: MerchantPlatform, owner: httpx.Client, client: httpx.Client
) -> None:
    """The code's address is in the QR and in words; the phone is listed with its role; removed it is gone."""
    stall = platform.stalls.add_stall()
    path = stall_url(stall.id, "may")
    assert "Chưa có máy nào" in said(owner.get(path))
    shown = send(owner, path, name="Máy của Tâm", role="listener")
    address = re.search(r"/quay-hang/ghep/([0-9a-f]+)", shown.text)
    assert address is not None
    assert "Mã QR để ghép máy" in shown.text
    device = platform.stalls.pairings[address[1]]
    assert (device.name, device.role) == ("Máy của Tâm", stalls_pb.Device.ROLE_LISTENER)
    platform.stalls.PairDevice(stalls_pb.PairDeviceRequest(code=address[1]), None)  # type: ignore[arg-type]
    listed = said(owner.get(path))
    assert "Máy của Tâm" in listed
    assert "chỉ nghe và xem" in listed
    assert address[1] not in owner.get(path).text
    gone = send(owner, f"{path}/{ids.external('dev', uuid.UUID(device.id))}/go", page=path)
    assert "Đã gỡ máy" in said(owner.get(gone.headers["location"]))
    assert "Máy của Tâm" not in said(owner.get(path))


def test_a_phone_of_another_stall_is_not_removed(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """The phone has to be one of the stall in the address."""
    stall, other = platform.stalls.add_stall(), platform.stalls.add_stall(organisation_id=OTHER_MERCHANT)
    code = platform.stalls.open_pairing(other)
    device = platform.stalls.PairDevice(stalls_pb.PairDeviceRequest(code=code), None)  # type: ignore[arg-type]
    path = stall_url(stall.id, "may")
    answer = send(owner, f"{path}/{ids.external('dev', uuid.UUID(device.id))}/go", page=path)
    assert answer.status_code == 404
    assert not platform.stalls.devices[device.key].HasField("revoke_time")


@pytest.mark.parametrize(
    ("pin", "again", "text"),
    [("12", "12", "PIN là bốn chữ số"), ("12a4", "12a4", "PIN là bốn chữ số"), ("1357", "1358", "khác nhau")],
)
def test_a_wrong_pin_is_said(
    platform: MerchantPlatform, owner: httpx.Client, pin: str, again: str, text: str
) -> None:
    """Four digits, twice the same; what was typed is not shown again."""
    path = stall_url(platform.stalls.add_stall().id, "pin")
    answer = send(owner, path, page=path.replace("/pin", "/may"), pin=pin, again=again)
    assert answer.status_code == 422
    assert text in said(answer)
    assert f'value="{pin}"' not in answer.text


def test_a_new_pin_is_set(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """It opens selling from now on."""
    path = stall_url(platform.stalls.add_stall().id, "pin")
    answer = send(owner, path, page=path.replace("/pin", "/may"), pin="8642", again="8642")
    assert platform.stalls.pin == "8642"
    assert "Đã đặt PIN mới" in said(owner.get(answer.headers["location"]))


@pytest.mark.parametrize(("size", "points"), [("a6", "297"), ("a5", "419")])
def test_a_board_is_printed_with_the_standing_code(
    platform: MerchantPlatform, owner: httpx.Client, tmp_path: Path, size: str, points: str
) -> None:
    """The board decodes to the stall's own payload and leads to the page that checks it."""
    stall = platform.stalls.add_stall()
    answer = owner.get(f"{stall_url(stall.id, 'bang-ma.pdf')}?co={size}")
    assert answer.headers["content-type"] == "application/pdf"
    assert codes_of(answer.content, tmp_path) == [[stall.payload]]
    assert f"/quay/{stall.reference}" in text_of(answer.content, tmp_path).replace("\n", "")
    assert "Bản thử" in text_of(answer.content, tmp_path)


def test_all_boards_come_as_one_file(platform: MerchantPlatform, owner: httpx.Client, tmp_path: Path) -> None:
    """One a page; a stall that waits for its account has none."""
    platform.stalls.add_stall(payload="", state=stalls_pb.Stall.STATE_WAITING)
    answer = owner.get("/quay-hang/chu/bang-ma.pdf")
    own = [row.payload for row in platform.stalls.stalls.values() if row.organisation_id != OTHER_MERCHANT]
    assert sorted(code for page in codes_of(answer.content, tmp_path) for code in page) == sorted(
        filter(None, own)
    )


def test_a_stall_without_an_account_says_so(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """No board to print, and why."""
    stall = platform.stalls.add_stall(payload="", account_number="", state=stalls_pb.Stall.STATE_WAITING)
    assert "Bảng mã có khi tài khoản của quầy được duyệt" in said(owner.get(stall_url(stall.id, "bang-ma")))
    assert owner.get(stall_url(stall.id, "bang-ma.pdf")).status_code == 409


def test_a_board_is_reissued_with_a_reason(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """The one before it is to be taken away."""
    stall = platform.stalls.add_stall()
    path = stall_url(stall.id, "bang-ma")
    assert "Ghi lý do" in said(send(owner, path, reason=""))
    answer = send(owner, path, reason="Bảng bị rách")
    text = said(owner.get(answer.headers["location"]))
    assert "Đã cấp bản mới" in text
    assert "Bảng đang dùng: bản số 02" in text
    assert "Bản số 01" in text


def test_a_pack_of_codes_is_made_and_printed(
    platform: MerchantPlatform, owner: httpx.Client, tmp_path: Path
) -> None:
    """Chosen amounts and one of one's own, each with its code."""
    stall = platform.stalls.add_stall()
    path = stall_url(stall.id, "goi-ma")
    page = stall_url(stall.id, "bang-ma")
    assert "Chọn ít nhất một số tiền" in said(send(owner, path, page=page))
    answer = send(owner, path, page=page, amounts=["20000", "50000"], other="35.000")
    assert answer.status_code == 303
    codes = platform.stalls.packs[stall.id]
    assert sorted(codes) == [20_000, 35_000, 50_000]
    pdf = owner.get(f"{path}.pdf").content
    assert sorted(codes_of(pdf, tmp_path)[0]) == sorted(code.payload for code in codes.values())


def test_money_without_a_stall_is_given_to_one(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """The list names amount, time and last four, never a payer; a choice empties it."""
    stall = platform.stalls.add_stall(number="C01")
    credit = platform.sales.add_unassigned(45_000)
    page = "/quay-hang/chu/chua-ro"
    text = said(owner.get(page))
    assert "1 khoản chưa rõ quầy, 45.000 ₫" in text
    assert "đuôi 2209" in text
    path = f"{page}/{ids.external('crd', uuid.UUID(credit.credit_id))}"
    assert "Chọn quầy" in said(send(owner, path, page=page))
    answer = send(owner, path, page=page, stall=ids.external("stl", uuid.UUID(stall.id)))
    assert platform.sales.assigned[-1] == (credit.credit_id, stall.id)
    text = said(owner.get(answer.headers["location"]))
    assert "Đã ghi khoản tiền cho quầy" in text
    assert "Không còn khoản nào chờ" in text


def held_path(money: sales_pb.HeldMoney) -> str:
    return f"/quay-hang/chu/chua-ro/{ids.external('crd', uuid.UUID(money.credit_id))}/giu"


def test_held_money_stands_apart_with_what_the_owner_can_say(
    platform: MerchantPlatform, owner: httpx.Client
) -> None:
    """Two tellings are told apart; unproven money has no button that makes it good; each decision is said and made once."""
    page = "/quay-hang/chu/chua-ro"
    doubtful = platform.sales.add_held("POSSIBLE_DUPLICATE", 50_000, alike=1)
    triple = platform.sales.add_held("POSSIBLE_DUPLICATE", 70_000, alike=2)
    unproven = platform.sales.add_held("AWAITING_CONFIRMATION", 25_000_000)
    other = platform.sales.add_held("AWAITING_CONFIRMATION", 31_000_000)
    text = said(owner.get(page))
    assert "4 khoản đang giữ lại, chưa tính vào quầy nào" in text
    assert "chưa rõ quầy, " not in text
    assert "Mở ứng dụng ngân hàng, đếm số dòng 50.000 ₫" in text
    assert "Đã ghi cho Quầy A12" in text
    assert "Đừng giao hàng vì tin này" in text
    assert "không thấy người trả" in text

    def sent(money: sales_pb.HeldMoney, decision: str, **fields: str) -> str:
        answer = send(owner, held_path(money), page, decision=decision, **({"version": "3"} | fields))
        return said(owner.get(answer.headers["location"])) if answer.status_code == 303 else said(answer)

    twin = doubtful.alike[0].credit_id
    assert "Đã gộp hai tin thành một khoản" in sent(doubtful, ids.external("crd", uuid.UUID(twin)))
    assert "Đã nhận là khoản khác" in sent(triple, "rieng")
    assert "Đã nhờ thành phố hỏi ngân hàng lúc" in sent(unproven, "nho")
    decisions = sales_pb.DecideHeldRequest
    assert platform.sales.decided == [
        (doubtful.credit_id, decisions.DECISION_SAME_MONEY, twin),
        (triple.credit_id, decisions.DECISION_OWN_MONEY, ""),
        (unproven.credit_id, decisions.DECISION_HAND_OVER, ""),
    ]
    assert "đã được quyết định" in sent(doubtful, "rieng")
    assert "Chọn một cách" in sent(unproven, "")
    assert "vừa đổi" in sent(unproven, "nho", version="2")
    assert send(owner, held_path(unproven), page, decision="crd_x", version="3").status_code == 404
    unproven.answer = "Ngân hàng chưa thấy dòng này"
    del platform.sales.held[other.credit_id]
    text = said(owner.get(page))
    assert "Thành phố trả lời: Ngân hàng chưa thấy dòng này" in text
    assert "Nhờ thành phố hỏi ngân hàng" not in text


def test_the_list_stands_where_held_money_cannot_be_asked_for(
    platform: MerchantPlatform, owner: httpx.Client
) -> None:
    """What is on the list is shown and decided while the keeper of held money is away."""
    platform.sales.add_unassigned(45_000)
    platform.sales.is_away = True
    answer = owner.get("/quay-hang/chu/chua-ro")
    assert answer.status_code == 200
    assert "1 khoản chưa rõ quầy, 45.000 ₫" in said(answer)
    assert "Chưa xem được các khoản đang giữ lại" in said(answer)


def test_the_book_warns_near_the_threshold(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """Sums, the law's words, no reckoned tax; the file is handed on."""
    today = clock.today()
    platform.sales.book = sales_pb.DayBook(
        year=today.year,
        revenue=850_000_000,
        days=[
            sales_pb.BookDay(
                book_date=today.isoformat(),
                stall_id=str(uuid.uuid4()),
                stall_number="A12",
                stall_name="Rau Cô Mận",
                programme_name="Hùng Vương",
                transfer_sum=2_490_000,
                cash_sum=310_000,
                late_sum=12_000,
                private_sum=500_000,
            ),
            sales_pb.BookDay(
                book_date=f"{today.year}-01-02",
                stall_id=str(uuid.uuid4()),
                stall_number="A12",
                stall_name="Cá Cô Mận",
                programme_name="Hội chợ",
                transfer_sum=1_000,
                closed=True,
            ),
        ],
        threshold=sales_pb.Threshold(
            amount=1_000_000_000, text="Trên 1 tỷ đồng phải nộp thuế.", legal="NĐ thử", confirmed=False
        ),
        near_threshold=True,
    )
    text = said(owner.get("/quay-hang/chu/so"))
    for part in (
        "850.000.000 ₫", "Doanh thu gần tới ngưỡng", "Trên 1 tỷ đồng phải nộp thuế.", "NĐ thử (chưa xác nhận)",
        "A12, Rau Cô Mận, Hùng Vương, chưa đóng ngày 2.490.000 310.000 12.000 500.000 2.812.000",
        f"Tháng {today:%m/%Y} 2.812.000 ₫", f"Tháng 01/{today.year} 1.000 ₫", "A12, Cá Cô Mận, Hội chợ",
        "Xoài không tính thuế thay bạn",
    ):  # fmt: skip
        assert part in text, part
    file = owner.get(f"/quay-hang/chu/so.xlsx?nam={today.year}")
    assert file.content == b"PK book"
    assert f"so-ban-hang-{today.year}.xlsx" in file.headers["content-disposition"]


def test_what_was_just_put_on_a_stall_is_not_offered_again(
    platform: MerchantPlatform, owner: httpx.Client
) -> None:
    """The list may still hold it for a moment; the page that says so leaves it out, and only that one."""
    platform.sales.unassigned.clear()
    done, waits = platform.sales.add_unassigned(45_000), platform.sales.add_unassigned(46_000)
    page = f"/quay-hang/chu/chua-ro?xong=ghi&khoan={ids.external('crd', uuid.UUID(done.credit_id))}"
    text = said(owner.get(page))
    assert "1 khoản chưa rõ quầy, 46.000 ₫" in text
    assert "45.000" not in text
    assert waits.credit_id in platform.sales.unassigned


def test_the_first_page_says_what_came_today(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """Each stall's running day with late money and cash, their sum, the year, and what waits for the owner."""
    stall = platform.stalls.add_stall(number="B07", name="Rau Cô Mận")
    platform.sales.unassigned.clear()
    platform.sales.add_unassigned(45_000)
    day = sales_pb.BookDay(
        book_date=clock.today().isoformat(),
        stall_id=stall.id,
        transfer_sum=150_000,
        cash_sum=40_000,
        late_sum=5_000,
        current=True,
    )
    before = sales_pb.BookDay(book_date="2026-01-02", stall_id=stall.id, transfer_sum=1_000_000)
    platform.sales.book = sales_pb.DayBook(year=clock.today().year, revenue=1_195_000, days=[before, day])
    page = owner.get("/quay-hang/chu")
    for part in ("Hôm nay 195.000 ₫", "Tiền chờ bạn xem 1 Xem từng khoản", "Từ đầu năm 1.195.000 ₫"):
        assert part in said(page), part
    assert stall_url(stall.id, "ngay", day.book_date) in page.text
    platform.sales.unassigned.clear()
    platform.sales.book = sales_pb.DayBook()
    assert "Hôm nay 0 ₫" in said(owner.get("/quay-hang/chu"))


def test_a_day_shows_every_line_and_keeps_private_money_apart(
    platform: MerchantPlatform, owner: httpx.Client
) -> None:
    """Transfers and cash each on their own line; a private one is marked and taken back; no day, no page."""
    stall = platform.stalls.add_stall(number="B09")
    platform.sales.pay_standing(stall.id, 50_000)
    platform.sales.EnterCash(
        sales_pb.EnterCashRequest(request_id="c", stall_id=stall.id, amount=20_000),
        None,  # type: ignore[arg-type]
    )
    page = stall_url(stall.id, "ngay", clock.today().isoformat())
    text = said(owner.get(page))
    for part in ("Doanh thu 70.000 ₫", "50.000 ₫ chuyển khoản", "20.000 ₫ tiền mặt", "1 lần ghi"):
        assert part in text, part
    (transfer,) = [taking for _, taking in platform.sales.takings if taking.amount == 50_000]
    path = f"{page}/{ids.external('pay', uuid.UUID(transfer.id))}"
    answer = send(owner, path, page, private="1")
    text = said(owner.get(answer.headers["location"]))
    assert "Đã để riêng" in text
    assert "riêng, không tính" in text
    answer = send(owner, path, page, private="0")
    assert "Đã tính vào doanh thu" in said(owner.get(answer.headers["location"]))
    for wrong in (stall_url(stall.id, "ngay", "hom-qua"), f"{page}x"):
        assert owner.get(wrong).status_code == 404
    other = platform.stalls.add_stall(organisation_id=OTHER_MERCHANT)
    assert owner.get(stall_url(other.id, "ngay", clock.today().isoformat())).status_code == 404


def test_another_account_is_proposed_and_waits(platform: MerchantPlatform, owner: httpx.Client) -> None:
    """The page says who approves and when it begins; a second proposal waits for the first."""
    page = "/quay-hang/chu/tai-khoan"
    text = said(owner.get(page))
    assert "đuôi 8842" in text
    assert "24 giờ sau khi duyệt" in text
    wrong = send(owner, page)
    for part in ("Chọn ngân hàng", "Ghi số tài khoản", "Ghi tên chủ tài khoản", "Ghi lý do đổi"):
        assert part in said(wrong)
    answer = send(
        owner,
        page,
        bin="970436",
        account_number="1017 000 111",
        holder_name="LE THI MAN",
        reason="Mở tài khoản riêng cho quầy",
        replaces=platform.accounts[0].id,
    )
    text = said(owner.get(answer.headers["location"]))
    assert "Một người của thành phố sẽ duyệt" in text
    assert "Chờ người thứ hai" in text
    proposed = platform.accounts[-1]
    assert (proposed.account_number, proposed.replaces_account_id) == ("1017000111", platform.accounts[0].id)
    assert "Đã có một đề nghị đang chờ" in text
    platform.accounts.pop()


def test_an_owner_begins_at_her_stalls(owner: httpx.Client) -> None:
    """After signing in."""
    assert owner.get("/dang-nhap").headers["location"] == "/quay-hang/chu"
