"""What a payable takes, and how a payment is split over its lines without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.domain.payable import (
    UNCLASSIFIED,
    Definition,
    Kind,
    Line,
    Payable,
    Split,
    split,
)

AMOUNTS = st.integers(min_value=1, max_value=10**12)
LINES = st.lists(
    st.builds(
        lambda number, amount, priority, is_paused: Line(
            str(number), f"c{priority}", amount, priority, is_paused, 0
        ),
        st.integers(),
        AMOUNTS,
        st.integers(0, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda line: line.line_id,
)


def make_payable(*lines: Line, due: int | None = 0, **overrides: object) -> Payable:
    own = lines or (Line("l1", "hoc_phi", 100, 1, False, 0),)
    total = sum(line.amount for line in own) if due == 0 else due
    fields: dict[str, object] = {
        "version": 1,
        "kind": Kind.INVOICE,
        "is_void": False,
        "reference": "XD1",
        "organisation_id": "o",
        "account_id": "a",
        "virtual_account": "",
        "payer_id": "p",
        "amount_due": total,
        "due_date": "",
        "is_oldest_first": False,
    }
    return Payable("id", Definition(**(fields | overrides)), own, 0, 0)  # type: ignore[arg-type]


@given(LINES, AMOUNTS)
def test_a_split_loses_nothing(lines: list[Line], amount: int) -> None:
    """The parts sum to the amount, none is negative, and lines hold no more than theirs while others are open."""
    parts = split(lines, amount)
    assert sum(parts) == amount
    assert min(parts) >= 0
    if amount <= sum(line.amount for line in lines):
        assert all(part <= line.amount for part, line in zip(parts, lines, strict=True))


@given(LINES, st.data())
def test_priorities_are_paid_in_order(lines: list[Line], data: st.DataObject) -> None:
    """A line gets nothing while one that comes before it (unpaused, lower priority) is still open."""
    total = sum(line.amount for line in lines)
    parts = split(lines, data.draw(st.integers(1, total)))
    for line, part in zip(lines, parts, strict=True):
        for other, own in zip(lines, parts, strict=True):
            if (other.is_paused, other.priority) < (line.is_paused, line.priority) and part:
                assert own == other.amount


@given(LINES, st.lists(AMOUNTS, min_size=1, max_size=6))
def test_paying_and_undoing_ends_where_it_began(lines: list[Line], amounts: list[int]) -> None:
    """Part payments fill lines exactly; undone in reverse order every line is empty again."""
    payable = make_payable(*lines)
    made: list[tuple[Split, ...]] = []
    for amount in amounts:
        taken = payable.takes(amount)
        if not taken:
            continue
        payable, splits = payable.apply(taken)
        assert sum(part.amount for part in splits) == taken
        assert sum(line.applied for line in payable.lines) == payable.applied
        made.append(splits)
    if payable.open == 0:
        assert all(line.applied == line.amount for line in payable.lines)
    version = payable.applied_version
    for splits in reversed(made):
        payable = payable.release(splits)
    assert payable.applied == 0
    assert all(line.applied == 0 for line in payable.lines)
    assert payable.applied_version == version + len(made)


def test_in_proportion_within_one_priority() -> None:
    """100 over open 200 and 100: two thirds and one third, to the đồng."""
    lines = [Line("a", "x", 200, 1, False, 0), Line("b", "y", 100, 1, False, 0)]
    assert split(lines, 100) == [67, 33]


def test_paused_lines_come_last() -> None:
    """A paused line is paid only when nothing else is open."""
    lines = [Line("a", "x", 200, 1, True, 0), Line("b", "y", 100, 9, False, 0)]
    assert split(lines, 100) == [0, 100]
    assert split(lines, 150) == [50, 100]


def test_a_payable_without_lines() -> None:
    """Its money is posted as unclassified rather than refused."""
    payable = make_payable(due=50)._replace(lines=())
    assert payable.apply(50)[1] == (Split("", UNCLASSIFIED, 50),)


@pytest.mark.parametrize(
    ("overrides", "applied", "amount", "taken"),
    [
        ({}, 0, 40, 40),
        ({}, 70, 40, 30),
        ({}, 100, 40, 0),
        ({"is_void": True}, 0, 40, 0),
        ({"kind": Kind.SALE}, 70, 40, 40),
        ({"kind": Kind.SALE}, 100, 40, 40),
        ({"kind": Kind.STANDING, "amount_due": None}, 500, 40, 40),
    ],
)
def test_takes(overrides: dict[str, object], applied: int, amount: int, taken: int) -> None:
    """At most what is open; a stall takes all that comes; void takes nothing."""
    payable = make_payable(**overrides)._replace(applied=applied)
    assert payable.takes(amount) == taken


def test_a_newer_definition_that_still_fits_keeps_what_was_applied() -> None:
    """Raising an amount moves nothing; lowering it under what was applied, or dropping a paid line, does."""
    before, _ = make_payable(Line("a", "x", 100, 1, False, 0)).apply(60)
    raised = before.redefine(
        before.definition._replace(version=2, amount_due=200), [Line("a", "x", 200, 1, False, 0)]
    )
    assert raised.lines[0].applied == 60
    assert not raised.must_apply_anew(before)
    lowered = before.redefine(before.definition._replace(amount_due=50), [Line("a", "x", 50, 1, False, 0)])
    assert lowered.must_apply_anew(before)
    other = before.redefine(before.definition, [Line("b", "x", 100, 1, False, 0)])
    assert other.must_apply_anew(before)
    shrunk = before.redefine(
        before.definition, [Line("a", "x", 30, 1, False, 0), Line("b", "x", 70, 1, False, 0)]
    )
    assert shrunk.must_apply_anew(before)
    void = before.redefine(before.definition._replace(is_void=True), [])
    assert not void.must_apply_anew(before)


def test_a_payable_without_a_payer_is_its_own() -> None:
    """The excess of an anonymous payable is kept under the payable's id."""
    assert make_payable(payer_id="").payer == "payable:id"
    assert make_payable().payer == "p"
