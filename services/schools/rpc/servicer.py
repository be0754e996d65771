"""SchoolsService: one method per RPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit import clock, pages
from kit.auth import Permission, Subject
from kit.db import Database
from kit.grpc_server import Edge, caller_of
from services.schools.domain.errors import RoundNotFound
from services.schools.domain.rounds import Exemption, ReceivingAccount
from services.schools.flows import imports, issuing, rounds
from services.schools.ports import Neighbours
from services.schools.ports.notices import NoticePrinter
from services.schools.roster.limited import read_limited
from services.schools.rpc import forms
from services.schools.rpc.corrections import Corrections
from services.schools.rpc.people import People
from services.schools.store import imports as import_store
from services.schools.store import issuing as issuing_store
from services.schools.store import pupils as pupil_store
from services.schools.store import rounds as round_store
from xoai.common.v1 import common_pb2
from xoai.schools.v1 import schools_service_pb2 as pb

_READ, _MANAGE = Permission("schools.read"), Permission("schools.manage")
# From here on a list changes what the planner of queries must know.
_MANY_ROWS: Final = 500


class SchoolsServicer(Corrections, People):
    """Lists, rounds, notices."""

    PERMISSIONS: Mapping[str, Permission] = {
        "CreateImport": _MANAGE,
        "GetImport": _READ,
        "ListImports": _READ,
        "ListImportRows": _READ,
        "CorrectImportRow": _MANAGE,
        "ApplyImport": _MANAGE,
        "DownloadWrongRows": _READ,
        "DownloadTemplate": _READ,
        "ListClasses": _READ,
        "ListPupils": _READ,
        "GetPupil": _READ,
        "CreatePupil": _MANAGE,
        "MovePupil": _MANAGE,
        "WithdrawPupil": _MANAGE,
        "ListFeeKinds": _READ,
        "CreateRound": _MANAGE,
        "UpdateRound": _MANAGE,
        "GetRound": _READ,
        "ListRounds": _READ,
        "AddFeeItem": _MANAGE,
        "RemoveFeeItem": _MANAGE,
        "UpdateFeeItem": _MANAGE,
        "SetExemption": _MANAGE,
        "ListExemptions": _READ,
        "PreviewRound": _READ,
        "PreviewNotice": _READ,
        "ReleaseRound": Permission("schools.release"),
        "GetIssueJob": _READ,
        "RenderNotices": _READ,
        "SummariseSchools": Permission("city.read", services=("cli", "gateway")),
    }

    def __init__(
        self,
        database: Database,
        neighbours: Neighbours,
        printer: NoticePrinter,
        subject_key: str,
        *,
        on_release: Callable[[], None],
    ) -> None:
        self._database, self._edge = database, Edge(database)
        self._neighbours, self._printer, self._key = neighbours, printer, subject_key
        self._wake_worker = on_release

    def CreateImport(self, request: pb.CreateImportRequest, context: grpc.ServicerContext) -> pb.Import:
        organisation_id = forms.uuid(request.organisation_id)
        caller_of(context).subject.require("schools.manage", organisation_id)
        # The file is read before the transaction begins: reading takes seconds, a transaction milliseconds.
        reading = read_limited(
            request.content, sheet=request.sheet or None, today=clock.today(), file_name=request.file_name
        )

        def work(session: Session, subject: Subject) -> pb.Import:
            id = imports.keep(
                session,
                subject,
                organisation_id=organisation_id,
                school_year=request.school_year,
                round_id=forms.uuid(request.round_id) if request.round_id else None,
                file_name=request.file_name,
                content=request.content,
                reading=reading,
            )
            return _import(session, id)

        return self._edge.command(context, request, pb.Import, work)

    def GetImport(self, request: pb.GetImportRequest, context: grpc.ServicerContext) -> pb.Import:
        return self._edge.query(context, lambda session, _: _import(session, forms.uuid(request.id)))

    def ListImports(
        self, request: pb.ListImportsRequest, context: grpc.ServicerContext
    ) -> pb.ListImportsResponse:
        size, filters = pages.size(request.page_size), ("imports", request.organisation_id)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListImportsResponse:
            rows = import_store.find(session, forms.uuid(request.organisation_id), after, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.create_time, row.id], filters, self._key)
            found = [row.id for row in page]
            counts = import_store.counts(session, found)
            pending = import_store.count_pending(session, found)
            imports = [
                forms.roster_import(row, counts[row.id], {}, pending=pending.get(row.id, 0)) for row in page
            ]
            return pb.ListImportsResponse(imports=imports, next_page_token=token)

        return self._edge.query(context, work)

    def ListImportRows(
        self, request: pb.ListImportRowsRequest, context: grpc.ServicerContext
    ) -> pb.ListImportRowsResponse:
        size, filters = pages.size(request.page_size), ("rows", request.import_id, request.outcome)
        position = pages.position(request.page_token, filters, self._key)
        after = int(position[0]) if position else 0
        name = pb.ImportRow.Outcome.Name(request.outcome).removeprefix("OUTCOME_").lower()
        outcome = "" if name == "unspecified" else name

        def work(session: Session, _: Subject) -> pb.ListImportRowsResponse:
            owner = imports.get(session, forms.uuid(request.import_id))
            rows = import_store.rows_of(session, owner.id, outcome, after, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.row], filters, self._key)
            return pb.ListImportRowsResponse(
                rows=[forms.import_row(row, owner.columns) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def ApplyImport(self, request: pb.ApplyImportRequest, context: grpc.ServicerContext) -> pb.Import:
        def work(session: Session, subject: Subject) -> pb.Import:
            id = forms.uuid(request.import_id)
            imports.apply(session, subject, id)
            return _import(session, id)

        applied = self._edge.command(context, request, pb.Import, work)
        if applied.rows >= _MANY_ROWS:
            self._edge.query(context, lambda session, _: pupil_store.refresh_statistics(session))
        return applied

    def ListClasses(
        self, request: pb.ListClassesRequest, context: grpc.ServicerContext
    ) -> pb.ListClassesResponse:
        organisation_id = forms.uuid(request.organisation_id)

        def work(session: Session, _: Subject) -> pb.ListClassesResponse:
            year = request.school_year or pupil_store.newest_school_year(session, organisation_id)
            rows = pupil_store.classes(session, organisation_id, year)
            classes = [
                pb.SchoolClass(id=str(row.id), name=row.name, pupil_count=row.pupils, grade=row.grade)
                for row in rows
            ]
            return pb.ListClassesResponse(classes=classes, school_year=year)

        return self._edge.query(context, work)

    def ListPupils(
        self, request: pb.ListPupilsRequest, context: grpc.ServicerContext
    ) -> pb.ListPupilsResponse:
        organisation_id = forms.uuid(request.organisation_id)
        filters = ("pupils", request.organisation_id, request.school_year, request.class_name, request.search)
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListPupilsResponse:
            rows = pupil_store.find(
                session,
                organisation_id,
                request.school_year or pupil_store.newest_school_year(session, organisation_id),
                class_name=request.class_name,
                search=request.search,
                after=after,
                limit=size + 1,
            )
            page, token = pages.cut(
                rows, size, lambda row: [row.natural_key or "", row.name_key, row.id], filters, self._key
            )
            return pb.ListPupilsResponse(pupils=[forms.pupil(row) for row in page], next_page_token=token)

        return self._edge.query(context, work)

    def ListFeeKinds(
        self, request: pb.ListFeeKindsRequest, context: grpc.ServicerContext
    ) -> pb.ListFeeKindsResponse:
        return forms.fee_kinds()

    def CreateRound(self, request: pb.CreateRoundRequest, context: grpc.ServicerContext) -> pb.Round:
        accounts = self._accounts(context, request.round.organisation_id)

        def work(session: Session, subject: Subject) -> pb.Round:
            wish = rounds.wish(forms.uuid(request.round.organisation_id), forms.round_values(request.round))
            items = [forms.item_wish(item) for item in request.round.fee_items]
            return forms.collection_round(rounds.create(session, subject, wish, items, accounts))

        return self._edge.command(context, request, pb.Round, work)

    def UpdateRound(self, request: pb.UpdateRoundRequest, context: grpc.ServicerContext) -> pb.Round:
        def work(session: Session, subject: Subject) -> pb.Round:
            id = forms.uuid(request.round.id)
            wish = rounds.wish(id, forms.round_values(request.round))
            wish = replace(wish, version=request.round.version)
            return forms.collection_round(rounds.update(session, subject, id, wish))

        return self._edge.command(context, request, pb.Round, work)

    def GetRound(self, request: pb.GetRoundRequest, context: grpc.ServicerContext) -> pb.Round:
        return self._edge.query(
            context, lambda session, _: forms.collection_round(rounds.get(session, forms.uuid(request.id)))
        )

    def ListRounds(
        self, request: pb.ListRoundsRequest, context: grpc.ServicerContext
    ) -> pb.ListRoundsResponse:
        size, filters = pages.size(request.page_size), ("rounds", request.organisation_id)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListRoundsResponse:
            found = round_store.find(session, forms.uuid(request.organisation_id), after, size + 1)
            page, token = pages.cut(found, size, lambda item: [item.create_time, item.id], filters, self._key)
            return pb.ListRoundsResponse(
                rounds=[forms.collection_round(item) for item in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def AddFeeItem(self, request: pb.AddFeeItemRequest, context: grpc.ServicerContext) -> pb.Round:
        id = forms.uuid(request.round_id)
        owner = self._edge.query(context, lambda session, _: rounds.get(session, id))
        accounts = self._accounts(context, str(owner.organisation_id))
        return self._edge.command(
            context,
            request,
            pb.Round,
            lambda session, subject: forms.collection_round(
                rounds.add_item(session, subject, id, forms.item_wish(request.fee_item), accounts)
            ),
        )

    def UpdateFeeItem(self, request: pb.UpdateFeeItemRequest, context: grpc.ServicerContext) -> pb.Round:
        id, item_id = forms.uuid(request.round_id), forms.uuid(request.fee_item.id)
        owner = self._edge.query(context, lambda session, _: rounds.get(session, id))
        accounts = self._accounts(context, str(owner.organisation_id))
        wish = forms.item_wish(request.fee_item)
        return self._edge.command(
            context,
            request,
            pb.Round,
            lambda session, subject: forms.collection_round(
                rounds.change_item(session, subject, id, item_id, wish, accounts)
            ),
        )

    def RemoveFeeItem(self, request: pb.RemoveFeeItemRequest, context: grpc.ServicerContext) -> pb.Round:
        id, item_id = forms.uuid(request.round_id), forms.uuid(request.fee_item_id)
        return self._edge.command(
            context,
            request,
            pb.Round,
            lambda session, subject: forms.collection_round(
                rounds.remove_item(session, subject, id, item_id)
            ),
        )

    def SetExemption(self, request: pb.SetExemptionRequest, context: grpc.ServicerContext) -> pb.Exemption:
        wish = request.exemption
        item_id = forms.uuid(wish.fee_item_id) if wish.fee_item_id else None
        value = Exemption(item_id, wish.percent_hundredths, wish.amount, wish.reason.strip())

        def work(session: Session, subject: Subject) -> pb.Exemption:
            round_id, pupil_id = forms.uuid(wish.round_id), forms.uuid(wish.pupil_id)
            id = rounds.set_exemption(session, subject, round_id, pupil_id, value)
            return pb.Exemption(
                id=str(id),
                round_id=wish.round_id,
                pupil_id=wish.pupil_id,
                fee_item_id=wish.fee_item_id,
                percent_hundredths=value.percent_hundredths,
                amount=value.amount,
                reason=value.reason,
            )

        return self._edge.command(context, request, pb.Exemption, work)

    def ListExemptions(
        self, request: pb.ListExemptionsRequest, context: grpc.ServicerContext
    ) -> pb.ListExemptionsResponse:
        rows = self._edge.query(
            context, lambda session, _: round_store.list_exemptions(session, forms.uuid(request.round_id))
        )
        return pb.ListExemptionsResponse(exemptions=[forms.exemption(row) for row in rows])

    def PreviewRound(self, request: pb.PreviewRoundRequest, context: grpc.ServicerContext) -> pb.RoundPreview:
        def work(session: Session, _: Subject) -> pb.RoundPreview:
            return forms.preview(rounds.preview(session, rounds.get(session, forms.uuid(request.round_id))))

        return self._edge.query(context, work)

    def PreviewNotice(self, request: pb.PreviewNoticeRequest, context: grpc.ServicerContext) -> pb.Notice:
        round_id, pupil_id = forms.uuid(request.round_id), forms.uuid(request.pupil_id)
        value = self._edge.query(context, lambda session, _: rounds.get(session, round_id))
        pupil, bills = self._edge.query(
            context, lambda session, _: rounds.bills_of_pupil(session, value, pupil_id)
        )
        return self._printer.preview(value, pupil, issuing.notice_id(value.id, pupil.id), bills)

    def ReleaseRound(self, request: pb.ReleaseRoundRequest, context: grpc.ServicerContext) -> pb.IssueJob:
        id = forms.uuid(request.round_id)

        def work(session: Session, subject: Subject) -> pb.IssueJob:
            job = issuing.release(
                session, subject, id, pupils=request.expected_pupils, amount=request.expected_amount
            )
            return forms.issue_job(job)

        job = self._edge.command(context, request, pb.IssueJob, work)
        self._wake_worker()
        return job

    def GetIssueJob(self, request: pb.GetIssueJobRequest, context: grpc.ServicerContext) -> pb.IssueJob:
        def work(session: Session, _: Subject) -> pb.IssueJob:
            if request.round_id:
                row = issuing_store.newest_job(session, forms.uuid(request.round_id))
            else:
                row = issuing_store.get_job(session, forms.uuid(request.id))
            if row is None:
                raise RoundNotFound()
            return forms.issue_job(row)

        return self._edge.query(context, work)

    def RenderNotices(
        self, request: pb.RenderNoticesRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        pupil_id = forms.uuid(request.pupil_id) if request.pupil_id else None
        value = self._edge.query(
            context, lambda session, _: rounds.get(session, forms.uuid(request.round_id))
        )
        if request.preview:
            one = forms.uuid(request.pupil_id)
            pupil, bills = self._edge.query(
                context, lambda session, _: rounds.bills_of_pupil(session, value, one)
            )
            yield from self._printer.print_preview(value, pupil, bills, large_print=request.large_print)
            return
        pupils = self._edge.query(context, lambda session, _: rounds.noticed(session, value, pupil_id))
        chosen = [pupil for pupil in pupils if request.class_name in ("", pupil.class_name)]
        notice_ids: dict[UUID, str] = {pupil.id: issuing.notice_id(value.id, pupil.id) for pupil in chosen}
        yield from self._printer.print(value, chosen, notice_ids, large_print=request.large_print)

    def SummariseSchools(
        self, request: pb.SummariseSchoolsRequest, context: grpc.ServicerContext
    ) -> pb.SummariseSchoolsResponse:
        def work(session: Session, _: Subject) -> pb.SummariseSchoolsResponse:
            schools, pupils = pupil_store.count(session)
            released = round_store.count_released(session)
            return pb.SummariseSchoolsResponse(schools=schools, pupils=pupils, rounds_released=released)

        return self._edge.query(context, work)

    def _accounts(self, context: grpc.ServicerContext, organisation_id: str) -> dict[str, ReceivingAccount]:
        """The school's accounts in force, asked before the transaction; the caller must be allowed to manage it."""
        id = forms.uuid(organisation_id)
        caller_of(context).subject.require("schools.manage", id)
        return self._neighbours.accounts(id)


def _import(session: Session, id: UUID) -> pb.Import:
    row = imports.get(session, id)
    found = forms.roster_import(
        row,
        import_store.counts(session, [id])[id],
        import_store.item_totals(session, id),
        pending=import_store.count_pending(session, [id]).get(id, 0),
    )
    found.class_totals.extend(forms.class_totals(import_store.class_totals(session, id)))
    return found
