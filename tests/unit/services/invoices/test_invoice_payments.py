"""Facts of payments: each once, in any cutting into batches, and the newest total wins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.invoices.domain.invoices import State
from services.invoices.domain.payments import (
    Applied,
    Fact,
    Known,
    Reversed,
    Standing,
    receipt_number,
    record,
)
from tests.support.invoices import MOMENT, ORGANISATION, make_applied, make_reversed

INVOICE = UUID(int=7)
NOW = MOMENT + timedelta(minutes=1)


def make_standing(**overrides: object) -> Standing:
    standing = Standing(
        invoice_id=INVOICE,
        organisation_id=ORGANISATION,
        reference="XD1",
        batch_id="round-1",
        group_name="6A2",
        state=State.OPEN,
        amount_due=600_000,
        amount_paid=0,
        version=1,
        sequence=0,
        applied_version=0,
        paid_time=None,
        change_time=MOMENT,
    )
    return replace(standing, **overrides)  # type: ignore[arg-type]


def known(*standings: Standing, payments: frozenset[UUID] = frozenset()) -> Known:
    return Known({standing.invoice_id: standing for standing in standings}, payments, {})


def history(amounts: list[tuple[int, bool]]) -> list[Fact]:
    """Payments of one invoice as reconciliation tells them; a true flag takes the payment back later."""
    facts: list[Fact] = []
    total = version = 0
    for amount, is_reversed in amounts:
        total, version = total + amount, version + 1
        facts.append(make_applied(INVOICE, amount=amount, total_applied=total, applied_version=version))
        if is_reversed:
            total, version = total - amount, version + 1
            facts.append(
                replace(
                    make_reversed(facts[-1]),  # type: ignore[arg-type]
                    total_applied=total,
                    applied_version=version,
                )
            )
    return facts


histories = st.lists(st.tuples(st.integers(min_value=1, max_value=10**6), st.booleans()), max_size=8).map(
    history
)


def state_of(facts: list[Fact], cuts: list[int]) -> tuple[Standing, list[Fact]]:
    """The invoice after these facts in batches cut at these places, and the facts recorded."""
    standing, payments, reversals = make_standing(), set[UUID](), dict[UUID, Reversed]()
    recorded: list[Fact] = []
    places = sorted({0, *(cut for cut in cuts if cut < len(facts)), len(facts)})
    for start, end in pairwise(places):
        result = record(facts[start:end], Known({INVOICE: standing}, frozenset(payments), reversals), NOW)
        standing = result.standings[INVOICE]
        for step in result.steps:
            recorded.append(step.fact)
            if isinstance(step.fact, Applied):
                payments.add(step.fact.payment_id)
            else:
                reversals[step.fact.payment_id] = step.fact
    return standing, recorded


@given(histories, st.lists(st.integers(min_value=0, max_value=20)), st.data())
def test_batches_and_repeats_do_not_matter(facts: list[Fact], cuts: list[int], data: st.DataObject) -> None:
    """However facts are cut into batches, and whichever are told again later, the invoice stands the same."""
    expected, _ = state_of(facts, [])
    again = (
        [facts[index] for index in data.draw(st.lists(st.integers(0, max(len(facts) - 1, 0)), max_size=6))]
        if facts
        else []
    )
    standing, recorded = state_of([*facts, *again], cuts)
    assert standing == expected
    assert recorded == facts
    if facts:
        assert standing.amount_paid == facts[-1].total_applied
        assert standing.sequence == len(facts)


@given(histories, st.randoms(use_true_random=False))
def test_the_newest_total_wins_in_any_order(facts: list[Fact], chance: object) -> None:
    """Told out of order (a lost log announced again), the amounts still end at the newest total."""
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    standing, recorded = state_of(shuffled, [])
    assert sorted(recorded, key=lambda fact: fact.applied_version) == facts
    if facts:
        assert (standing.amount_paid, standing.applied_version) == (
            facts[-1].total_applied,
            facts[-1].applied_version,
        )


def test_many_payments_of_one_invoice_in_one_batch() -> None:
    """Each step shows the invoice as it stood after its own payment."""
    facts = history([(100_000, False), (500_000, False), (50_000, False)])
    result = record(facts, known(make_standing()), NOW)
    assert [
        (step.standing.state, step.standing.amount_paid, step.standing.sequence) for step in result.steps
    ] == [
        (State.PART_PAID, 100_000, 1),
        (State.PAID, 600_000, 2),
        (State.PAID, 650_000, 3),
    ]
    assert [standing.sequence for standing in result.changed] == [3]


def test_a_void_invoice_records_what_it_sees() -> None:
    """The payment is kept and numbered; the state stays void."""
    result = record(history([(600_000, False)]), known(make_standing(state=State.VOID)), NOW)
    (step,) = result.steps
    assert (step.standing.state, step.standing.amount_paid) == (State.VOID, 600_000)


def test_payables_of_others_leave_no_trace() -> None:
    """A sale at a stall shares the topic and is not an invoice."""
    result = record([make_applied(uuid4())], known(make_standing()), NOW)
    assert (result.steps, result.changed, result.not_ours) == ([], [], 1)


def test_paid_time_is_the_banks_and_goes_with_the_state() -> None:
    """Set when the invoice turns paid, kept by later payments, gone when a reversal opens it again."""
    paid = make_applied(INVOICE, bank_time=MOMENT - timedelta(days=1))
    more = make_applied(INVOICE, amount=1, total_applied=600_001, applied_version=2)
    standing = make_standing().record(paid, NOW)
    assert standing.paid_time == MOMENT - timedelta(days=1)
    assert standing.record(more, NOW).paid_time == MOMENT - timedelta(days=1)
    undone = standing.record(make_reversed(paid), NOW)
    assert (undone.state, undone.paid_time) == (State.OPEN, None)
    assert make_standing().record(replace(paid, bank_time=None), NOW).paid_time == paid.post_time


def test_a_reversal_in_the_same_batch_cancels_the_receipt_at_birth() -> None:
    """The receipt still gets its number: none is ever left out."""
    applied = make_applied(INVOICE)
    undone = make_reversed(applied)
    result = record([applied, undone], known(make_standing()), NOW)
    assert result.cancelled_at_birth == {applied.payment_id: undone}
    assert result.cancellations == []


def test_a_reversal_of_a_stored_payment_cancels_its_receipt() -> None:
    """And one that is known already does nothing."""
    applied = make_applied(INVOICE)
    undone = make_reversed(applied)
    stored = Known({INVOICE: make_standing()}, frozenset({applied.payment_id}), {})
    assert record([undone], stored, NOW).cancellations == [undone]
    both = replace(stored, reversals={undone.payment_id: undone})
    assert record([applied, undone], both, NOW).steps == []


def test_a_reversal_told_before_its_payment_waits_for_it() -> None:
    """After a lost log the payment may come second: its receipt is then issued cancelled."""
    applied = make_applied(INVOICE)
    undone = make_reversed(applied)
    first = record([undone], known(make_standing()), NOW)
    assert (first.cancellations, first.cancelled_at_birth) == ([], {})
    second = record(
        [applied],
        Known(first.standings, frozenset(), {undone.payment_id: undone}),
        NOW,
    )
    assert second.cancelled_at_birth == {applied.payment_id: undone}
    assert second.standings[INVOICE].amount_paid == 0


def test_receipt_numbers_have_eight_digits() -> None:
    """And no receipt, no number."""
    assert receipt_number(12) == "00000012"
    assert receipt_number(0) == ""


def test_what_a_step_announces() -> None:
    """A payment with its amount and times, a reversal with the amount below zero; a receipt by its eight digits."""
    applied = make_applied(INVOICE)
    paid, undone = record([applied, make_reversed(applied)], known(make_standing()), NOW).steps
    assert (paid.last_change.amount, paid.last_change.bank_time) == (600_000, MOMENT)
    assert (undone.last_change.amount, undone.last_change.bank_time) == (-600_000, None)
