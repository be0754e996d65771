"""Small services in memory, on a real gRPC socket, for tests of the gateway: bills, logins, live events.

The edges that cost nothing are the real ones: the kit's server (deadlines, signed subjects, permissions), VietQR.
"""

from __future__ import annotations

import queue
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from kit import clock
from kit.auth import Kind, Permission, Subject
from kit.grpc_server import Server
from kit.references.code import Kind as ReferenceKind
from kit.references.code import new_reference
from services.vietqr.rpc import VietqrServicer
from tests.support.fake_access import SUBJECT_KEY, everybody
from tests.support.fake_bills import SCHOOL, Bill, States, month_lines, stamp
from tests.support.fake_city import City
from tests.support.fake_directory import PASSWORD, Directory
from tests.support.fake_invoices import Invoices
from tests.support.fake_market import Documents, Market
from tests.support.fake_sales import Sales
from tests.support.fake_stalls import Stalls
from tests.support.fake_waiting import Waiting
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.notifications.v1 import notifications_service_pb2 as notifications_pb
from xoai.notifications.v1 import notifications_service_pb2_grpc as notifications_grpc
from xoai.pilots.v1 import city_service_pb2 as city_pb
from xoai.pilots.v1 import city_service_pb2_grpc as city_grpc
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import sales_service_pb2_grpc as sales_grpc
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as stalls_grpc
from xoai.pilots.v1 import trust_service_pb2 as trust_pb
from xoai.pilots.v1 import trust_service_pb2_grpc as trust_grpc
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as reconciliation_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc


class FakePlatform:
    """The services together. `address` is where they answer."""

    def __init__(self) -> None:
        self.bills: dict[str, Bill] = {}
        self.screens: list[queue.Queue[notifications_pb.LiveEvent | None]] = []
        self.sessions: dict[str, str] = {}
        self.requests: list[tuple[str, Any]] = []
        self.receipt_number = 1_283
        self.password = PASSWORD
        # Where the permissions hold; auth.EVERYWHERE for somebody of the city.
        self.scope = SCHOOL
        self.permissions = frozenset(
            {"directory.read", "invoices.read", "invoices.issue", "invoices.void", "schools.read"}
        )
        self.city = City()
        self.stalls, self.sales, self.trust = Stalls(self), Sales(self), Market(self)
        self.documents, self.waiting = Documents(), Waiting()
        self._server = Server("127.0.0.1:0", SUBJECT_KEY, threads=24)
        self.address = f"127.0.0.1:{self._server.port}"
        for module, name, servicer, register in self.services():
            self._server.add(module.DESCRIPTOR.services_by_name[name], servicer, register)

    def services(self) -> list[tuple[Any, str, Any, Any]]:
        """What answers: the module of a contract, the service's name, its servicer, and what adds it to a server."""
        return [
            (
                directory_pb,
                "DirectoryService",
                Directory(self),
                directory_grpc.add_DirectoryServiceServicer_to_server,
            ),
            (
                invoices_pb,
                "InvoicesService",
                Invoices(self),
                invoices_grpc.add_InvoicesServiceServicer_to_server,
            ),
            (
                notifications_pb,
                "NotificationsService",
                Notifications(self),
                notifications_grpc.add_NotificationsServiceServicer_to_server,
            ),
            (stalls_pb, "StallsService", self.stalls, stalls_grpc.add_StallsServiceServicer_to_server),
            (sales_pb, "SalesService", self.sales, sales_grpc.add_SalesServiceServicer_to_server),
            (city_pb, "CityService", self.city, city_grpc.add_CityServiceServicer_to_server),
            (
                reconciliation_pb,
                "ReconciliationService",
                self.waiting,
                reconciliation_grpc.add_ReconciliationServiceServicer_to_server,
            ),
            (
                documents_pb,
                "DocumentsService",
                self.documents,
                documents_grpc.add_DocumentsServiceServicer_to_server,
            ),
            (trust_pb, "TrustService", self.trust, trust_grpc.add_TrustServiceServicer_to_server),
            (vietqr_pb, "VietqrService", VietqrServicer(), vietqr_grpc.add_VietqrServiceServicer_to_server),
        ]

    def serve(self, descriptor: Any, servicer: Any, register: Any) -> None:
        """One more service, before the start."""
        self._server.add(descriptor, servicer, register)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        for screen in self.screens:
            screen.put(None)
        self._server.stop(0)

    def add_bill(self, **facts: Any) -> Bill:
        """A new open bill, due in eight days."""
        bill = Bill(new_reference(ReferenceKind.INVOICE), **facts)
        bill.due_date = bill.due_date or (clock.today() + timedelta(days=8)).isoformat()
        bill.lines = bill.lines or month_lines()
        self.bills[bill.reference] = bill
        return bill

    def pay(self, bill: Bill, amount: int, *, announce: bool = True) -> None:
        """Money comes for a bill; its screens are told unless the event is lost."""
        self.receipt_number += 1
        bill.payments.append(
            invoices_pb.PublicPayment(
                amount=amount,
                bank_time=stamp(datetime(2026, 11, 22, 1, 15, 2, tzinfo=UTC)),
                payer_account_last_four="4417",
                bank_reference="FT26326 004 812",
                receipt_number=f"{self.receipt_number:08d}",
            )
        )
        bill.state = States.STATE_PAID if bill.received >= bill.amount_due else States.STATE_PART_PAID
        self.change(bill, announce=announce)

    def change(self, bill: Bill, *, announce: bool = True) -> None:
        """The bill has another state."""
        bill.sequence += 1
        if not announce:
            return
        event = notifications_pb.LiveEvent(
            channel=f"invoice:{bill.reference}",
            sequence=bill.sequence,
            event_type="invoice.changed",
            data_json="{}",
        )
        for screen in self.screens:
            screen.put(event)

    def subject(self) -> Subject:
        """The person whom the fake directory knows."""
        return Subject(Kind.PERSON, str(uuid.UUID(int=7)), "Đỗ Thị Lan Chi", {self.scope: self.permissions})


class Notifications(notifications_grpc.NotificationsServiceServicer):
    """Hands every event to every stream."""

    PERMISSIONS = everybody(
        notifications_pb, "NotificationsService", StreamLiveEvents=Permission(services=("gateway",))
    )

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def StreamLiveEvents(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[notifications_pb.StreamLiveEventsResponse]:
        screen: queue.Queue[notifications_pb.LiveEvent | None] = queue.Queue()
        context.add_callback(lambda: screen.put(None))
        self._platform.screens.append(screen)
        try:
            while (event := screen.get()) is not None:
                yield notifications_pb.StreamLiveEventsResponse(events=[event])
        finally:
            self._platform.screens.remove(screen)
