"""A school with classes, a list with seven mistakes, a round in draft and one in work; its invoices, desk and people."""

from __future__ import annotations

import io
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import xlsxwriter

from kit import clock, errors
from kit.auth import Kind, Permission, Subject
from kit.references.code import Kind as ReferenceKind
from kit.references.code import check, new_reference
from kit.text import name_sort_key, natural_key, search_key
from tests.support.fake_rounds import SchoolRounds
from tests.support.fake_schools import Owed
from tests.support.fake_services import (
    ACCOUNT,
    OTHER_SCHOOL,
    SCHOOL,
    Bill,
    Directory,
    FakePlatform,
    Invoices,
    States,
    due,
    everybody,
    stamp,
)
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
CLASSES = ("1A", "1B", "1C", "2A", "2B", "2C", "3A", "3B", "3C", "4A", "4B", "5A", "5B")
ITEMS = ("Tiền ăn bán trú", "Chăm sóc bán trú", "Nước uống", "Câu lạc bộ kỹ năng")
_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hồ", "Đặng", "Bùi", "Đỗ", "Ngô", "Lý", "Võ", "Trương")
_MIDDLE = ("Ngọc", "Gia", "Minh", "Khánh", "Thị Mỹ", "Hoàng", "Đức", "Bảo", "Quốc", "Anh")
_GIVEN = (
    "Hân",
    "Khang",
    "Yến",
    "Huy",
    "Trâm",
    "Hoa",
    "Đạt",
    "Thư",
    "Quân",
    "Uyên",
    "Ánh",
    "Bảo",
    "Lệ",
    "Ổn",
    "Ễnh",
)


@dataclass
class SchoolBill(Bill):
    """An invoice that came out of a round."""

    payer_id: str = ""
    batch_id: str = ""
    group_name: str = ""
    account_id: str = ACCOUNT
    void_reason: str = ""

    def full(self) -> invoices_pb.Invoice:
        invoice = super().full()
        invoice.payer_id, invoice.batch_id, invoice.group_name = self.payer_id, self.batch_id, self.group_name
        invoice.source_service, invoice.void_reason = "schools", self.void_reason
        invoice.account_id = self.account_id
        if self.state == States.STATE_PAID:
            invoice.paid_time.CopyFrom(self.payments[-1].bank_time)
        return invoice


