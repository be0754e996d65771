"""The schools service in memory: pupils and rounds in dictionaries."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from kit import clock, errors
from kit.auth import Permission
from kit.grpc_server import caller_of
from kit.text import name_sort_key, natural_key, search_key
from services.schools.domain.errors import ItemInUse, ItemKnown
from services.schools.domain.imports import heading_key
from services.schools.domain.rounds import grade_of
from services.schools.rpc import forms
from tests.support.fake_access import everybody
from tests.support.fake_bills import SCHOOL, stamp
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from tests.support.fake_school_city import SchoolPlatform

YEAR = "2026-2027"
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
    """One school's pupils and rounds. Another school's are not there for the caller."""

    PERMISSIONS = _permissions()

    def __init__(self, platform: SchoolPlatform) -> None:
        self.platform = platform
        self.pupils: dict[str, pb.Pupil] = {}
        self.rounds: dict[str, pb.Round] = {}
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
