"""When two reports are one credit, and when they are not."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.references import Kind, find, new_reference
from services.reconciliation.domain.credit import Channel, Report
from services.reconciliation.domain.joining import Joiner, are_two, join_text, reference_key, telling

MOMENT = datetime(2026, 9, 15, 2, 30, tzinfo=UTC)
REFERENCE = new_reference(Kind.INVOICE)
_numbers = itertools.count(1)


def report(source: str, **overrides: Any) -> Report:
    fields: dict[str, Any] = {
        "id": f"r{next(_numbers)}",
        "channel": Channel.CALLBACK,
        "provider": "xoai",
        "source_id": source,
        "bin": "970436",
        "account_number": "1",
        "virtual_account": "",
        "amount": 100,
        "currency": "VND",
        "memo": "hoc phi",
        "bank_reference": "",
        "provider_transaction_id": "",
        "occur_time": MOMENT,
        "arrive_time": MOMENT,
        "payer_name": "",
        "payer_account": "",
        "payer_bin": "",
        "is_test": False,
        "needs_confirmation": False,
    }
    return Report(**(fields | overrides))


def joined(*reports: Report) -> list[tuple[int, int]]:
    """For each credit: how many reports, and how many others it may be."""
    joiner = Joiner([])
    for each in reports:
        joiner.add(each, telling(each, find(each.memo)))
    return [(len(arrival.reports), len(arrival.possible)) for arrival in joiner.arrivals()]


def test_one_source_never_joins_itself() -> None:
    """Two truly equal lines of one statement are two payments."""
    assert joined(report("a", bank_reference="1"), report("a", bank_reference="1")) == [(1, 0), (1, 0)]


def test_by_the_banks_reference() -> None:
    """However it is written, whatever the memo."""
    assert joined(report("a", bank_reference="ft-1"), report("b", bank_reference="FT1", memo="x")) == [(2, 0)]


def test_three_sources() -> None:
    """Each adds one report."""
    reports = [report(source, bank_reference="1") for source in "abc"]
    assert joined(*reports) == [(3, 0)]


@pytest.mark.parametrize(
    "overrides",
    [
        {"amount": 101},
        {"account_number": "2"},
        {"bin": "970422"},
        {"memo": "hoc phi 2"},
        {"occur_time": MOMENT + timedelta(days=2)},
    ],
)
def test_other_money_does_not_join(overrides: dict[str, Any]) -> None:
    """Another amount, account, memo, or more than a day between."""
    assert joined(report("a"), report("b", **overrides)) == [(1, 0), (1, 0)]


def test_a_reference_that_the_bank_used_long_ago() -> None:
    """Banks start their counters anew: an equal reference months later is another payment."""
    far = MOMENT + timedelta(days=90)
    assert joined(report("a", bank_reference="1"), report("b", bank_reference="1", occur_time=far)) == [
        (1, 0),
        (1, 0),
    ]


def test_the_next_day_joins() -> None:
    """A bank may book after midnight."""
    assert joined(report("a"), report("b", occur_time=MOMENT + timedelta(hours=20))) == [(2, 0)]


def test_the_payment_reference_counts_whatever_the_envelope() -> None:
    """A callback's memo and the statement's wrapped one."""
    assert joined(
        report("a", memo=f"{REFERENCE} nop"), report("b", memo=f"MBVCB.12.{REFERENCE}.CT tu 1")
    ) == [(2, 0)]


def test_not_unique_is_for_a_person() -> None:
    """One line that two callbacks could be."""
    assert joined(report("a"), report("a"), report("b")) == [(1, 0), (1, 0), (1, 2)]


def test_a_blank_memo_is_no_evidence() -> None:
    """Equal amounts on one day without memo or reference only ask."""
    assert joined(report("a", memo=""), report("b", memo="")) == [(1, 0), (1, 1)]
    assert joined(report("a", memo="", bank_reference="7"), report("b", memo="", bank_reference="7")) == [
        (2, 0)
    ]


@pytest.mark.parametrize(("transfers", "sources"), [(2, "ab"), (3, "ab"), (2, "abc")])
def test_equal_transfers_told_in_any_order(transfers: int, sources: str) -> None:
    """Customers pay the same under the same memo: each source tells of each, in whatever order, and none is lost."""
    told = [(source, number) for source in sources for number in range(transfers)]
    for order in itertools.permutations(told):
        reports = [report(source, bank_reference=f"FT26258{number}") for source, number in order]
        assert joined(*reports) == [(len(sources), 0)] * transfers, order


def test_other_kinds_of_reference_join_by_memo() -> None:
    """A statement's own numbers say nothing against a callback's; a blank one does not either."""
    for other in ("", "4711", "MBVCB1", "FT"):
        assert joined(report("a", bank_reference="FT1"), report("b", bank_reference=other)) == [(2, 0)]


@pytest.mark.parametrize(
    ("key", "other", "expected"),
    [
        ("FT1", "FT2", True),
        ("FT1", "FT10", True),
        ("026V01", "026V02", True),
        ("FT1", "FT1", False),
        ("FT1", "MB2", False),
        ("FT1", "FT", False),
        ("1", "2", False),
        ("FT1", "", False),
        ("FTA", "FTB", False),
        ("", "", False),
    ],
)
def test_numbers_of_one_series(key: str, other: str, expected: bool) -> None:
    """The same letters before other numbers: two bookings of the bank."""
    assert are_two(key, other) is are_two(other, key) is expected


def test_keys() -> None:
    """References are compared by capitals and digits, memos by folded letters or the one payment reference."""
    assert reference_key("đ-ft 12.3") == "DFT123"
    assert reference_key("") == ""
    assert join_text("Học phí, tháng 9", find("")) == "HOCPHITHANG9"
    assert join_text(f"x {REFERENCE}", find(f"x {REFERENCE}")) == f"={REFERENCE}"
