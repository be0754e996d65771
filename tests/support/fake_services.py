"""Small services in memory, on a real gRPC socket, for tests of the gateway: bills, logins, live events.

The edges that cost nothing are the real ones: the kit's server (deadlines, signed subjects, permissions), VietQR, papers.
"""

from __future__ import annotations

import queue
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from kit import auth, clock, errors
from kit.auth import Kind, Permission, Subject
from kit.grpc_server import Server, caller_of
from kit.references.code import Kind as ReferenceKind
from kit.references.code import new_reference
from kit.text import mask_name
from services.documents.rpc import DocumentsServicer
from services.vietqr.rpc import VietqrServicer
from xoai.common.v1 import common_pb2 as common_pb
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.notifications.v1 import notifications_service_pb2 as notifications_pb
from xoai.notifications.v1 import notifications_service_pb2_grpc as notifications_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc

SUBJECT_KEY = "a key of the tests, long enough to be one"
SCHOOL = str(uuid.UUID(int=1))
OTHER_SCHOOL = str(uuid.UUID(int=2))
ACCOUNT = str(uuid.UUID(int=11))
PASSWORD = "mot cau de nho cua toi"
API_KEY = "xoai_key_of_the_school"
States = invoices_pb.Invoice


def stamp(moment: datetime) -> Timestamp:
    """A time as protobuf has it."""
    result = Timestamp()
    result.FromDatetime(moment)
    return result


@dataclass
class Bill:
    """One invoice of the fake owner."""

    reference: str
    payer_name: str = "Nguyễn Ngọc Bảo Hân"
    title: str = "Khoản thu tháng 11/2026"
    amount_due: int = 936_000
    due_date: str = ""
    state: int = States.STATE_OPEN
    organisation_id: str = SCHOOL
    sequence: int = 1
    birth_date: str = "2018-03-27"
    link_token: str = ""
    payments: list[invoices_pb.PublicPayment] = field(default_factory=list)
    lines: list[invoices_pb.InvoiceLine] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def received(self) -> int:
        return sum(payment.amount for payment in self.payments)

    def public(self) -> invoices_pb.PublicBill:
        """What anybody with the reference may know."""
        return invoices_pb.PublicBill(
            reference=self.reference,
            organisation_id=self.organisation_id,
            title=self.title,
            payer_masked_name=mask_name(self.payer_name),
            state=self.state,  # type: ignore[arg-type]
            amount_due=self.amount_due,
            amount_paid=min(self.received, self.amount_due),
            due_date=self.due_date,
            bin="970436",
            account_number="9021000011187",
            holder_name="TRUONG TIEU HOC HOA MAI",
            sequence=self.sequence,
            paid_time=self.payments[-1].bank_time if self.state == States.STATE_PAID else None,
            overpaid=self.received > self.amount_due,
            payments=self.payments,
        )

    def receipts(self) -> list[invoices_pb.Receipt]:
        """One receipt per payment."""
        return [
            invoices_pb.Receipt(
                id=str(uuid.uuid4()),
                organisation_id=self.organisation_id,
                invoice_id=self.id,
                reference=self.reference,
                series="HM",
                year=2026,
                number=payment.receipt_number,
                amount=payment.amount,
                title=self.title,
                payer_name=mask_name(self.payer_name),
                group_name="3A",
                bank_time=payment.bank_time,
                issue_time=payment.bank_time,
                payer_account_last_four=payment.payer_account_last_four,
                bank_reference=payment.bank_reference,
                lines=self.lines,
            )
            for payment in self.payments
        ]

    def full(self) -> invoices_pb.Invoice:
        """What the biller sees."""
        public = self.public()
        return invoices_pb.Invoice(
            id=self.id,
            organisation_id=self.organisation_id,
            reference=self.reference,
            state=self.state,  # type: ignore[arg-type]
            title=self.title,
            payer_name=self.payer_name,
            account_id=ACCOUNT,
            bin=public.bin,
            account_number=public.account_number,
            holder_name=public.holder_name,
            amount_due=self.amount_due,
            amount_paid=public.amount_paid,
            due_date=self.due_date,
            lines=self.lines,
            sequence=self.sequence,
            issue_time=stamp(datetime(2026, 11, 2, 1, 0, tzinfo=UTC)),
        )


