"""What the finance pages list: credits by filter, raw messages, the ledger, in both languages."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from services.reconciliation.store import lists
from tests.integration.gateway.finance.forms import page_of, words_of
from tests.support.finance_desk import FinanceDesk


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


def test_a_search_says_how_far_it_came_and_goes_on(
    desk: FinanceDesk, clerk: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old money is found by going on; what was not looked at yet is never called absent."""
    old = desk.money(11_000, "dong phuc cua con")
    for number in range(5):
        desk.money(20_000 + number, f"an trua {number}")
    monkeypatch.setattr(lists, "WINDOW", 3)
    shown = clerk.get("/doi-soat?tim=đồng phục").text
    assert "Chưa thấy khoản nào" in shown
    assert re.search(r"Đã tìm các khoản báo từ lúc ..:..:.. ngày ../../.... tới nay\.", words_of(shown))
    onward = re.search(r'href="([^"]+)">Tìm tiếp', shown)
    assert onward is not None
    assert page_of(old) in clerk.get(html.unescape(onward[1])).text
    assert "Không thấy khoản nào" in clerk.get("/doi-soat?tim=khong co gi&xem=thua").text


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
