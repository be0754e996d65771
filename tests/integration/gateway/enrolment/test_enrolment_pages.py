"""The administrator's programmes and lists of stalls: made, read, corrected in place, gone on, given back as files."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.web.admin.frame import enrolment_url, programme_url
from services.directory.roles import PERMISSIONS, Role
from tests.support.fake_enrolment import EnrolmentPlatform, Outcome, enrolment_platform
from tests.support.fake_merchant import sign_in

LIST = "A1,Lê Thị Mận,1017738842\nA2,Trần Văn Bảo,khong biet\nA3,Phạm Thị Hằng,998877,spouse"


@pytest.fixture(scope="module")
def platform() -> Iterator[EnrolmentPlatform]:
    with enrolment_platform() as services:
        yield services


@pytest.fixture
def desk(platform: EnrolmentPlatform, client: httpx.Client) -> httpx.Client:
    """The administrator, signed in, with one street."""
    platform.permissions = PERMISSIONS[Role.ADMINISTRATOR]
    platform.stalls.programmes.clear()
    platform.stalls.add_programme()
    sign_in(client)
    return client


def said(answer: httpx.Response) -> str:
    """What a reader sees, blanks made one."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " ").split())


def send(
    desk: httpx.Client, path: str, page: str = "", file: str | None = None, **fields: Any
) -> httpx.Response:
    """A form of a page, sent to its address."""
    token = desk.get(page or path).text.split('name="form_token" value="')[1].split('"')[0]
    files = {"tep": ("danh-sach.csv", file.encode())} if file is not None else None
    data = {"form_token": token, "request_id": str(uuid.uuid4()), **fields}
    return desk.post(path, data=data, files=files)


PROGRAMME = {
    "kind": "fair", "name": "Hội chợ chuyển đổi số", "code": "hoi-cho", "ward_code": "25195", "start": "28/11/2026",
    "end": "30/11/2026", "open": "8h", "close": "21:00", "cut_off": "22:00", "wait": "10",
    "sections": "A; Dãy A\nB; Dãy B; 300, 10, 200, 40",
}  # fmt: skip


def test_a_programme_is_made_with_its_blocks(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """Days, hours and blocks; a block without a place gets one on the sheet."""
    answer = send(desk, "/quan-tri/chuong-trinh/moi", **PROGRAMME)
    assert answer.headers["location"] == f"{programme_url('hoi-cho')}?xong=ghi"
    kept = platform.stalls.programmes["hoi-cho"]
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


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"name": ""}, "Ghi tên chương trình"),
        ({"start": "31/02/2026"}, "Ghi ngày có thật"),
        ({"close": "7:00"}, "Giờ đóng cửa phải sau giờ mở cửa"),
        ({"wait": "90"}, "Ghi từ 1 đến 60 phút"),
        ({"sections": "A; Dãy A\nB"}, "Dòng 2 “B”"),
        ({"sections": ""}, "Ghi ít nhất một đoạn hoặc dãy"),
        ({"code": "hung-vuong"}, "đã có"),
    ],
)
def test_a_wrong_programme_says_where(desk: httpx.Client, wrong: dict[str, str], text: str) -> None:
    """The form again, with what was typed."""
    answer = send(desk, "/quan-tri/chuong-trinh/moi", **PROGRAMME | wrong)
    assert answer.status_code == 422
    assert text in said(answer)
    assert 'value="25195"' in answer.text


