"""A school's services in memory: its invoices, desk and people in front of the gateway's pages."""

from __future__ import annotations

import uuid
from typing import Any

import grpc

from kit import errors
from kit.auth import Kind, Permission, Subject
from kit.references.code import Kind as ReferenceKind
from kit.references.code import new_reference
from tests.support.fake_access import everybody
from tests.support.fake_bills import ACCOUNT, OTHER_SCHOOL, SCHOOL, Bill, States
from tests.support.fake_directory import Directory
from tests.support.fake_platform import FakePlatform
from tests.support.fake_rounds import SchoolRounds
from tests.support.fake_school_bills import SchoolBill, SchoolInvoices
from tests.support.fake_schools import Owed
from xoai.common.v1 import common_pb2
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as reconciliation_grpc
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

SECOND_ACCOUNT = str(uuid.UUID(int=12))
ACCOUNTANT = frozenset(
    {
        *("directory.read", "schools.read", "schools.manage", "schools.release", "credits.read"),
        *("invoices.read", "invoices.issue", "invoices.void", "invoices.change", "invoices.link"),
    }
)
TEACHER = frozenset({"directory.read", "schools.read", "invoices.read"})


class SchoolPlatform(FakePlatform):
    """The services with a school in them. `person` is who signs in: an accountant, or with fewer permissions."""

    def __init__(self) -> None:
        self.schools = SchoolRounds(self)
        self.has_second_school = False
        self.is_desk_away = False
        super().__init__()
        self.permissions = ACCOUNTANT

    def services(self) -> list[tuple[Any, str, Any, Any]]:
        replaced = {
            "InvoicesService": SchoolInvoices(self),
            "DirectoryService": SchoolDirectory(self),
            "ReconciliationService": Desk(self),
        }
        usual = [
            (module, name, replaced.get(name, servicer), add)
            for module, name, servicer, add in super().services()
        ]
        return [
            *usual,
            (pb, "SchoolsService", self.schools, pb_grpc.add_SchoolsServiceServicer_to_server),
        ]

    def subject(self) -> Subject:
        grants = {SCHOOL: self.permissions}
        if self.has_second_school:
            grants[OTHER_SCHOOL] = self.permissions
        return Subject(Kind.PERSON, str(uuid.UUID(int=7)), "Đỗ Thị Lan Chi", grants)

    def account(self, id: str) -> common_pb2.BankAccount:
        number = "9021000011187" if id == ACCOUNT else "9021000022244"
        return common_pb2.BankAccount(
            id=id, bin="970436", account_number=number, holder_name="TRUONG TIEU HOC HOA MAI"
        )

    def issue(self, round_: pb.Round, group: Owed) -> SchoolBill:
        """An invoice of a round for one pupil and one account."""
        bill = SchoolBill(
            new_reference(ReferenceKind.INVOICE),
            payer_name=group.pupil.full_name,
            title=round_.title,
            amount_due=group.amount,
            due_date=round_.due_date,
            organisation_id=round_.organisation_id,
            payer_id=group.pupil.id,
            batch_id=round_.id,
            group_name=group.pupil.class_name,
            account_id=group.account,
            lines=[
                invoices_pb.InvoiceLine(
                    id=str(uuid.uuid4()),
                    title=line.title,
                    amount=line.amount,
                    priority=place,
                    unit_price=line.unit_price,
                    quantity_milli=line.quantity_milli,
                    unit=line.unit,
                    exempted=line.exempted,
                    exemption_reason=line.exemption_reason,
                )
                for place, line in enumerate(group.lines)
            ],
        )
        self.bills[bill.reference] = bill
        return bill

    def change(self, bill: Bill, *, announce: bool = True) -> None:
        super().change(bill, announce=announce)
        if announce and isinstance(bill, SchoolBill):
            self.announce_round(bill.batch_id)

    def announce_round(self, round_id: str) -> None:
        """Screens of a round hear that something changed."""
        from xoai.notifications.v1 import notifications_service_pb2 as notifications_pb

        for screen in self.screens:
            screen.put(
                notifications_pb.LiveEvent(
                    channel=f"batch:{round_id}", sequence=0, event_type="invoice.changed", data_json="{}"
                )
            )

    def void(self, bill: Bill, reason: str) -> None:
        bill.state = States.STATE_VOID
        if isinstance(bill, SchoolBill):
            bill.void_reason = reason
        self.change(bill)

    def of_round(self, round_id: str) -> list[SchoolBill]:
        return [
            bill
            for bill in list(self.bills.values())
            if isinstance(bill, SchoolBill) and bill.batch_id == round_id
        ]

    def is_issued(self, round_id: str, pupil_id: str, title: str) -> bool:
        return any(
            bill.payer_id == pupil_id and any(line.title == title for line in bill.lines)
            for bill in self.of_round(round_id)
        )

    def has_issued(self, item: pb.FeeItem) -> bool:
        return any(line.title == item.title for bill in self.bills.values() for line in bill.lines)

    def bill_of(self, round_id: str, pupil_id: str, account: str) -> SchoolBill | None:
        return next(
            (
                bill
                for bill in self.of_round(round_id)
                if (bill.payer_id, bill.account_id) == (pupil_id, account)
            ),
            None,
        )


