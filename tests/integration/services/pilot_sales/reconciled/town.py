"""Both services with their databases, and what lies between them."""

from __future__ import annotations

from typing import Any

import grpc
from sqlalchemy import text

from kit.auth import Subject
from kit.db import Database
from kit.events import Delivery, Event
from kit.grpc_client import Channels
from kit.inbox import Consumer
from kit.testing.service import Client
from services.reconciliation import consume as reconciliation
from services.reconciliation import verify
from services.reconciliation.jobs import Jobs
from tests.integration.services.pilot_sales.calls import assert_books_hold
from tests.support import reconciliation as make
from tests.support.stalls import OpenStall, account_deliveries
from xoai.intake.v1.intake_events_pb2 import BankCreditReported
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as reconciliation_grpc


class OneChannel(Channels):
    """Every service answers at the one channel of the test."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def to(self, service: str) -> grpc.Channel:
        return self._channel

    def call(self, method: object, request: object, subject: Subject, *, timeout: float = 2.0) -> object:
        client = Client(reconciliation_grpc.ReconciliationServiceStub(self._channel), subject)
        return getattr(client, type(request).__name__.removesuffix("Request"))(request)


class Town:
    """Both services with what lies between them."""

    def __init__(self, pilots: Database, books: Database, payments: Consumer, followed: Consumer) -> None:
        self.pilots, self.books = pilots, books
        self._payments, self._followed = payments, followed
        self._taken = {"pilots": 0, "books": 0}

    def settle(self) -> None:
        """Carry what each announced to the other until nothing is new."""
        while self._carry_payables() or self._carry_decisions():
            pass

    def pay(
        self, account: OpenStall, amount: int, memo: str = "CHUYEN TIEN", **values: Any
    ) -> BankCreditReported:
        """Money that a bank reports of just now."""
        place = {"account_number": account.account.account.number, "bin": account.account.account.bin}
        report = make.at_stall(amount, memo, **(place | values))
        self.report(report)
        return report

    def report(self, *reports: BankCreditReported) -> None:
        """What banks tell, one after the other."""
        for report in reports:
            with self.books.begin() as session:
                reconciliation.on_bank_credits(session, [make.event(report)])
        self.settle()

    def know(self, stall: OpenStall) -> None:
        """The directory tells reconciliation of the stall's account."""
        (delivery,) = account_deliveries(stall.account)
        with self.books.begin() as session:
            reconciliation.on_account(session, delivery.event)
        self.settle()

    def sweep(self) -> None:
        """Reconciliation looks again at what waits."""
        Jobs(self.books).sweep()
        self.settle()

    def audit(self, action: str) -> list[str]:
        """Why, as reconciliation noted it."""
        statement = text("SELECT detail->>'reason' FROM audit WHERE action = :action ORDER BY id")
        with self.books.begin() as session:
            return [str(reason) for (reason,) in session.execute(statement, {"action": action})]

    def assert_sound(self) -> None:
        assert_books_hold(self.pilots)
        with self.books.begin() as session:
            assert verify.findings(session) == []

    def _carry_payables(self) -> int:
        events = self._news(self.pilots, "pilots", "pilots.payables")
        if events:
            with self.books.begin() as session:
                reconciliation.on_payables(session, events)
        return len(events)

    def _carry_decisions(self) -> int:
        events = self._news(self.books, "books", "reconciliation.%")
        for topic, consumer in (
            ("reconciliation.stall-payments", self._payments),
            ("reconciliation.credits", self._followed),
        ):
            batch = [Delivery(event, 0, 0) for event in events if event.topic == topic]
            if batch:
                assert consumer.handle(batch).dead_letters == 0
        return len(events)

    def _news(self, database: Database, name: str, topics: str) -> list[Event]:
        with database.begin() as session:
            rows = session.execute(
                text("SELECT * FROM outbox WHERE topic LIKE :topics AND id > :after ORDER BY id"),
                {"topics": topics, "after": self._taken[name]},
            ).all()
        if rows:
            self._taken[name] = rows[-1].id
        return [
            Event(
                row.event_id,
                row.topic,
                row.key,
                row.ordering_id,
                row.event_type,
                row.version,
                row.occur_time,
                bytes(row.payload),
            )
            for row in rows
        ]
