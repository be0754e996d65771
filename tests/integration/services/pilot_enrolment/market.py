"""A programme of the pilots with the directory beside it, and what the city's people do with lists."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import grpc
from sqlalchemy import text

from kit.auth import Subject
from kit.db import Database
from kit.testing.service import Client, staff
from services.pilots.domain.stalls import Account, AnnouncedAccount
from services.pilots.flows import accounts as account_flows
from tests.support.stall_lists import Cells, stall_xlsx
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc

CITY = (
    "pilots.manage",
    "pilots.inspect",
    "organisations.manage",
    "directory.read",
    "accounts.propose",
    "accounts.approve",
)
FIRST, SECOND = f"{UUID(int=1)}", f"{UUID(int=2)}"
Rows = pb.EnrolmentRow
_numbers = itertools.count(1)


def key() -> str:
    return f"request-{uuid4()}"


@dataclass
class Market:
    """The city's desk."""

    channel: grpc.Channel
    database: Database
    directory: Database

    def as_(self, subject: Subject, timeout: float = 60) -> Any:
        return Client(pb_grpc.StallsServiceStub(self.channel), subject, timeout=timeout)

    @property
    def desk(self) -> Any:
        return self.as_(staff(*CITY, id=FIRST))

    def directory_desk(self, person: str = FIRST) -> Any:
        return Client(directory_grpc.DirectoryServiceStub(self.channel), staff(*CITY, id=person))

    def programme(self, *sections: str) -> pb.Programme:
        """A new street with blocks of these codes (A and B-2)."""
        number = next(_numbers)
        made: pb.Programme = self.desk.CreateProgramme(
            pb.CreateProgrammeRequest(
                request_id=key(),
                programme=pb.Programme(
                    kind=pb.Programme.KIND_STREET,
                    code=f"pho-{number}",
                    name=f"Phố Số {number}",
                    ward_code="25195",
                    start_date="2026-01-01",
                    open_minute=300,
                    close_minute=1200,
                    cut_off_minute=1320,
                    sections=[
                        pb.Section(code=code, name=f"Đoạn {code}", x=place * 20, y=0, width=10, height=10)
                        for place, code in enumerate(sections or ("A", "B-2"))
                    ],
                ),
            )
        )
        return made

    def read(self, programme: pb.Programme, rows: Sequence[Cells], **fields: Any) -> pb.Enrolment:
        content = fields.pop("content", None) or stall_xlsx(rows)
        request = pb.ReadEnrolmentRequest(
            request_id=fields.pop("request_id", key()),
            programme_id=programme.id,
            file_name="quay.xlsx",
            content=content,
        )
        found: pb.Enrolment = self.desk.ReadEnrolment(request)
        return found

    def apply(self, id: str, person: str = FIRST, timeout: float = 60) -> pb.Enrolment:
        desk = self.as_(staff(*CITY, id=person), timeout)
        done: pb.Enrolment = desk.ApplyEnrolment(pb.ApplyEnrolmentRequest(request_id=key(), id=id))
        return done

    def enrol(self, programme: pb.Programme, rows: Sequence[Cells]) -> pb.Enrolment:
        """Read a list and apply it."""
        return self.apply(self.read(programme, rows).id)

    def get(self, id: str) -> pb.Enrolment:
        found: pb.Enrolment = self.desk.GetEnrolment(pb.GetEnrolmentRequest(id=id))
        return found

    def correct(self, id: str, row: pb.EnrolmentRow, **values: str) -> pb.EnrolmentRow:
        """Write values over a row's."""
        wanted = pb.EnrolmentValues()
        wanted.CopyFrom(row.values)
        for name, value in values.items():
            setattr(wanted, name, value)
        request = pb.CorrectEnrolmentRowRequest(request_id=key(), enrolment_id=id, row=row.row, values=wanted)
        corrected: pb.EnrolmentRow = self.desk.CorrectEnrolmentRow(request)
        return corrected

    def stalls(self, programme: pb.Programme) -> list[pb.Stall]:
        found: list[pb.Stall] = []
        token = ""
        while True:
            page = self.desk.ListStalls(
                pb.ListStallsRequest(programme_id=programme.id, page_size=200, page_token=token)
            )
            found += page.stalls
            token = page.next_page_token
            if not token:
                return found

    def merchants(self) -> list[directory_pb.Organisation]:
        """The organisations of merchants, as the directory has them."""
        found: list[directory_pb.Organisation] = []
        token = ""
        while True:
            page = self.directory_desk().ListOrganisations(
                directory_pb.ListOrganisationsRequest(
                    kind=directory_pb.Organisation.KIND_MERCHANT, page_size=200, page_token=token
                )
            )
            found += page.organisations
            token = page.next_page_token
            if not token:
                return found

    def accounts(self) -> list[directory_pb.Account]:
        return list(self.directory_desk().ListAccounts(directory_pb.ListAccountsRequest()).accounts)

    def approve(self, person: str = SECOND) -> None:
        """Approve what waits, and let the pilots hear of it as the directory's topic would tell them."""
        for account in self.accounts():
            if account.state != directory_pb.Account.STATE_PROPOSED:
                continue
            request = directory_pb.ApproveAccountRequest(request_id=key(), id=account.id)
            approved = self.directory_desk(person).ApproveAccount(request)
            announced = AnnouncedAccount(
                Account(UUID(approved.id), approved.bin, approved.account_number, approved.holder_name),
                UUID(approved.organisation_id),
                2,
                approved.state == directory_pb.Account.STATE_ACTIVE,
                approved.active_time.ToDatetime(),
                None,
            )
            with self.database.begin() as session:
                account_flows.take_in(session, [announced])

    def count(self, statement: str) -> int:
        with self.database.begin() as session:
            return int(session.execute(text(statement)).scalar_one())
