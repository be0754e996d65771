"""Recording facts: any order of tellings and any cut into batches ends in the same books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit import ids
from services.pilots.domain.days import Day, Hours
from services.pilots.domain.sales import Sale
from services.pilots.domain.takings import (
    Applied,
    DayKey,
    Fact,
    Kind,
    Known,
    Place,
    Reversed,
    Taking,
    Target,
    record,
)
from tests.support.sales import TEN, make_applied, make_reversed, make_sale

PLACE = Place(ids.new(), ids.new(), ids.new(), ids.new(), Hours(20 * 60, 22 * 60))


class Books:
    """What a database would hold, kept in memory over many batches."""

    def __init__(self, sale: Sale) -> None:
        self.sale_id = sale.id
        self.sales = {sale.id: sale}
        self.takings: dict[UUID, Taking] = {}
        self.early: dict[UUID, Reversed] = {}
        self.days: dict[DayKey, Day] = {}
        self.told = 0
        self.proofs = 0

    def handle(self, facts: Sequence[Fact], now: datetime = TEN) -> None:
        targets = {
            self.sale_id: Target(Kind.SALE, PLACE.stall_id),
            PLACE.stall_id: Target(Kind.STANDING, PLACE.stall_id),
        }
        known = Known(targets, {PLACE.stall_id: PLACE}, self.sales, self.takings, self.early, self.days)
        recording = record(facts, known, now, self._draw)
        self.sales.update(recording.sales)
        self.days.update(recording.days)
        self.takings.update(recording.new_takings)
        self.early.update(recording.early)
        for id, fact in recording.reversals.items():
            self.takings[id] = replace(
                self.takings[id], reverse_time=fact.post_time, reverse_reason=fact.reason
            )
        self.told += len(recording.steps)

    @property
    def sale(self) -> Sale:
        return self.sales[self.sale_id]

    def standing(self) -> list[Taking]:
        return [taking for taking in self.takings.values() if not taking.is_reversed]

    def _draw(self) -> str:
        self.proofs += 1
        return "472"


@st.composite
def histories(draw: st.DrawFn) -> tuple[Sale, list[Fact]]:
    """A sale and what reconciliation told of it and of its stall's standing code, in order."""
    sale = make_sale(stall_id=PLACE.stall_id, organisation_id=PLACE.organisation_id)
    facts: list[Fact] = []
    total = version = 0
    standing: list[Applied] = []
    for amount in draw(st.lists(st.integers(1, 90_000), max_size=6)):
        version += 1
        if standing and draw(st.booleans()):
            undone = standing.pop(draw(st.integers(0, len(standing) - 1)))
            total -= undone.amount
            facts.append(make_reversed(undone, total_applied=total, applied_version=version))
            continue
        total += amount
        moment = TEN + timedelta(hours=draw(st.integers(-30, 30)))
        fact = make_applied(
            sale.id,
            amount=amount,
            total_applied=total,
            applied_version=version,
            bank_time=moment,
            arrive_time=moment + timedelta(hours=draw(st.integers(0, 20))),
        )
        facts.append(fact)
        standing.append(fact)
    facts += [
        make_applied(PLACE.stall_id, amount=amount)
        for amount in draw(st.lists(st.integers(1, 9), max_size=2))
    ]
    return sale, facts


@given(histories(), st.randoms(use_true_random=False), st.data())
def test_any_order_and_any_batches_end_the_same(
    history: tuple[Sale, list[Fact]], random: object, data: st.DataObject
) -> None:
    """Told anew, mixed up and with repeats: amounts, states, days and takings are those of the true order."""
    sale, facts = history
    straight, mixed = Books(sale), Books(sale)
    straight.handle(facts)
    shuffled = data.draw(st.permutations([*facts, *facts]))
    cut = data.draw(st.integers(0, len(shuffled)))
    mixed.handle(shuffled[:cut])
    mixed.handle(shuffled[cut:])
    for name in ("state", "amount_paid", "applied_version", "payments"):
        assert getattr(mixed.sale, name) == getattr(straight.sale, name)
    assert {key: day for key, day in mixed.days.items() if day != Day()} == {
        key: day for key, day in straight.days.items() if day != Day()
    }
    assert {taking.payment_id: taking.place for taking in mixed.standing()} == {
        taking.payment_id: taking.place for taking in straight.standing()
    }


@given(histories())
def test_every_dong_is_in_one_sum_of_its_day(history: tuple[Sale, list[Fact]]) -> None:
    """The sums of the days are the takings that stand; a sale's amount is what stands on it; one proof is drawn."""
    sale, facts = history
    books = Books(sale)
    books.handle(facts)
    counted = sum(day.transfer_sum + day.private_sum + day.late_sum for day in books.days.values())
    assert counted == sum(taking.amount for taking in books.standing())
    on_sale = [taking.amount for taking in books.standing() if taking.payable_id == sale.id]
    assert (books.sale.amount_paid, books.sale.payments) == (sum(on_sale), len(on_sale))
    assert books.proofs == (1 if any(fact.payable_id == sale.id for fact in facts) else 0)


def test_what_is_not_ours_leaves_no_trace() -> None:
    """A payable of another service is counted and nothing else."""
    books = Books(make_sale())
    before = dict(books.sales)
    books.handle([make_applied(ids.new())])
    assert (books.sales, books.takings, books.told) == (before, {}, 0)


def test_a_repeat_is_no_news() -> None:
    """Neither a payment nor its reversal is told twice."""
    sale = make_sale()
    books = Books(sale)
    fact = make_applied(sale.id)
    undone = make_reversed(fact)
    books.handle([fact, fact, undone, undone])
    books.handle([undone, fact])
    assert books.told == 2


def test_a_reversal_told_first_is_never_heard_as_money() -> None:
    """No proof is drawn, no day is touched; what is known moves the sale alone, then the payment comes reversed."""
    sale = make_sale()
    books = Books(sale)
    fact = make_applied(sale.id)
    books.handle([make_reversed(fact)])
    books.handle([fact])
    assert (books.sale.amount_paid, books.sale.payments, books.sale.proof) == (0, 0, "")
    assert books.days == {}
    assert books.takings[fact.payment_id].is_reversed
