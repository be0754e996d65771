"""A paper that could mislead a family cannot be made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.errors import InvalidArgument
from services.documents.domain import (
    Basis,
    ItemKind,
    NoticeLine,
    NoticeLineDiffers,
    NoticePart,
    NoticeSumsDiffer,
    PaymentCodeOnReceipt,
    PaymentDetailsMissing,
    ReceiptAmountNotPositive,
    ReceiptNumberOutOfRange,
    StandWithoutCode,
    TooManyPackCodes,
    VoluntaryItemOnNotice,
)
from tests.support.documents import LINES, make_notice, make_part, make_payload, make_payment, make_receipt
from tests.support.stand_papers import ROUND_AMOUNTS, make_pack, make_stand


def test_sum_of_lines_is_what_is_due() -> None:
    """Rows that do not add up to the amount due are refused."""
    with pytest.raises(NoticeSumsDiffer) as refused:
        make_notice(parts=(NoticePart(LINES, 936_001, make_payment()),))
    assert refused.value.metadata == {"pupil": "Nguyễn Ngọc Bảo Hân", "lines": "936000", "due": "936001"}


def test_nothing_below_zero_is_due() -> None:
    """A credit larger than the items is carried on by the school, not printed as a negative sum."""
    credit = NoticeLine("Nộp thừa đợt trước", -5_000)
    with pytest.raises(NoticeSumsDiffer):
        make_notice(parts=(NoticePart((credit,), -5_000, None),))


def test_a_part_without_lines_is_refused() -> None:
    with pytest.raises(NoticeSumsDiffer):
        make_notice(parts=(NoticePart((), 0, None),))


def test_a_notice_without_parts_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        make_notice(parts=())


def test_quantity_times_price_is_the_amount() -> None:
    """A deduction has the amount's negative; any other difference is refused."""
    assert replace(LINES[5]).amount == -56_000
    with pytest.raises(NoticeLineDiffers):
        replace(LINES[2], amount=561_000)


def test_voluntary_items_never_stand_on_a_notice() -> None:
    with pytest.raises(VoluntaryItemOnNotice):
        NoticeLine("Quỹ lớp", 100_000, Basis(ItemKind.VOLUNTARY))


def test_a_sum_needs_a_way_to_pay_it() -> None:
    """Only a preview may show a sum without a payment code."""
    unpaid = (NoticePart(LINES, 936_000, None),)
    with pytest.raises(PaymentDetailsMissing):
        make_notice(parts=unpaid)
    assert make_notice(parts=unpaid, is_preview=True).amount_due == 936_000


def test_the_notice_owes_the_sum_of_its_parts() -> None:
    assert make_notice(parts=(make_part(), make_part(memo="XDZ4P8WQ7M"))).amount_due == 2 * 936_000


def test_a_receipt_never_carries_a_payment_code() -> None:
    """The checking code is a page address; a VietQR payload there would invite a second payment."""
    with pytest.raises(PaymentCodeOnReceipt):
        make_receipt(check_address=make_payload("XDK7M4PQ9R"))


@pytest.mark.parametrize("number", [0, -1, 100_000_000])
def test_receipt_numbers_have_at_most_eight_digits(number: int) -> None:
    with pytest.raises(ReceiptNumberOutOfRange):
        make_receipt(number=number)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_receipt_is_for_money(amount: int) -> None:
    with pytest.raises(ReceiptAmountNotPositive):
        make_receipt(amount=amount)


def test_a_board_needs_its_code_and_its_holder() -> None:
    """A stall without an account in force gets no board."""
    for missing in ({"payload": ""}, {"account_holder": ""}):
        with pytest.raises(StandWithoutCode):
            make_stand(**missing)


def test_a_pack_has_a_most() -> None:
    """Thirteen codes are no sheet."""
    with pytest.raises(TooManyPackCodes) as raised:
        make_pack((*ROUND_AMOUNTS, 1_000_000))
    assert "13" in raised.value.text_vi
