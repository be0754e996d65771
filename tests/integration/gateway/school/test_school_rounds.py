"""Rounds: opened, filled with items and exemptions, previewed, released, printed, followed."""

from __future__ import annotations

import re
from html import unescape

import httpx

from kit import ids
from kit.text import fold
from tests.support.fake_bills import States
from tests.support.fake_school_city import SchoolPlatform
from tests.support.filled_school import CLASSES, month, released
from tests.support.school_desk import at, home, send, words
from xoai.schools.v1 import schools_service_pb2 as pb


def test_a_new_round_for_grades_and_classes(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """The scope is kept as chosen; a round for no class, without a date or title comes back with what is wrong."""
    shown = f"{home()}/dot-thu/moi"
    facts = {"title": "Khối 1", "period": "Tháng 11", "due_date": "30/11/2030"}
    made = send(desk, shown, shown, **facts, scope="khoi", grade="1")
    assert made.status_code == 303
    round_ = next(item for item in platform.schools.rounds.values() if item.title == "Khối 1")
    assert (round_.scope, list(round_.scope_values)) == (pb.Round.SCOPE_GRADE, ["1"])
    assert round_.due_date == "2030-11-30"
    wrong = send(desk, shown, shown, title="", period="", due_date="hôm qua", scope="lop")
    assert wrong.status_code == 422
    for text in ("Đặt tên đợt thu", "Ghi kỳ thu", "Ghi ngày có thật", "Chọn ít nhất một lớp"):
        assert wrong.text.count(text) >= 2, text
    assert "<title>Lỗi:" in wrong.text
    assert 'value="hôm qua"' in wrong.text


def test_a_round_changed_meanwhile_is_not_overwritten(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Two people with the same form: the second is told, and nothing of the first is lost."""
    round_ = month(platform, "Hai người sửa")
    facts = {"period": "Tháng 11", "due_date": "30/11/2030", "scope": "truong", "version": "1"}
    assert (
        send(desk, at(round_, "sua"), at(round_, "sua"), title="Người thứ nhất", **facts).status_code == 303
    )
    second = send(desk, at(round_, "sua"), at(round_, "sua"), title="Người thứ hai", **facts)
    assert second.status_code == 422
    assert round_.title == "Người thứ nhất"


def test_items_of_the_five_kinds(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """All five legal kinds are offered; a price is needed unless the list gives it; the same title is refused."""
    round_ = month(platform, "Khoản của đợt")
    catalogue = desk.get(at(round_, "khoan", "them")).text
    for name in ("Học phí", "Dịch vụ hỗ trợ giáo dục", "Thoả thuận với cha mẹ", "Thu hộ", "Tự nguyện"):
        assert name in catalogue
    path = at(round_, "khoan", "them")
    form = f"{path}?loai=VS"
    wrong = send(desk, path, form, kind="VS", title="Vệ sinh", how="price", unit_price="", account="")
    assert wrong.status_code == 422
    assert "Ghi đơn giá" in wrong.text
    assert "Chọn tài khoản nhận tiền" in wrong.text
    account = round_.fee_items[0].account_id
    facts = {"kind": "VS", "how": "price", "unit_price": "20.000", "quantity": "1,5", "account": account}
    assert send(desk, path, form, title="Vệ sinh lớp học", **facts).status_code == 303
    added = round_.fee_items[-1]
    assert (added.unit_price, added.quantity_milli) == (20_000, 1_500)
    assert "30.000" in desk.get(at(round_, "khoan")).text
    again = send(desk, path, form, title="VỆ SINH LỚP HỌC", **facts)
    assert again.status_code == 422
    assert "đã có khoản" in again.text
    item_path = at(round_, "khoan", ids.external("itm", ids.UUID(added.id)))
    changed = send(
        desk, f"{item_path}/sua", f"{item_path}/sua", **{**facts, "title": "Vệ sinh", "unit_price": "1"}
    )
    assert changed.status_code == 303
    assert (round_.fee_items[-1].id, round_.fee_items[-1].title) == (added.id, "Vệ sinh")
    assert send(desk, f"{item_path}/bo", at(round_, "khoan")).status_code == 303
    assert all(item.title != "Vệ sinh" for item in round_.fee_items)


def test_exemptions_in_per_cent_and_dong(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """What is taken off needs a reason and an amount that makes sense; both forms end on the family's notice."""
    round_ = month(platform, "Đợt có miễn giảm")
    pupil = next(iter(platform.schools.pupils.values()))
    reference = ids.external("pup", ids.UUID(pupil.id))
    path = at(round_, "mien-giam")
    found = desk.get(path, params={"tim": pupil.full_name})
    assert f"hs={reference}" in found.text
    form = f"{path}?hs={reference}"
    for value, how in (("0", "phan-tram"), ("101", "phan-tram"), ("năm mươi", "phan-tram"), ("1,5", "dong")):
        wrong = send(desk, path, form, pupil=reference, item="", how=how, value=value, reason="Hộ nghèo")
        assert wrong.status_code == 422, value
    wrong = send(desk, path, form, pupil=reference, item="", how="phan-tram", value="50", reason="")
    assert "Ghi lý do miễn giảm" in wrong.text
    done = send(desk, path, form, pupil=reference, item="", how="phan-tram", value="33,5", reason="Hộ nghèo")
    assert done.status_code == 303
    assert platform.schools.exemptions[round_.id, pupil.id, ""].percent_hundredths == 3350
    item = round_.fee_items[1]
    done = send(
        desk, path, form, pupil=reference, item=item.id, how="dong", value="100.000", reason="Con thương binh"
    )
    assert done.status_code == 303
    listed = words(desk.get(path).text)
    assert "2 miễn giảm" in listed
    assert "33,5 %" in listed
    assert "100.000 ₫" in listed
    notice = words(desk.get(at(round_, "gia-dinh", reference)).text)
    assert "Hộ nghèo" in notice
    assert send(desk, f"{path}/bo", path, pupil=reference, item="").status_code == 303
    assert (round_.id, pupil.id, "") not in platform.schools.exemptions


def test_a_release_of_other_figures_than_were_seen_is_refused(
    platform: SchoolPlatform, desk: httpx.Client
) -> None:
    """Somebody came late between the preview and the button: the new figures are shown and nothing is out."""
    round_ = month(platform, "Đợt đổi số")
    html = desk.get(at(round_, "xem-truoc")).text
    seen = {
        name: html.split(f'name="{name}" value="')[1].split('"')[0]
        for name in ("expected_pupils", "expected_amount")
    }
    late = platform.schools.add_pupil("Đến Muộn", "1A", birth_date="2020-01-01")
    refused = send(desk, at(round_, "phat-hanh"), at(round_, "xem-truoc"), **seen)
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert round_.state == pb.Round.STATE_DRAFT
    fresh = {name: refused.text.split(f'name="{name}" value="')[1].split('"')[0] for name in seen}
    assert fresh != seen
    assert send(desk, at(round_, "phat-hanh"), at(round_, "xem-truoc"), **fresh).status_code == 303
    assert round_.state == pb.Round.STATE_RELEASED
    del platform.schools.pupils[late.id]


def test_progress_goes_on_while_nobody_looks(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """The part says how far it is, and when all is done, without scripts as well."""
    round_ = month(platform, "Đợt lớn")
    platform.schools.pace = 60
    html = desk.get(at(round_, "xem-truoc")).text
    seen = {
        name: html.split(f'name="{name}" value="')[1].split('"')[0]
        for name in ("expected_pupils", "expected_amount")
    }
    assert send(desk, at(round_, "phat-hanh"), at(round_, "xem-truoc"), **seen).status_code == 303
    total = len(CLASSES) * 8 * 2
    first = words(desk.get(at(round_, "phat-hanh")).text)
    assert f"/ {total} phiếu" in first
    for _ in range(total // 60 + 1):
        part = desk.get(at(round_, "phat-hanh"), params={"phan": "1"}).text
    assert 'data-done="1"' in part
    assert f"Đã phát hành {total} phiếu" in words(part)
    assert "<html" not in part


def test_who_has_paid_by_class_in_natural_order(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Classes as people count them, sums as the invoices say, and the list of a class by state and name."""
    round_ = month(platform, "Ai đã nộp")
    released(platform, round_)
    html = desk.get(at(round_)).text
    rows = re.findall(r"\?lop=([^\"&]+)\">\1</a>", html)
    assert rows == list(CLASSES)
    bills = platform.of_round(round_.id)
    paid = [bill for bill in bills if bill.state == States.STATE_PAID]
    assert f"trên {len(bills)} phiếu" in words(html)
    listed = desk.get(at(round_, "phieu"), params={"trang_thai": "du", "lop": "1A"}).text
    in_class = [bill for bill in paid if bill.group_name == "1A"]
    assert all(bill.reference in listed for bill in in_class)
    unpaid = [bill for bill in bills if bill.group_name == "1A" and bill not in in_class]
    assert all(bill.reference not in listed for bill in unpaid)
    nothing = desk.get(at(round_, "phieu"), params={"tim": "khôngcóaitênnày"}).text
    assert "Không có phiếu nào" in nothing
    pages, seen, path = 0, set(), at(round_, "phieu")
    while path and pages < 10:
        page = desk.get(path).text
        seen |= set(re.findall(r"XD[0-9A-Z]{8,12}", page))
        more = re.search(r'href="([^"]+trang=[^"]+)"', page)
        path, pages = unescape(more[1]) if more else "", pages + 1
    assert {bill.reference for bill in bills} <= seen


def test_the_round_stands_without_the_desk(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """If reconciliation is away, the round's own figures are shown and the missing part is named."""
    round_ = month(platform, "Bàn vắng")
    released(platform, round_)
    platform.is_desk_away = True
    answer = desk.get(at(round_))
    assert answer.status_code == 200
    assert "Bàn đối soát chưa trả lời" in answer.text


def test_notices_by_class_and_large(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """The class and the size that were asked for go to the printer; the file has a name one finds again."""
    round_ = month(platform, "In phiếu")
    released(platform, round_)
    answer = desk.get(at(round_, "thong-bao.pdf"), params={"lop": "3A", "co": "lon"})
    assert answer.headers["content-type"] == "application/pdf"
    asked = platform.requests[-1][1]
    assert (asked.class_name, asked.large_print) == ("3A", True)
    assert "In-phieu-3A.pdf" in answer.headers["content-disposition"]


def test_the_notice_of_any_family_is_found_from_the_preview(
    platform: SchoolPlatform, desk: httpx.Client
) -> None:
    """Not only the sample: whoever is typed, accents or not, leads to that family's notice."""
    round_ = month(platform, "Phiếu của ai")
    pupil = list(platform.schools.pupils.values())[-1]
    reference = ids.external("pup", ids.UUID(pupil.id))
    assert reference not in desk.get(at(round_, "xem-truoc")).text
    found = desk.get(at(round_, "xem-truoc"), params={"tim": fold(pupil.full_name).lower()}).text
    assert at(round_, "gia-dinh", reference) in found
    notice = words(desk.get(at(round_, "gia-dinh", reference)).text)
    assert pupil.full_name in notice
    assert "Không thấy học sinh nào" in desk.get(at(round_, "xem-truoc"), params={"tim": "zzzz"}).text
