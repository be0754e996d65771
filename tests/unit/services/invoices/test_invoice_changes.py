"""What a person may do to an invoice, and what its state follows from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.invoices.domain import errors
from services.invoices.domain.drafts import checked_draft
from services.invoices.domain.invoices import (
    TRANSITIONS,
    Invoice,
    State,
    checked_reason,
    lines_at,
    numbered,
    state_after,
)
from tests.support.invoices import MOMENT, ORGANISATION, make_draft, make_line

LATER = MOMENT + timedelta(hours=1)
amounts = st.integers(min_value=-(10**13), max_value=10**14)


def make_invoice(**overrides: Any) -> Invoice:
    invoice = checked_draft(make_draft()).invoice(UUID(int=7), "XD1", ORGANISATION, "schools", MOMENT)
    return replace(invoice, **overrides)


@given(st.sampled_from(State), st.integers(min_value=1, max_value=10**13), amounts)
def test_the_state_follows_from_the_amounts(state: State, due: int, paid: int) -> None:
    """Void stays void; else nothing, part or all is paid; and the table of transitions allows it."""
    after = state_after(state, due, paid)
    if state is State.VOID:
        assert after is State.VOID
    else:
        assert after is (State.OPEN if paid <= 0 else State.PAID if paid >= due else State.PART_PAID)
    assert after is state or after in TRANSITIONS[state]


def test_void_is_final() -> None:
    """No transition leaves void, and every other state leads there."""
    assert TRANSITIONS[State.VOID] == frozenset()
    assert all(State.VOID in TRANSITIONS[state] for state in State if state is not State.VOID)


@pytest.mark.parametrize("state", [State.OPEN, State.PART_PAID, State.PAID])
def test_voiding_takes_effect_at_once_whatever_is_paid(state: State) -> None:
    """Version and sequence rise; what was paid stays recorded until reconciliation takes it back."""
    voided = make_invoice(state=state, amount_paid=100).void("  Học sinh  chuyển trường ", LATER)
    assert (voided.state, voided.version, voided.sequence) == (State.VOID, 2, 1)
    assert (voided.amount_paid, voided.void_reason) == (100, "Học sinh chuyển trường")
    assert voided.change_time == LATER


def test_voiding_twice_or_without_reason_is_refused() -> None:
    """A void invoice says so; a reason is asked for."""
    with pytest.raises(errors.InvoiceVoidAlready):
        make_invoice(state=State.VOID).void("x", LATER)
    for reason in ("", " \n", "x" * 501):
        with pytest.raises(errors.ReasonMissing):
            make_invoice().void(reason, LATER)
        with pytest.raises(errors.ReasonMissing):
            checked_reason(reason)


def test_other_lines_keep_the_reference() -> None:
    """The amount follows the new lines, whose ids no older version used; the old code still finds the invoice."""
    invoice = make_invoice()
    changed = invoice.change((make_line(amount=90_000), make_line(id="keep", amount=10_000)), None, LATER)
    assert (changed.reference, changed.amount_due) == (invoice.reference, 100_000)
    assert (changed.version, changed.sequence, changed.due_date) == (2, 1, invoice.due_date)
    assert [line.id for line in changed.lines] == ["2.1", "keep"]


def test_the_due_date_alone_may_change() -> None:
    """No new lines: the present ones stay as they are."""
    invoice = make_invoice()
    changed = invoice.change((), date(2026, 10, 31), LATER)
    assert (changed.lines, changed.amount_due, changed.due_date) == (
        invoice.lines,
        invoice.amount_due,
        date(2026, 10, 31),
    )


def test_a_change_after_payment_says_what_to_do() -> None:
    """Paid, void and empty changes are refused, each with its own reason."""
    with pytest.raises(errors.InvoiceHasPayment) as refused:
        make_invoice(state=State.PART_PAID, amount_paid=1).change((make_line(),), None, LATER)
    assert "phiếu bổ sung" in refused.value.text_vi
    with pytest.raises(errors.InvoiceVoidAlready):
        make_invoice(state=State.VOID).change((make_line(),), None, LATER)
    with pytest.raises(errors.NothingToChange):
        make_invoice().change((), None, LATER)


def test_overdue_and_overpaid_are_derived() -> None:
    """Overdue the day after, while something is open; overpaid when more was applied than is now due."""
    invoice = make_invoice()
    assert not invoice.is_overdue(date(2026, 9, 30))
    assert invoice.is_overdue(date(2026, 10, 1))
    assert not replace(invoice, state=State.PAID).is_overdue(date(2026, 10, 1))
    assert not replace(invoice, due_date=None).is_overdue(date(2027, 1, 1))
    assert replace(invoice, amount_paid=600_001).is_overpaid
    assert not replace(invoice, amount_paid=600_000).is_overpaid


def test_lines_in_force_are_those_of_the_newest_version_that_brought_any() -> None:
    """Voiding and new due dates bring none; a payment for an older version is split over its lines."""
    one, three = numbered((make_line(),), 1), numbered((make_line(amount=1),), 3)
    versions = {1: one, 3: three}
    assert [lines_at(versions, version) for version in (1, 2, 3, 4)] == [one, one, three, three]
    assert lines_at({}, 1) == ()
