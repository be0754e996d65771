"""The city's pages over HTTP: who sees what, what is hidden, and the files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import httpx
import pytest

from gateway.assets import Assets
from kit import auth
from tests.integration.gateway.test_pages import sign_in
from tests.support.fake_city import cell, week
from tests.support.fake_platform import FakePlatform
from xoai.pilots.v1 import city_service_pb2 as pb


@pytest.fixture(autouse=True)
def _city(platform: FakePlatform) -> Iterator[None]:
    """The week of the picture, and the permissions as they were afterwards."""
    platform.city.view = week()
    platform.waiting.__init__()  # type: ignore[misc]
    before = platform.permissions, platform.scope
    yield
    platform.permissions, platform.scope = before


@pytest.fixture
def viewer(platform: FakePlatform, client: httpx.Client) -> httpx.Client:
    """Somebody of the operation centre."""
    platform.permissions, platform.scope = frozenset({"city.read", "directory.read"}), auth.EVERYWHERE
    assert sign_in(client).status_code == 303
    return client


def words(html: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


def test_the_page_says_what_the_week_was(viewer: httpx.Client) -> None:
    """A sentence, four figures with their comparison, the places, the banks, the days, and how they were made."""
    html = viewer.get("/thanh-pho").text
    said = words(html)
    for text in (
        "39 % doanh thu ở tuyến phố và hội chợ là không tiền mặt",
        "7 ngày, 16/11 đến 22/11/2026, so với 7 ngày trước",
        "3,94 tỷ ₫",
        "+7,9 %, 48.131 khoản",
        "99,97 %",
        "tuần trước 99,95 %",
        "2,4 giây",
        "Hùng Vương 64 58 48 1.558 38 %",
        "Ngân hàng Mẫu 1,4 giây Đều",
        "Chậm từ 10:42",
        "T6 20/11 Ngày lễ thử 694 +174",
        "T4 18/11 ẩn ẩn",
        "Hội chợ 14–15/11",
        "đã giúp 12 lượt",
        "Số liệu đến 12:00 ngày 23/11/2026, đầy đủ, định nghĩa bản 1",
        "Sơ đồ, không theo tỷ lệ",
        "Khoản chờ người xem 14 lâu nhất 2 ngày",
        "Không có mã 11 2 ngày",
        "Tài khoản lạ 3 5 giờ",
        "Để lại, có ghi lý do 2",
        "Cảnh báo chờ ban quản lý chợ 3",
        "không kể khoản trong danh sách riêng của tiểu thương",
    ):
        assert text in said, text
    assert html.count("url(#hatch)") == 2
    assert "style=" not in html


def test_only_those_of_the_city_come_in(platform: FakePlatform, client: httpx.Client) -> None:
    """A visitor is led to the login; a clerk of a school is refused; both see the open statistics."""
    for path in ("/thanh-pho", "/thanh-pho/so-lieu.csv"):
        assert client.get(path).status_code == 303
    platform.permissions = frozenset({"schools.read", "stalls.read"})
    sign_in(client)
    for path in ("/thanh-pho", "/thanh-pho/so-lieu.csv"):
        assert client.get(path).status_code == 403
    assert client.get("/mo").status_code == 200


def test_everybody_reads_the_open_part(client: httpx.Client) -> None:
    """No login, may be indexed, says in plain words what is hidden and why; no blocks, banks or alarms."""
    answer = client.get("/mo")
    said = words(answer.text)
    assert "x-robots-tag" not in answer.headers
    assert "set-cookie" not in answer.headers
    for text in (
        "ít hơn 5 chủ quầy có tiền trong đó",
        "Lê Duẩn 56 50 33 1.053 27 %",
        "11 chỉ số",
        "3,94 tỷ ₫",
    ):
        assert text in said, text
    for text in ("Ngân hàng Mẫu", "Đoạn A1", "Cảnh báo", "Khoản chờ"):
        assert text not in said, text
    assert "Streets, markets" in words(client.get("/mo?lang=en").text) or "Cashless streets" in words(
        client.get("/mo?lang=en").text
    )


def test_hidden_figures_are_never_noughts(platform: FakePlatform, viewer: httpx.Client) -> None:
    """A city of too few owners shows its stalls and says of the rest that it is hidden."""
    view = platform.city.view
    for row in [*view.programmes, view.total, view.total_before]:
        for name in ("active_30_days", "transfers", "takings", "share_permille", "payments"):
            getattr(row, name).CopyFrom(cell(None))
    for name in ("median_confirm_milliseconds", "feed_share", "helper_visits"):
        view.ClearField(name)
    del view.sections[:]
    view.complete = False
    said = words(viewer.get("/thanh-pho").text)
    assert "Thu không tiền mặt ẩn ẩn để không lộ quầy nào" in said
    assert "Hùng Vương 64 58 ẩn ẩn ẩn" in said
    assert "Ngân hàng báo trong một phút ẩn" in said
    assert "ẩn, vì dưới 5" in said
    assert "Tuần này chưa đầy đủ" in said
    assert "Chưa vẽ đoạn nào" in said
    assert "chưa đầy đủ, định nghĩa bản 1" in said


def test_a_desk_that_does_not_answer_leaves_the_rest(platform: FakePlatform, viewer: httpx.Client) -> None:
    """Its figure says that there is none, never nought; alarms and the week stand."""
    platform.waiting.is_away = True
    answer = viewer.get("/thanh-pho")
    said = words(answer.text)
    assert answer.status_code == 200
    assert "Khoản chờ người xem – chưa có số liệu" in said
    assert "Khoản chờ ở bàn đối soát chưa có số liệu" in said
    assert "Phần đối soát chưa trả lời" in said
    assert "Cảnh báo chờ ban quản lý chợ 3" in said
    assert "3,94 tỷ ₫" in said


def test_nothing_that_waits_is_said_to_be_nothing(platform: FakePlatform, viewer: httpx.Client) -> None:
    """Nought is a figure; young work has the age of an hour at most."""
    platform.waiting.counts, platform.waiting.parked = {}, 0
    said = words(viewer.get("/thanh-pho").text)
    assert "Khoản chờ người xem 0 không có gì chờ" in said
    assert "Khoản chờ ở bàn đối soát 0" in said
    platform.waiting.counts = {"VOID": (1, 0), "SOMETHING_NEW": (2, 1)}
    said = words(viewer.get("/thanh-pho").text)
    assert "Phiếu đã huỷ 1 chưa đến một giờ" in said
    assert "SOMETHING_NEW 2 1 giờ" in said


def test_before_the_first_week_there_is_a_page(platform: FakePlatform, viewer: httpx.Client) -> None:
    """It says when there will be figures."""
    platform.city.view = pb.CityView()
    for path in ("/thanh-pho", "/mo"):
        assert "Chưa có tuần nào được công bố" in words(viewer.get(path).text)
    assert "Không có mã 11 2 ngày" in words(viewer.get("/thanh-pho").text)
    rows = list(csv.reader(io.StringIO(viewer.get("/mo/so-lieu.csv").text)))
    assert len(rows) == 1


@pytest.mark.parametrize(("path", "blocks"), [("/thanh-pho/so-lieu.csv", 19), ("/mo/so-lieu.csv", 0)])
def test_the_file_holds_the_tables(viewer: httpx.Client, path: str, blocks: int) -> None:
    """One row for each place and day of the week, hidden figures empty, texts that cannot be formulas."""
    answer = viewer.get(path, params={"ky": "2026-11-22"})
    assert answer.content.startswith("\ufeff".encode())
    assert 'filename="xoai-2026-11-22.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    kinds = [row["kind"] for row in rows]
    assert (kinds.count("section"), kinds.count("street"), kinds.count("day")) == (blocks, 2, 7)
    street = next(row for row in rows if row["code"] == "hung-vuong")
    assert (street["stalls"], street["cashless_share_permille"], street["complete"]) == ("64", "380", "true")
    hidden = [row for row in rows if row["kind"] == "day" and row["period_from"] == "2026-11-18"]
    assert hidden[0]["transfers"] == ""
    if blocks:
        assert [
            row["cashless_share_permille"]
            for row in rows
            if row["code"] == "A3" and row["programme"] == "le-duan"
        ] == [""]


def test_names_cannot_break_out(platform: FakePlatform, viewer: httpx.Client) -> None:
    """A programme's name is text everywhere, also in the drawing and the file."""
    platform.city.view.programmes[0].name = "=1+1<script>alert(1)</script>"
    for path in ("/thanh-pho", "/mo"):
        assert "<script>alert" not in viewer.get(path).text
    assert "'=1+1" in viewer.get("/mo/so-lieu.csv").text


def test_only_published_weeks_can_be_asked_for(viewer: httpx.Client) -> None:
    """The list of periods is the only choice; another one is not found."""
    html = viewer.get("/thanh-pho", params={"ky": "2026-11-15"}).text
    assert html.count("<option") == 3
    for path in ("/thanh-pho", "/mo", "/mo/so-lieu.csv"):
        assert viewer.get(path, params={"ky": "2026-11-01"}).status_code == 404


def test_the_page_stays_within_its_budget(viewer: httpx.Client) -> None:
    """At most 250 KB with everything that it loads, compressed."""
    assets = Assets()
    shared = sum(assets.size(name) for name in ("xoai.css", "city.css", "city.js", "staff.js", "mark.svg"))
    for path in ("/thanh-pho", "/mo"):
        with viewer.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            size = sum(len(chunk) for chunk in answer.iter_raw())
        assert size + shared <= 60_000
