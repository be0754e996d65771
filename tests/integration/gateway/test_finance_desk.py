"""The finance clerk's pages over HTTP: what they show, what their forms do, and what they refuse."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from kit import auth, ids
from kit.postgres import Server
from tests.integration.gateway.test_pages import send, token_of
from tests.support.fake_services import OTHER_SCHOOL, PASSWORD, SCHOOL
from tests.support.finance_desk import FinanceDesk, finance_desk
from tests.support.gateway import running_gateway, settings_for

LOGIN = "lan.chi@hoamai.example"


@pytest.fixture
def desk(postgres_server: Server) -> Iterator[FinanceDesk]:
    with finance_desk(postgres_server) as started:
        yield started


@pytest.fixture
def clerk(desk: FinanceDesk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A clerk of the school who has signed in."""
    with (
        running_gateway(settings_for(desk.platform, tmp_path_factory.mktemp("demo"))) as url,
        httpx.Client(base_url=url, headers={"Origin": url}, timeout=20) as client,
    ):
        send(client, "/dang-nhap", "/dang-nhap", login=LOGIN, password=PASSWORD, next="/doi-soat")
        yield client


def page_of(credit_id: str) -> str:
    """The address of a credit's page."""
    return f"/doi-soat/khoan/{ids.external('crd', UUID(credit_id))}"


def form_of(page: str, action: str, number: int = 0) -> dict[str, str]:
    """The hidden and filled fields of a form on a page, by the end of its address."""
    forms = re.findall(r'<form[^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = [body for address, body in forms if address.split("?")[0].endswith(action)]
    fields = re.findall(r"<input([^>]*)>", found[number])
    named = [(re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)) for field in fields]
    return {name[1]: html.unescape(value[1]) if value else "" for name, value in named if name}


def words_of(page: str) -> str:
    """A page's text in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def act(client: httpx.Client, credit_id: str, action: str, number: int = 0, **fields: str) -> httpx.Response:
    """Send a form of a credit's page, filled in further."""
    shown = client.get(page_of(credit_id)).text
    return client.post(f"{page_of(credit_id)}/{action}", data={**form_of(shown, action, number), **fields})


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


