"""Seeded schedules of everything that can happen, on real PostgreSQL: after each step the books hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from kit.errors import Error
from kit.testing.service import staff
from services.reconciliation.domain.credit import Reason
from services.reconciliation.flows import again, clerk
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.intake.v1.intake_events_pb2 import BankCreditReported
from xoai.payables.v1.payables_events_pb2 import PayableChanged

CLERK = staff("credits.assign", "credits.undo")
STEPS = 60
Step = Callable[["Schedule"], None]


class Schedule:
    """A small school and its bank, driven by one seed."""

    def __init__(self, recon: Reconciliation, seed: int) -> None:
        self.recon = recon
        self.chance = random.Random(seed)
        self.payables: list[PayableChanged] = []
        self.reports: list[BankCreditReported] = []

    def some_lines(self) -> list[Any]:
        return [
            make.line(
                self.chance.randrange(1, 50) * 1_000,
                ledger_class=self.chance.choice(["hoc_phi", "thu_ho", "thoa_thuan"]),
                priority=self.chance.randrange(1, 3),
                paused=self.chance.random() < 0.2,
            )
            for _ in range(self.chance.randrange(1, 4))
        ]

    def new_payable(self) -> None:
        payable = make.payable(
            *self.some_lines(),
            kind=self.chance.choice([1, 1, 1, 2]),
            payer_id=f"p{self.chance.randrange(3)}",
            virtual_account=self.chance.choice(["", "", "VA1"]),
            oldest_first=self.chance.random() < 0.5,
        )
        self.payables.append(payable)
        if self.chance.random() < 0.7:
            self.recon.tell(payable)

    def change_payable(self) -> None:
        if not self.payables:
            return
        place = self.chance.randrange(len(self.payables))
        payable = self.payables[place]
        if payable.state == PayableChanged.STATE_VOID:
            return
        if self.chance.random() < 0.3:
            newer = make.newer(payable, state=PayableChanged.STATE_VOID)
        elif self.chance.random() < 0.5:
            newer = make.newer(payable, lines=self.some_lines())
        else:
            # The same lines with other amounts.
            lines = [make.line(**_fields(line)) for line in payable.lines]
            for line in lines:
                line.amount = max(1, line.amount + self.chance.randrange(-5, 6) * 1_000)
            newer = make.newer(payable, lines=lines)
        self.payables[place] = newer
        told = [payable, newer]
        self.chance.shuffle(told)
        self.recon.tell(*told)

    def money(self) -> None:
        reports = [self.one_report() for _ in range(self.chance.randrange(1, 5))]
        self.reports += reports
        self.recon.tell(*reports)

    def one_report(self) -> BankCreditReported:
        chance = self.chance
        named = [payable.reference for payable in self.payables] or [make.reference()]
        if self.reports and chance.random() < 0.3:
            # The same money again by another way, or the very same report.
            report = BankCreditReported()
            report.CopyFrom(chance.choice(self.reports))
            if chance.random() < 0.7:
                report.report_id = make.report().report_id
                report.source_id = chance.choice(["pull", "statement"])
                report.channel = 2 if report.source_id == "pull" else 3
                report.needs_confirmation = False
            return report
        memo = chance.choice(
            [chance.choice(named), chance.choice(named), f"{named[0]} {named[-1]}", "khong ma", ""]
        )
        return make.report(
            memo,
            chance.randrange(1, 120) * 1_000,
            bank_reference=chance.choice(["", f"B{chance.randrange(6)}", f"U{len(self.reports)}"]),
            account_number=chance.choice([make.ACCOUNT, make.ACCOUNT, make.ACCOUNT, make.OTHER_ACCOUNT]),
            virtual_account=chance.choice(["", "", "", "VA1"]),
            needs_confirmation=chance.random() < 0.15,
            test=chance.random() < 0.05,
        )

    def person(self) -> None:
        with self.recon.database.begin() as session:
            credits = session.execute(text("SELECT id::text, reason FROM credit ORDER BY id")).all()
            payments = session.execute(text("SELECT id::text FROM payment ORDER BY id")).all()
        if not credits:
            return
        credit_id, reason = self.chance.choice(credits)
        other = self.chance.choice(credits)[0]
        payable = self.chance.choice(self.payables) if self.payables else make.payable()
        amount = self.chance.randrange(1, 60) * 1_000
        acts: list[Callable[[Any], Any]] = [
            lambda session: clerk.assign(session, CLERK, credit_id, [(payable.payable_id, amount)], "x", 0),
            lambda session: clerk.keep_for_payer(session, CLERK, credit_id, "p1", "x"),
            lambda session: clerk.park(session, CLERK, credit_id, self.chance.choice(["", "x"])),
            lambda session: clerk.confirm(session, CLERK, credit_id, "x"),
            lambda session: clerk.use_credit(
                session,
                CLERK,
                organisation_id=make.SCHOOL,
                payer=f"p{self.chance.randrange(3)}",
                payable_id=payable.payable_id,
                amount=amount,
                reason="x",
            ),
        ]
        if payments:
            payment_id = self.chance.choice(payments)[0]
            acts += [lambda session: clerk.undo(session, CLERK, payment_id, "x")] * 3
        if reason == Reason.POSSIBLE_DUPLICATE:
            same = self.chance.choice(["", other])
            acts = [lambda session: clerk.resolve_duplicate(session, CLERK, credit_id, same, "x")]
        try:
            self.recon.database.run(self.chance.choice(acts))
        except Error:
            # A refusal is an answer; what matters is that it left nothing behind.
            return

    def register_account(self) -> None:
        if self.chance.random() < 0.2:
            self.recon.tell(make.account(account_number=make.OTHER_ACCOUNT))

    def sweep(self) -> None:
        with self.recon.database.begin() as session:
            again.sweep(session, "")


def _fields(line: Any) -> dict[str, Any]:
    return {field.name: getattr(line, field.name) for field in line.DESCRIPTOR.fields}


@pytest.mark.parametrize("seed", range(12))
def test_the_books_hold_after_every_step(recon: Reconciliation, seed: int) -> None:
    """Payables, money, repeats, voids, people and the sweeper in any order keep I1, I2, I4, I5 and I8."""
    schedule = Schedule(recon, seed)
    steps: list[Step] = [
        Schedule.new_payable,
        Schedule.new_payable,
        Schedule.change_payable,
        Schedule.money,
        Schedule.money,
        Schedule.money,
        Schedule.person,
        Schedule.person,
        Schedule.person,
        Schedule.register_account,
        Schedule.sweep,
    ]
    for number in range(STEPS):
        step = schedule.chance.choice(steps)
        step(schedule)
        found = recon.findings()
        assert found == [], f"seed {seed}, step {number} ({step.__name__}): {found}"
    # When all payables are told, nothing waits for one any more.
    if schedule.payables:
        recon.tell(*schedule.payables)
    schedule.sweep()
    waiting = recon.rows(
        "SELECT c.id FROM credit c JOIN payable p ON p.reference = c.waiting_key"
        " WHERE c.amount_suspense > 0 AND c.park_reason = ''"
    )
    assert waiting == []
    held = recon.rows("SELECT coalesce(sum(amount), 0)::bigint FROM credit WHERE is_in_ledger")[0][0]
    bank = recon.rows(
        "SELECT coalesce(sum(balance), 0)::bigint FROM ledger_balance WHERE ledger_account LIKE 'bank:%'"
    )
    assert held == bank[0][0]
