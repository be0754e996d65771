"""The part of the schools service in memory that takes lists: read, judged and corrected by the real rules."""

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
from kit.text import natural_key
from services.schools.domain.imports import Charged, JudgedRow, KnownPupil, Roll, heading_key, judge
from services.schools.roster import correcting, writing
from services.schools.roster.reading import read
from services.schools.roster.rows import Pupil, Reading, Row
from tests.support.fake_bills import stamp
from tests.support.fake_schools import Schools
from xoai.common.v1 import common_pb2
from xoai.schools.v1 import schools_service_pb2 as pb

if TYPE_CHECKING:
    from tests.support.fake_school_city import SchoolPlatform

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


class SchoolLists(Schools):
    """A school's lists, from file to pupils and amounts."""

    def __init__(self, platform: SchoolPlatform) -> None:
        super().__init__(platform)
        self.lists: dict[str, ReadList] = {}

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
