"""A trader with stalls in a simulated run: sales, standing codes, buyers with and without a code, and the seller's word.

The trader's own books are what reconciliation told them: payments and credits by the log, nothing else.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, Final

from kit import auth, clock, ids
from kit.events import Event
from kit.references import Kind, new_reference
from sandbox.simulation.bank import Bank, Transfer
from sandbox.simulation.world import (
    BIN,
    MERCHANT,
    MERCHANT_ACCOUNT_ID,
    MERCHANT_ACCOUNT_NUMBER,
    World,
)
from services.reconciliation.flows import clerk
from xoai.payables.v1.payables_events_pb2 import AccountDefault, PayableChanged, PayableLine

PILOTS: Final = auth.service("pilots")
_CLASS: Final = "ban_hang"


class Stalls:
    """The trader's stalls: what they ask for, as they last announced it, by id."""

    def __init__(self, world: World, chance: random.Random, bank: Bank) -> None:
        self._world, self._chance, self._bank = world, chance, bank
        self.payables: dict[str, PayableChanged] = {}

    def change_code(self) -> None:
        """A stall's standing code is made, or takes what comes without a code from now on, or does not any more."""
        codes = self._of(PayableChanged.KIND_STANDING)
        if len(codes) < 2:
            code = self._payable(PayableChanged.KIND_STANDING, 0)
            code.ClearField("amount_due")
        else:
            code = self._newer(self._chance.choice(codes))
        code.ClearField("account_default")
        if self._chance.random() < 0.5:
            hours = self._chance.choice([(0, 0), (480, 1080), (1320, 360)])
            code.account_default.CopyFrom(AccountDefault(open_minute=hours[0], close_minute=hours[1]))
        self._announce(code)

    def sell(self) -> PayableChanged:
        """A sale waits for its money."""
        sale = self._payable(PayableChanged.KIND_SALE, self._chance.randrange(2, 12) * 5_000)
        waits = self._chance.choice([timedelta(minutes=10), timedelta(hours=3)])
        sale.ask_until.FromDatetime(clock.now() + waits)
        self._announce(sale)
        return sale

    def cancel(self) -> None:
        """A sale is cancelled or settled: it asks no more, and still takes what comes."""
        sales = self._of(PayableChanged.KIND_SALE)
        if sales:
            sale = self._newer(self._chance.choice(sales))
            sale.ClearField("ask_until")
            self._announce(sale)

    def announce_again(self) -> None:
        """The owner tells all of it once more."""
        for payable in self.payables.values():
            self._announce(payable)

    def pay(self, sale: PayableChanged | None = None) -> Transfer:
        """A buyer pays a sale, a standing code, or just sends money; the amount may be wrong, the code may be missing."""
        chance = self._chance
        known = list(self.payables.values())
        wanted = sale or (chance.choice(known) if known else None)
        if wanted is None:
            return self._send(chance.randrange(1, 60) * 1_000, "")
        due = wanted.amount_due or chance.randrange(1, 60) * 1_000
        amount = chance.choice([due, due, due, due + 5_000, max(1_000, due - 5_000)])
        return self._send(due, "") if sale or chance.random() < 0.3 else self._send(amount, wanted.reference)

    def answer(self) -> None:
        """The seller says whose money it is, maybe long after it was asked."""
        asked = self._world.rows(
            "reconciliation",
            "SELECT id::text, asked_payable_id::text, amount FROM credit WHERE reason = 'ASKED' ORDER BY id",
        )
        if not asked:
            return
        credit_id, payable_id, amount = self._chance.choice(asked)
        database = self._world.databases["reconciliation"]
        if self._chance.random() < 0.5:
            parts = [(payable_id, amount)]
            database.run(lambda session: clerk.assign(session, PILOTS, credit_id, parts, "quầy: phải", 0))
        else:
            database.run(lambda session: clerk.decline(session, PILOTS, credit_id, "quầy: không phải"))

    def _send(self, amount: int, reference: str) -> Transfer:
        return self._bank.send(amount, reference, MERCHANT_ACCOUNT_NUMBER)

    def _of(self, kind: PayableChanged.Kind.ValueType) -> list[PayableChanged]:
        return [each for each in self.payables.values() if each.kind == kind]

    def _payable(self, kind: PayableChanged.Kind.ValueType, amount: int) -> PayableChanged:
        return PayableChanged(
            payable_id=str(ids.new()),
            version=1,
            kind=kind,
            state=PayableChanged.STATE_OPEN,
            reference=new_reference(Kind.STALL),
            organisation_id=str(MERCHANT),
            account_id=MERCHANT_ACCOUNT_ID,
            bin=BIN,
            account_number=MERCHANT_ACCOUNT_NUMBER,
            lines=[PayableLine(line_id="sale", ledger_class=_CLASS, amount=amount)],
            amount_due=amount,
        )

    @staticmethod
    def _newer(payable: PayableChanged) -> PayableChanged:
        newer = PayableChanged()
        newer.CopyFrom(payable)
        newer.version += 1
        return newer

    def _announce(self, payable: PayableChanged) -> None:
        self.payables[payable.payable_id] = payable
        self._world.log.write([_event(payable)])


def _event(payable: PayableChanged) -> Event:
    return Event(
        event_id=ids.event_id(f"payable:{payable.payable_id}", payable.version, "PayableChanged"),
        topic="pilots.payables",
        key=payable.payable_id,
        ordering_id=payable.payable_id,
        event_type="PayableChanged",
        version=payable.version,
        occur_time=clock.now(),
        payload=payable.SerializeToString(),
    )


def told(world: World, topic: str, kind: Any) -> list[Any]:
    """Every message of a type in a topic of the log, each event once however often it was written."""
    seen: dict[Any, Any] = {}
    for partition in world.log.topics[topic]:
        for event in partition:
            if event.event_type == kind.DESCRIPTOR.name:
                seen[event.event_id] = kind.FromString(event.payload)
    return list(seen.values())
