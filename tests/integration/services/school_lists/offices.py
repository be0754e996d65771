"""A school with its real neighbours on one gRPC server, and the calls that the tests of schools share."""

from __future__ import annotations

import csv
import io
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc

from kit import auth
from kit.auth import Subject
from kit.db import Database
from kit.testing.service import Client, staff
from services.schools.jobs import IssueWorker
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

YEAR = "2026-2027"
CLERK = ("schools.read", "schools.manage", "schools.release", "invoices.read", "invoices.void")
HEADINGS = ("Mã học sinh", "Họ và tên", "Ngày sinh", "Lớp")
AN = ("HS001", "Nguyễn Văn An", "05/09/2015", "6A1")
BINH = ("HS002", "Trần Thị Bình", "12/01/2015", "6A1")
CUONG = ("HS003", "Lê Quốc Cường", "30/07/2015", "6A2")
PUPILS = (AN, BINH, CUONG)
_numbers = itertools.count(1)


def key() -> str:
    return f"request-{uuid4()}"


def sheet(rows: Sequence[Sequence[object]], *items: str, headings: Sequence[str] = HEADINGS) -> bytes:
    """A list as a CSV file."""
    output = io.StringIO()
    csv.writer(output).writerows([[*headings, *items], *rows])
    return output.getvalue().encode()


@dataclass
class City:
    """Channels to the services of a test."""

    channel: grpc.Channel
    database: Database
    worker: IssueWorker

    def as_(self, subject: Subject) -> Any:
        return Client(pb_grpc.SchoolsServiceStub(self.channel), subject, timeout=60)

    def directory(self, person: str) -> Any:
        subject = staff(
            "organisations.manage", "directory.read", "accounts.propose", "accounts.approve", id=person
        )
        return Client(directory_grpc.DirectoryServiceStub(self.channel), subject)

    def work(self) -> None:
        """Let the worker of issue jobs do what there is to do."""
        while self.worker.step(threading.Event()):
            pass

    def school(self) -> School:
        """A new school with two accounts in force."""
        number = next(_numbers)
        organisation = self.directory("1").CreateOrganisation(
            directory_pb.CreateOrganisationRequest(
                request_id=key(),
                organisation=directory_pb.Organisation(
                    kind=directory_pb.Organisation.KIND_SCHOOL,
                    name=f"Trường THCS Số {number}",
                    code=f"thcs-so-{number}",
                    phone="0271 3888 888",
                ),
            )
        )
        proposed = [
            self.directory("1").ProposeAccount(
                directory_pb.ProposeAccountRequest(
                    request_id=key(),
                    organisation_id=organisation.id,
                    bin="970436",
                    account_number=f"10{number:04}{place}",
                    holder_name="TRUONG THCS",
                )
            )
            for place in (1, 2)
        ]
        for account in proposed:
            self.directory("2").ApproveAccount(
                directory_pb.ApproveAccountRequest(request_id=key(), id=account.id)
            )
        clerk = staff(*CLERK, organisation=organisation.id)
        return School(self, organisation.id, [account.id for account in proposed], clerk)


@dataclass
class School:
    """One school, its clerk and what the clerk does."""

    city: City
    id: str
    accounts: list[str]
    clerk: Subject

    @property
    def desk(self) -> Any:
        return self.city.as_(self.clerk)

    def read(self, content: bytes, round_id: str = "", **fields: Any) -> pb.Import:
        request = pb.CreateImportRequest(
            request_id=fields.pop("request_id", key()),
            organisation_id=self.id,
            school_year=YEAR,
            round_id=round_id,
            file_name=fields.pop("file_name", "danh-sach.csv"),
            content=content,
            **fields,
        )
        found: pb.Import = self.desk.CreateImport(request)
        return found

    def apply(self, import_id: str) -> pb.Import:
        done: pb.Import = self.desk.ApplyImport(pb.ApplyImportRequest(request_id=key(), import_id=import_id))
        return done

    def enrol(self, rows: Sequence[Sequence[object]] = PUPILS, *items: str, round_id: str = "") -> pb.Import:
        """Read a list and apply it."""
        return self.apply(self.read(sheet(rows, *items), round_id).id)

    def rows(self, import_id: str) -> list[pb.ImportRow]:
        request = pb.ListImportRowsRequest(import_id=import_id, page_size=200)
        return list(self.desk.ListImportRows(request).rows)

    def item(self, title: str = "Nước uống", price: int = 20_000, **fields: Any) -> pb.FeeItem:
        values: dict[str, Any] = {
            "title": title,
            "fee_kind": "NU",
            "unit_price": price,
            "quantity_milli": 1000,
            "unit": "tháng",
            "account_id": self.accounts[0],
        }
        return pb.FeeItem(**(values | fields))

    def round(self, *items: pb.FeeItem, **fields: Any) -> pb.Round:
        values: dict[str, Any] = {
            "organisation_id": self.id,
            "title": "Khoản thu tháng 11",
            "school_year": YEAR,
            "period": "Tháng 11/2026",
            "due_date": "2026-12-05",
            "scope": pb.Round.SCOPE_SCHOOL,
            "fee_items": items or (self.item(),),
        }
        opened: pb.Round = self.desk.CreateRound(
            pb.CreateRoundRequest(request_id=key(), round=pb.Round(**(values | fields)))
        )
        return opened

    def preview(self, round_id: str) -> pb.RoundPreview:
        seen: pb.RoundPreview = self.desk.PreviewRound(pb.PreviewRoundRequest(round_id=round_id))
        return seen

    def release(self, round_id: str) -> pb.IssueJob:
        seen = self.preview(round_id)
        job: pb.IssueJob = self.desk.ReleaseRound(
            pb.ReleaseRoundRequest(
                request_id=key(),
                round_id=round_id,
                expected_pupils=seen.pupils,
                expected_amount=seen.amount,
            )
        )
        return job

    def issue(self, round_id: str) -> pb.IssueJob:
        """Release a round and let the worker issue it."""
        self.release(round_id)
        self.city.work()
        return self.job(round_id)

    def job(self, round_id: str) -> pb.IssueJob:
        job: pb.IssueJob = self.desk.GetIssueJob(pb.GetIssueJobRequest(round_id=round_id))
        return job

    def pupil(self, code: str) -> pb.Pupil:
        found: pb.Pupil
        (found,) = self.desk.ListPupils(
            pb.ListPupilsRequest(organisation_id=self.id, school_year=YEAR, search=code)
        ).pupils
        return found

    def invoices(self, round_id: str) -> list[invoices_pb.Invoice]:
        """The invoices of a round, as the invoices service has them."""
        stub = Client(invoices_grpc.InvoicesServiceStub(self.city.channel), auth.service("schools"))
        request = invoices_pb.ListInvoicesRequest(
            organisation_id=self.id, batch_id=round_id, with_lines=True, page_size=200
        )
        return list(stub.ListInvoices(request).invoices)

    def billed(self, round_id: str) -> list[tuple[str, str, int]]:
        """Every line of every invoice of a round: who, what, how much."""
        return sorted(
            (invoice.payer_name, line.title, line.amount)
            for invoice in self.invoices(round_id)
            for line in invoice.lines
        )
