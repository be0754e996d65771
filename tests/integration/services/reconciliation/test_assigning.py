"""A person assigns money to payables and takes it back, over real gRPC under row-level security."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kit import audit
from kit.errors import Error, FailedPrecondition, InvalidArgument
from kit.testing.service import Client
from tests.integration.services.reconciliation.calls import BANK, assign, request_id, suspense, undo
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told


def test_assign_to_two_children(recon: Reconciliation, clerk: Client) -> None:
    """One transfer for two payables: posted from suspense, announced as a person's decision, audited."""
    one, two = make.payable(make.line(60_000)), make.payable(make.line(40_000))
    recon.tell(one, two)
    credit_id = suspense(recon)
    answer = assign(clerk, credit_id, (one, 60_000), (two, 40_000), credit_version=1)
    assert (answer.credit.amount_applied, answer.credit.suspense_reason, answer.credit.version) == (
        100_000,
        "",
        2,
    )
    assert [payment.rule for payment in answer.payments] == ["person", "person"]
    assert [entry.kind for entry in answer.entries] == ["credit_arrived", "assigned"]
    assert recon.balances() == {BANK: 100_000, "collected:hoc_phi": -100_000}
    paid = [event for event in recon.announced() if isinstance(event, told.PaymentApplied)]
    assert {event.rule for event in paid} == {"person"}
    rows = recon.rows("SELECT action, detail ->> 'reason' FROM audit")
    assert rows == [("credit.assign", "phụ huynh gọi điện")]
    with recon.database.begin() as session:
        assert audit.broken_link(session) is None


def test_a_repeated_command_has_one_effect(recon: Reconciliation, clerk: Client) -> None:
    """The same request id gives the first answer; with another content it is refused."""
    payable = make.payable()
    recon.tell(payable)
    credit_id, id = suspense(recon), request_id()
    first = assign(clerk, credit_id, (payable, 50_000), request_id=id)
    assert assign(clerk, credit_id, (payable, 50_000), request_id=id) == first
    with pytest.raises(InvalidArgument, match="Idempotency-Key"):
        assign(clerk, credit_id, (payable, 40_000), request_id=id)
    assert recon.applied(payable) == 50_000


def _void(recon: Reconciliation) -> Any:
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.newer(payable, state=2))
    return payable


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("too much", "AMOUNT_ABOVE_OPEN"),
        ("more than suspense", "NOTHING_IN_SUSPENSE"),
        ("void", "PAYABLE_IS_VOID"),
        ("other organisation", "PAYABLE_NOT_FOUND"),
        ("twice", "BAD_ALLOCATION"),
        ("nothing", "BAD_ALLOCATION"),
        ("no reason", "REASON_MISSING"),
        ("old version", "CREDIT_MOVED"),
        ("no such credit", "CREDIT_NOT_FOUND"),
        ("not an id", "BAD_IDENTIFIER"),
    ],
)
def test_assigning_refuses(recon: Reconciliation, clerk: Client, case: str, reason: str) -> None:
    """Each refusal names its reason and moves nothing."""
    small, large = make.payable(make.line(50_000)), make.payable(make.line(500_000))
    foreign = make.payable(organisation_id=make.OTHER_SCHOOL)
    recon.tell(small, large, foreign)
    credit_id = suspense(recon)
    calls: dict[str, tuple[str, list[tuple[Any, int]], dict[str, Any]]] = {
        "too much": (credit_id, [(small, 60_000)], {}),
        "more than suspense": (credit_id, [(large, 200_000)], {}),
        "void": (credit_id, [(_void(recon), 10_000)], {}),
        "other organisation": (credit_id, [(foreign, 10_000)], {}),
        "twice": (credit_id, [(large, 10_000), (large, 10_000)], {}),
        "nothing": (credit_id, [], {}),
        "no reason": (credit_id, [(small, 10_000)], {"reason": " "}),
        "old version": (credit_id, [(small, 10_000)], {"credit_version": 7}),
        "no such credit": (str(uuid4()), [(small, 10_000)], {}),
        "not an id": ("cre_1", [(small, 10_000)], {}),
    }
    id, parts, values = calls[case]
    with pytest.raises(Error) as caught:
        assign(clerk, id, *parts, **values)
    assert caught.value.reason == reason
    assert recon.credit(credit_id).amount_suspense == 100_000


def test_undo_gives_the_money_back_and_later_payments_stand_in_the_way(
    recon: Reconciliation, clerk: Client
) -> None:
    """Undone in reverse order only; the refusal lists what to undo first."""
    payable = make.payable(make.line(100_000))
    recon.tell(payable)
    first, second = make.report(payable.reference, 40_000), make.report(payable.reference, 60_000)
    recon.tell(first)
    recon.tell(second)
    with pytest.raises(FailedPrecondition) as caught:
        undo(clerk, first.report_id)
    assert caught.value.reason == "LATER_PAYMENTS_STAND"
    assert caught.value.metadata["payments"] == second.report_id
    undo(clerk, second.report_id)
    answer = undo(clerk, first.report_id)
    assert (answer.credit.amount_suspense, answer.credit.suspense_reason) == (40_000, "UNDONE")
    assert answer.payments[0].reverse_reason == "nhầm học sinh"
    with pytest.raises(FailedPrecondition, match="undone"):
        undo(clerk, first.report_id)
    assert recon.balances() == {BANK: 100_000, "suspense": -100_000}
    reversed_ = [event for event in recon.announced() if isinstance(event, told.PaymentReversed)]
    assert [event.applied_version for event in reversed_] == [3, 4]
    assert all(event.by_person for event in reversed_)