def month_lines() -> list[invoices_pb.InvoiceLine]:
    """A month's items of one pupil, 936,000 đồng."""
    rows = [
        ("Tiền ăn bán trú", 588_000, 28_000, 21_000, "ngày"),
        ("Chăm sóc bán trú", 280_000, 0, 0, ""),
        ("Nước uống", 12_000, 0, 0, ""),
        ("Câu lạc bộ kỹ năng", 84_000, 0, 0, ""),
        ("Hoàn tiền ăn tháng 10", -28_000, 0, 0, ""),
    ]
    return [
        invoices_pb.InvoiceLine(
            id=str(index),
            title=title,
            amount=amount,
            unit_price=price,
            quantity_milli=quantity,
            unit=unit,
            priority=index,
            ledger_class="dich_vu",
        )
        for index, (title, amount, price, quantity, unit) in enumerate(rows)
    ]


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
            (vietqr_pb, "VietqrService", VietqrServicer(), vietqr_grpc.add_VietqrServiceServicer_to_server),
            (
                documents_pb,
                "DocumentsService",
                DocumentsServicer(),
                documents_grpc.add_DocumentsServiceServicer_to_server,
            ),
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


def everybody(module: Any, service: str, **special: Permission) -> Mapping[str, Permission]:
    """A permission entry for each RPC of a service."""
    methods = module.DESCRIPTOR.services_by_name[service].methods
    return {method.name: special.get(method.name, Permission(anyone=True)) for method in methods}


class LoginRefused(errors.Unauthenticated):
    reason = "LOGIN_REFUSED"
    vi = "Tên đăng nhập hoặc mật khẩu chưa đúng."
    en = "The sign-in name or the password is not right."


class WeakPassword(errors.InvalidArgument):
    reason = "WEAK_PASSWORD"
    vi = "Mật khẩu cần ít nhất 12 ký tự."
    en = "The password needs at least 12 characters."


