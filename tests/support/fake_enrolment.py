"""Programmes and lists of stalls in memory, and an administrator of the city who works with them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from kit import auth, clock, errors
from services.directory.roles import PERMISSIONS, Role
from services.pilots.domain.errors_stalls import (
    ChangedMeanwhile,
    ProgrammeCodeTaken,
    StallNumberTaken,
    StallWithdrawn,
)
from services.pilots.domain.wards import wards_now
from tests.support.fake_bills import stamp
from tests.support.fake_directory import Directory
from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import Stalls
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

Outcome = pb.EnrolmentRow.Outcome


class NotAList(errors.InvalidArgument):
    reason = "NOT_A_LIST"
    vi = "Không thấy dòng tiêu đề của danh sách quầy."
    en = "There is no heading of a list of stalls."


class Programmes(Stalls):
    """Each text line of a file is a row: number, holder, account; an account with letters only is wrong.

    One with a hyphen is wrong as well, and the number without it is offered.
    """

    def __init__(self, platform: FakePlatform) -> None:
        super().__init__(platform)
        self.programmes: dict[str, pb.Programme] = {}
        self.enrolments: dict[str, pb.Enrolment] = {}
        self.withdrawn: dict[str, pb.Stall] = {}

    def add_programme(self, code: str = "hung-vuong", **facts: Any) -> pb.Programme:
        """A street with two blocks."""
        values: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "kind": pb.Programme.KIND_STREET,
            "code": code,
            "name": "Phố Hùng Vương",
            "ward_code": "25195",
            "ward_name": "Phường Bình Phước",
            "start_date": "2026-11-01",
            "open_minute": 360,
            "close_minute": 1320,
            "cut_off_minute": 1380,
            "sale_seconds": 600,
            "sections": [
                pb.Section(
                    id=str(uuid.uuid4()),
                    code=each,
                    name=f"Dãy {each}",
                    x=10,
                    y=10 + 64 * place,
                    width=225,
                    height=48,
                )
                for place, each in enumerate("AB")
            ],
            **facts,
        }
        self.programmes[code] = pb.Programme(**values)
        return self.programmes[code]

    def _programme(self, id_or_code: str) -> pb.Programme:
        for programme in self.programmes.values():
            if id_or_code in (programme.id, programme.code):
                return programme
        raise errors.NotFound()

    def ListProgrammes(self, request: Any, context: grpc.ServicerContext) -> pb.ListProgrammesResponse:
        return pb.ListProgrammesResponse(programmes=self.programmes.values())

    def GetProgramme(self, request: Any, context: grpc.ServicerContext) -> pb.Programme:
        return self._programme(request.id)

    def CreateProgramme(self, request: Any, context: grpc.ServicerContext) -> pb.Programme:
        wish = request.programme
        if wish.code in self.programmes:
            raise ProgrammeCodeTaken(code=wish.code)
        wish.id = str(uuid.uuid4())
        self.programmes[wish.code] = wish
        return wish

    def UpdateProgramme(self, request: Any, context: grpc.ServicerContext) -> pb.Programme:
        if request.programme.version != self._programme(request.programme.id).version:
            raise ChangedMeanwhile()
        request.programme.version += 1
        self.programmes[request.programme.code] = request.programme
        return request.programme

    def ListWards(self, request: Any, context: grpc.ServicerContext) -> pb.ListWardsResponse:
        wards = [
            pb.Ward(
                code=ward.code,
                name=ward.name,
                former=[pb.Ward(code=old.code, name=old.name) for old in formers],
            )
            for ward, formers in wards_now()
        ]
        return pb.ListWardsResponse(wards=wards)

    def ListStalls(self, request: Any, context: grpc.ServicerContext) -> pb.ListStallsResponse:
        found = [
            stall
            for stall in self.stalls.values()
            if stall.programme_id == request.programme_id and request.query in stall.name
        ]
        start = int(request.page_token or 0)
        after = start + request.page_size
        token = str(after) if after < len(found) else ""
        return pb.ListStallsResponse(stalls=found[start:after], next_page_token=token)

    def UpdateStall(self, request: Any, context: grpc.ServicerContext) -> pb.Stall:
        stall = self._find(request.stall.id)
        if stall.version != request.stall.version:
            raise ChangedMeanwhile()
        if any(each.number == request.stall.number and each.id != stall.id for each in self.stalls.values()):
            raise StallNumberTaken(number=request.stall.number)
        stall.CopyFrom(request.stall)
        stall.version += 1
        return stall

    def WithdrawStall(self, request: Any, context: grpc.ServicerContext) -> pb.Stall:
        if request.request_id in self.withdrawn:
            return self.withdrawn[request.request_id]
        stall = self._find(request.id)
        if stall.state == pb.Stall.STATE_WITHDRAWN:
            raise StallWithdrawn(number=stall.number)
        stall.state, stall.withdraw_reason = pb.Stall.STATE_WITHDRAWN, request.reason
        self.withdrawn[request.request_id] = stall
        return stall

    def _judge(self, number: int, values: pb.EnrolmentValues) -> pb.EnrolmentRow:
        row = pb.EnrolmentRow(row=number, outcome=Outcome.OUTCOME_NEW, values=values)
        bare = values.account_number.replace("-", "")
        if bare != values.account_number or not any(letter.isdigit() for letter in bare):
            row.outcome = Outcome.OUTCOME_WRONG
            row.problems.add(
                column="Số tài khoản",
                found=values.account_number,
                expected="1–19 chữ và số",
                expected_en="1 to 19 letters and digits",
                field="account_number",
                suggestion=bare if bare.isdecimal() else "",
            )
        if values.relation != "self":
            row.notices.add(
                text="Tài khoản không đứng tên chủ hộ.", text_en="Not the holder's.", legal="NĐ thử"
            )
        return row

    def _count(self, read: pb.Enrolment) -> pb.Enrolment:
        outcomes = [row.outcome for row in read.enrolment_rows]
        read.rows = len(outcomes)
        read.wrong = outcomes.count(Outcome.OUTCOME_WRONG)
        read.new = outcomes.count(Outcome.OUTCOME_NEW)
        read.done = outcomes.count(Outcome.OUTCOME_DONE)
        return read

    def ReadEnrolment(self, request: Any, context: grpc.ServicerContext) -> pb.Enrolment:
        lines = [line.split(",") for line in request.content.decode().splitlines()]
        if not lines or len(lines[0]) < 3:
            raise NotAList()
        read = pb.Enrolment(
            id=str(uuid.uuid4()),
            programme_id=request.programme_id,
            file_name=request.file_name,
            sha256="7c4e91d0" + "0" * 52 + "3af2",
            person_name="Đặng Minh Quân",
            create_time=stamp(clock.now()),
        )
        for number, (stall, holder, account, *relation) in enumerate(lines, start=2):
            values = pb.EnrolmentValues(
                stall_number=stall,
                holder_name=holder,
                account_number=account,
                account_holder=holder,
                relation=relation[0] if relation else "self",
            )
            read.enrolment_rows.append(self._judge(number, values))
        self.enrolments[read.id] = self._count(read)
        return read

    def GetEnrolment(self, request: Any, context: grpc.ServicerContext) -> pb.Enrolment:
        if request.id not in self.enrolments:
            raise errors.NotFound()
        return self.enrolments[request.id]

    def ListEnrolments(self, request: Any, context: grpc.ServicerContext) -> pb.ListEnrolmentsResponse:
        found = [read for read in self.enrolments.values() if read.programme_id == request.programme_id]
        return pb.ListEnrolmentsResponse(enrolments=found)

    def CorrectEnrolmentRow(self, request: Any, context: grpc.ServicerContext) -> pb.EnrolmentRow:
        read = self.enrolments[request.enrolment_id]
        row = next(row for row in read.enrolment_rows if row.row == request.row)
        row.CopyFrom(self._judge(request.row, request.values))
        self._count(read)
        return row

    def ApplyEnrolment(self, request: Any, context: grpc.ServicerContext) -> pb.Enrolment:
        read = self.enrolments[request.id]
        for row in read.enrolment_rows:
            if row.outcome == Outcome.OUTCOME_NEW:
                row.outcome, row.account_waits = Outcome.OUTCOME_DONE, True
        return self._count(read)

    def WriteEnrolmentSheet(self, request: Any, context: grpc.ServicerContext) -> pb.Sheet:
        kind = "can-sua" if request.enrolment_id else "mau"
        return pb.Sheet(file_name=f"hung-vuong-{kind}.xlsx", content=b"PK " + kind.encode())


class CityDirectory(Directory):
    """The administrator's membership."""

    def _session(self, token: str, *, shown: bool = False) -> directory_pb.Session:
        session = super()._session(token, shown=shown)
        del session.person.memberships[:]
        session.person.memberships.add(
            organisation_id=str(uuid.UUID(int=99)),
            organisation_name="Thành phố Đồng Xoài (mẫu)",
            organisation_kind=directory_pb.Organisation.KIND_CITY,
            role="administrator",
        )
        return session


class EnrolmentPlatform(FakePlatform):
    """The services as the city's administrator meets them."""

    stalls: Programmes

    def services(self) -> list[tuple[Any, str, Any, Any]]:
        self.stalls = Programmes(self)
        self.scope, self.permissions = auth.EVERYWHERE, PERMISSIONS[Role.ADMINISTRATOR]
        own = {"DirectoryService": CityDirectory(self), "StallsService": self.stalls}
        return [
            (module, name, own.get(name, servicer), register)
            for module, name, servicer, register in super().services()
        ]


@contextmanager
def enrolment_platform() -> Iterator[EnrolmentPlatform]:
    """The services, started."""
    platform = EnrolmentPlatform()
    platform.start()
    try:
        yield platform
    finally:
        platform.stop()
