"""Enrolment by list: read, corrected row by row, applied, and given back as a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import grpc
from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import fault
from kit.auth import Permission, Subject
from kit.errors import IdempotencyKeyMissing, PermissionDenied
from kit.grpc_server import caller_of
from kit.messages import timestamp
from services.pilots.domain.enrolment import Judged, Outcome
from services.pilots.domain.enrolment_units import Opened, Refused, UnitRows
from services.pilots.domain.enrolment_values import FIELDS, Values
from services.pilots.domain.errors_enrolment import EnrolmentInWork
from services.pilots.domain.tax_duty import account_notice
from services.pilots.flows import enrolments as flows
from services.pilots.flows import programmes
from services.pilots.lists.limited import read_limited
from services.pilots.lists.writing import WrongRow, sheet
from services.pilots.rpc.stalls import forms
from services.pilots.rpc.stalls.desk import Desk
from services.pilots.store import enrolments as store
from xoai.pilots.v1 import stalls_service_pb2 as pb

_MANAGE: Final = Permission("pilots.manage")
PERMISSIONS: Final[Mapping[str, Permission]] = {
    "ReadEnrolment": _MANAGE,
    "GetEnrolment": _MANAGE,
    "ListEnrolments": _MANAGE,
    "CorrectEnrolmentRow": _MANAGE,
    "ApplyEnrolment": _MANAGE,
    "WriteEnrolmentSheet": _MANAGE,
}
# Units that are opened before their stalls are made in one transaction.
_UNITS_AT_ONCE: Final = 20
# So long before the caller's deadline the rest is left for the next call.
_SECONDS_LEFT: Final = 5.0
_LOCK_KEY: Final = 0x786F61695F656E72


class Enrolments(Desk):
    """Lists of stalls. Only the city enrols: a permission held for one organisation is not enough."""

    def ReadEnrolment(self, request: pb.ReadEnrolmentRequest, context: grpc.ServicerContext) -> pb.Enrolment:
        _require_city(context)
        banks = self._tools.enrolling.banks()
        # The file is read before the transaction begins: reading takes seconds, a transaction milliseconds.
        lines = read_limited(request.content)

        def work(session: Session, subject: Subject) -> pb.Enrolment:
            id = flows.keep(
                session,
                subject,
                request.programme_id,
                file_name=request.file_name,
                content=request.content,
                lines=lines,
                banks=banks,
            )
            return _enrolment(session, id)

        return self._edge.command(context, request, pb.Enrolment, work)

    def GetEnrolment(self, request: pb.GetEnrolmentRequest, context: grpc.ServicerContext) -> pb.Enrolment:
        _require_city(context)
        id = forms.uuid("id", request.id)
        return self._edge.query(context, lambda session, _: _enrolment(session, id))

    def ListEnrolments(
        self, request: pb.ListEnrolmentsRequest, context: grpc.ServicerContext
    ) -> pb.ListEnrolmentsResponse:
        _require_city(context)

        def work(session: Session, _: Subject) -> pb.ListEnrolmentsResponse:
            programme = programmes.get(session, request.programme_id)
            rows = store.of_programme(session, programme.id)
            counts = store.counts(session, [row.id for row in rows])
            return pb.ListEnrolmentsResponse(enrolments=[_summary(row, counts[row.id]) for row in rows])

        return self._edge.query(context, work)

    def CorrectEnrolmentRow(
        self, request: pb.CorrectEnrolmentRowRequest, context: grpc.ServicerContext
    ) -> pb.EnrolmentRow:
        _require_city(context)
        id = forms.uuid("enrolment_id", request.enrolment_id)
        values = Values(**{name: getattr(request.values, name) for name in FIELDS})
        banks = self._tools.enrolling.banks()

        def work(session: Session, subject: Subject) -> pb.EnrolmentRow:
            return _row(flows.correct(session, subject, id, request.row, values, banks))

        return self._edge.command(context, request, pb.EnrolmentRow, work)

    def ApplyEnrolment(
        self, request: pb.ApplyEnrolmentRequest, context: grpc.ServicerContext
    ) -> pb.Enrolment:
        """Each row goes on once, whatever the request's id: a repeat goes on where the first try stopped."""
        _require_city(context)
        if not request.request_id:
            raise IdempotencyKeyMissing()
        id, subject = forms.uuid("id", request.id), caller_of(context).subject
        banks = self._tools.enrolling.banks()
        with self._alone():
            programme, units = self._edge.query(
                context, lambda session, subject: flows.due(session, subject, id, banks)
            )
            for start in range(0, len(units), _UNITS_AT_ONCE):
                if start and context.time_remaining() < _SECONDS_LEFT:
                    break
                chunk = units[start : start + _UNITS_AT_ONCE]
                opened = [
                    (unit, self._tools.enrolling.open(subject, unit, programme.name, programme.ward_code))
                    for unit in chunk
                ]
                fault.point("enrolment.opened")
                self._settle(context, id, opened)
                fault.point("enrolment.settled")
        return self._edge.query(context, lambda session, _: _enrolment(session, id))

    def _settle(
        self, context: grpc.ServicerContext, id: UUID, opened: Sequence[tuple[UnitRows, Opened | Refused]]
    ) -> None:
        self._edge.query(context, lambda session, subject: flows.settle(session, subject, id, opened))

    def WriteEnrolmentSheet(
        self, request: pb.WriteEnrolmentSheetRequest, context: grpc.ServicerContext
    ) -> pb.Sheet:
        _require_city(context)
        banks = self._tools.enrolling.banks()
        offered = sorted({bank.short_name for bank in banks.by_bin.values()}, key=str.casefold)

        def read(session: Session, _: Subject) -> tuple[str, str, dict[str, str], Sequence[Judged]]:
            if not request.enrolment_id:
                programme = programmes.get(session, request.programme_id)
                title, name, wrong = (
                    f"Danh sách quầy – {programme.name}",
                    f"{programme.code}-mau",
                    list[Judged](),
                )
            else:
                id = forms.uuid("enrolment_id", request.enrolment_id)
                owner, wrong = flows.get(session, id), flows.wrong_rows(session, id)
                programme = programmes.get(session, str(owner.programme_id))
                title = f"Các dòng cần sửa – {programme.name}"
                name = f"{owner.file_name.rpartition('.')[0] or owner.file_name}-can-sua"
            sections = {section.code: section.name for section in programme.sections}
            return title, f"{name}.xlsx", sections, wrong

        title, file_name, sections, wrong = self._edge.query(context, read)
        rows = [WrongRow(row.values, row.problems) for row in wrong]
        return pb.Sheet(file_name=file_name, content=sheet(title, sections, offered, rows))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One list is applied at a time: two of them could make the same unit twice. Raises EnrolmentInWork.

        The lock is the connection's, so it ends with the process that held it.
        """
        with self._edge.database.connect() as connection:
            taken = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK_KEY]).fetchone()
            if not taken or not taken[0]:
                raise EnrolmentInWork
            yield


def _require_city(context: grpc.ServicerContext) -> None:
    tenants = caller_of(context).tenants
    if tenants is None or not tenants.everywhere:
        raise PermissionDenied(permission=_MANAGE.name)


def _enrolment(session: Session, id: UUID) -> pb.Enrolment:
    message = _summary(flows.get(session, id), store.counts(session, [id])[id])
    waiting = store.waiting_accounts(session, id)
    message.enrolment_rows.extend(
        _row(row, account_waits=row.row in waiting) for row in store.rows_of(session, id)
    )
    return message


def _summary(row: Row[tuple[object, ...]], counts: Mapping[str, int]) -> pb.Enrolment:
    return pb.Enrolment(
        id=str(row.id),
        programme_id=str(row.programme_id),
        file_name=row.file_name,
        sha256=row.sha256,
        person_name=row.person_name,
        create_time=timestamp(row.create_time),
        rows=sum(counts.values()),
        wrong=counts.get("wrong", 0),
        new=counts.get("new", 0),
        changed=counts.get("changed", 0),
        unchanged=counts.get("unchanged", 0),
        done=counts.get("done", 0),
    )


def _row(row: Judged, *, account_waits: bool = False) -> pb.EnrolmentRow:
    message = pb.EnrolmentRow(
        row=row.row,
        outcome=pb.EnrolmentRow.Outcome.Value(f"OUTCOME_{row.outcome.name}"),
        values=pb.EnrolmentValues(
            **{name: getattr(row.values, name) for name in (*FIELDS, "bin")},
        ),
        problems=[
            pb.EnrolmentProblem(
                column=item.column,
                found=item.found,
                expected=item.expected,
                expected_en=item.expected_en,
                field=item.field,
                suggestion=item.suggestion,
            )
            for item in row.problems
        ],
        stall_id=str(row.stall_id or ""),
        organisation_id=str(row.organisation_id or ""),
        account_waits=account_waits,
    )
    is_household = row.values.unit_kind == "household"
    if row.outcome is not Outcome.WRONG and is_household and row.values.relation != "self":
        notice = account_notice()
        message.notices.add(text=notice.vi, text_en=notice.en, legal=notice.legal)
    return message
