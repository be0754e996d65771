"""What a clerk decides about a credit over HTTP, what comes of it, and what is refused."""

from __future__ import annotations

import html
import re
from uuid import UUID

import httpx

from kit import auth, ids
from tests.integration.gateway.finance.forms import act, form_of, page_of, words_of
from tests.support.finance_desk import FinanceDesk


def test_an_unmatched_credit_is_shown_with_its_suggestions(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Amount, memo exactly as sent, why the machine did not decide, and the best payable first with its reasons."""
    bill = desk.bill()
    desk.bill("Trần Gia Bảo", 936_000)
    memo = f"{bill.reference[:-1]} KHANH LINH 3A  T11"
    credit = desk.money(936_000, memo)
    listed = clerk.get("/doi-soat").text
    assert "Còn 1 khoản chờ xử lý" in listed
    shown = clerk.get(page_of(credit))
    text = words_of(shown.text)
    assert "936.000 ₫" in text
    assert re.sub(r"<[^>]+>", "", re.search(r'memo-text">(.*?)</p>', shown.text)[1]) == memo  # type: ignore[index]
    assert "Mã bị cụt hoặc sai chữ nên máy không tự ghi." in text
    first = shown.text.split('<li class="offer')[1]
    assert "Nguyễn Khánh Linh, 3A" in words_of(first)
    assert "thiếu 1 ký tự cuối" in words_of(first)
    for reason in ("Mã gần giống", "Số tiền bằng nhau", "Tên KHANH LINH", "Lớp 3A"):
        assert reason in words_of(first)


def test_accepting_pays_goes_on_and_can_be_undone(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """The first suggestion is taken; the next credit comes with what was done; undo puts the money back."""
    bill = desk.bill()
    later = desk.money(5_000, "khong ro")
    credit = desk.money(936_000, "LINH NGUYEN KHANH LINH 3A")
    done = act(clerk, credit, "ghi")
    assert done.status_code == 303
    assert done.headers["location"].startswith(page_of(later))
    assert desk.applied(bill) == 936_000
    following = clerk.get(done.headers["location"]).text
    assert "Đã ghi 936.000 ₫ cho Nguyễn Khánh Linh, 3A." in words_of(following)
    assert "Còn 1 khoản." in words_of(following)
    undone = clerk.post(f"{page_of(credit)}/hoan-tac", data=form_of(following, "hoan-tac"))
    assert undone.headers["location"].startswith(page_of(credit))
    assert desk.applied(bill) == 0
    history = words_of(clerk.get(undone.headers["location"]).text)
    assert "Đỗ Thị Lan Chi đã ghi 936.000 ₫ vào phiếu" in history
    assert "Đỗ Thị Lan Chi đã hoàn tác 936.000 ₫" in history
    assert "Đã hoàn tác. 936.000 ₫ chờ xử lý." in history


def test_a_form_that_is_sent_twice_pays_once(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """A double click, or a browser that sends again after a broken answer."""
    bill = desk.bill(amount=100_000)
    credit = desk.money(250_000, "NGUYEN KHANH LINH 3A")
    fields = form_of(clerk.get(page_of(credit)).text, "ghi")
    fields.pop("keep")
    answers = [clerk.post(f"{page_of(credit)}/ghi", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert desk.applied(bill) == 100_000
    assert desk.rows("SELECT count(*) FROM payment") == [(1,)]
    assert desk.rows("SELECT amount_suspense FROM credit") == [(150_000,)]


def test_who_comes_second_is_told_what_happened(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Two clerks look at one credit; the second decision is refused with who did what, and nothing moves twice."""
    one, other = desk.bill(amount=936_000), desk.bill("Trần Gia Linh", 936_000)
    credit = desk.money(936_000, "LINH 3A")
    seen = clerk.get(page_of(credit)).text
    first = clerk.post(f"{page_of(credit)}/ghi", data=form_of(seen, "ghi", 0))
    second = clerk.post(f"{page_of(credit)}/ghi", data=form_of(seen, "ghi", 1))
    assert (first.status_code, second.status_code) == (303, 409)
    said = words_of(second.text)
    assert "Đỗ Thị Lan Chi đã ghi 936.000 ₫ vào phiếu." in said
    assert "Bây giờ: 936.000 ₫ ở phiếu" in said
    assert desk.applied(one) + desk.applied(other) == 936_000
    parked = clerk.post(f"{page_of(credit)}/de-lai", data={**form_of(seen, "de-lai"), "reason": "hỏi lại"})
    assert parked.status_code == 409


def test_an_undo_names_what_stands_on_it(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """A later payment of the same bill has to be undone first: the answer leads there."""
    bill = desk.bill(amount=900_000)
    first, second = desk.money(300_000, bill.reference), desk.money(200_000, bill.reference)
    refused = act(clerk, first, "hoan-tac", reason="nhầm")
    assert refused.status_code == 409
    assert "phải hoàn tác trước: 200.000 ₫ cho Nguyễn Khánh Linh, 3A" in words_of(refused.text)
    assert f'href="{page_of(second)}#pay_' in refused.text
    assert act(clerk, second, "hoan-tac", reason="nhầm").status_code == 303
    assert act(clerk, first, "hoan-tac", reason="nhầm").status_code == 303
    assert desk.applied(bill) == 0


def test_money_for_two_children_is_split(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Both are named and together they are the amount: the form is filled in; wrong amounts come back as typed."""
    one = desk.bill("Lê Hoài An", 420_000, group_name="2C")
    other = desk.bill("Lê Thanh Bình", 512_000, group_name="4B")
    credit = desk.money(932_000, "HAI CON HOAI AN 2C, THANH BINH 4B")
    shown = clerk.get(page_of(credit)).text
    assert "Hai phiếu cộng lại đúng bằng số tiền" in words_of(shown)
    fields = form_of(shown, "tach", 1)
    parts = {name: value for name, value in fields.items() if name.startswith("part-") and value}
    assert sorted(parts.values()) == ["420.000", "512.000"]
    wrong = clerk.post(
        f"{page_of(credit)}/tach", data={**fields, next(iter(parts)): "42O.000", "reason": "hai con"}
    )
    assert wrong.status_code == 422
    assert 'value="42O.000"' in wrong.text
    unexplained = clerk.post(f"{page_of(credit)}/tach", data={**fields, "reason": " "})
    assert unexplained.status_code == 422
    together = form_of(shown, "tach", 0)
    assert clerk.post(f"{page_of(credit)}/tach", data=together).status_code == 303
    assert (desk.applied(one), desk.applied(other)) == (420_000, 512_000)


def test_what_is_over_is_kept_for_the_payer_and_used_on_request(
    desk: FinanceDesk, clerk: httpx.Client
) -> None:
    """Accepting keeps the excess; the payer's page pays another bill with it, never more than there is, undoable."""
    bill = desk.bill(amount=900_000, payer_id="pupil-linh")
    credit = desk.money(936_000, "NGUYEN KHANH LINH 3A")
    assert "Nhận, giữ thừa 36.000" in words_of(clerk.get(page_of(credit)).text)
    assert act(clerk, credit, "ghi").status_code == 303
    assert desk.applied(bill) == 900_000
    holders = clerk.get("/doi-soat/tien-du").text
    assert "36.000" in words_of(holders)
    address = html.unescape(re.search(r'<th scope="row"><a href="([^"]+)"', holders)[1])  # type: ignore[index]
    second = desk.bill(amount=50_000, payer_id="pupil-linh")
    shown = clerk.get(address).text
    fields = form_of(shown, "dung")
    assert fields["amount"] == "36.000"
    reason = {"reason": "mẹ gọi sáng nay"}
    greedy = clerk.post("/doi-soat/tien-du/nguoi/dung", data={**fields, **reason, "amount": "36.001"})
    assert greedy.status_code == 409
    assert "chỉ còn 36.000 đ, không đủ 36.001 đ" in words_of(greedy.text)
    for _ in range(2):
        used = clerk.post("/doi-soat/tien-du/nguoi/dung", data={**fields, **reason})
        assert used.status_code == 303
    assert desk.applied(second) == 36_000
    back = form_of(clerk.get(used.headers["location"]).text, "nguoi/hoan-tac")
    undone = clerk.post("/doi-soat/tien-du/nguoi/hoan-tac", data={**back, "reason": "nhầm phiếu"})
    assert undone.status_code == 303
    assert desk.applied(second) == 0


def test_parking_needs_a_reason_and_can_be_lifted(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Set aside, found under its tab with the reason, and taken up again."""
    credit = desk.money(70_000, "chuyen tien")
    assert act(clerk, credit, "de-lai", reason="").status_code == 422
    assert act(clerk, credit, "de-lai", reason="chờ phụ huynh trả lời").status_code == 303
    assert "Không còn khoản nào chờ" in clerk.get("/doi-soat").text
    assert page_of(credit) in clerk.get("/doi-soat?xem=de-lai").text
    assert "Đã để lại: chờ phụ huynh trả lời" in words_of(clerk.get(page_of(credit)).text)
    assert act(clerk, credit, "lay-lai").status_code == 303
    assert "Còn 1 khoản chờ xử lý" in clerk.get("/doi-soat").text


def test_a_possible_duplicate_is_decided(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Two sources told of something alike that does not join: a person says that it is one credit."""
    bill = desk.bill(amount=300_000)
    facts = {"occur_time": "2026-09-15T09:30:00+07:00", "bank_reference": None}
    first = desk.money(300_000, "hoc phi linh", **facts)
    again = desk.money(300_000, "hoc phi linh", **facts)
    third = desk.money(300_000, "hoc phi linh", source="second", **facts)
    shown = clerk.get(page_of(third)).text
    assert "Một khoản hay hai khoản?" in shown
    assert act(clerk, third, "trung", same="", reason="sao kê một dòng").status_code == 422
    same = ids.external("crd", UUID(again))
    done = act(clerk, third, "trung", same=same, reason="sao kê một dòng")
    assert done.status_code == 303
    assert desk.rows("SELECT merged_into::text FROM credit WHERE id = :id", id=third) == [(again,)]
    assert desk.applied(bill) == 0
    assert first != again


def test_the_very_sure_ones_are_applied_together(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Shown first, each ticked; what somebody settled meanwhile is named and stops no other; sent twice is once."""
    bills = [desk.bill(name, 700_000 + place) for place, name in enumerate(("Lê An", "Vũ Bình", "Hồ Cúc"))]
    credits = [desk.money(700_000 + place, f"{bill.reference[:-1]} T11") for place, bill in enumerate(bills)]
    desk.money(700_000, "hoc phi khong ma")
    twin = desk.bill("Trần Dung", 5_000)
    for _ in range(2):
        desk.money(5_000, f"{twin.reference[:-1]} T11")
    shown = clerk.get("/doi-soat/rat-chac").text
    assert "3 khoản rất chắc, 2.100.003 ₫" in words_of(shown)
    fields = form_of(shown, "rat-chac")
    assert act(clerk, credits[1], "de-lai", reason="hỏi lại").status_code == 303
    fields.pop(f"take-{ids.external('crd', UUID(credits[2]))}")
    first, again = (clerk.post("/doi-soat/rat-chac", data=fields) for _ in range(2))
    assert (first.status_code, again.status_code) == (409, 409)
    for answer in (first, again):
        assert "Đã ghi 1 khoản, 700.000 ₫." in words_of(answer.text)
        assert "1 khoản chưa ghi được." in words_of(answer.text)
    assert [desk.applied(bill) for bill in bills] == [700_000, 0, 0]
    assert desk.rows("SELECT count(*) FROM payment") == [(1,)]


def test_what_a_trader_handed_over_is_decided_without_its_payer(
    desk: FinanceDesk, clerk: httpx.Client
) -> None:
    """The city's clerk sees amount, account and entry, no memo, no payer and no message; confirmed, it is the trader's again."""
    desk.platform.scope = auth.EVERYWHERE
    secret = desk.of_a_trader(26_000_000, "MUA VANG", is_handed_over=False)
    credit = desk.of_a_trader(25_000_000, "MUA XE MAY", is_handed_over=True)
    assert clerk.get(page_of(secret)).status_code == 404
    listed = clerk.get("/doi-soat").text
    assert "25.000.000" in words_of(listed)
    assert "26.000.000" not in words_of(listed)
    shown = clerk.get(page_of(credit)).text
    assert "Chủ quầy nhờ hỏi ngân hàng khoản này" in words_of(shown)
    assert f"{page_of(credit)}/tin" not in shown
    for text in ("MUA XE MAY", "NGUYEN VAN BINH", "3456"):
        assert text not in words_of(shown), text
        assert text not in words_of(listed), text
    assert "MUA XE MAY" not in clerk.get(f"{page_of(credit)}/tin").text
    done = act(clerk, credit, "xac-nhan", reason="danh sách của ngân hàng có dòng này")
    assert done.status_code == 303
    assert "Khoản này lại chỉ chủ quầy thấy" in words_of(clerk.get(done.headers["location"]).text)
    assert clerk.get(page_of(credit)).status_code == 404
