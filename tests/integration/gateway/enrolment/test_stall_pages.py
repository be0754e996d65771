"""A stall as the city's administrator keeps it: found, moved, ended with a reason; never a sum of its money."""

from __future__ import annotations

import uuid

import httpx
import pytest

from gateway.web.admin.frame import programme_url, stall_url
from services.directory.roles import PERMISSIONS, Role
from tests.integration.gateway.enrolment.forms import said, send
from tests.support.fake_enrolment import EnrolmentPlatform
from xoai.pilots.v1 import stalls_service_pb2 as pb


@pytest.fixture
def stall(platform: EnrolmentPlatform, desk: httpx.Client) -> pb.Stall:
    """A stall of the street."""
    return platform.stalls.add_stall(programme_id=platform.stalls.programmes["hung-vuong"].id)


FORM = {"section": "B", "number": "B7", "name": "Trái cây", "goods": "Cam", "open": "7h", "close": "21:00"}


def test_stalls_are_found_and_paged(platform: EnrolmentPlatform, desk: httpx.Client, stall: pb.Stall) -> None:
    """Fifty a page, by words; each leads to its page."""
    for number in range(50):
        platform.stalls.add_stall(number=f"D{number}", name="Bánh mì", programme_id=stall.programme_id)
    here = programme_url("hung-vuong")
    first = desk.get(here).text
    assert first.count(stall_url("hung-vuong", stall.id)) == 1
    assert f"{here}?trang=50" in first
    assert "D49, Bánh mì" in said(desk.get(f"{here}?trang=50"))
    found = said(desk.get(f"{here}?tim=Trái"))
    assert "A12, Trái cây Cô Mận" in found
    assert "Bánh mì" not in found
    assert "Không có quầy nào như vậy" in said(desk.get(f"{here}?tim=xyz"))


def test_a_stall_is_shown_without_its_money(desk: httpx.Client, stall: pb.Stall) -> None:
    """Holder, place, hours, account by its last four, code and board."""
    text = said(desk.get(stall_url("hung-vuong", stall.id)))
    for part in (
        "Quầy A12: Trái cây Cô Mận",
        "A, Dãy A",
        "06:00 – 21:00 giờ riêng của quầy",
        "đuôi 8842, Vietcombank",
        stall.reference,
        "bản số 01",
    ):
        assert part in text, part
    assert stall.account_number not in text


def test_a_stall_moves(platform: EnrolmentPlatform, desk: httpx.Client, stall: pb.Stall) -> None:
    """Block, number, name, goods and hours change; the merchant's own decisions and the code stay."""
    path = stall_url("hung-vuong", stall.id, "sua")
    before = pb.Stall()
    before.CopyFrom(stall)
    answer = send(desk, path, **FORM, version=str(stall.version))
    assert answer.headers["location"] == f"{stall_url('hung-vuong', stall.id)}?xong=sua"
    kept = platform.stalls.stalls[stall.id]
    assert (kept.section_code, kept.number, kept.goods, kept.open_minute) == ("B", "B7", "Cam", 420)
    assert (kept.default_rule, kept.relation, kept.reference) == (
        before.default_rule,
        before.relation,
        before.reference,
    )
    assert "Đã ghi. Mã của quầy không đổi" in said(desk.get(answer.headers["location"]))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"number": ""}, "Ghi số quầy"),
        ({"name": " "}, "Ghi tên quầy"),
        ({"open": "sáng"}, "Ghi giờ như 06:00"),
        ({"open": "22:00"}, "Giờ đóng cửa phải sau giờ mở cửa"),
        ({"number": "Z1"}, "đã có quầy khác dùng"),
        ({"version": "0"}, "Có người vừa sửa mục này"),
    ],
)
def test_a_wrong_move_says_where(
    platform: EnrolmentPlatform, desk: httpx.Client, stall: pb.Stall, wrong: dict[str, str], text: str
) -> None:
    """The form again; nothing changed."""
    platform.stalls.add_stall(number="Z1", programme_id=stall.programme_id)
    answer = send(desk, stall_url("hung-vuong", stall.id, "sua"), **{"version": "1"} | FORM | wrong)
    assert answer.status_code == 422
    assert text in said(answer)
    assert platform.stalls.stalls[stall.id].number == "A12"


def test_a_stall_is_withdrawn_once(platform: EnrolmentPlatform, desk: httpx.Client, stall: pb.Stall) -> None:
    """What becomes of code, sales and phones is said before; a reason and a tick are needed; a repeat is harmless."""
    path = stall_url("hung-vuong", stall.id, "thu-hoi")
    text = said(desk.get(path))
    for part in (
        "Mã trên bảng",
        "Lần bán đang chờ Vẫn nhận được tiền",
        "Máy của quầy Bị gỡ ngay",
        "Không lấy lại được",
    ):
        assert part in text, part
    for fields, missing in (
        ({"sure": "1"}, "Ghi lý do"),
        ({"reason": "Trả mặt bằng"}, "Đánh dấu rằng bạn đã đọc"),
    ):
        answer = send(desk, path, **fields)
        assert (answer.status_code, missing in said(answer)) == (422, True)
    assert platform.stalls.stalls[stall.id].state == pb.Stall.STATE_ACTIVE
    fields = {"reason": "Trả mặt bằng", "sure": "1", "request_id": str(uuid.uuid4())}
    here = stall_url("hung-vuong", stall.id)
    answers = [
        send(desk, path, page=here.replace(f"/quay/{here.split('/')[-1]}", ""), **fields) for _ in range(2)
    ]
    assert [answer.headers["location"] for answer in answers] == [f"{here}?xong=thu-hoi"] * 2
    text = said(desk.get(f"{here}?xong=thu-hoi"))
    assert "Đã thu hồi: Trả mặt bằng" in text
    assert "Sửa, chuyển chỗ" not in text
    for gone in ("sua", "thu-hoi"):
        assert desk.get(f"{here}/{gone}").headers["location"] == here


def test_a_stall_of_another_programme_is_not_found(
    platform: EnrolmentPlatform, desk: httpx.Client, stall: pb.Stall
) -> None:
    """Nor one that there is not, nor for who may not manage the pilots."""
    platform.stalls.add_programme("cho-dong-xoai")
    for path in (
        stall_url("cho-dong-xoai", stall.id),
        stall_url("hung-vuong", str(uuid.uuid4())),
        programme_url("hung-vuong", "quay", "stl_x"),
    ):
        assert desk.get(path).status_code == 404, path
    platform.permissions = PERMISSIONS[Role.HEAD_TEACHER]
    assert desk.get(stall_url("hung-vuong", stall.id)).status_code == 403
