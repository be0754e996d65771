"""The administrator's programmes: made and changed with their wards and blocks, without a script."""

from __future__ import annotations

import re

import httpx
import pytest

from gateway.web.admin.frame import programme_url
from tests.integration.gateway.enrolment.forms import said, send
from tests.support.fake_enrolment import EnrolmentPlatform

NEW = "/quan-tri/chuong-trinh/moi"
PROGRAMME = {
    "kind": "fair", "name": "Hội chợ chuyển đổi số", "code": "hoi-cho", "ward": "25195/25198", "start": "28/11/2026",
    "end": "30/11/2026", "open": "8h", "close": "21:00", "cut_off": "22:00", "wait": "10",
    "doan-0-ma": "A", "doan-0-ten": "Dãy A",
    "doan-1-ma": "b", "doan-1-ten": "Dãy B", "doan-1-x": "300", "doan-1-y": "10", "doan-1-width": "200",
    "doan-1-height": "40",
}  # fmt: skip


def typed(html: str) -> dict[str, str]:
    """What stands in the fields of a form; of a choice, what is chosen."""
    found = dict(re.findall(r'<input id="([^"]+)" name="[^"]+" type="text" value="([^"]*)"', html))
    found |= dict(re.findall(r'<input type="hidden" name="(doan-\d+-id)" value="([^"]*)"', html))
    chosen = re.search(r'<option value="([^"]*)" selected>', html)
    return found | {"ward": chosen[1] if chosen else ""}


def test_a_programme_is_made_with_its_ward_and_blocks(
    platform: EnrolmentPlatform, desk: httpx.Client
) -> None:
    """Ward of today with that of 2023, days, hours and blocks; a block without a place gets one that is free."""
    answer = send(desk, NEW, **PROGRAMME)
    assert answer.headers["location"] == f"{programme_url('hoi-cho')}?xong=ghi"
    kept = platform.stalls.programmes["hoi-cho"]
    assert (kept.ward_code, kept.former_ward_code) == ("25195", "25198")
    assert (kept.start_date, kept.end_date, kept.open_minute, kept.sale_seconds) == (
        "2026-11-28",
        "2026-11-30",
        480,
        600,
    )
    assert [(row.code, row.x, row.width) for row in kept.sections] == [("A", 10, 225), ("B", 300, 200)]
    text = said(desk.get(answer.headers["location"]))
    for part in (
        "Đã ghi chương trình",
        "Hội chợ",
        "28/11/2026 – 30/11/2026",
        "Mở 08:00 – 21:00, chốt sổ 22:00",
        "B, Dãy B",
    ):
        assert part in text, part
    assert "Hội chợ chuyển đổi số" in said(desk.get("/quan-tri/chuong-trinh"))


def test_wards_are_chosen_by_their_names(desk: httpx.Client) -> None:
    """Today's wards with those of 2023 in them; nobody has to know a code."""
    text = said(desk.get(NEW))
    assert "Phường Bình Phước, không rõ phường cũ" in text
    assert "Phường Tân Đồng cũ (2023)" in text
    assert text.index("Phường Đồng Xoài, không rõ") < text.index("Phường Tiến Thành cũ")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"name": ""}, "Ghi tên chương trình"),
        ({"ward": ""}, "Chọn phường"),
        ({"start": "31/02/2026"}, "Ghi ngày có thật"),
        ({"close": "7:00"}, "Giờ đóng cửa phải sau giờ mở cửa"),
        ({"wait": "90"}, "Ghi từ 1 đến 60 phút"),
        ({"doan-1-ten": ""}, "Ghi tên của đoạn thứ 2"),
        ({"doan-1-ma": ""}, "Ghi mã của đoạn thứ 2"),
        ({"doan-1-x": ""}, "Chỗ của đoạn thứ 2: ghi đủ bốn số nguyên"),
        ({"doan-1-x": "900"}, "Chỗ của đoạn thứ 2: ghi đủ bốn số nguyên"),
        ({"doan-1-x": "-1"}, "Chỗ của đoạn thứ 2: ghi đủ bốn số nguyên"),
        ({"code": "hung-vuong"}, "đã có"),
    ],
)
def test_a_wrong_programme_says_where(desk: httpx.Client, wrong: dict[str, str], text: str) -> None:
    """The form again, with everything that was typed."""
    fields = PROGRAMME | wrong
    answer = send(desk, NEW, **fields)
    assert answer.status_code == 422
    assert text in said(answer)
    kept = typed(answer.text)
    assert {name: kept.get(name) for name in fields if name != "kind"} == {
        name: value for name, value in fields.items() if name != "kind"
    }


def test_a_programme_without_blocks_is_none(desk: httpx.Client) -> None:
    """Stalls have to stand somewhere; empty rows are no blocks."""
    fields = {name: value for name, value in PROGRAMME.items() if not name.startswith("doan")}
    for rows in ({}, {"doan-0-ma": "", "doan-0-ten": " "}):
        answer = send(desk, NEW, **fields, **rows)
        assert "Ghi ít nhất một đoạn hoặc dãy" in said(answer)


def test_blocks_are_added_and_taken_out_without_a_script(
    platform: EnrolmentPlatform, desk: httpx.Client
) -> None:
    """Buttons bring the form back with one row more or less; nothing is stored and nothing typed is lost."""
    added = send(desk, NEW, **PROGRAMME, act="them")
    assert added.status_code == 200
    fields = typed(added.text)
    assert (fields["doan-1-ten"], fields["doan-2-ma"], fields["name"]) == ("Dãy B", "", PROGRAMME["name"])
    less = typed(send(desk, NEW, **PROGRAMME, act="bo-0").text)
    assert (less["doan-0-ma"], less["doan-0-x"], "doan-1-ma" in less) == ("b", "300", False)
    assert "hoi-cho" not in platform.stalls.programmes


def test_what_enter_presses_stores(desk: httpx.Client) -> None:
    """The first button of the form is the one that stores: Enter in a field takes no block out."""
    html = desk.get(programme_url("hung-vuong", "sua")).text
    form = html[html.index('name="version"') :]
    first = form[form.index("<button") : form.index("</button>")]
    assert 'name="act"' not in first


def test_a_changed_programme_keeps_its_blocks(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """A block keeps its id whatever it is called then, so that its stalls stay where they are."""
    before = {row.code: row.id for row in platform.stalls.programmes["hung-vuong"].sections}
    path = programme_url("hung-vuong", "sua")
    fields = typed(desk.get(path).text)
    assert (fields["doan-0-ma"], fields["doan-0-width"], fields["doan-0-id"]) == ("A", "225", before["A"])
    fields |= {"doan-0-ma": "D", "doan-0-ten": "Đầu phố", "kind": "street", "version": "0"}
    del fields["doan-1-ma"]
    assert send(desk, path, **fields).status_code == 303
    (kept,) = platform.stalls.programmes["hung-vuong"].sections
    assert (kept.id, kept.code, kept.name) == (before["A"], "D", "Đầu phố")


def test_two_who_change_a_programme(desk: httpx.Client) -> None:
    """The second one's form is of a version that is no more: nothing is written over."""
    path = programme_url("hung-vuong", "sua")
    fields = typed(desk.get(path).text) | {"kind": "street", "version": "0"}
    assert send(desk, path, **fields).status_code == 303
    answer = send(desk, path, **fields | {"name": "Tên khác"})
    assert answer.status_code == 422
    assert "Có người vừa sửa mục này" in said(answer)
