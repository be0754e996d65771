"""What people do in a simulated run: a school that bills, families that pay, a clerk that decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

from kit.testing.service import DATA_KEY
from sandbox.simulation.bank import Bank, Transfer
from sandbox.simulation.world import ACCOUNT_ID, ACCOUNT_NUMBER, BIN, CLERK, HOLDER, ORGANISATION, World
from services.invoices.domain.bills import Keeper
from services.invoices.domain.drafts import Draft
from services.invoices.domain.invoices import Account, Line
from services.invoices.flows import announce, issue
from services.reconciliation.domain.credit import Reason
from services.reconciliation.flows import clerk


class People:
    """One school with its families and its clerk."""

    def __init__(self, world: World, chance: random.Random, bank: Bank) -> None:
        self._world, self._chance, self._bank = world, chance, bank
        self._keeper = Keeper(DATA_KEY)
        self._billed = 0
        self.invoices: list[tuple[UUID, str]] = []  # id and reference

    def issue(self) -> None:
        """Some families are billed; some of them twice, which must find the first bill."""
        chance = self._chance
        numbers = [self._billed + place for place in range(chance.randrange(1, 5))]
        if self._billed and chance.random() < 0.4:
            numbers.append(chance.randrange(self._billed))
        drafts = [self._draft(number) for number in numbers]
        order = issue.Order(ORGANISATION, "schools", drafts)
        with self._world.databases["invoices"].begin() as session:
            outcomes = issue.issue_invoices(session, CLERK, self._keeper, order)
        for outcome in outcomes:
            if outcome.result == "issued" and outcome.invoice_id is not None:
                self.invoices.append((outcome.invoice_id, outcome.reference))
        self._billed = max(self._billed, max(numbers) + 1)

    def change(self) -> None:
        """Other lines for a bill that nobody has paid yet."""
        if self.invoices:
            id, _ = self._chance.choice(self.invoices)
            with self._world.databases["invoices"].begin() as session:
                issue.change_invoice(session, CLERK, id, self._lines(), "", "sửa khoản")

    def void(self) -> None:
        """A bill is voided, whatever is on its way to it."""
        if self.invoices:
            id, _ = self._chance.choice(self.invoices)
            with self._world.databases["invoices"].begin() as session:
                issue.void_invoice(session, CLERK, id, "lập nhầm")

    def announce_again(self) -> None:
        """The owner tells all of it once more, as after a lost log."""
        with self._world.databases["invoices"].begin() as session:
            announce.payables_again(session, None, 1_000)
            announce.invoices_again(session, None, 1_000)

    def pay(self) -> Transfer:
        """A family pays: mostly right, sometimes short, over, twice, for two children, or without a reference."""
        chance = self._chance
        if not self.invoices or chance.random() < 0.1:
            return self._bank.send(chance.randrange(1, 500) * 1_000, "tien hoc")
        id, reference = chance.choice(self.invoices)
        due = self._world.rows("invoices", "SELECT amount_due FROM invoice WHERE id = %(id)s", id=id)[0][0]
        amount = chance.choice([due, due, due, due, max(1, due - 1_000), due + 50_000, due * 2])
        memo = reference
        if chance.random() < 0.1:
            memo = f"{reference} {chance.choice(self.invoices)[1]}"
        return self._bank.send(amount, memo)

    def decide(self) -> None:
        """The clerk does something about some credit; a refusal of the service is an answer."""
        chance, world = self._chance, self._world
        credits = world.rows("reconciliation", "SELECT id::text, reason FROM credit ORDER BY id")
        if not credits:
            return
        credit_id, reason = chance.choice(credits)
        payments = world.rows("reconciliation", "SELECT id::text FROM payment ORDER BY id")
        payables = world.rows("reconciliation", "SELECT id::text FROM payable ORDER BY id")
        acts: list[Callable[[Any], Any]] = [
            lambda session: clerk.keep_for_payer(session, CLERK, credit_id, "pupil-1", "giữ lại"),
            lambda session: clerk.park(session, CLERK, credit_id, chance.choice(["", "chờ hỏi"])),
        ]
        if payables:
            payable_id = chance.choice(payables)[0]
            amount = chance.randrange(1, 300) * 1_000
            acts += [
                lambda session: clerk.assign(
                    session, CLERK, credit_id, [(payable_id, amount)], "hỏi phụ huynh", 0
                )
            ] * 2
        if payments:
            payment_id = chance.choice(payments)[0]
            acts += [lambda session: clerk.undo(session, CLERK, payment_id, "gán nhầm")] * 2
        if reason == Reason.POSSIBLE_DUPLICATE:
            # Reports may still be on their way: who decides now decides on half of what there is to know.
            return
        self._world.databases["reconciliation"].run(chance.choice(acts))

    def resolve_duplicates(self) -> int:
        """When all reports are in, the clerk decides what was held as possibly told twice; how many were money."""
        statement = (
            "SELECT id::text FROM credit WHERE reason = %(reason)s AND amount_suspense > 0 ORDER BY id"
        )
        held = self._world.rows("reconciliation", statement, reason=Reason.POSSIBLE_DUPLICATE)
        own = 0
        for (id,) in held:
            if self._is_own_money(id):
                own += 1
                self._world.databases["reconciliation"].run(
                    lambda session, id=id: clerk.resolve_duplicate(session, CLERK, id, "", "tiền riêng")  # type: ignore[misc]
                )
        return own

    def _is_own_money(self, credit_id: str) -> bool:
        """What the clerk finds out at the bank: are there more such transfers than the books have?"""
        statement = "SELECT amount FROM credit WHERE id = %(id)s"
        amount = self._world.rows("reconciliation", statement, id=credit_id)[0][0]
        statement = (
            "SELECT count(*) FROM credit WHERE is_in_ledger AND reason <> %(reason)s AND amount = %(amount)s"
        )
        values = {"amount": amount, "reason": Reason.POSSIBLE_DUPLICATE}
        booked = self._world.rows("reconciliation", statement, **values)[0][0]
        sent = [each for each in self._bank.transfers if each.amount == amount and not each.is_test]
        return bool(booked < len(sent))

    def _draft(self, number: int) -> Draft:
        return Draft(
            source_id=f"round-1:pupil-{number}",
            account=Account(ACCOUNT_ID, BIN, ACCOUNT_NUMBER, HOLDER),
            title="Các khoản thu tháng 9",
            payer_id=f"pupil-{number}",
            payer_name="Nguyễn Văn An",
            lines=self._lines(),
            payer_codes=(f"HS{number:05}",),
            group_name="6A2",
            batch_id="round-1",
            notice_id=f"notice-{number}",
            due_date="2026-09-30",
        )

    def _lines(self) -> tuple[Line, ...]:
        chance = self._chance
        return tuple(
            Line(
                "",
                f"Khoản {place}",
                chance.choice(["hoc_phi", "thu_ho", "dich_vu"]),
                chance.randrange(1, 200) * 1_000,
                place,
            )
            for place in range(1, chance.randrange(2, 5))
        )
