"""Lists that are brought in: what was found, corrected in place, given back, gone on with; files that are no lists."""

from __future__ import annotations

import io
import socket
import time
from html import unescape

import httpx
import pytest
from python_calamine import CalamineWorkbook

from kit import ids
from tests.support.fake_school_city import TEACHER, SchoolPlatform
from tests.support.filled_school import list_file, month
from tests.support.school_desk import NASTY, at, home, key_of, send, token_of, words
from xoai.schools.v1 import schools_service_pb2 as pb

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload(
    desk: httpx.Client, path: str, content: bytes, name: str = "thu-thang-11.xlsx", **fields: str
) -> httpx.Response:
    """Send a file with the form of a page."""
    html = desk.get(path).text
    data = {"form_token": token_of(html), "request_id": key_of(html), **fields}
    return desk.post(path, data=data, files={"tep": (name, content, XLSX)})


def test_a_list_with_seven_mistakes(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Each mistake by row, column, what stands there and what is expected; the counts add up to the rows."""
    round_ = month(platform, "Bảy lỗi")
    read = upload(desk, at(round_, "nhap"), list_file(platform))
    assert read.status_code == 303
    page = desk.get(read.headers["location"]).text
    number = len([pupil for pupil in platform.schools.pupils.values() if pupil.birth_date])
    said = words(page)
    assert f"{number} dòng: {number - 7} dùng được, 7 cần sửa" in said
    for found in ("31/02/2020", "28.000,5", "7525 0912", "-5.000", "ngày 5", "7525091268x", "để trống"):
        assert found in said, found
    assert page.count('name="v-') == 7
    assert "Sửa dòng sai" in said
    about = next(kept.about for kept in platform.schools.lists.values() if kept.about.round_id == round_.id)
    assert about.rows == about.rows_new + about.rows_changed + about.rows_unchanged + about.rows_wrong
    assert f"{(number - 7) * 588_000:,}".replace(",", ".") in said


def test_rows_are_corrected_in_place(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """A suggestion counts only when taken; what is typed is judged anew; a wrong value comes back as wrong."""
    round_ = month(platform, "Sửa tại chỗ")
    place = upload(desk, at(round_, "nhap"), list_file(platform)).headers["location"]
    kept = next(item for item in platform.schools.lists.values() if item.about.round_id == round_.id)
    rows = {row: judged for row, judged in kept.judged.items() if judged.problems}
    dated, without_class, half = sorted(rows)[:3]

    def wrong() -> int:
        return kept.about.rows_wrong

    nothing = send(desk, f"{place}/sua", place)
    assert nothing.status_code == 422
    assert "Ghi giá trị đúng" in nothing.text
    # The suggestions stand in the form, yet another row's button does not take them.
    page = desk.get(place).text
    assert "29/02/2020" in page
    assert send(desk, f"{place}/sua", place, take=f"v-{half}-x").status_code == 422
    assert wrong() == 7
    field = f"{dated}-birth_date"
    taken = {"take": f"v-{field}", f"v-{field}": "", f"s-{field}": "29/02/2020"}
    assert send(desk, f"{place}/sua", place, **taken).status_code == 303
    assert wrong() == 6
    typed = {f"v-{without_class}-class_name": "1A", f"v-{half}-item:Tiền ăn bán trú": "hai mươi"}
    answer = send(desk, f"{place}/sua", place, **typed)
    assert "da=1" in answer.headers["location"]
    assert wrong() == 5
    assert "hai mươi" in desk.get(place).text
    # An optional cell may be emptied; a needed one may not.
    code = next(row for row, judged in rows.items() if judged.problems[0].column.startswith("Mã định danh"))
    assert send(desk, f"{place}/sua", place, empty=f"v-{code}-ministry_code").status_code == 303
    assert wrong() == 4


def test_wrong_rows_come_back_and_good_ones_go_on(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """The wrong rows as a file of the same layout; the good ones are taken in once, however often one presses."""
    round_ = month(platform, "Đi tiếp")
    place = upload(desk, at(round_, "nhap"), list_file(platform)).headers["location"]
    answer = desk.get(f"{place}/dong-sai.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert rows[3][:4] == ["STT", "Họ và tên", "Ngày sinh", "Lớp"]
    assert len(rows) == 4 + 7
    html = desk.get(place).text
    data = {"form_token": token_of(html), "request_id": key_of(html)}
    first = desk.post(f"{place}/di-tiep", data=data)
    assert first.headers["location"] == at(round_, "xem-truoc")
    assert desk.post(f"{place}/di-tiep", data=data).status_code == 303
    kept = next(item for item in platform.schools.lists.values() if item.about.round_id == round_.id)
    good = kept.about.rows - 7
    page = desk.get(place).text
    assert f"Đã nhập {good} dòng, còn 7 dòng cần sửa" in words(page)
    assert "Đi tiếp với" not in page
    # A row that is corrected later goes on by itself.
    row = next(
        number
        for number, judged in kept.judged.items()
        if judged.problems and judged.problems[0].column == "Lớp"
    )
    assert send(desk, f"{place}/sua", place, **{f"v-{row}-class_name": "1A"}).status_code == 303
    assert "Đi tiếp với 1 dòng" in words(desk.get(place).text)
    assert send(desk, f"{place}/di-tiep", place).status_code == 303
    assert f"Đã nhập {good + 1} dòng, còn 6 dòng cần sửa" in words(desk.get(place).text)


def test_the_same_file_again_says_that_nothing_is_new(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """The page says so in its heading, and that nobody is billed twice."""
    round_ = month(platform, "Lần nữa")
    content = list_file(platform, mistakes=False)
    place = upload(desk, at(round_, "nhap"), content).headers["location"]
    send(desk, f"{place}/di-tiep", place)
    again = upload(desk, at(round_, "nhap"), content).headers["location"]
    assert "không có gì thay đổi" in words(desk.get(again).text)
    history = words(desk.get(f"{home()}/tep").text)
    assert history.count("thu-thang-11.xlsx") >= 2


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "trong.xlsx", "có nội dung"),
        (b"%PDF-1.7 a paper", "danh-sach.xlsx", "không phải bảng tính"),
        (b"\xff\xd8\xff\xe0 a picture", "anh.jpg", "không phải bảng tính"),
        (b"PK\x03\x04 half an archive", "hong.xlsx", "hỏng"),
        (b"x" * (10 * 1024 * 1024 + 1), "to.xlsx", "10 MB"),
    ],
)
def test_what_is_no_list_is_said_clearly(
    platform: SchoolPlatform, desk: httpx.Client, content: bytes, name: str, says: str
) -> None:
    """The form comes back at once with a text that says what to do, and the address of what is wrong."""
    round_ = month(platform, f"Tệp {name}")
    begun = time.monotonic()
    answer = upload(desk, at(round_, "nhap"), content, name)
    assert time.monotonic() - begun < 2
    assert answer.status_code in (413, 422)
    assert says in unescape(answer.text)
    assert '<a href="#tep">' in answer.text
    assert not [kept for kept in platform.schools.lists.values() if kept.about.round_id == round_.id]


def test_a_file_that_says_that_it_is_huge_is_not_read(desk: httpx.Client, address: str) -> None:
    """The refusal, with the form, comes before the body: nobody fills the memory with one request."""
    host, _, port = address.removeprefix("http://").partition(":")
    cookies = "; ".join(f"{name}={value}" for name, value in desk.cookies.items())
    head = (
        f"POST {home()}/nhap HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {address}\r\nConnection: close\r\nCookie: {cookies}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {60 << 20}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(64)
        assert b" 413 " in answer
        body = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    assert "Tệp lớn hơn 10 MB" in body


def test_names_of_files_and_pupils_are_only_texts(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """A hostile file name or cell is shown as it is and does nothing."""
    round_ = month(platform, "Tên xấu")
    content = f'Họ và tên,Lớp\n"{NASTY.replace(chr(34), chr(34) * 2)}",1A\n'.encode()
    place = upload(desk, at(round_, "nhap"), content, "<img src=x onerror=alert(1)>.csv").headers["location"]
    for path in (place, f"{place}?xem=moi", f"{home()}/tep"):
        page = desk.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_reader_downloads_and_changes_nothing(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Who may only read sees the list and takes the wrong rows along, without a form."""
    round_ = month(platform, "Người xem")
    place = upload(desk, at(round_, "nhap"), list_file(platform)).headers["location"]
    platform.permissions = TEACHER
    page = desk.get(place).text
    assert 'name="v-' not in page
    assert "Đi tiếp với" not in page
    assert desk.get(f"{place}/dong-sai.xlsx").status_code == 200


def test_the_template_leads_with_the_rounds_columns(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """A column for each item of the list; what has one price for all has none."""
    round_ = month(platform, "Mẫu")
    answer = desk.get(at(round_, "nhap", "mau.xlsx"))
    heading = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()[0]
    assert heading[-1] == "Tiền ăn bán trú"
    assert "Nước uống" not in heading
    other = desk.get(f"{home()}/tep/{ids.external('imp', ids.new())}")
    assert other.status_code == 404


def test_a_list_of_pupils_without_a_round(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Pupils come in before any round; afterwards they stand in their class."""
    content = "Họ và tên,Ngày sinh,Lớp\nĐinh Thị Mới Vào,3/9/2019,5B\n".encode()
    place = upload(desk, f"{home()}/nhap", content, "moi.csv", school_year="2026-2027").headers["location"]
    assert "1 dòng, dòng nào cũng dùng được" in words(desk.get(place).text)
    done = send(desk, f"{place}/di-tiep", place)
    assert done.headers["location"] == place
    assert "Đinh Thị Mới Vào" in desk.get(f"{home()}/hoc-sinh", params={"lop": "5B"}).text
    pupil = next(row for row in platform.schools.pupils.values() if row.full_name == "Đinh Thị Mới Vào")
    assert isinstance(pupil, pb.Pupil)
    del platform.schools.pupils[pupil.id]
