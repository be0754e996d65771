"""Messages of the bank that could not be read, and events that a service could not handle."""

from __future__ import annotations

import re

import httpx

from kit import auth
from tests.integration.gateway.finance.forms import form_of, words_of
from tests.integration.gateway.test_pages import token_of
from tests.support.finance_desk import FinanceDesk


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
