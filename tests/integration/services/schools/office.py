"""A school of the made-up city at work: the real services on one server, its accounts, lists and rounds."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pikepdf

from kit import auth, clock
from kit.auth import Subject
from kit.db import Database
from kit.grpc_client import OPTIONS, Channels
from kit.grpc_server import Edge
from kit.grpc_server import Server as GrpcServer
from kit.postgres import Server
from kit.testing.service import DATA_KEY, SUBJECT_KEY, Client, service_database, settings_for, staff
from sandbox.city.rosters import roster
from sandbox.city.schools import SANDBOX_BIN, MadeUpSchool, make_schools
from services.directory.rpc import DirectoryServicer
from services.documents.rpc import DocumentsServicer
from services.invoices.domain.bills import Keeper
from services.invoices.rpc import InvoicesServicer
from services.schools import jobs
from services.schools.ports import Neighbours
from services.schools.ports.notices import NoticePrinter
from services.schools.rpc import SchoolsServicer
from services.vietqr.rpc import VietqrServicer
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc

PUBLIC_URL = "https://hocphi.example.vn"
SEED = 7
# An account is registered once in a city, so each school gets numbers of its own.
_accounts = itertools.count(9021000110001)
OFFICE = ("schools.read", "schools.manage", "schools.release")


@dataclass(frozen=True, slots=True)
class Place:
    """The services, and the worker that a test moves by hand."""

    channel: grpc.Channel
    database: Database
    channels: Channels
    worker: jobs.IssueWorker

    def directory(self, subject: Subject) -> Any:
        return Client(directory_grpc.DirectoryServiceStub(self.channel), subject)

    def schools(self, subject: Subject) -> Any:
        return Client(pb_grpc.SchoolsServiceStub(self.channel), subject, timeout=60)

    def work(self) -> bool:
        """Let the worker do one job."""
        return self.worker.step(threading.Event())


@dataclass(frozen=True, slots=True)
class Office:
    """A school's office: its accountant's client, its accounts and its pupils."""

    place: Place
    id: str
    plan: MadeUpSchool
    account: str
    second_account: str
    desk: Any

    def open(self, accounts: Sequence[str] = ()) -> pb.Round:
        """Open a round with the items of the plan."""
        first, second = accounts or (self.account, self.second_account)
        items = [
            pb.FeeItem(
                title=item.title,
                fee_kind=item.kind,
                unit_price=item.price,
                quantity_milli=item.quantity_milli,
                unit=item.unit,
                account_id=second if item.to_second_account else first,
                per_pupil=bool(item.per_pupil_prices),
            )
            for item in self.plan.items
        ]
        value = pb.Round(
            organisation_id=self.id,
            title="Khoản thu tháng 11",
            school_year=school_year(),
            period="Tháng 11",
            due_date=(clock.today() + timedelta(days=12)).isoformat(),
            scope=pb.Round.SCOPE_SCHOOL,
            fee_items=items,
        )
        opened: pb.Round = self.desk.CreateRound(pb.CreateRoundRequest(request_id=str(uuid4()), round=value))
        return opened

    def upload(self, round_id: str, content: bytes | None = None) -> pb.Import:
        """Hand in the school's list for a round."""
        read: pb.Import = self.desk.CreateImport(
            pb.CreateImportRequest(
                request_id=str(uuid4()),
                organisation_id=self.id,
                school_year=school_year(),
                round_id=round_id,
                file_name="danh-sach.xlsx",
                content=roster(self.plan, SEED) if content is None else content,
            )
        )
        return read

    def apply(self, id: str) -> pb.Import:
        applied: pb.Import = self.desk.ApplyImport(
            pb.ApplyImportRequest(request_id=str(uuid4()), import_id=id)
        )
        return applied

    def filled(self) -> pb.Round:
        """A round with the school's list applied to it."""
        opened = self.open()
        self.apply(self.upload(opened.id).id)
        return opened

    def preview(self, round_id: str) -> pb.RoundPreview:
        seen: pb.RoundPreview = self.desk.PreviewRound(pb.PreviewRoundRequest(round_id=round_id))
        return seen

    def release(self, round_id: str, seen: pb.RoundPreview | None = None) -> pb.IssueJob:
        """Release what a preview showed."""
        seen = seen or self.preview(round_id)
        started: pb.IssueJob = self.desk.ReleaseRound(
            pb.ReleaseRoundRequest(
                request_id=str(uuid4()),
                round_id=round_id,
                expected_pupils=seen.pupils,
                expected_amount=seen.amount,
            )
        )
        return started

    def job(self, round_id: str) -> pb.IssueJob:
        found: pb.IssueJob = self.desk.GetIssueJob(pb.GetIssueJobRequest(round_id=round_id))
        return found

    def billed(self, round_id: str) -> invoices_pb.GroupSummary:
        """What stands in the books of invoices for a round."""
        stub = invoices_grpc.InvoicesServiceStub(self.place.channel)
        client = Client(stub, staff("invoices.read", organisation=self.id))
        request = invoices_pb.SummariseBatchRequest(organisation_id=self.id, batch_id=round_id)
        total: invoices_pb.GroupSummary = client.SummariseBatch(request).total
        return total

    def pupils(self) -> list[pb.Pupil]:
        found: list[pb.Pupil] = []
        token = ""
        while True:
            request = pb.ListPupilsRequest(organisation_id=self.id, page_size=20, page_token=token)
            page = self.desk.ListPupils(request)
            found += page.pupils
            token = page.next_page_token
            if not token:
                return found

    def print(self, round_id: str, **choice: Any) -> tuple[bytes, int]:
        """The PDF of the notices and the number of pages that was told for it."""
        chunks = list(self.desk.RenderNotices(pb.RenderNoticesRequest(round_id=round_id, **choice)))
        return b"".join(chunk.content for chunk in chunks), sum(chunk.page_count for chunk in chunks)


