"""A day at the demo's stalls: whatever people do, the truth that the summary is compared with says it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

from cli.demo.payments import Truth
from cli.demo.pilots import EnrolledStall, Pilots
from cli.demo.selling import Day
from kit import clock
from sandbox.city.stalls import make_programmes


@dataclass
class Office:
    """Answers every call, and keeps it."""

    calls: list[tuple[str, Any]] = field(default_factory=list)

    def call(self, service: str, method: str, request: Any) -> Any:
        self.calls.append((method, request))
        return SimpleNamespace(id=str(len(self.calls)), reference=f"XSALE{len(self.calls)}")

    def sums(self, method: str) -> list[int]:
        return [request.amount for name, request in self.calls if name == method]


def enrolled(start: date | None = None) -> list[EnrolledStall]:
    today = clock.today()
    street = make_programmes(1, today, today)[0]
    return [
        EnrolledStall(
            plan, street.code, start or today, f"s{place}", f"o{place % 50}", f"XS{place}", "", {50_000: "XP"}
        )
        for place, plan in enumerate(street.stalls)
    ]


def day(stalls: list[EnrolledStall], seed: int = 1) -> Day:
    return Day(Pilots(stalls), Truth(), random.Random(seed))


def test_the_truth_is_what_the_bank_is_told_to_do() -> None:
    """Transfers, their sum, repeats and lost callbacks; sales and cash as they were entered."""
    stalls, phone = enrolled(), Office()
    selling = day(stalls)
    transfers = [
        transfer
        for _ in range(20)
        for transfer in selling.transfers({stalls[0].id: phone, stalls[1].id: phone})  # type: ignore[dict-item]
    ]
    truth = selling.truth
    assert truth.transfers == len(transfers)
    assert truth.amount == sum(item["amount"] for item in transfers)
    assert truth.repeats == sum(item["deliveries"] == 2 for item in transfers)
    assert truth.lost == truth.untold == sum(item["deliveries"] == 0 for item in transfers)
    assert truth.sales == len(phone.sums("CreateSale")) == 20 * 2 * 3
    assert truth.cash == sum(phone.sums("EnterCash"))
    assert min(truth.repeats, truth.lost, truth.ways["sale_short"], truth.ways["stall_no_code"]) > 0
    assert len([name for name, _ in phone.calls if name == "CancelSale"]) == truth.ways["sale_cancelled"]
    assert {item["account"] for item in transfers} <= {stall.plan.trader.account for stall in stalls}


def test_a_fair_that_has_not_begun_sells_nothing() -> None:
    later = day(enrolled(date(9999, 1, 1)))
    assert later.transfers({}) == []
    later.count_tills(lambda _: Office())  # type: ignore[arg-type, return-value]
    assert (later.truth.transfers, later.truth.cash) == (0, 0)


def test_each_owner_counts_the_till_of_each_stall_once() -> None:
    """An owner of two stalls enters two sums."""
    offices: dict[str, Office] = {}
    selling = day(enrolled())
    selling.count_tills(lambda id: offices.setdefault(id, Office()))  # type: ignore[arg-type, return-value]
    assert len(offices) == 50
    assert sum(len(office.calls) for office in offices.values()) == 64
    assert selling.truth.cash == sum(sum(office.sums("EnterCash")) for office in offices.values()) > 0


def test_the_late_bank_is_late_today_alone() -> None:
    today = clock.today()
    street = make_programmes(1, today, today)[1]
    stalls = [
        EnrolledStall(plan, street.code, today, plan.number, plan.number, "XS", "") for plan in street.stalls
    ]
    before, now = day(stalls), day(stalls)
    now.is_today = True
    assert not any("late_minutes" in item for item in before.transfers({}))
    late = [item["late_minutes"] for item in now.transfers({}) if "late_minutes" in item]
    assert late
    assert min(late) > 10
