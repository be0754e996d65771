"""Who may see and do what in a school, and what no request may do."""

from __future__ import annotations

import httpx

from kit import ids
from tests.support.fake_bills import OTHER_SCHOOL, States
from tests.support.fake_school_city import TEACHER, SchoolPlatform
from tests.support.filled_school import month, released
from tests.support.school_desk import NASTY, at, bill_at, home, key_of, token_of, words
from xoai.schools.v1 import schools_service_pb2 as pb


def test_one_school_opens_by_itself_and_several_are_chosen(
    platform: SchoolPlatform, desk: httpx.Client
) -> None:
    """Who works for one school goes straight there; who works for two says which, and finds the way back."""
    assert desk.get("/truong").headers["location"] == home()
    platform.has_second_school = True
    chooser = desk.get("/truong")
    assert chooser.status_code == 200
    assert home(OTHER_SCHOOL) in chooser.text
    assert "Đổi trường" in desk.get(home()).text


def test_another_school_is_not_there(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Neither the school nor anything of it by its id; damaged ids are not found either."""
    round_ = month(platform, organisation_id=OTHER_SCHOOL)
    pupil = platform.schools.add_pupil("Người Khác", "1A", organisation_id=OTHER_SCHOOL)
    bill = platform.issue(round_, next(iter(platform.schools.charges(round_, pupil, fresh=True))))
    pupil_ref = ids.external("pup", ids.UUID(pupil.id))
    for path in (
        home(OTHER_SCHOOL),
        at(round_),
        at(round_, "xem-truoc"),
        at(round_, "thong-bao.pdf"),
        at(round_, "phieu.xlsx"),
        f"{home()}/hoc-sinh/{pupil_ref}",
        bill_at(bill),
        f"{home()}x",
        f"{home()}/dot-thu/rnd_0",
        f"{home()}/tep/imp_zzzz",
    ):
        assert desk.get(path).status_code == 404, path
    del platform.schools.rounds[round_.id], platform.schools.pupils[pupil.id], platform.bills[bill.reference]


def test_a_visitor_signs_in_first_and_comes_back(client: httpx.Client) -> None:
    """A page of a school leads to the login and from there to itself."""
    answer = client.get(f"{home()}/dot-thu")
    assert answer.status_code in (303, 401)
    assert "dang-nhap" in answer.headers.get("location", answer.text)


def test_a_teacher_reads_and_changes_nothing(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """Every page of the teacher's opens; every form is refused by the page and not offered."""
    round_ = month(platform, "Đợt của cô giáo")
    released(platform, round_)
    bill = platform.of_round(round_.id)[0]
    token = token_of(desk.get(f"{home()}/dot-thu/moi").text)
    platform.permissions = TEACHER
    for path in (
        home(),
        f"{home()}/hoc-sinh",
        at(round_),
        at(round_, "phieu"),
        bill_at(bill),
        f"{home()}/da-nop",
    ):
        html = desk.get(path).text
        assert 'method="post"' not in html, path
    for path in (
        f"{home()}/dot-thu/moi",
        f"{home()}/nhap",
        f"{home()}/hoc-sinh/moi",
        at(round_, "sua"),
        at(round_, "nhap"),
        at(round_, "phat-hanh"),
        at(round_, "khoan", "them"),
        at(round_, "mien-giam"),
        bill_at(bill, "huy"),
        bill_at(bill, "sua"),
        bill_at(bill, "lien-ket"),
    ):
        answer = desk.post(path, data={"form_token": token, "request_id": "x"})
        assert answer.status_code == 403, path
    assert bill.state != States.STATE_VOID


def test_a_form_of_another_site_or_without_its_token_is_refused(
    platform: SchoolPlatform, desk: httpx.Client
) -> None:
    """Nothing of a school is changed by a request that no page of ours has made."""
    round_ = month(platform, "Đợt bị dòm ngó")
    html = desk.get(at(round_, "xem-truoc")).text
    fields = {"expected_pupils": "1", "expected_amount": "1", "request_id": key_of(html)}
    foreign = {"Origin": "https://evil.example"}
    path = at(round_, "phat-hanh")
    assert desk.post(path, data=fields).status_code == 403
    answer = desk.post(path, data={**fields, "form_token": token_of(html)}, headers=foreign)
    assert answer.status_code == 403
    assert round_.state == pb.Round.STATE_DRAFT


def test_search_needs_no_accents_and_a_reference_leads_to_its_invoice(
    platform: SchoolPlatform, desk: httpx.Client
) -> None:
    """Pupils, invoices and classes by what was typed; hostile texts are only texts."""
    round_ = month(platform, "Tìm")
    released(platform, round_, paid=0)
    bill = platform.of_round(round_.id)[0]
    path = f"{home()}/tim"
    assert desk.get(path, params={"tim": bill.reference.lower()}).headers["location"] == bill_at(bill)
    platform.schools.add_pupil("Đặng Quỳnh Ễnh Ương", "5B")
    assert "Đặng Quỳnh Ễnh Ương" in desk.get(path, params={"tim": "dang quynh enh"}).text
    assert "Lớp" in desk.get(path, params={"tim": "1a"}).text
    assert "Không thấy gì" in desk.get(path, params={"tim": "zzzz"}).text
    for text in (NASTY, "'; DROP TABLE x; --", "{{ 1234*4321 }}", "%00", "\u202eđảo", "a" * 5000):
        answer = desk.get(path, params={"tim": text})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "5332114" not in words(answer.text)


def test_every_page_in_english(platform: SchoolPlatform, desk: httpx.Client) -> None:
    """The switch turns the school's pages as well; figures keep their form."""
    round_ = month(platform, "English")
    released(platform, round_)
    html = desk.get(at(round_), params={"lang": "en"}).text
    assert "Paid in full" in html
    assert "By class" in html
    assert "Theo lớp" not in html
    desk.get("/", params={"lang": "vi"})