def school_year() -> str:
    today = clock.today()
    year = today.year if today.month >= 8 else today.year - 1
    return f"{year}-{year + 1}"


def page_count(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as paper:
        return len(paper.pages)


@contextmanager
def open_place(server: Server) -> Iterator[Place]:
    """Every service that schools talks to, each with its own database, on one server."""
    with ExitStack() as stack:
        directory, invoices, schools = (
            stack.enter_context(service_database(server, name))
            for name in ("directory", "invoices", "schools")
        )
        grpc_server = GrpcServer("127.0.0.1:0", SUBJECT_KEY)
        address = f"127.0.0.1:{grpc_server.port}"
        channels = Channels(settings_for(server, "unused", grpc_addresses=address))
        stack.callback(channels.close)
        neighbours = Neighbours(channels)
        worker = jobs.IssueWorker(schools, neighbours)
        printer = NoticePrinter(neighbours, PUBLIC_URL, is_trial=True)
        servicers: tuple[tuple[str, Any, Any, Any], ...] = (
            ("Directory", directory_pb, directory_grpc, DirectoryServicer(directory, SUBJECT_KEY)),
            (
                "Invoices",
                invoices_pb,
                invoices_grpc,
                InvoicesServicer(Edge(invoices), Keeper(DATA_KEY), SUBJECT_KEY),
            ),
            ("Vietqr", vietqr_pb, vietqr_grpc, VietqrServicer()),
            ("Documents", documents_pb, documents_grpc, DocumentsServicer()),
            (
                "Schools",
                pb,
                pb_grpc,
                SchoolsServicer(schools, neighbours, printer, SUBJECT_KEY, on_release=worker.wake),
            ),
        )
        for name, messages, stubs, servicer in servicers:
            descriptor = messages.DESCRIPTOR.services_by_name[f"{name}Service"]
            grpc_server.add(descriptor, servicer, getattr(stubs, f"add_{name}ServiceServicer_to_server"))
        grpc_server.start()
        stack.callback(grpc_server.stop, 1)
        channel = stack.enter_context(grpc.insecure_channel(address, options=OPTIONS))
        yield Place(channel, schools, channels, worker)


def enrol(place: Place, *, number: int = 1, classes: int | None = None) -> Office:
    """A school of the made-up city with two accounts in force; `classes` cuts it short."""
    plan = make_schools(SEED, clock.today())[number]
    plan = replace(plan, code=f"{plan.code}-{uuid4().hex[:8]}", classes=plan.classes[:classes])
    organisation = directory_pb.Organisation(
        kind=directory_pb.Organisation.KIND_SCHOOL,
        name=plan.name,
        code=plan.code,
        address=plan.address,
        ward_code=plan.ward_code,
        phone=plan.phone,
    )
    request = directory_pb.CreateOrganisationRequest(request_id=str(uuid4()), organisation=organisation)
    id = place.directory(auth.service("cli")).CreateOrganisation(request).id
    accountant, head = (
        place.directory(staff("accounts.propose", "accounts.approve", organisation=id, id=str(uuid4())))
        for _ in range(2)
    )
    asked = [propose(accountant, id, plan.holder) for _ in range(2)]
    accounts = [
        head.ApproveAccount(directory_pb.ApproveAccountRequest(request_id=str(uuid4()), id=account.id))
        for account in asked
    ]
    assert {account.state for account in accounts} == {directory_pb.Account.STATE_ACTIVE}
    desk = place.schools(staff(*OFFICE, organisation=id, id=str(uuid4())))
    return Office(place, id, plan, accounts[0].id, accounts[1].id, desk)


def propose(person: Any, organisation_id: str, holder: str) -> directory_pb.Account:
    number = str(next(_accounts))
    account: directory_pb.Account = person.ProposeAccount(
        directory_pb.ProposeAccountRequest(
            request_id=str(uuid4()),
            organisation_id=organisation_id,
            bin=SANDBOX_BIN,
            account_number=number,
            holder_name=holder,
            purpose=f"Thu {number[-2:]}",
        )
    )
    return account