class Directory(directory_grpc.DirectoryServiceServicer):
    """One school, one accountant, one API key."""

    PERMISSIONS = everybody(directory_pb, "DirectoryService", ListAccounts=Permission("directory.read"))

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def _session(self, token: str, *, shown: bool = False) -> directory_pb.Session:
        subject = self._platform.subject()
        school = directory_pb.Membership(
            organisation_id=SCHOOL,
            organisation_name="Trường Tiểu học Hoa Mai",
            organisation_kind=directory_pb.Organisation.KIND_SCHOOL,
            role="school_accountant",
        )
        return directory_pb.Session(
            session_token=token if shown else "",
            subject_token=auth.sign(subject, SUBJECT_KEY),
            csrf_token=f"csrf of {token}",
            person=directory_pb.Person(
                id=subject.id,
                name=subject.name,
                login="lan.chi@hoamai.example",
                memberships=[school],
                permissions=sorted(self._platform.permissions),
            ),
        )

    def _open(self) -> directory_pb.Session:
        token = uuid.uuid4().hex
        self._platform.sessions[token] = "person"
        return self._session(token, shown=True)

    def Login(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if request.login != "lan.chi@hoamai.example" or request.password != self._platform.password:
            raise LoginRefused()
        return self._open()

    def ResolveSession(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if request.session_token not in self._platform.sessions:
            raise errors.Unauthenticated()
        return self._session(request.session_token)

    def Logout(self, request: Any, context: grpc.ServicerContext) -> directory_pb.LogoutResponse:
        self._platform.sessions.pop(request.session_token, None)
        return directory_pb.LogoutResponse()

    def ChangePassword(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if request.old_password != self._platform.password:
            raise LoginRefused()
        if len(request.new_password) < 12:
            raise WeakPassword()
        self._platform.password = request.new_password
        self._platform.sessions.clear()
        return self._open()

    def ResolveApiKey(self, request: Any, context: grpc.ServicerContext) -> directory_pb.SubjectToken:
        if request.api_key != API_KEY:
            raise errors.Unauthenticated()
        subject = Subject(
            Kind.API_KEY, str(uuid.UUID(int=8)), "Phần mềm trường", {SCHOOL: self._platform.permissions}
        )
        return directory_pb.SubjectToken(subject_token=auth.sign(subject, SUBJECT_KEY), name=subject.name)

    def GetInvitation(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Invitation:
        if request.token != "invited":
            raise errors.NotFound()
        return directory_pb.Invitation(
            person_name="Trịnh Hoài Nam",
            login="hoai.nam@example",
            expire_time=stamp(clock.now() + timedelta(days=7)),
        )

    def AcceptInvitation(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if len(request.password) < 12:
            raise WeakPassword()
        return self._open()

    def GetPublicOrganisation(
        self, request: Any, context: grpc.ServicerContext
    ) -> directory_pb.PublicOrganisation:
        kinds = directory_pb.Organisation.Kind
        names = {
            SCHOOL: ("Trường Tiểu học Hoa Mai", kinds.KIND_SCHOOL),
            OTHER_SCHOOL: ("Điện lực Đồng Xoài (thử)", kinds.KIND_UTILITY),
        }
        if request.id not in names:
            raise errors.NotFound()
        name, kind = names[request.id]
        return directory_pb.PublicOrganisation(
            id=request.id, kind=kind, name=name, address="Phường Bình Phước", phone="0271 000 1122"
        )

    def ListOrganisations(
        self, request: Any, context: grpc.ServicerContext
    ) -> directory_pb.ListOrganisationsResponse:
        kinds = directory_pb.Organisation.Kind
        return directory_pb.ListOrganisationsResponse(
            organisations=[
                directory_pb.Organisation(
                    id=SCHOOL, kind=kinds.KIND_SCHOOL, name="Trường Tiểu học Hoa Mai", code="th-hoa-mai"
                ),
                directory_pb.Organisation(
                    id=OTHER_SCHOOL, kind=kinds.KIND_UTILITY, name="Điện lực Đồng Xoài (thử)", code="dien"
                ),
            ]
        )

    def ListAccounts(self, request: Any, context: grpc.ServicerContext) -> directory_pb.ListAccountsResponse:
        account = directory_pb.Account(
            id=ACCOUNT,
            organisation_id=SCHOOL,
            bin="970436",
            account_number="9021000011187",
            holder_name="TRUONG TIEU HOC HOA MAI",
            purpose="Thu dịch vụ",
            state=directory_pb.Account.STATE_ACTIVE,
        )
        return directory_pb.ListAccountsResponse(accounts=[account])


class Invoices(invoices_grpc.InvoicesServiceServicer):
    """Bills in a dictionary. An invoice of another organisation is not there for the caller."""

    PERMISSIONS = everybody(
        invoices_pb,
        "InvoicesService",
        GetInvoice=Permission("invoices.read"),
        ListInvoices=Permission("invoices.read"),
        IssueInvoices=Permission("invoices.issue"),
        VoidInvoice=Permission("invoices.void"),
    )

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def ListDeadLetters(
        self, request: Any, context: grpc.ServicerContext
    ) -> common_pb.ListDeadLettersResponse:
        return common_pb.ListDeadLettersResponse()

    def _bill(self, reference: str) -> Bill:
        if reference not in self._platform.bills:
            raise errors.NotFound()
        return self._platform.bills[reference]

    def GetPublicBill(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.PublicBill:
        return self._bill(request.reference).public()

    def OpenBill(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.OpenedBill:
        bill = self._bill(request.reference)
        by_fact = request.second_fact and request.second_fact == bill.birth_date
        if not by_fact and not (request.link_token and request.link_token == bill.link_token):
            raise errors.NotFound()
        return invoices_pb.OpenedBill(
            bill=bill.public(), lines=bill.lines, group_name="3A", receipts=bill.receipts()
        )

    def _visible(self, context: grpc.ServicerContext) -> list[Bill]:
        grants = caller_of(context).subject.grants
        return [bill for bill in self._platform.bills.values() if bill.organisation_id in grants]

    def GetInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        for bill in self._visible(context):
            if request.id == bill.id or (request.reference and request.reference == bill.reference):
                return bill.full()
        raise errors.NotFound()

    def ListInvoices(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.ListInvoicesResponse:
        self._platform.requests.append(("ListInvoices", request))
        rows = [
            bill.full()
            for bill in self._visible(context)
            if not request.states or bill.state in request.states
        ]
        return invoices_pb.ListInvoicesResponse(invoices=rows)

    def IssueInvoices(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.IssueInvoicesResponse:
        self._platform.requests.append(("IssueInvoices", request))
        outcomes = []
        for draft in request.drafts:
            bill = self._platform.add_bill(
                title=draft.title, amount_due=sum(line.amount for line in draft.lines)
            )
            outcomes.append(
                invoices_pb.IssueOutcome(
                    source_id=draft.source_id,
                    outcome=invoices_pb.IssueOutcome.OUTCOME_ISSUED,
                    invoice_id=bill.id,
                    reference=bill.reference,
                )
            )
        return invoices_pb.IssueInvoicesResponse(outcomes=outcomes)

    def VoidInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        self._platform.requests.append(("VoidInvoice", request))
        bill = next((bill for bill in self._visible(context) if bill.id == request.id), None)
        if bill is None:
            raise errors.NotFound()
        bill.state = States.STATE_VOID
        self._platform.change(bill)
        return bill.full()


class Notifications(notifications_grpc.NotificationsServiceServicer):
    """Hands every event to every stream."""

    PERMISSIONS = everybody(
        notifications_pb, "NotificationsService", StreamLiveEvents=Permission(services=("gateway",))
    )

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def StreamLiveEvents(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[notifications_pb.LiveEvent]:
        screen: queue.Queue[notifications_pb.LiveEvent | None] = queue.Queue()
        context.add_callback(lambda: screen.put(None))
        self._platform.screens.append(screen)
        try:
            while (event := screen.get()) is not None:
                yield event
        finally:
            self._platform.screens.remove(screen)


def due(days: int) -> str:
    """An ISO date so many days from today."""
    day: date = clock.today() + timedelta(days=days)
    return day.isoformat()