class SchoolDirectory(Directory):
    """The accountant, perhaps of two schools; two accounts."""

    def _session(self, token: str, *, shown: bool = False) -> directory_pb.Session:
        session = super()._session(token, shown=shown)
        if getattr(self._platform, "has_second_school", False):
            session.person.memberships.add(
                organisation_id=OTHER_SCHOOL,
                organisation_name="Trường Mầm non Sơn Ca",
                organisation_kind=directory_pb.Organisation.KIND_SCHOOL,
                role="school_accountant",
            )
        return session

    def ListAccounts(self, request: Any, context: grpc.ServicerContext) -> directory_pb.ListAccountsResponse:
        reply = super().ListAccounts(request, context)
        reply.accounts.add(
            id=SECOND_ACCOUNT,
            organisation_id=SCHOOL,
            bin="970436",
            account_number="9021000022244",
            holder_name="TRUONG TIEU HOC HOA MAI",
            purpose="Thu hộ",
            state=directory_pb.Account.STATE_ACTIVE,
        )
        return reply


class Desk(reconciliation_grpc.ReconciliationServiceServicer):
    """What came today and what waits."""

    PERMISSIONS = {
        **everybody(reconciliation_pb, "ReconciliationService"),
        "ListCredits": Permission("credits.read"),
        "GetCredit": Permission("credits.read"),
    }

    def __init__(self, platform: SchoolPlatform) -> None:
        self._platform = platform

    def ListCredits(
        self, request: Any, context: grpc.ServicerContext
    ) -> reconciliation_pb.ListCreditsResponse:
        if self._platform.is_desk_away:
            raise errors.Unavailable()
        if request.view == reconciliation_pb.ListCreditsRequest.VIEW_TWICE_OPEN:
            return reconciliation_pb.ListCreditsResponse()
        if request.view == reconciliation_pb.ListCreditsRequest.VIEW_OVER_OPEN:
            return reconciliation_pb.ListCreditsResponse(credits=[reconciliation_pb.Credit(id="over")] * 2)
        paid = [
            bill for bill in self._platform.bills.values() if isinstance(bill, SchoolBill) and bill.payments
        ]
        newest = sorted(paid, key=lambda bill: bill.payments[-1].bank_time.seconds, reverse=True)
        return reconciliation_pb.ListCreditsResponse(
            credits=[
                reconciliation_pb.Credit(id=bill.reference, bank_time=bill.payments[-1].bank_time)
                for bill in newest[: request.page_size]
            ],
            suspense_count=3,
            suspense_amount=1_716_000,
        )

    def GetCredit(self, request: Any, context: grpc.ServicerContext) -> reconciliation_pb.CreditDetail:
        bill = self._platform.bills[request.id]
        assert isinstance(bill, SchoolBill)
        return reconciliation_pb.CreditDetail(
            credit=reconciliation_pb.Credit(id=bill.reference, bank_time=bill.payments[-1].bank_time),
            payments=[
                reconciliation_pb.Payment(
                    payer_name=bill.payer_name, group_name=bill.group_name, amount=bill.payments[-1].amount
                )
            ],
        )