def test_the_filters_narrow_the_list(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """By reason, by what rules left over, by age, and by what somebody types."""
    bill, void = desk.bill(amount=500_000), desk.bill("Trần Gia Bảo", 400_000)
    desk.change(void, state=2)
    nameless = desk.money(11_000, "chuyen tien mua sach")
    voided = desk.money(400_000, void.reference)
    short = desk.money(100_000, bill.reference)
    over = desk.money(410_000, bill.reference)

    def shown(query: str) -> set[str]:
        text = clerk.get(f"/doi-soat{query}").text
        return {id for id in (nameless, voided, short, over) if f'href="{page_of(id)}' in text}

    assert shown("") == {nameless, voided}
    assert shown("?ly-do=void") == {voided}
    assert shown("?xem=thua") == {over}
    assert shown("?xem=thieu") == set()
    part = desk.money(30_000, desk.bill("Lê Hoài An", 31_000).reference)
    assert page_of(part) in clerk.get("/doi-soat?xem=thieu").text
    assert "cần 31.000 ₫, còn thiếu 1.000 ₫." in words_of(clerk.get(page_of(part)).text)
    assert shown("?tim=11.000") == {nameless}
    assert shown("?tim=mua sach") == {nameless}
    assert shown(f"?tim={bill.reference}") == {short, over}
    assert shown("?tim=nguyen van toan") == {nameless, voided, short, over}
    assert shown("?cu=1") == {nameless, voided}
    assert shown("?xem=la&ly-do=gi-do&xep=cu-truoc") == {nameless, voided}


def test_raw_messages_and_entries_are_shown_word_for_word(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """What the bank sent stands there as it was sent, harmless, with the journal entry beside it."""
    credit = desk.money(64_000, "<script>alert(1)</script>")
    shown = clerk.get(f"{page_of(credit)}/tin").text
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "provider_transaction_id" in shown
    assert "Treo, chờ xử lý" in shown
    desk.platform.permissions -= {"intake.read"}
    assert "provider_transaction_id" not in clerk.get(f"{page_of(credit)}/tin").text


def test_what_could_not_be_read_is_closed_with_a_reason(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """A repeat with another amount and an account that nobody knows wait under their tab."""
    facts = {"provider_transaction_id": "X1"}
    desk.money(50_000, "mot", **facts)
    desk.message(
        {"credits": [{"provider_transaction_id": "X1", "account": "9021000011187", "amount": 51_000}]}
    )
    desk.message({"credits": [{"provider_transaction_id": "X2", "account": "999", "amount": 1_000}]})
    assert "Báo lại khác nhau" in clerk.get("/doi-soat").text
    shown = clerk.get("/doi-soat/tin-loi").text
    assert "Báo lại với số tiền khác" in shown
    assert "Tài khoản không thuộc kết nối" in shown
    action = re.search(r'action="(/doi-soat/tin-loi/exc_[^"]+/dong)', shown)
    assert action is not None
    fields = form_of(shown, "/dong")
    assert clerk.post(action[1], data={**fields, "reason": ""}).status_code == 422
    assert clerk.post(action[1], data={**fields, "reason": "đã hỏi ngân hàng"}).status_code == 303
    assert clerk.get("/doi-soat/tin-loi").text.count("exc_") < shown.count("exc_")
    assert "đã hỏi ngân hàng" in clerk.get("/doi-soat/tin-loi?xong=1").text


def test_the_ledger_agrees(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Every account with its balance; both sides have one sum."""
    bill = desk.bill(amount=500_000)
    desk.money(600_000, bill.reference)
    desk.money(70_000, "chuyen tien")
    shown = words_of(clerk.get("/doi-soat/so-cai").text)
    assert "Sổ cái khớp" in shown
    assert "Cộng 670.000 670.000" in shown
    assert "Tiền dư của người nộp 100.000" in shown
    assert "Treo, chờ xử lý 70.000" in shown


def test_a_clerk_sees_their_own_organisation_only(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Another biller's credit is not found, whatever is asked for; somebody of the city sees both."""
    foreign = desk.money(80_000, "tien dien", source="other")
    own = desk.money(90_000, "tien hoc")
    unit = ids.external("org", UUID(OTHER_SCHOOL))
    for path in ("/doi-soat", "/doi-soat?xem=tat-ca", f"/doi-soat?don-vi={unit}", "/doi-soat?tim=tien dien"):
        assert page_of(foreign) not in clerk.get(path).text
    for path in (page_of(foreign), f"{page_of(foreign)}/tin", "/doi-soat/khoan/crd_x", f"{page_of(SCHOOL)}"):
        assert clerk.get(path).status_code == 404, path
    token = token_of(clerk.get(page_of(own)).text)
    for action in ("ghi", "de-lai", "giu", "xac-nhan"):
        fields = {
            "form_token": token,
            "request_id": action,
            "reason": "x",
            "payable": ids.external("inv", UUID(SCHOOL)),
        }
        answer = clerk.post(f"{page_of(foreign)}/{action}", data={**fields, "payer": "p"})
        assert answer.status_code == 404, action
    desk.platform.scope = auth.EVERYWHERE
    everything = clerk.get("/doi-soat").text
    assert page_of(foreign) in everything
    assert page_of(own) in everything
    assert "2 đơn vị thu" in everything


def test_nobody_else_comes_in_and_no_form_without_its_token(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """A person without the right is refused, a visitor is led to the login, a form from elsewhere does nothing."""
    credit = desk.money(70_000, "chuyen tien")
    fields = form_of(clerk.get(page_of(credit)).text, "de-lai")
    stolen = {**fields, "reason": "x", "form_token": "x.y"}
    assert clerk.post(f"{page_of(credit)}/de-lai", data=stolen).status_code == 403
    assert desk.rows("SELECT park_reason FROM credit") == [("",)]
    desk.platform.permissions = frozenset({"credits.read"})
    assert "/de-lai" not in clerk.get(page_of(credit)).text
    assert clerk.post(f"{page_of(credit)}/de-lai", data={**fields, "reason": "x"}).status_code == 403
    assert clerk.get("/doi-soat/so-cai").status_code == 403
    desk.platform.permissions = frozenset({"schools.read"})
    assert clerk.get("/doi-soat").status_code == 403
    clerk.cookies.clear()
    assert clerk.get("/doi-soat").headers["location"] == "/dang-nhap?next=/doi-soat"


def test_a_message_is_read_again_once_its_account_is_known(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Still unreadable: said so, nothing closed. Then the account is added: its credit is told, once, and all is closed."""
    bill = desk.bill()
    body = {
        "provider_transaction_id": "X2",
        "account": "9021000099999",
        "amount": 936_000,
        "memo": bill.reference,
    }
    desk.message({"credits": [body]})
    shown = clerk.get("/doi-soat/tin-loi").text
    address = re.search(r'action="(/doi-soat/tin-loi/exc_[^"]+/doc-lai)', shown)
    assert address is not None
    refused = clerk.post(address[1], data=form_of(shown, "/doc-lai"))
    assert refused.status_code == 409
    assert "Đọc lại vẫn chưa được" in words_of(refused.text)
    desk.know_account("9021000099999")
    fields = form_of(refused.text, "/doc-lai")
    done = [clerk.post(address[1], data=fields) for _ in range(2)]
    assert [answer.headers.get("location") for answer in done] == ["/doi-soat/tin-loi?viec=doc-lai&so=1"] * 2
    assert len(desk.collect()) == 1
    assert desk.applied(bill) == 936_000
    assert clerk.post(address[1], data=form_of(shown, "/doc-lai")).status_code == 409
    assert "Mọi tin đều đọc được" in clerk.get("/doi-soat/tin-loi").text


def test_stuck_events_are_for_the_city_alone(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Who holds the right in one organisation sees and replays nothing; of the city, everything."""
    desk.platform.permissions |= {"events.replay"}
    desk.bury()
    assert "Việc kẹt giữa các dịch vụ" not in clerk.get("/doi-soat/tin-loi").text
    token = token_of(clerk.get("/tai-khoan").text)
    fields = {"form_token": token, "consumer": "reconciliation.credits", "ordering_id": "x"}
    assert clerk.post("/doi-soat/tin-loi/ket/reconciliation", data=fields).status_code == 403
    desk.platform.scope = auth.EVERYWHERE
    shown = clerk.get("/doi-soat/tin-loi").text
    assert "Việc kẹt giữa các dịch vụ" in shown
    assert "made to fail" in shown
    done = clerk.post("/doi-soat/tin-loi/ket/reconciliation", data=form_of(shown, "ket/reconciliation"))
    assert done.headers["location"] == "/doi-soat/tin-loi?viec=chay-lai&so=1"
    assert "made to fail" not in clerk.get("/doi-soat/tin-loi").text
    assert (
        clerk.post("/doi-soat/tin-loi/ket/directory", data=form_of(shown, "ket/reconciliation")).status_code
        == 404
    )


def test_the_desks_channel_is_for_its_clerks(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """An organisation's channel for who may read its credits, the city's for who may read all; nobody else."""
    own, other = (f"credits:{ids.external('org', UUID(id))}" for id in (SCHOOL, OTHER_SCHOOL))

    def status(channel: str) -> int:
        with clerk.stream("GET", "/v1/events", params={"channel": channel}) as answer:
            return answer.status_code

    assert f'data-channel="{own}"' in clerk.get("/doi-soat").text
    assert [status(channel) for channel in (own, other, "credits:all")] == [200, 403, 403]
    desk.platform.scope = auth.EVERYWHERE
    assert [status(channel) for channel in (own, other, "credits:all", "credits:x")] == [200, 200, 200, 400]
    clerk.cookies.clear()
    assert status(own) == 401


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


def test_every_page_speaks_english_too(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """By the switch; what was written in Vietnamese by people stays as it is."""
    bill = desk.bill(amount=500_000)
    over, nameless = desk.money(600_000, bill.reference), desk.money(70_000, "chuyen tien")
    pages = {
        "/doi-soat": "1 credit is waiting",
        page_of(nameless): "No payment reference can be read in the memo.",
        f"{page_of(over)}/tin": "What the bank sent",
        "/doi-soat/tien-du": "Payers’ credit",
        "/doi-soat/so-cai": "The ledger agrees",
        "/doi-soat/tin-loi": "Every message could be read",
        "/doi-soat/rat-chac": "No very sure credits",
    }
    for path, words in pages.items():
        shown = clerk.get(path, params={"lang": "en"})
        assert shown.status_code == 200, path
        assert '<html lang="en">' in shown.text
        assert words in words_of(shown.text), path
