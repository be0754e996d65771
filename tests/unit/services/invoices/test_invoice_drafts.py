"""A draft becomes an invoice whole, or is refused alone with its reason in two languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.invoices.domain import errors
from services.invoices.domain.drafts import MOST_AMOUNT, MOST_LINES, Draft, checked_draft
from services.invoices.domain.invoices import Account, State
from tests.support.invoices import MOMENT, ORGANISATION, make_draft, make_line

ID = UUID(int=7)


def with_account(**overrides: str) -> Draft:
    draft = make_draft()
    return replace(draft, account=replace(draft.account, **overrides))


def with_line(**overrides: Any) -> Draft:
    return make_draft(lines=(make_line(**overrides),))


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (make_draft(lines=()), "NO_LINES"),
        (make_draft(lines=(make_line(amount=0),)), "AMOUNT_NOT_POSITIVE"),
        (make_draft(lines=(make_line(amount=MOST_AMOUNT), make_line(amount=1))), "AMOUNT_TOO_LARGE"),
        (make_draft(lines=(make_line(),) * (MOST_LINES + 1)), "TOO_MANY_LINES"),
        (make_draft(lines=(make_line(id="a"), make_line(id="a"))), "REPEATED_LINE"),
        (with_line(amount=-1), "BAD_LINE"),
        (with_line(amount=MOST_AMOUNT + 1), "BAD_LINE"),
        (with_line(exempted=-5), "BAD_LINE"),
        (with_line(ledger_class="Học phí"), "BAD_LINE"),
        (with_line(ledger_class=""), "BAD_LINE"),
        (with_line(fee_kind="X Y"), "BAD_LINE"),
        (with_line(title="  "), "MISSING_FIELD"),
        (with_line(title="a" * 301), "TEXT_TOO_LONG"),
        (make_draft(source_id=""), "MISSING_FIELD"),
        (make_draft(title="\u200b"), "MISSING_FIELD"),
        (make_draft(payer_name=""), "MISSING_FIELD"),
        (make_draft(payer_name="a" * 201), "TEXT_TOO_LONG"),
        (make_draft(due_date="30/9/2026"), "BAD_DATE"),
        (make_draft(due_date="2026-02-30"), "BAD_DATE"),
        (make_draft(due_date="1926-02-03"), "BAD_DATE"),
        (make_draft(due_date="20260930"), "BAD_DATE"),
        (with_account(id=""), "MISSING_ACCOUNT"),
        (with_account(bin=""), "MISSING_ACCOUNT"),
        (with_account(number=" "), "MISSING_ACCOUNT"),
        (with_account(holder_name=""), "MISSING_ACCOUNT"),
        (with_account(bin="97043"), "BAD_ACCOUNT"),
        (with_account(number="101-234"), "BAD_ACCOUNT"),
        (with_account(number="1" * 20), "BAD_ACCOUNT"),
        (with_account(id="a" * 101), "TEXT_TOO_LONG"),
        (with_account(holder_name="A" * 201), "TEXT_TOO_LONG"),
    ],
)
def test_a_wrong_draft_is_refused_with_its_reason(draft: Draft, reason: str) -> None:
    """Each fault has a reason for programs and a sentence in Vietnamese and English with nothing left open."""
    with pytest.raises(errors.DraftRefused) as refused:
        checked_draft(draft)
    assert refused.value.reason == reason
    assert "…" not in refused.value.text_vi + refused.value.text_en
    assert "{" not in refused.value.text_vi + refused.value.text_en


def test_a_draft_becomes_an_open_invoice() -> None:
    """Nothing paid, version 1, no change yet; lines without an id get one."""
    draft = checked_draft(make_draft(lines=(make_line(id="tuition"), make_line(amount=5_000))))
    invoice = draft.invoice(ID, "XD1", ORGANISATION, "schools", MOMENT)
    assert (invoice.state, invoice.amount_due, invoice.amount_paid) == (State.OPEN, 125_000, 0)
    assert (invoice.version, invoice.sequence, invoice.applied_version) == (1, 0, 0)
    assert [line.id for line in invoice.lines] == ["tuition", "1.2"]
    assert str(invoice.due_date) == "2026-09-30"
    assert invoice.search_text.startswith("NGUYEN NGOC BAO HAN HS")
    assert make_draft(due_date="").invoice(ID, "XD1", ORGANISATION, "schools", MOMENT).due_date is None
    assert checked_draft(make_draft(due_date=" ")).due_date == ""


def test_texts_are_cleaned() -> None:
    """Composed, on one line, without control and direction characters; blank codes fall out."""
    draft = checked_draft(
        make_draft(
            payer_name="Nguye\u0302\u0303n\tNgọc\u202e Hân",
            payer_codes=("HS1", "  "),
            account=Account("a", "970436", "123", " TRUONG  A "),
        )
    )
    assert draft.payer_name == "Nguyễn Ngọc Hân"
    assert draft.payer_codes == ("HS1",)
    assert draft.account.holder_name == "TRUONG A"


def test_an_exempted_line_may_be_zero() -> None:
    """A line taken off wholly stands on the bill with 0 đồng."""
    draft = checked_draft(make_draft(lines=(make_line(), make_line(amount=0, exempted=50_000))))
    assert [line.amount for line in draft.lines] == [120_000, 0]


@given(st.lists(st.integers(min_value=0, max_value=MOST_AMOUNT), min_size=1, max_size=20))
def test_the_amount_due_is_the_sum_of_its_lines(amounts: list[int]) -> None:
    """Whatever lines are accepted, they sum to what is owed, and it lies between 1 and the limit."""
    draft = make_draft(lines=tuple(make_line(amount=amount) for amount in amounts))
    if not 0 < sum(amounts) <= MOST_AMOUNT:
        with pytest.raises(errors.DraftRefused):
            checked_draft(draft)
        return
    invoice = checked_draft(draft).invoice(ID, "XD1", ORGANISATION, "schools", MOMENT)
    assert invoice.amount_due == sum(line.amount for line in invoice.lines) == sum(amounts)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_check(name: str, code: str) -> None:
    """Any text gives a draft or a refusal, never another error, and never a control character."""
    try:
        draft = checked_draft(make_draft(payer_name=name, payer_codes=(code,)))
    except errors.DraftRefused:
        return
    assert (draft.payer_name + "".join(draft.payer_codes)).isprintable()
