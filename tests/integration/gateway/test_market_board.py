"""The market board's pages over HTTP: alarms on top, letter by letter; morning checks; a code that is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from gateway.web.market.words import Piece, letters
from kit import auth, ids
from tests.support.fake_directory import PASSWORD
from tests.support.fake_platform import FakePlatform
from tests.support.market_board import differences, make_alarm, make_board
from xoai.pilots.v1 import trust_service_pb2 as pb


def form_token(text: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', text)
    assert found is not None
    return found[1]


@pytest.fixture
def inspector(platform: FakePlatform, address: str) -> Iterator[httpx.Client]:
    """Somebody of the market board who has signed in."""
    kept = platform.permissions, platform.scope
    platform.permissions, platform.scope = frozenset({"directory.read", "pilots.inspect"}), auth.EVERYWHERE
    platform.trust.alarms, platform.trust.boards = [], []
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        token = form_token(client.get("/dang-nhap").text)
        answer = client.post(
            "/dang-nhap",
            data={"login": "lan.chi@hoamai.example", "password": PASSWORD, "form_token": token},
        )
        assert answer.headers["location"] == "/cho"
        yield client
    platform.permissions, platform.scope = kept


def plain(text: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_quiet_day(inspector: httpx.Client) -> None:
    """Without alarms and programmes the page says so, and what would be there."""
    page = plain(inspector.get("/cho").text)
    assert "Không có cảnh báo nào" in page
    assert "Chưa có chợ hay tuyến phố nào" in page


def test_alarms_stand_on_top(inspector: httpx.Client, platform: FakePlatform) -> None:
    """What differs with its letters marked, where, since when, and who is to do what; then the markets."""
    platform.trust.boards = [make_board()]
    platform.trust.alarms = [
        make_alarm(count=3),
        make_alarm(pb.Alarm.KIND_REPORTED, text="Có người báo.", reports=["<b>lạ</b>"]),
        make_alarm(
            pb.Alarm.KIND_BANK_LATE,
            programme_id="",
            programme_name="",
            stall_id="",
            stall_number="",
            stall_name="",
            bin="970499",
            bank_name="970499",
            text="970499 đang gửi tin chậm, từ 10:42.",
        ),
        make_alarm(pb.Alarm.KIND_SILENT, text="Quầy không nhận khoản nào từ 09:15."),
        make_alarm(pb.Alarm.KIND_RISK, text="2 khoản bị rút lại."),
    ]
    text = inspector.get("/cho").text
    page = plain(text)
    assert "5 cảnh báo cần người đến xem" in page
    assert '1012<mark class="differs">3</mark>45678' in text
    assert '1012<mark class="differs">8</mark>45678' in text
    assert "Ngân hàng Thử Xoài đang gửi tin chậm, từ 10:42." in page
    assert "gỡ mã lạ" in page
    assert "3 lần" in page
    assert "&lt;b&gt;lạ&lt;/b&gt;" in text
    assert "1 / 3" in page
    english = inspector.get("/cho?lang=en").text
    assert "another account" in plain(english)


def test_one_market(inspector: httpx.Client, platform: FakePlatform) -> None:
    """Each stall with its morning check, the boards to be taken away, and no đồng anywhere."""
    platform.trust.boards = [make_board()]
    platform.trust.alarms = [make_alarm()]
    page = plain(inspector.get("/cho/cho-dong-xoai").text)
    for words in (
        "Đã kiểm tra",
        "Chưa kiểm tra hôm nay",
        "Chờ tài khoản",
        "Bảng cũ phải gỡ",
        "Đổi tài khoản",
    ):
        assert words in page
    assert "₫" not in page
    platform.trust.boards = [make_board(next_page_token="more")]
    assert "trang=more" in inspector.get("/cho/cho-dong-xoai").text
    assert "Về đầu danh sách" in inspector.get("/cho/cho-dong-xoai?trang=more").text
    assert inspector.get("/cho/cho-khac").status_code == 404


def test_an_alarm_is_closed_with_a_note(inspector: httpx.Client, platform: FakePlatform) -> None:
    """Without a note the form comes back; with one the alarm is closed and found among the closed ones."""
    alarm = make_alarm()
    platform.trust.alarms = [alarm]
    path = f"/cho/canh-bao/{ids.external('alm', UUID(alarm.id))}"
    form = {"form_token": form_token(inspector.get(path).text), "request_id": "r1"}
    empty = inspector.post(path, data=form)
    assert empty.status_code == 422
    assert "Ghi đã làm gì" in empty.text
    done = inspector.post(path, data={**form, "note": "Đã gỡ mã dán đè"})
    assert done.headers["location"] == "/cho?xong=dong"
    assert "Đã đóng cảnh báo" in inspector.get("/cho?xong=dong").text
    closed = plain(inspector.get("/cho/da-dong").text)
    assert "Đã gỡ mã dán đè Đỗ Thị Lan Chi" in closed
    assert "Đã đóng" in plain(inspector.get(path).text)
    assert inspector.get("/cho/canh-bao/alm_hong").status_code == 404
    assert inspector.get(f"/cho/canh-bao/{ids.external('alm', ids.new())}").status_code == 404


def test_what_closed_by_itself_says_why(inspector: httpx.Client, platform: FakePlatform) -> None:
    """The service's short reasons are words here."""
    alarm = make_alarm(pb.Alarm.KIND_SILENT, close_note="money_came")
    alarm.close_time.CopyFrom(alarm.change_time)
    platform.trust.alarms = [alarm]
    assert "Tự đóng: quầy đã nhận tiền trở lại." in plain(inspector.get("/cho/da-dong").text)


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        (pb.StandCheck.OUTCOME_SAME, "Đúng mã của quầy A07"),
        (pb.StandCheck.OUTCOME_DIFFERS, "Mã khác sổ đăng ký của quầy A07"),
        (pb.StandCheck.OUTCOME_OLD_ISSUE, "Bảng cũ của quầy A07"),
        (pb.StandCheck.OUTCOME_UNREADABLE, "Không phải mã VietQR"),
    ],
)
def test_a_code_that_is_checked(
    inspector: httpx.Client,
    platform: FakePlatform,
    outcome: pb.StandCheck.Outcome.ValueType,
    title: str,
) -> None:
    """The page says what the code is, with every difference, and leads to the alarm."""
    differs = outcome == pb.StandCheck.OUTCOME_DIFFERS
    platform.trust.answer = pb.StandCheck(
        id=str(ids.new()),
        stall_number="A07",
        outcome=outcome,
        text="Việc phải làm.",
        text_en="What to do.",
        differences=differences() if differs else [],
        alarm_id=str(ids.new()) if differs else "",
    )
    token = form_token(inspector.get("/cho/kiem-tra").text)
    form = {"form_token": token, "request_id": "c1", "payload": "000201…<script>"}
    answer = inspector.post("/cho/kiem-tra", data=form)
    page = plain(answer.text)
    assert answer.status_code == 200
    assert title in page
    assert "Việc phải làm." in page
    assert "<script>" not in answer.text.replace('<script type="module"', "")
    assert ("Mở cảnh báo" in page) is differs
    empty = inspector.post("/cho/kiem-tra", data={"form_token": token, "payload": " "})
    assert empty.status_code == 422


def test_a_code_of_nobody(inspector: httpx.Client, platform: FakePlatform) -> None:
    """A code that no stall has to do with has a title of its own."""
    platform.trust.answer = pb.StandCheck(outcome=pb.StandCheck.OUTCOME_DIFFERS)
    token = form_token(inspector.get("/cho/kiem-tra").text)
    answer = inspector.post("/cho/kiem-tra", data={"form_token": token, "payload": "0002"})
    assert "Mã không của quầy nào" in answer.text


def test_letters_are_marked_where_they_differ() -> None:
    """A letter that was put in or left out moves nothing else; an empty side marks nothing."""
    assert letters("1012345678", "101245678") == (
        [Piece("1012", False), Piece("3", True), Piece("45678", False)],
        [Piece("1012", False), Piece("45678", False)],
    )
    assert letters("", "XQ1") == ([], [Piece("XQ1", False)])
