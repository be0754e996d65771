"""What a pupil owes for each item, and how that becomes bills of one account each."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schools.domain.errors import BadField, ExemptionTooLarge, UnknownFeeKind
from services.schools.domain.fees import LegalKind, fee_kind, fee_kinds, source
from services.schools.domain.rounds import (
    Exemption,
    FeeItem,
    ReceivingAccount,
    RoundPupil,
    bills_of,
    charges_of,
    check_exemption,
    check_round,
    grade_of,
)

FIRST, SECOND = (ReceivingAccount(UUID(int=n), "970436", f"10{n}", "TRUONG") for n in (1, 2))
PUPIL = RoundPupil(UUID(int=9), "Nguyễn Văn An", "6A1", date(2015, 9, 5), ("HS001",))
ROUND = UUID(int=77)


def item(number: int, price: int = 20_000, **fields: object) -> FeeItem:
    values: dict[str, object] = {
        "id": UUID(int=100 + number),
        "title": f"Khoản {number}",
        "fee_kind": "NU",
        "legal_kind": LegalKind.AGREED,
        "unit_price": price,
        "quantity_milli": 1000,
        "unit": "tháng",
        "priority": 40,
        "account": FIRST,
        "per_pupil": False,
        "voluntary": False,
    }
    return FeeItem(**(values | fields))  # type: ignore[arg-type]


def test_a_price_times_a_quantity_rounds_half_up_once() -> None:
    assert item(1, 3, quantity_milli=500).full_amount() == 2
    assert item(1, 20_000, quantity_milli=1500).full_amount() == 30_000


def test_the_list_decides_else_the_price() -> None:
    """An item of the list without an amount is not charged; an amount of the list wins over the price, 0 as well."""
    fixed, listed = item(1), item(2, 0, per_pupil=True)
    assert [charge.full for charge in charges_of([fixed, listed], {}, [])] == [20_000]
    assert [charge.full for charge in charges_of([fixed, listed], {fixed.id: 5, listed.id: 7}, [])] == [5, 7]
    assert charges_of([fixed], {fixed.id: 0}, []) == []


def test_a_voluntary_item_is_no_duty() -> None:
    assert charges_of([item(1, voluntary=True)], {}, []) == []


def test_exemptions_add_up_and_keep_their_reasons() -> None:
    """Half of one item and ten thousand of every item; the family never pays a đồng more than the rule says."""
    exemptions = [
        Exemption(item(1).id, 5000, 0, "Hộ cận nghèo"),
        Exemption(None, 0, 10_000, "Con thương binh"),
    ]
    first, second = charges_of([item(1, 20_001), item(2, 4_000)], {}, exemptions)
    assert (first.exempted, first.amount, first.reason) == (20_001, 0, "Hộ cận nghèo; Con thương binh")
    assert (second.exempted, second.amount) == (4_000, 0)


@given(st.integers(0, 10**9), st.integers(0, 10_000), st.integers(0, 10**9))
def test_no_exemption_takes_more_than_there_is(full: int, percent: int, amount: int) -> None:
    for exemption in (Exemption(None, percent, 0, "x"), Exemption(None, 0, amount, "x")):
        assert 0 <= exemption.taken_off(full) <= full
    assert Exemption(None, 10_000, 0, "x").taken_off(full) == full


def test_one_bill_for_each_account_and_none_without_anything_to_pay() -> None:
    """What is wholly exempt stays on a bill that has something to pay, and makes none by itself."""
    items = [item(1), item(2, account=SECOND), item(3, account=SECOND)]
    free = [Exemption(items[1].id, 10_000, 0, "Hộ nghèo")]
    bills = bills_of(PUPIL, charges_of(items, {}, free))
    assert [(bill.account, bill.amount, len(bill.charges)) for bill in bills] == [
        (FIRST, 20_000, 1),
        (SECOND, 20_000, 2),
    ]
    everything = [Exemption(None, 10_000, 0, "Hộ nghèo")]
    assert bills_of(PUPIL, charges_of(items, {}, everything)) == []


def test_the_key_of_a_bill_is_its_items() -> None:
    """The same items in any order are the same bill; another item, pupil or round is another."""
    one, two = item(1), item(2)
    (there,) = bills_of(PUPIL, charges_of([one, two], {}, []))
    (back,) = bills_of(PUPIL, charges_of([two, one], {}, []))
    (less,) = bills_of(PUPIL, charges_of([one], {}, []))
    assert there.source_id(ROUND) == back.source_id(ROUND)
    assert len({there.source_id(ROUND), less.source_id(ROUND), there.source_id(UUID(int=78))}) == 3


@pytest.mark.parametrize(
    ("title", "year", "due", "field"),
    [
        (" ", "2026-2027", "2026-12-05", "title"),
        ("x" * 121, "2026-2027", "2026-12-05", "title"),
        ("Đợt 1", "2026-2028", "2026-12-05", "school_year"),
        ("Đợt 1", "2026", "2026-12-05", "school_year"),
        ("Đợt 1", "2026-2027", "5/12/2026", "due_date"),
    ],
)
def test_a_round_with_a_wrong_field(title: str, year: str, due: str, field: str) -> None:
    with pytest.raises(BadField) as refusal:
        check_round(title, year, due)
    assert refusal.value.metadata["field"] == field


def test_a_round_with_right_fields_has_its_due_date() -> None:
    assert check_round("Đợt 1", "2026-2027", "2026-12-05") == date(2026, 12, 5)


def test_an_exemption_is_one_of_two_with_a_reason() -> None:
    check_exemption(0, 0, "")
    check_exemption(5000, 0, "Hộ nghèo")
    for percent, amount in ((5000, 1), (10_001, 0), (-1, 0), (0, -1)):
        with pytest.raises(ExemptionTooLarge):
            check_exemption(percent, amount, "Hộ nghèo")
    with pytest.raises(BadField):
        check_exemption(5000, 0, " ")


@pytest.mark.parametrize(
    ("name", "grade"), [("6A10", "6"), ("12.6", "12"), ("06A", "6"), ("Lá 1", "Lá"), ("  ", "")]
)
def test_the_grade_of_a_class(name: str, grade: str) -> None:
    assert grade_of(name) == grade


def test_kinds_of_fees_are_of_the_five_legal_kinds() -> None:
    assert {kind.legal_kind for kind in fee_kinds().values()} == set(LegalKind)
    assert fee_kind("QPH").is_voluntary
    assert source()
    with pytest.raises(UnknownFeeKind):
        fee_kind("DIEN")
