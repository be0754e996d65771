"""States of a sale: what a seller may do, what money does, and when it waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pilots.domain.errors_sales import (
    AmountMissing,
    AmountOverLimit,
    CashOutOfRange,
    NothingReceived,
    RestDiffers,
    SaleHasMoney,
    SaleNotWaiting,
    StallNotSelling,
)
from services.pilots.domain.sales import (
    TRANSITIONS,
    Seller,
    State,
    account_to_sell,
    checked_amount,
    checked_cash,
    state_after,
)
from tests.support.sales import TEN, make_sale

PART = {"state": State.PART_PAID, "amount_paid": 20_000}
PAID = {"state": State.PAID, "amount_paid": 50_000}
CANCELLED = {"state": State.CANCELLED}
SETTLED = {"state": State.SETTLED, "amount_paid": 20_000}


@given(st.sampled_from(State), st.integers(1, 499_999_999), st.integers(0, 10**10))
def test_money_never_undoes_what_a_seller_ended(state: State, amount: int, paid: int) -> None:
    """Ended stays ended; else the state follows from the amounts, along the table of transitions."""
    after = state_after(state, amount, paid)
    if state in (State.CANCELLED, State.SETTLED):
        assert after is state
        return
    assert after is (State.OPEN if paid == 0 else State.PAID if paid >= amount else State.PART_PAID)
    assert after is state or after in TRANSITIONS[state]


@pytest.mark.parametrize("amount", [0, -1, -(10**12)])
def test_nothing_and_less_is_no_sale(amount: int) -> None:
    """The reason is in words."""
    with pytest.raises(AmountMissing, match="1 đồng or more"):
        checked_amount(amount)


@pytest.mark.parametrize("amount", [500_000_000, 10**15, 2**63 - 1])
def test_the_limit_of_instant_transfers_is_said(amount: int) -> None:
    """500 million and more is refused with the name of the limit."""
    with pytest.raises(AmountOverLimit) as refused:
        checked_amount(amount)
    assert "NAPAS 247" in refused.value.text_vi
    assert "NAPAS 247" in refused.value.text_en


def test_the_edges_of_amounts() -> None:
    """One đồng and 499,999,999 are amounts."""
    assert (checked_amount(1), checked_amount(499_999_999)) == (1, 499_999_999)
    assert (checked_cash(1), checked_cash(1_000_000_000)) == (1, 1_000_000_000)
    for amount in (0, -5, 1_000_000_001):
        with pytest.raises(CashOutOfRange, match=r"1\.000\.000\.000"):
            checked_cash(amount)


def test_cancelling() -> None:
    """Only without money; again changes nothing; the new version asks for nothing."""
    sale = make_sale()
    cancelled = sale.cancel(TEN)
    assert (cancelled.state, cancelled.version, cancelled.sequence) == (State.CANCELLED, 2, 2)
    assert (sale.ask_until, cancelled.ask_until) == (TEN + timedelta(minutes=10), None)
    assert cancelled.cancel(TEN) is cancelled
    for fields in (PART, PAID, {**CANCELLED, "state": State.OPEN, "amount_paid": 1}):
        with pytest.raises(SaleHasMoney, match="has received"):
            make_sale(**fields).cancel(TEN)
    with pytest.raises(SaleNotWaiting, match="it was settled"):
        make_sale(state=State.SETTLED).cancel(TEN)


def test_settling() -> None:
    """At less, or with the rest in cash; not twice, and not for nothing."""
    assert make_sale(**PART).settle(TEN, rest_in_cash=False).state is State.SETTLED
    assert make_sale().settle(TEN, rest_in_cash=True).state is State.SETTLED
    with pytest.raises(NothingReceived):
        make_sale().settle(TEN, rest_in_cash=False)
    for fields in (PAID, CANCELLED, SETTLED):
        with pytest.raises(SaleNotWaiting):
            make_sale(**fields).settle(TEN, rest_in_cash=True)


def test_the_rest_is_exactly_what_is_missing() -> None:
    """0 stands for it; another amount is refused with the right one."""
    short = make_sale(**PART)
    for amount in (0, 30_000):
        ended, missing = short.ask_rest(amount, TEN)
        assert (ended.state, ended.ask_until, missing) == (State.SETTLED, None, 30_000)
    with pytest.raises(RestDiffers, match=r"30\.000"):
        short.ask_rest(29_999, TEN)
    with pytest.raises(NothingReceived):
        make_sale().ask_rest(0, TEN)


def test_waiting_and_expiry_follow_the_servers_clock() -> None:
    """Expired is a sale that still lacks money; a paid one never is."""
    sale, end = make_sale(), make_sale().expire_time
    assert sale.is_waiting(end - timedelta(seconds=1))
    assert sale.is_expired(end)
    assert not sale.is_waiting(end)
    assert replace(sale, **PART).is_expired(end)
    for fields in (PAID, CANCELLED, SETTLED):
        assert not make_sale(**fields).is_expired(end)
    assert make_sale(**CANCELLED).is_over(TEN)
    assert not make_sale(**PAID).is_over(end)


def make_seller(**overrides: object) -> Seller:
    sale = make_sale()
    fields: dict[str, object] = {
        "stall_id": sale.stall_id,
        "organisation_id": sale.organisation_id,
        "programme_id": sale.id,
        "section_id": sale.id,
        "number": "A12",
        "name": "Rau sạch",
        "state": "active",
        "account": sale.account,
        "programme_name": "Hội chợ",
        "start_date": date(2026, 9, 10),
        "end_date": date(2026, 9, 20),
        "close_minute": 1200,
        "cut_off_minute": 1320,
        "sale_seconds": 600,
    }
    return Seller(**(fields | overrides))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("overrides", "today", "cause"),
    [
        ({"state": "withdrawn"}, 15, "withdrawn"),
        ({"state": "waiting", "account": None}, 15, "not in force"),
        ({}, 9, "begins on 10/09/2026"),
        ({}, 21, "ended on 20/09/2026"),
    ],
)
def test_a_stall_that_cannot_sell_says_why(overrides: dict[str, object], today: int, cause: str) -> None:
    """Its number and the cause, in words."""
    with pytest.raises(StallNotSelling, match=f"Stall A12.*{cause}"):
        account_to_sell(make_seller(**overrides), date(2026, 9, today))


def test_a_stall_sells_on_the_first_and_the_last_day() -> None:
    """Both dates are inside; without an end it goes on."""
    for seller, today in ((make_seller(), 10), (make_seller(), 20), (make_seller(end_date=None), 30)):
        assert account_to_sell(seller, date(2026, 9, today)) == seller.account