def test_a_changed_programme_keeps_its_blocks(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """A block of the same code keeps its id, so that its stalls stay where they are."""
    before = {row.code: row.id for row in platform.stalls.programmes["hung-vuong"].sections}
    path = programme_url("hung-vuong", "sua")
    assert "A; Dãy A; 10, 10, 225, 48" in desk.get(path).text
    fields = PROGRAMME | {"code": "hung-vuong", "sections": "A; Đầu phố\nC; Cuối phố"}
    assert send(desk, path, **fields).status_code == 303
    kept = {row.code: row for row in platform.stalls.programmes["hung-vuong"].sections}
    assert kept["A"].id == before["A"]
    assert (kept["A"].name, kept["C"].id) == ("Đầu phố", "")


def test_a_list_is_read_corrected_and_goes_on(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """The finding is the heading; a wrong cell is put right in place; accounts wait for a second person."""
    page = programme_url("hung-vuong")
    answer = send(desk, programme_url("hung-vuong", "danh-sach"), page=page, file=LIST)
    here = answer.headers["location"]
    text = said(desk.get(here))
    for part in (
        "3 dòng: 2 dùng được, 1 cần sửa", "khong biet", "1–19 chữ và số", "A2, Trần Văn Bảo", "Đi tiếp với 2 dòng",
        "Tài khoản không đứng tên chủ hộ. (NĐ thử)", "7c4e 91d0 … 3af2",
    ):  # fmt: skip
        assert part in text, part
    assert "Ghi giá trị đúng vào ít nhất một ô" in said(send(desk, f"{here}/sua", page=here))
    fixed = send(
        desk, f"{here}/sua", page=here, **{"v-3-account_number": "1017 555", "v-2-account_number": "1"}
    )
    assert fixed.headers["location"] == f"{here}?da=1#dong-sai"
    text = said(desk.get(fixed.headers["location"].split("#")[0]))
    assert "1 dòng vừa sửa đã dùng được" in text
    assert "3 dòng, dòng nào cũng dùng được" in text
    (read,) = [
        row for row in platform.stalls.enrolments.values() if enrolment_url("hung-vuong", row.id) == here
    ]
    assert [row.values.account_number for row in read.enrolment_rows] == ["1017738842", "1017 555", "998877"]
    done = send(desk, f"{here}/di-tiep", page=here)
    text = said(desk.get(done.headers["location"]))
    assert "Đã đưa vào 3 dòng" in text
    assert "3 tài khoản chờ người thứ hai" in text
    assert {row.outcome for row in read.enrolment_rows} == {Outcome.OUTCOME_DONE}
    assert "danh-sach.csv" in said(desk.get(page))


def test_files_are_handed_on(desk: httpx.Client) -> None:
    """The template, and the wrong rows of a list."""
    page = programme_url("hung-vuong")
    template = desk.get(programme_url("hung-vuong", "mau.xlsx"))
    assert (template.content, "hung-vuong-mau.xlsx" in template.headers["content-disposition"]) == (
        b"PK mau",
        True,
    )
    here = send(desk, f"{page}/danh-sach", page=page, file=LIST).headers["location"]
    assert desk.get(f"{here}/can-sua.xlsx").content == b"PK can-sua"


@pytest.mark.parametrize(("file", "text"), [("", "Chọn một tệp"), ("chỉ một ô", "Không thấy dòng tiêu đề")])
def test_a_file_that_is_no_list_is_said(desk: httpx.Client, file: str, text: str) -> None:
    """The form again with the reason."""
    page = programme_url("hung-vuong")
    answer = send(desk, f"{page}/danh-sach", page=page, file=file)
    assert answer.status_code == 422
    assert text in said(answer)


def test_a_file_that_is_too_large_is_not_read(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """More than ten megabytes are refused by what they say of themselves."""
    count = len(platform.stalls.enrolments)
    page = programme_url("hung-vuong")
    answer = send(desk, f"{page}/danh-sach", page=page, file="x" * (11 * 1024 * 1024))
    assert "lớn hơn 10 MB" in said(answer)
    assert len(platform.stalls.enrolments) == count


def test_a_list_of_another_programme_is_not_found(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """Nor an address that names none."""
    page = programme_url("hung-vuong")
    here = send(desk, f"{page}/danh-sach", page=page, file=LIST).headers["location"]
    platform.stalls.add_programme("cho-dong-xoai")
    assert desk.get(here.replace("hung-vuong", "cho-dong-xoai")).status_code == 404
    assert desk.get(f"{page}/danh-sach/enr_x").status_code == 404
    assert desk.get(programme_url("khong-co")).status_code == 404


def test_others_have_no_such_tab(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """Who may not manage the pilots is kept out."""
    platform.permissions = PERMISSIONS[Role.HEAD_TEACHER]
    assert desk.get("/quan-tri/chuong-trinh").status_code == 403
