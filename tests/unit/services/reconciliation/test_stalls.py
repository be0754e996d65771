"""Money without a code at a stall: asked about, taken by the account's default code, or left to the merchant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.clock import CITY_ZONE
from services.reconciliation.domain.credit import Credit, Reason
from services.reconciliation.domain.payable import Definition, Kind, Line, Payable
from services.reconciliation.domain.stalls import ASK_FOR, is_open, without_code

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def sale(id: str, due: int = 50, *, applied: int = 0, waits: timedelta = ASK_FOR) -> Payable:
    own = definition(id, Kind.SALE, due)._replace(ask_until=NOW + waits)
    return Payable(id, own, (Line("l", "c", due, 1, False, applied),), applied, 0)


def code(id: str, first: int = 0, last: int = 0) -> Payable:
    own = definition(id, Kind.STANDING, None)._replace(open_minute=first, close_minute=last)
    return Payable(id, own, (Line("l", "c", 0, 1, False, 0),), 0, 0)


def definition(id: str, kind: Kind, due: int | None) -> Definition:
    return Definition(1, kind, False, id, "merchant", "a", "", "", due, "", False)


def credit(amount: int = 50, *, ago: timedelta = timedelta(seconds=3), asked: str = "") -> Credit:
    moment = NOW - ago
    return Credit(
        "c", "merchant", "a", "970436", "1", "", "VND", amount, "", "", "", "", "", "", "",
        bank_time=moment,
        bank_date=date(2026, 11, 28),
        arrive_time=moment,
        post_time=NOW,
        asked_payable_id=asked,
        reason=Reason.ASKED if asked else Reason.NONE,
    )  # fmt: skip


def asked_of(one: Credit, *here: Payable, asked: tuple[str, ...] = ()) -> str:
    decision = without_code(one, one.amount, here, asked, NOW)
    if decision is None or decision.reason is not Reason.ASKED:
        return ""
    assert (decision.suspended, decision.payments) == (one.amount, ())
    return decision.asked_payable_id


def paid(one: Credit, *here: Payable) -> list[str]:
    decision = without_code(one, one.amount, here, (), NOW)
    return [] if decision is None else [payable.id for payable, _ in decision.payments]


def test_exactly_one_waiting_sale_is_asked_about() -> None:
    """Equal to what is open, still waiting, and asked about by nobody else."""
    assert asked_of(credit(), sale("A"), sale("B", 70), code("S")) == "A"
    assert asked_of(credit(20), sale("A", 50, applied=30)) == "A"
    assert asked_of(credit(), sale("A"), sale("B"), asked=("A",)) == "B"


@pytest.mark.parametrize(
    "here",
    [
        [sale("A"), sale("B")],
        [sale("A", 49)],
        [sale("A", applied=50)],
        [sale("A", waits=timedelta(0))],
        [sale("A")._replace(definition=definition("A", Kind.INVOICE, 50)._replace(ask_until=NOW + ASK_FOR))],
        [sale("A")._replace(definition=definition("A", Kind.SALE, 50))],
    ],
)
def test_what_does_not_ask(here: list[Payable]) -> None:
    """Two that it could be, another amount, paid, over, no sale, or one whose owner does not want to be asked."""
    assert asked_of(credit(), *here) == ""
    assert paid(credit(), *here, code("S")) == ["S"]


def test_old_money_does_not_ask() -> None:
    """A line of yesterday's statement is nobody's who stands at the stall now."""
    assert asked_of(credit(ago=ASK_FOR), sale("A")) == ""
    assert asked_of(credit(ago=ASK_FOR - timedelta(seconds=1)), sale("A")) == "A"


def test_a_question_stands_while_its_sale_waits_and_is_asked_once() -> None:
    """Looked at again it stays; once its sale is paid or over it goes to the default code, not to another sale."""
    waiting = credit(asked="A")
    assert asked_of(waiting, sale("A"), sale("B"), asked=("A",)) == "A"
    assert paid(waiting, sale("A", applied=50), sale("B"), code("S")) == ["S"]
    waiting.asked_payable_id = ""
    assert paid(waiting, sale("A"), code("S")) == ["S"]


def test_a_rest_does_not_ask() -> None:
    """Only what arrived asks, not what a person left of it."""
    decision = without_code(credit(80), 50, [sale("A")], (), NOW)
    assert decision is None


def test_two_defaults_are_none() -> None:
    """Reconciliation follows a default only while exactly one code says that it is the one."""
    assert paid(credit(), code("S"), code("T")) == []
    void = code("T")
    void = void._replace(definition=void.definition._replace(is_void=True))
    assert paid(credit(), code("S"), void) == ["S"]
    assert paid(credit(), code("S", 9 * 60, 9 * 60 + 30)) == []


@given(st.integers(0, 1_439), st.integers(0, 1_439), st.integers(0, 1_439))
def test_opening_hours(first: int, last: int, minute: int) -> None:
    """From the first minute to before the last one, also over midnight; equal ones are the whole day, in city time."""
    moment = datetime(2026, 11, 28, minute // 60, minute % 60, 59, tzinfo=CITY_ZONE).astimezone(UTC)
    minutes = {(first + step) % 1_440 for step in range((last - first) % 1_440 or 1_440)}
    assert is_open(code("S", first, last), moment) is (minute in minutes)
