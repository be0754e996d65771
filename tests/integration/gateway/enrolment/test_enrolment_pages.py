"""The administrator's lists of stalls: read, corrected in place, gone on, given back as files."""

from __future__ import annotations

import httpx
import pytest

from gateway.web.admin.frame import enrolment_url, programme_url
from services.directory.roles import PERMISSIONS, Role
from tests.integration.gateway.enrolment.forms import said, send
from tests.support.fake_enrolment import EnrolmentPlatform, Outcome

LIST = "A1,Lê Thị Mận,1017738842\nA2,Trần Văn Bảo,khong biet\nA3,Phạm Thị Hằng,998877,spouse"


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


def test_what_was_probably_meant_is_one_press_away(platform: EnrolmentPlatform, desk: httpx.Client) -> None:
    """A suggestion counts only if its button is pressed; one button takes all of the page, what was typed goes before."""
    page = programme_url("hung-vuong")
    rows = "\n".join(f"B{number},Lê Thị Mận,1017-{number}" for number in range(3))
    here = send(desk, f"{page}/danh-sach", page=page, file=rows).headers["location"]
    offered = {f"s-{row}-account_number": f"1017{row - 2}" for row in (2, 3, 4)}
    empty = {f"v-{row}-account_number": "" for row in (2, 3, 4)}
    html = desk.get(here).text
    assert all(f'name="{name}" value="{value}"' in html for name, value in offered.items())
    assert "Nhận cả 3 gợi ý" in html
    assert send(desk, f"{here}/sua", page=here, **offered, **empty).status_code == 422
    one = send(desk, f"{here}/sua", page=here, **offered, **empty, take="v-3-account_number")
    assert one.headers["location"] == f"{here}?da=1#dong-sai"
    fields = offered | empty | {"v-2-account_number": "555"}
    both = send(desk, f"{here}/sua", page=here, **fields, take="all")
    assert both.headers["location"] == f"{here}?da=2#dong-sai"
    (read,) = [
        row for row in platform.stalls.enrolments.values() if enrolment_url("hung-vuong", row.id) == here
    ]
    assert [row.values.account_number for row in read.enrolment_rows] == ["555", "10171", "10172"]


def test_all_wrong_rows_are_paged_through(desk: httpx.Client) -> None:
    """Fifty a page; a row put right on the third page leads back there, or to the last page that is left."""
    page = programme_url("hung-vuong")
    rows = "\n".join(f"C{number},Trần Văn Bảo,khong" for number in range(101))
    here = send(desk, f"{page}/danh-sach", page=page, file=rows).headers["location"]
    first = desk.get(here).text
    assert (first.count('class="found-col"'), "?trang=2#dong-sai" in first) == (50, True)
    last = desk.get(f"{here}?trang=3").text
    assert (last.count('class="found-col"'), "Trang 3 trong 3" in last) == (1, True)
    assert 'id="v-102-account_number"' in last
    fixed = send(desk, f"{here}/sua", page=here, **{"v-102-account_number": "1017", "trang": "3"})
    assert fixed.headers["location"] == f"{here}?da=1&trang=3#dong-sai"
    assert "Trang 2 trong 2" in desk.get(fixed.headers["location"].split("#")[0]).text
    assert desk.get(f"{here}?trang=0").status_code == 200


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
