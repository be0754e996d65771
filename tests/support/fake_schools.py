"""The schools service in memory: lists are read, judged and corrected by the real rules, the rest is dictionaries."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import grpc

from kit import clock, errors
from kit.auth import Permission
from kit.grpc_server import caller_of
from kit.text import name_sort_key, natural_key, search_key
from services.schools.domain.errors import ItemInUse, ItemKnown
from services.schools.domain.imports import Charged, JudgedRow, KnownPupil, Roll, heading_key, judge
from services.schools.domain.rounds import grade_of
from services.schools.roster import correcting, writing
from services.schools.roster.reading import read
from services.schools.roster.rows import Pupil, Reading, Row
from services.schools.rpc import forms
from tests.support.fake_services import SCHOOL, everybody, stamp
from xoai.common.v1 import common_pb2
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from tests.support.fake_school_city import SchoolPlatform

YEAR = "2026-2027"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CODES = ("pupil_code", "ministry_code", "personal_number")
_READ = (
    "GetImport",
    "ListImports",
    "ListImportRows",
    "ListClasses",
    "ListPupils",
    "GetPupil",
    "ListFeeKinds",
)
_READ_TOO = ("GetRound", "ListRounds", "ListExemptions", "PreviewRound", "PreviewNotice", "GetIssueJob")


@dataclass
class ReadList:
    """A file as it was read."""

    about: pb.Import
    content: bytes
    reading: Reading
    rows: dict[int, Row]
    judged: dict[int, JudgedRow]
    gone_on: set[int] = field(default_factory=set)

    def columns(self) -> dict[str, str]:
        return dict(self.reading.columns)


@dataclass
class Owed:
    """What one pupil owes into one account."""

    pupil: pb.Pupil
    account: str
    lines: list[pb.NoticeLine]

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines)


def _permissions() -> dict[str, Permission]:
    readers = dict.fromkeys((*_READ, *_READ_TOO, "RenderNotices", "DownloadTemplate", "DownloadWrongRows"))
    table = dict(everybody(pb, "SchoolsService"))
    for name in table:
        table[name] = Permission("schools.read" if name in readers else "schools.manage")
    return {**table, "ReleaseRound": Permission("schools.release")}


class Schools(pb_grpc.SchoolsServiceServicer):
    """One school's lists and rounds. Another school's are not there for the caller."""

    PERMISSIONS = _permissions()

    def __init__(self, platform: SchoolPlatform) -> None:
        self.platform = platform
        self.pupils: dict[str, pb.Pupil] = {}
        self.rounds: dict[str, pb.Round] = {}
        self.lists: dict[str, ReadList] = {}
        self.amounts: dict[tuple[str, str, str], int] = {}
        self.exemptions: dict[tuple[str, str, str], pb.Exemption] = {}
        self.jobs: dict[str, pb.IssueJob] = {}
        # Invoices that a job issues before it is asked again; None: all at once.
        self.pace: int | None = None

    # Pupils

    def add_pupil(self, full_name: str, class_name: str, **facts: Any) -> pb.Pupil:
        codes = {name: facts.pop(name) for name in _CODES if facts.get(name)}
        pupil = pb.Pupil(
            id=str(uuid.uuid4()),
            organisation_id=facts.pop("organisation_id", SCHOOL),
            full_name=full_name,
            class_name=class_name,
            identifiers=[pb.Identifier(kind=kind, value=value) for kind, value in codes.items()],
            **facts,
        )
        self.pupils[pupil.id] = pupil
        return pupil

    def in_order(self, pupils: list[pb.Pupil]) -> list[pb.Pupil]:
        """By class in natural order, then by name as Vietnamese lists have it."""
        return sorted(pupils, key=lambda row: (natural_key(row.class_name), name_sort_key(row.full_name)))

    def _mine(self, context: grpc.ServicerContext, organisation_id: str) -> bool:
        return organisation_id in caller_of(context).subject.grants

    def ListClasses(self, request: Any, context: grpc.ServicerContext) -> pb.ListClassesResponse:
        counts: dict[str, int] = {}
        for pupil in self.pupils.values():
            if pupil.organisation_id == request.organisation_id and not pupil.withdraw_date:
                counts[pupil.class_name] = counts.get(pupil.class_name, 0) + 1
        rows = [
            pb.SchoolClass(id=name, name=name, pupil_count=counts[name], grade=grade_of(name))
            for name in sorted(counts, key=natural_key)
        ]
        return pb.ListClassesResponse(classes=rows, school_year=YEAR if rows else "")

    def ListPupils(self, request: Any, context: grpc.ServicerContext) -> pb.ListPupilsResponse:
        wanted = search_key(request.search)
        found = [
            pupil
            for pupil in self.in_order(list(self.pupils.values()))
            if pupil.organisation_id == request.organisation_id
            and request.class_name in ("", pupil.class_name)
            and wanted in " ".join((search_key(pupil.full_name), *(code.value for code in pupil.identifiers)))
        ]
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return pb.ListPupilsResponse(
            pupils=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    def GetPupil(self, request: Any, context: grpc.ServicerContext) -> pb.Pupil:
        pupil = self.pupils.get(request.id)
        if pupil is None or not self._mine(context, pupil.organisation_id):
            raise errors.NotFound()
        return pupil

    def CreatePupil(self, request: Any, context: grpc.ServicerContext) -> pb.Pupil:
        facts = {name.name: value for name, value in request.pupil.ListFields()}
        return self.add_pupil(facts.pop("full_name"), facts.pop("class_name"), **facts)

    def MovePupil(self, request: Any, context: grpc.ServicerContext) -> pb.Pupil:
        pupil = self.GetPupil(request, context)
        pupil.class_name = request.class_name
        return pupil

    def WithdrawPupil(self, request: Any, context: grpc.ServicerContext) -> pb.Pupil:
        pupil = self.GetPupil(request, context)
        pupil.withdraw_date, pupil.withdraw_reason = request.date, request.reason
        for bill in self.platform.bills.values():
            if getattr(bill, "payer_id", "") == pupil.id and not bill.payments:
                self.platform.void(bill, request.reason)
        return pupil

    # Lists

    def _known(self) -> list[KnownPupil]:
        return [
            KnownPupil(
                UUID(row.id),
                row.full_name,
                date.fromisoformat(row.birth_date) if row.birth_date else None,
                row.sex,
                row.class_name,
                row.phone,
                {code.kind: code.value for code in row.identifiers},
                bool(row.withdraw_date),
            )
            for row in self.pupils.values()
        ]

    def _judge(self, kept: ReadList) -> None:
        rows = list(kept.rows.values())
        judged = judge(rows, Roll(self._known()), kept.reading.item_headings, Charged())
        kept.judged = {item.row.row: item for item in judged}
        outcomes = [item.outcome.value for item in judged]
        about = kept.about
        about.rows = len(outcomes)
        about.rows_new, about.rows_changed = outcomes.count("new"), outcomes.count("changed")
        about.rows_unchanged, about.rows_wrong = outcomes.count("unchanged"), outcomes.count("wrong")
        about.rows_pending = sum(
            item.outcome.value != "wrong" and item.row.row not in kept.gone_on for item in judged
        )
        del about.item_totals[:]
        for heading in kept.reading.item_headings:
            total = sum(item.row.items.get(heading, 0) for item in judged if item.outcome.value != "wrong")
            about.item_totals.add(heading=heading, amount=total)
        del about.class_totals[:]
        good = [item.row for item in judged if item.outcome.value != "wrong"]
        for name in sorted({row.pupil.class_name for row in good}, key=natural_key):
            rows = [row for row in good if row.pupil.class_name == name]
            amount = sum(sum(row.items.values()) for row in rows)
            about.class_totals.add(class_name=name, pupils=len(rows), amount=amount)

    def CreateImport(self, request: Any, context: grpc.ServicerContext) -> pb.Import:
        reading = read(
            request.content, sheet=request.sheet or None, today=clock.today(), file_name=request.file_name
        )
        about = pb.Import(
            id=str(uuid.uuid4()),
            organisation_id=request.organisation_id,
            school_year=request.school_year,
            round_id=request.round_id,
            file_name=request.file_name,
            sha256=hashlib.sha256(request.content).hexdigest(),
            sheet=reading.sheet,
            sheets=[reading.sheet, *reading.sheets],
            state=pb.Import.STATE_READ,
            item_headings=reading.item_headings,
            create_time=stamp(clock.now()),
            person_name="Đỗ Thị Lan Chi",
        )
        kept = ReadList(about, request.content, reading, {row.row: row for row in reading.rows}, {})
        self._judge(kept)
        self.lists[about.id] = kept
        return about

    def _list(self, context: grpc.ServicerContext, id: str) -> ReadList:
        kept = self.lists.get(id)
        if kept is None or not self._mine(context, kept.about.organisation_id):
            raise errors.NotFound()
        return kept

    def GetImport(self, request: Any, context: grpc.ServicerContext) -> pb.Import:
        return self._list(context, request.id).about

    def ListImports(self, request: Any, context: grpc.ServicerContext) -> pb.ListImportsResponse:
        rows = [
            kept.about
            for kept in self.lists.values()
            if kept.about.organisation_id == request.organisation_id
        ]
        return pb.ListImportsResponse(imports=list(reversed(rows))[: request.page_size or 50])

    def _row(self, kept: ReadList, judged: JudgedRow) -> pb.ImportRow:
        pupil = {name: str(value) for name, value in asdict(judged.row.pupil).items() if value}
        return pb.ImportRow(
            row=judged.row.row,
            outcome=pb.ImportRow.Outcome.Value(f"OUTCOME_{judged.outcome.value.upper()}"),
            pupil=pb.PupilFields(**pupil),
            items=[pb.ItemAmount(heading=name, amount=value) for name, value in judged.row.items.items()],
            problems=[
                pb.Problem(
                    column=item.column,
                    found=item.found,
                    expected_vi=item.expected_vi,
                    expected_en=item.expected_en,
                    reason=item.reason,
                    suggestion=item.suggestion or "",
                    field=correcting.field_of(item, kept.columns()),
                )
                for item in judged.problems
            ],
            changes=judged.changes,
        )

    def ListImportRows(self, request: Any, context: grpc.ServicerContext) -> pb.ListImportRowsResponse:
        kept = self._list(context, request.import_id)
        rows = [self._row(kept, judged) for judged in kept.judged.values()]
        chosen = [row for row in rows if request.outcome in (0, row.outcome)]
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return pb.ListImportRowsResponse(
            rows=chosen[start:end], next_page_token=str(end) if end < len(chosen) else ""
        )

    def CorrectImportRow(self, request: Any, context: grpc.ServicerContext) -> pb.ImportRow:
        kept = self._list(context, request.import_id)
        problems = kept.judged[request.row].problems
        row = replace(kept.rows[request.row], problems=problems)
        kept.rows[request.row] = correcting.corrected(
            row, kept.columns(), dict(request.values), clock.today()
        )
        self._judge(kept)
        return self._row(kept, kept.judged[request.row])

    def ApplyImport(self, request: Any, context: grpc.ServicerContext) -> pb.Import:
        kept = self._list(context, request.import_id)
        round_ = self.rounds.get(kept.about.round_id)
        for judged in kept.judged.values():
            if judged.outcome.value == "wrong" or judged.row.row in kept.gone_on:
                continue
            kept.gone_on.add(judged.row.row)
            pupil = self._take(judged.row.pupil, judged.pupil_id)
            for item in round_.fee_items if round_ else ():
                for heading, amount in judged.row.items.items():
                    if heading_key(heading) == heading_key(item.title):
                        self.amounts[round_.id, pupil.id, item.id] = amount  # type: ignore[union-attr]
        kept.about.state = pb.Import.STATE_APPLIED
        kept.about.apply_time.CopyFrom(stamp(clock.now()))
        kept.about.rows_pending = 0
        return kept.about

    def _take(self, pupil: Pupil, known: UUID | None) -> pb.Pupil:
        facts = {name: str(value) for name, value in asdict(pupil).items() if value}
        name, class_name = facts.pop("full_name"), facts.pop("class_name")
        if known is None:
            return self.add_pupil(name, class_name, **facts)
        found = self.pupils[str(known)]
        found.full_name, found.class_name = name, class_name
        return found

    def DownloadTemplate(self, request: Any, context: grpc.ServicerContext) -> Iterator[common_pb2.FileChunk]:
        round_ = self.rounds.get(request.round_id)
        titles = [item.title for item in round_.fee_items if item.per_pupil] if round_ else []
        yield common_pb2.FileChunk(
            content=writing.template(titles), file_name="danh-sach-mau.xlsx", media_type=XLSX
        )

    def DownloadWrongRows(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        kept = self._list(context, request.import_id)
        texts = {
            number: [item.expected_vi for item in judged.problems]
            for number, judged in kept.judged.items()
            if judged.problems
        }
        made = writing.wrong_rows(kept.content, kept.about.sheet, kept.about.file_name, texts)
        yield common_pb2.FileChunk(content=made, file_name="can-sua.xlsx", media_type=XLSX)

    # Rounds

    def ListFeeKinds(self, request: Any, context: grpc.ServicerContext) -> pb.ListFeeKindsResponse:
        return forms.fee_kinds()

    def add_round(self, title: str, **facts: Any) -> pb.Round:
        round_ = pb.Round(
            id=str(uuid.uuid4()),
            title=title,
            state=pb.Round.STATE_DRAFT,
            version=1,
            create_time=stamp(clock.now()),
        )
        values = pb.Round(organisation_id=SCHOOL, school_year=YEAR, scope=pb.Round.SCOPE_SCHOOL)
        values.MergeFrom(pb.Round(**facts))
        round_.MergeFrom(values)
        for item in round_.fee_items:
            item.id = str(uuid.uuid4())
        self.rounds[round_.id] = round_
        return round_

    def CreateRound(self, request: Any, context: grpc.ServicerContext) -> pb.Round:
        round_ = pb.Round()
        round_.CopyFrom(request.round)
        round_.id, round_.state, round_.version = str(uuid.uuid4()), pb.Round.STATE_DRAFT, 1
        for item in round_.fee_items:
            item.id = str(uuid.uuid4())
        self.rounds[round_.id] = round_
        return round_

    def UpdateRound(self, request: Any, context: grpc.ServicerContext) -> pb.Round:
        round_ = self._round(context, request.round.id)
        wish = request.round
        if wish.version != round_.version:
            raise errors.Aborted()
        round_.title, round_.period, round_.due_date = wish.title, wish.period, wish.due_date
        round_.scope, round_.version = wish.scope, round_.version + 1
        round_.scope_values[:] = wish.scope_values
        return round_

    def _round(self, context: grpc.ServicerContext, id: str) -> pb.Round:
        round_ = self.rounds.get(id)
        if round_ is None or not self._mine(context, round_.organisation_id):
            raise errors.NotFound()
        return round_

    def GetRound(self, request: Any, context: grpc.ServicerContext) -> pb.Round:
        return self._round(context, request.id)

    def ListRounds(self, request: Any, context: grpc.ServicerContext) -> pb.ListRoundsResponse:
        rows = [row for row in self.rounds.values() if row.organisation_id == request.organisation_id]
        return pb.ListRoundsResponse(rounds=list(reversed(rows))[: request.page_size or 50])

    def AddFeeItem(self, request: Any, context: grpc.ServicerContext) -> pb.Round:
        round_ = self._round(context, request.round_id)
        if any(heading_key(item.title) == heading_key(request.fee_item.title) for item in round_.fee_items):
            raise ItemKnown(title=request.fee_item.title)
        kinds = {kind.code: kind for kind in forms.fee_kinds().fee_kinds}
        item = round_.fee_items.add()
        item.CopyFrom(request.fee_item)
        item.id, item.legal_kind = str(uuid.uuid4()), kinds[item.fee_kind].legal_kind
        return round_

    def UpdateFeeItem(self, request: Any, context: grpc.ServicerContext) -> pb.Round:
        round_ = self._round(context, request.round_id)
        item = next(item for item in round_.fee_items if item.id == request.fee_item.id)
        if round_.state == pb.Round.STATE_RELEASED and self.platform.has_issued(item):
            raise ItemInUse(title=item.title)
        key = heading_key(request.fee_item.title)
        if any(heading_key(other.title) == key for other in round_.fee_items if other.id != item.id):
            raise ItemKnown(title=request.fee_item.title)
        kept = (item.fee_kind, item.legal_kind, item.priority)
        item.CopyFrom(request.fee_item)
        item.fee_kind, item.legal_kind, item.priority = kept
        return round_

    def RemoveFeeItem(self, request: Any, context: grpc.ServicerContext) -> pb.Round:
        round_ = self._round(context, request.round_id)
        item = next(item for item in round_.fee_items if item.id == request.fee_item_id)
        if round_.state == pb.Round.STATE_RELEASED and self.platform.has_issued(item):
            raise ItemInUse(title=item.title)
        round_.fee_items.remove(item)
        return round_

    def SetExemption(self, request: Any, context: grpc.ServicerContext) -> pb.Exemption:
        wish = pb.Exemption()
        wish.CopyFrom(request.exemption)
        pupil = self.pupils[wish.pupil_id]
        wish.pupil_name, wish.class_name = pupil.full_name, pupil.class_name
        key = (wish.round_id, wish.pupil_id, wish.fee_item_id)
        if wish.percent_hundredths or wish.amount:
            self.exemptions[key] = wish
        else:
            self.exemptions.pop(key, None)
        return wish

    def ListExemptions(self, request: Any, context: grpc.ServicerContext) -> pb.ListExemptionsResponse:
        rows = [row for key, row in self.exemptions.items() if key[0] == request.round_id]
        return pb.ListExemptionsResponse(exemptions=rows)