class SchoolPlatform(FakePlatform):
    """The services with a school in them. `person` is who signs in: an accountant, or with fewer permissions."""

    def __init__(self) -> None:
        self.schools = SchoolRounds(self)
        self.has_second_school = False
        self.is_desk_away = False
        super().__init__()
        self.permissions = ACCOUNTANT

    def services(self) -> list[tuple[Any, str, Any, Any]]:
        replaced = {"InvoicesService": SchoolInvoices(self), "DirectoryService": SchoolDirectory(self)}
        usual = [
            (module, name, replaced.get(name, servicer), add)
            for module, name, servicer, add in super().services()
        ]
        return [
            *usual,
            (pb, "SchoolsService", self.schools, pb_grpc.add_SchoolsServiceServicer_to_server),
            (
                reconciliation_pb,
                "ReconciliationService",
                Desk(self),
                reconciliation_grpc.add_ReconciliationServiceServicer_to_server,
            ),
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


class SchoolInvoices(Invoices):
    """Lists by round, class, state and text; sums; changes."""

    PERMISSIONS = {
        **Invoices.PERMISSIONS,
        "SummariseBatch": Permission("invoices.read"),
        "ListReceipts": Permission("invoices.read"),
        "ChangeInvoice": Permission("invoices.change"),
        "CreatePayLink": Permission("invoices.link"),
        "RevokePayLinks": Permission("invoices.link"),
    }
    _platform: SchoolPlatform

    def ListInvoices(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.ListInvoicesResponse:
        wanted = search_key(request.search)
        found = [
            bill.full()
            for bill in self._visible(context)
            if isinstance(bill, SchoolBill)
            and bill.organisation_id == request.organisation_id
            and request.batch_id in ("", bill.batch_id)
            and request.group_name in ("", bill.group_name)
            and request.payer_id in ("", bill.payer_id)
            and (not request.states or bill.state in request.states)
            and (wanted in search_key(bill.payer_name) or (check(wanted) and wanted == bill.reference))
        ]
        found.sort(key=lambda row: (natural_key(row.group_name), name_sort_key(row.payer_name)))
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return invoices_pb.ListInvoicesResponse(
            invoices=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    def SummariseBatch(
        self, request: Any, context: grpc.ServicerContext
    ) -> invoices_pb.SummariseBatchResponse:
        groups: dict[str, invoices_pb.GroupSummary] = {}
        total = invoices_pb.GroupSummary()
        payers: dict[str, set[str]] = {}
        bills = [
            bill
            for bill in self._platform.of_round(request.batch_id)
            if bill.organisation_id == request.organisation_id
        ]
        for bill in bills:
            row = groups.setdefault(bill.group_name, invoices_pb.GroupSummary(group_name=bill.group_name))
            payers.setdefault(bill.group_name, set()).add(bill.payer_id)
            for each in (row, total):
                each.invoices += 1
                each.paid += bill.state == States.STATE_PAID
                each.part_paid += bill.state == States.STATE_PART_PAID
                each.open += bill.state == States.STATE_OPEN
                each.void += bill.state == States.STATE_VOID
                if bill.state != States.STATE_VOID:
                    each.amount_due += bill.amount_due
                    each.amount_paid += min(bill.received, bill.amount_due)
        for name, row in groups.items():
            row.payers = len(payers[name])
        total.payers = len({bill.payer_id for bill in bills})
        ordered = [groups[name] for name in sorted(groups, key=natural_key)]
        return invoices_pb.SummariseBatchResponse(groups=ordered, total=total)

    def ListReceipts(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.ListReceiptsResponse:
        for bill in self._visible(context):
            if bill.id == request.invoice_id:
                return invoices_pb.ListReceiptsResponse(receipts=bill.receipts())
        return invoices_pb.ListReceiptsResponse()

    def ChangeInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        self._platform.requests.append(("ChangeInvoice", request))
        bill = next((bill for bill in self._visible(context) if bill.id == request.id), None)
        if bill is None:
            raise errors.NotFound()
        bill.lines = list(request.lines)
        bill.amount_due = sum(line.amount for line in bill.lines)
        self._platform.change(bill)
        return bill.full()

    def CreatePayLink(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.PayLink:
        bill = next((bill for bill in self._visible(context) if bill.id == request.id), None)
        if bill is None:
            raise errors.NotFound()
        bill.link_token = f"link-{request.request_id}"
        return invoices_pb.PayLink(
            reference=bill.reference,
            link_token=bill.link_token,
            expire_time=stamp(clock.now() + timedelta(days=90)),
        )

    def RevokePayLinks(
        self, request: Any, context: grpc.ServicerContext
    ) -> invoices_pb.RevokePayLinksResponse:
        for bill in self._visible(context):
            if bill.id == request.id:
                bill.link_token = ""
        return invoices_pb.RevokePayLinksResponse(revoked=1)

    def VoidInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        voided = super().VoidInvoice(request, context)
        bill = self._platform.bills[voided.reference]
        if isinstance(bill, SchoolBill):
            bill.void_reason = request.reason
        return bill.full()


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


def fill(platform: SchoolPlatform, *, per_class: int = 8, seed: int = 7) -> None:
    """Pupils in every class, the same for the same seed."""
    dice = random.Random(seed)
    for class_name in CLASSES:
        for _ in range(per_class):
            name = f"{dice.choice(_FAMILY)} {dice.choice(_MIDDLE)} {dice.choice(_GIVEN)}"
            born = date(2026 - 5 - int(class_name[0]), dice.randint(1, 12), dice.randint(1, 28))
            platform.schools.add_pupil(
                name,
                class_name,
                birth_date=born.isoformat(),
                sex=dice.choice(("nam", "nữ")),
                pupil_code=f"HM{len(platform.schools.pupils) + 1:05d}",
            )


def month(platform: SchoolPlatform, title: str = "Khoản thu tháng 11/2026", **facts: Any) -> pb.Round:
    """A round in draft with four items, one of them by the list and one into the second account."""
    kinds = ("AN", "BT", "NU", "TA")
    prices = ((28_000, 21_000, "ngày"), (280_000, 1000, ""), (12_000, 1000, ""), (84_000, 1000, ""))
    items = [
        pb.FeeItem(
            title=heading,
            fee_kind=kind,
            legal_kind="dich_vu" if kind == "BT" else "thoa_thuan",
            unit_price=0 if kind == "AN" else price,
            quantity_milli=0 if kind == "AN" else quantity,
            unit=unit,
            per_pupil=kind == "AN",
            account_id=SECOND_ACCOUNT if kind == "TA" else ACCOUNT,
        )
        for heading, kind, (price, quantity, unit) in zip(ITEMS, kinds, prices, strict=True)
    ]
    return platform.schools.add_round(
        title, period="Tháng 11/2026", due_date=due(8), fee_items=items, **facts
    )


def released(platform: SchoolPlatform, round_: pb.Round, *, paid: float = 0.8, short: int = 2) -> None:
    """Issue a round and let most families pay; a few pay too little."""
    dice = random.Random(11)
    for pupil in platform.schools.pupils.values():
        platform.schools.amounts[round_.id, pupil.id, round_.fee_items[0].id] = 588_000
    round_.state = pb.Round.STATE_RELEASED
    round_.release_time.CopyFrom(stamp(datetime(2026, 11, 2, 1, 0, tzinfo=UTC)))
    job = pb.IssueJob(id=str(uuid.uuid4()), round_id=round_.id, total=len(platform.schools.waiting(round_)))
    platform.schools.jobs[round_.id] = job
    platform.schools.work(round_, job, job.total)
    start = clock.now() - timedelta(hours=28)
    for place, bill in enumerate(platform.of_round(round_.id)):
        if dice.random() >= paid:
            continue
        amount = bill.amount_due - 1_000 if place % 40 == 0 and short else bill.amount_due
        platform.pay(bill, amount, announce=False)
        bill.payments[-1].bank_time.CopyFrom(stamp(start + timedelta(minutes=place * 2)))


def list_file(platform: SchoolPlatform, *, mistakes: bool = True) -> bytes:
    """An XLSX list as a school keeps it: a title, the heading in its own order, amounts as text; seven mistakes."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Danh sách")
        sheet.write(0, 0, "TRƯỜNG TIỂU HỌC HOA MAI")
        sheet.write(1, 0, "DANH SÁCH THU THÁNG 11/2026")
        headings = (
            "STT",
            "Họ và tên",
            "Ngày sinh",
            "Lớp",
            "Mã học sinh",
            "Mã định danh Bộ GD&ĐT",
            *ITEMS[:1],
        )
        for column, heading in enumerate(headings):
            sheet.write(3, column, heading)
        pupils = platform.schools.in_order(
            [pupil for pupil in platform.schools.pupils.values() if pupil.birth_date]
        )
        rows = [
            [
                pupil.full_name,
                date.fromisoformat(pupil.birth_date).strftime("%d/%m/%Y"),
                pupil.class_name,
                pupil.identifiers[0].value,
                "",
                "588.000",
            ]
            for pupil in pupils
        ]
        if mistakes:
            wrong = ((2, 1, "31/02/2020"), (9, 2, ""), (15, 5, "28.000,5"), (21, 4, "7525 0912"))
            for row, column, value in (*wrong, (30, 5, "-5.000"), (37, 1, "ngày 5"), (44, 4, "7525091268x")):
                rows[row][column] = value
        for line, cells in enumerate(rows, start=4):
            sheet.write(line, 0, line - 3)
            for column, cell in enumerate(cells, start=1):
                sheet.write_string(line, column, cell)
    return content.getvalue()
