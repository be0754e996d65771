"""The ladder: whose money it is, and how much of it pays what."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.references import Found, Outcome
from services.reconciliation.domain.credit import Reason
from services.reconciliation.domain.ladder import decide, waiting_keys
from services.reconciliation.domain.payable import Definition, Kind, Line, Payable

NOTHING = Found(Outcome.NONE, ())
HERE = frozenset({"school"})


def payable(reference: str, due: int = 100, **overrides: object) -> Payable:
    fields: dict[str, object] = {
        "version": 1,
        "kind": Kind.INVOICE,
        "is_void": False,
        "reference": reference,
        "organisation_id": "school",
        "account_id": "a",
        "virtual_account": "",
        "payer_id": f"payer of {reference}",
        "amount_due": due,
        "due_date": "",
        "is_oldest_first": False,
    }
    return Payable(
        reference,
        Definition(**(fields | overrides)),  # type: ignore[arg-type]
        (Line("l", "c", due, 1, False, 0),),
        0,
        0,
    )


class Known:
    """Payables in memory."""

    def __init__(self, *payables: Payable) -> None:
        self._all = payables

    def by_reference(self, reference: str) -> Payable | None:
        return next((each for each in self._all if each.definition.reference == reference), None)

    def by_virtual_account(self, virtual_account: str) -> Sequence[Payable]:
        return [each for each in self._all if each.definition.virtual_account == virtual_account]


def match(*references: str) -> Found:
    return Found(Outcome.MATCH if len(references) == 1 else Outcome.AMBIGUOUS, references)


@pytest.mark.parametrize(
    ("found", "reason", "key"),
    [
        (NOTHING, Reason.NO_REFERENCE, ""),
        (Found(Outcome.SUGGEST, ("A",)), Reason.NO_REFERENCE, ""),
        (match("A", "B"), Reason.AMBIGUOUS_REFERENCE, ""),
        (match("X"), Reason.AWAITING_PAYABLE, "X"),
        (match("ELSEWHERE"), Reason.WRONG_ACCOUNT, ""),
        (match("VOID"), Reason.VOID, ""),
    ],
)
def test_what_waits(found: Found, reason: Reason, key: str) -> None:
    """Nothing is guessed: all of it waits, with its reason."""
    known = Known(
        payable("A"),
        payable("B"),
        payable("ELSEWHERE", organisation_id="other"),
        payable("VOID", is_void=True),
    )
    decision = decide(70, HERE, "", found, known)
    assert (decision.suspended, decision.reason, decision.waiting_key) == (70, reason, key)
    assert not decision.payments


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**9),
    st.integers(0, 10**9),
    st.sampled_from(list(Kind)),
    st.booleans(),
)
def test_a_decision_always_holds_the_whole_amount(
    amount: int, due: int, applied: int, kind: Kind, is_void: bool
) -> None:
    """Payments, payer's credit and suspense sum to what arrived; no invoice gets more than is due."""
    standing = kind is Kind.STANDING
    own = payable("A", due, kind=kind, is_void=is_void, amount_due=None if standing else due)
    own = own._replace(applied=min(applied, due))
    decision = decide(amount, HERE, "", match("A"), Known(own))
    paid = sum(part for _, part in decision.payments)
    assert paid + decision.kept + decision.suspended == amount
    assert min(paid, decision.kept, decision.suspended) >= 0
    if kind is Kind.INVOICE:
        assert own.applied + paid <= due


def test_an_account_that_two_organisations_share() -> None:
    """The reference says whose of the two it is."""
    other = payable("A", organisation_id="other")
    decision = decide(100, frozenset({"school", "other"}), "", match("A"), Known(other))
    assert decision.organisation_id == "other"
    assert decision.payments == ((other, 100),)


class TestVirtualAccount:
    """The account names the payer."""

    own = {"virtual_account": "V", "payer_id": "p"}

    def test_his_reference(self) -> None:
        first, second = payable("A", **self.own), payable("B", **self.own)
        assert decide(100, HERE, "V", match("B"), Known(first, second)).payments == ((second, 100),)

    def test_another_payers_reference(self) -> None:
        known = Known(payable("A", **self.own), payable("B"))
        assert decide(100, HERE, "V", match("B"), known).reason is Reason.PAYER_MISMATCH
        assert decide(100, HERE, "V", match("A", "B"), known).reason is Reason.PAYER_MISMATCH

    def test_two_of_his_references(self) -> None:
        known = Known(payable("A", **self.own), payable("B", **self.own))
        assert decide(100, HERE, "V", match("A", "B"), known).reason is Reason.AMBIGUOUS_REFERENCE

    def test_an_account_of_several_payers_needs_a_reference(self) -> None:
        known = Known(payable("A", virtual_account="V"), payable("B", virtual_account="V"))
        assert decide(100, HERE, "V", NOTHING, known).reason is Reason.PAYER_MISMATCH
        assert decide(100, HERE, "V", match("B"), known).payments[0][0].id == "B"

    def test_his_one_equal_payable(self) -> None:
        first, second = payable("A", 100, **self.own), payable("B", 50, **self.own)
        assert decide(50, HERE, "V", NOTHING, Known(first, second)).payments == ((second, 50),)

    def test_two_equal_ones_are_not_guessed(self) -> None:
        first, second = payable("A", 50, **self.own), payable("B", 50, **self.own)
        decision = decide(50, HERE, "V", NOTHING, Known(first, second))
        assert (decision.kept, decision.payer) == (50, "p")

    def test_oldest_first_where_the_biller_allows_it(self) -> None:
        late = payable("A", 100, due_date="2026-10-01", is_oldest_first=True, **self.own)
        early = payable("B", 100, due_date="2026-09-01", is_oldest_first=True, **self.own)
        decision = decide(250, HERE, "V", NOTHING, Known(late, early))
        assert decision.payments == ((early, 100), (late, 100))
        assert decision.kept == 50

    def test_an_account_of_another_organisation_is_no_clue(self) -> None:
        known = Known(payable("A", organisation_id="other", **self.own))
        assert decide(10, HERE, "V", NOTHING, known).reason is Reason.NO_REFERENCE

    def test_before_his_first_payable(self) -> None:
        decision = decide(10, HERE, "V", NOTHING, Known())
        assert (decision.reason, decision.waiting_key) == (Reason.NO_REFERENCE, "va:V")
        assert waiting_keys("V", match("A")) == ("A", "va:V")
        assert waiting_keys("", NOTHING) == ()


@pytest.mark.parametrize(
    ("applied", "amount", "exceptions"),
    [
        (0, 100, ()),
        (0, 130, ("OVERPAID",)),
        (0, 40, ("UNDERPAID",)),
        (60, 100, ("OVERPAID",)),
        (100, 100, ("DUPLICATE_PAYMENT",)),
    ],
)
def test_a_sale_takes_all_that_comes(applied: int, amount: int, exceptions: tuple[str, ...]) -> None:
    """Short, over or paid twice stands beside the payment; nothing is kept for a payer."""
    own = payable("A", 100, kind=Kind.SALE)._replace(applied=applied)
    decision = decide(amount, HERE, "", match("A"), Known(own))
    assert (decision.payments, decision.kept, decision.exceptions) == (((own, amount),), 0, exceptions)
