"""A bank and a reconciliation desk for tests of the finance pages: the real services on real databases, fed in order.

A message of the bank goes through intake's own reading and storing, and what intake announces is handed to
reconciliation's own handlers; only the log between the two is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kit import auth as subjects
from kit.db import Database
from kit.events import Delivery
from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.inbox_tables import park
from kit.postgres import Server
from kit.rpc.dead_letters import DeadLetters
from kit.seal import Sealer
from kit.testing.service import DATA_KEY, service_database, staff
from services.intake import arrival
from services.intake.adapters import adapter_of
from services.intake.domain import Verified
from services.intake.flows import connections
from services.intake.rpc import IntakeServicer
from services.intake.store import connections as connection_rows
from services.intake.store import writing
from services.reconciliation import consume, verify
from services.reconciliation.flows import held
from services.reconciliation.rpc import ReconciliationServicer
from tests.support import reconciliation as make
from tests.support.fake_access import SUBJECT_KEY
from tests.support.fake_bills import OTHER_SCHOOL, SCHOOL
from tests.support.fake_platform import FakePlatform
from xoai.intake.v1 import intake_events_pb2 as intake_events
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.intake.v1 import intake_service_pb2_grpc as intake_grpc
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

ACCOUNT = "9021000011187"
OTHER_ACCOUNT = "9021000022299"
EARLY_ACCOUNT = "9021000033377"
_ACCOUNT_OF = {"other": OTHER_ACCOUNT, "early": EARLY_ACCOUNT}
BIN = "970436"
PERMISSIONS = frozenset(
    {
        "directory.read",
        "credits.read",
        "credits.assign",
        "credits.undo",
        "ledger.read",
        "intake.read",
        "intake.close",
    }
)


class FinanceDesk:
    """The services behind the desk. `platform` is where the gateway finds them."""

    def __init__(self, platform: FakePlatform, reconciliation: Database, intake: Database) -> None:
        self.platform = platform
        self._reconciliation, self._intake = reconciliation, intake
        self._count = 0
        self._connections: dict[str, Any] = {}
        self._tell(
            make.account(organisation_id=SCHOOL, bin=BIN, account_number=ACCOUNT),
            make.account(organisation_id=OTHER_SCHOOL, bin=BIN, account_number=OTHER_ACCOUNT),
        )
        for source in ("bank", "second"):
            self._connections[source] = self._connect(SCHOOL, ACCOUNT)
        self._connections["other"] = self._connect(OTHER_SCHOOL, OTHER_ACCOUNT)
        # A connection may be told of an account before its biller has registered it.
        self._connections["early"] = self._connect(SCHOOL, EARLY_ACCOUNT)
        self._connections["unsigned"] = self._connect(SCHOOL, ACCOUNT, provider="sepay", auth="api_key")

    def bill(self, name: str = "Nguyễn Khánh Linh", amount: int = 936_000, **facts: Any) -> Any:
        """A payable of the school that waits for money."""
        values = {
            "organisation_id": SCHOOL,
            "account_id": "acc-1",
            "bin": BIN,
            "account_number": ACCOUNT,
            "payer_name": name,
            "group_name": "3A",
            "title": "Khoản thu tháng 11/2026",
            "search_text": f"{name} HS{self._next():05d}",
            **facts,
        }
        message = make.payable(make.line(amount), **values)
        self._tell(message)
        return message

    def change(self, bill: Any, **facts: Any) -> Any:
        """The next version of a bill."""
        message = make.newer(bill, **facts)
        self._tell(message)
        return message

    def money(self, amount: int, memo: str, *, source: str = "bank", **facts: Any) -> str:
        """The bank tells of a transfer; returns the credit's id (the id of its first report)."""
        number = self._next()
        credit = {
            "provider_transaction_id": f"T{number}",
            "bank_reference": f"FT{number:08d}",
            "account": _ACCOUNT_OF.get(source, ACCOUNT),
            "amount": amount,
            "memo": memo,
            "payer_name": "NGUYEN VAN TOAN",
            "payer_account": "0071000124417",
            **facts,
        }
        return self.message({"credits": [credit]}, source=source)[0]

    def unproven(self, amount: int, memo: str) -> str:
        """SePay tells of a transfer with nothing but an API key: a large one is not believed at once."""
        number = self._next()
        body = {
            "id": number,
            "gateway": "Vietcombank",
            "transactionDate": "2026-09-15 09:30:00",
            "accountNumber": ACCOUNT,
            "content": memo,
            "transferType": "in",
            "transferAmount": amount,
            "referenceCode": f"FT{number:08d}",
        }
        return self.message(body, source="unsigned")[0]

    def of_a_trader(self, amount: int, memo: str, *, is_handed_over: bool) -> str:
        """Unproven money on a trader's account, which is the city's to see once it was handed over."""
        self._tell(make.merchant_account())
        report = make.at_stall(amount, memo, needs_confirmation=True)
        self._tell(report)
        if is_handed_over:
            with self._reconciliation.begin() as session:
                held.hand_over(session, subjects.service("pilots"), report.report_id, "chủ quầy nhờ")
        return str(report.report_id)

    def message(self, body: dict[str, Any], *, source: str = "bank") -> list[str]:
        """A proven message of the bank, whatever is in it; returns the ids of the new reports."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        with self._intake.begin() as session:
            row = connections.get(session, self._connections[source])
            origin = connections.origin(session, row)
            now = make.MOMENT
            came = arrival.of_callback(adapter_of(row.provider), origin, Verified(raw), now)
            writing.store(session, [came])
        return self.collect()

    def collect(self) -> list[str]:
        """Hand on what intake has announced; returns the ids of the reports."""
        with self._intake.begin() as session:
            told = session.execute(text("DELETE FROM outbox RETURNING payload")).scalars().all()
        reports = [intake_events.BankCreditReported.FromString(bytes(payload)) for payload in told]
        if reports:
            self._tell(*reports)
        return [report.report_id for report in reports]

    def know_account(self, number: str) -> None:
        """An administrator lets the bank's connection tell of one more account, which the school has registered."""
        with self._intake.begin() as session:
            connections.set_virtual_accounts(
                session, staff("intake.manage"), self._connections["bank"], [(number, ACCOUNT, "")]
            )

    def bury(self, error: str = "made to fail", followers: int = 0) -> None:
        """An event that reconciliation could not handle lies among its dead letters, later ones of its kind behind it."""
        first = make.account(organisation_id=SCHOOL, bin=BIN, account_number="1")
        letters = [(Delivery(make.event(first), 0, 1), "FAILED", error)]
        for place in range(followers):
            later = make.account(account_id=first.account_id, version=2 + place)
            letters.append((Delivery(make.event(later), 0, 2 + place), "BLOCKED", ""))
        with self._reconciliation.begin() as session:
            park(session, consume.OWNERS, letters)

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What reconciliation's database says."""
        with self._reconciliation.begin() as session:
            return [tuple(row) for row in session.execute(text(statement), values)]

    def applied(self, bill: Any) -> int:
        """Đồng applied to a bill."""
        return int(self.rows("SELECT applied FROM payable WHERE id = :id", id=bill.payable_id)[0][0])

    def findings(self) -> list[Any]:
        """What is wrong in the books: nothing."""
        with self._reconciliation.begin() as session:
            return verify.findings(session)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _tell(self, *messages: Any) -> None:
        events = [make.event(message) for message in messages]
        with self._reconciliation.begin() as session:
            if events[0].event_type == "BankCreditReported":
                consume.on_bank_credits(session, events)
            elif events[0].event_type == "PayableChanged":
                consume.on_payables(session, events)
            else:
                for event in events:
                    consume.on_account(session, event)

    def _connect(self, organisation_id: str, account: str, *, provider: str = "xoai", auth: str = "") -> Any:
        values = {
            "provider": provider,
            "name": "Ngân hàng Thử",
            "auth": auth,
            "secret": "whsec_dGVzdHM=",
            "bin": BIN,
            "account_numbers": [account],
            "confirm_above": 0,
            "pull_url": "",
            "pull_secret": "",
            "allowed_addresses": [],
        }
        with self._intake.begin() as session:
            id = connections.create(
                session, staff("intake.manage"), Sealer(DATA_KEY), UUID(organisation_id), values
            )
            assert connection_rows.get(session, id) is not None
        return id


