"""RPCs that correct what is there: rows of a list, files to fill in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit.auth import Subject
from kit.grpc_server import Edge
from services.schools.flows import imports, rounds
from services.schools.roster import limited, writing
from services.schools.rpc import forms
from services.schools.store import pupils as pupil_store
from xoai.common.v1 import common_pb2
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK_BYTES: Final = 256 * 1024


class Corrections(pb_grpc.SchoolsServiceServicer):
    """The part of the servicer that corrects."""

    _edge: Edge

    def CorrectImportRow(
        self, request: pb.CorrectImportRowRequest, context: grpc.ServicerContext
    ) -> pb.ImportRow:
        def work(session: Session, subject: Subject) -> pb.ImportRow:
            id = forms.uuid(request.import_id)
            row = imports.correct(session, subject, id, request.row, dict(request.values))
            return forms.import_row(row, imports.get(session, id).columns)

        return self._edge.command(context, request, pb.ImportRow, work)

    def DownloadWrongRows(
        self, request: pb.DownloadWrongRowsRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        owner, content, problems = self._edge.query(
            context, lambda session, _: imports.wrong(session, forms.uuid(request.import_id))
        )
        name = owner.file_name.rpartition(".")[0] or owner.file_name
        made = limited.wrong_rows_limited(content, owner.sheet, owner.file_name, problems)
        yield from _pieces(made, f"{name}-can-sua.xlsx")

    def DownloadTemplate(
        self, request: pb.DownloadTemplateRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb2.FileChunk]:
        organisation_id = forms.uuid(request.organisation_id)
        items: list[str] = []
        if request.round_id:
            value = self._edge.query(
                context, lambda session, _: rounds.get(session, forms.uuid(request.round_id))
            )
            items = [item.title for item in value.items if item.per_pupil]
        classes = self._edge.query(context, lambda session, _: _class_names(session, organisation_id))
        yield from _pieces(writing.template(items, classes), "danh-sach-mau.xlsx")


def _class_names(session: Session, organisation_id: UUID) -> list[str]:
    year = pupil_store.newest_school_year(session, organisation_id)
    return [row.name for row in pupil_store.classes(session, organisation_id, year)]


def _pieces(content: bytes, file_name: str) -> Iterator[common_pb2.FileChunk]:
    """A file as a stream; its name and type on the first piece."""
    for start in range(0, len(content), _CHUNK_BYTES):
        yield common_pb2.FileChunk(
            content=content[start : start + _CHUNK_BYTES],
            file_name=file_name if start == 0 else "",
            media_type=_XLSX if start == 0 else "",
        )