def _owners(database: Database) -> Consumer:
    """Reconciliation's consumer as far as a replay needs it: its log is never read."""

    def no_log() -> Any:
        raise AssertionError("a replay reads no log")

    return Consumer(
        consume.OWNERS,
        no_log,
        database,
        consume.OWNERS_HANDLERS,
        batch_handlers=consume.OWNERS_BATCH_HANDLERS,
    )


class DeskPlatform(FakePlatform):
    """The services around a desk that is the real one."""

    def services(self) -> list[tuple[Any, str, Any, Any]]:
        return [row for row in super().services() if row[1] != "ReconciliationService"]


@contextmanager
def finance_desk(postgres_server: Server, permissions: frozenset[str] = PERMISSIONS) -> Iterator[FinanceDesk]:
    """The services of a desk, answering until the block ends; then the books must hold."""
    platform = DeskPlatform()
    platform.permissions = permissions
    with (
        service_database(postgres_server, "reconciliation") as reconciliation,
        service_database(postgres_server, "intake") as intake,
    ):
        platform.serve(
            pb.DESCRIPTOR.services_by_name["ReconciliationService"],
            ReconciliationServicer(
                Edge(reconciliation), SUBJECT_KEY, DeadLetters(reconciliation, (_owners(reconciliation),))
            ),
            pb_grpc.add_ReconciliationServiceServicer_to_server,
        )
        platform.serve(
            intake_pb.DESCRIPTOR.services_by_name["IntakeService"],
            IntakeServicer(intake, Sealer(DATA_KEY), SUBJECT_KEY, "http://127.0.0.1"),
            intake_grpc.add_IntakeServiceServicer_to_server,
        )
        desk = FinanceDesk(platform, reconciliation, intake)
        platform.start()
        try:
            yield desk
        finally:
            platform.stop()
        assert desk.findings() == []
