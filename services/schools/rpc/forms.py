"""Rows and facts of schools as protobuf, and fields of requests as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from kit.messages import timestamp
from kit.text import natural_key
from services.schools.domain import fees
from services.schools.domain.errors import RoundNotFound
from services.schools.domain.rounds import Round, Scope
from services.schools.flows.rounds import ItemWish, Preview
from services.schools.roster.correcting import field_of
from services.schools.roster.rows import Problem
from xoai.schools.v1 import schools_service_pb2 as pb

_SCOPES = {
    Scope.SCHOOL: pb.Round.SCOPE_SCHOOL,
    Scope.GRADE: pb.Round.SCOPE_GRADE,
    Scope.CLASS: pb.Round.SCOPE_CLASS,
}


def uuid(text: str) -> UUID:
    """An id out of a request; a damaged one is answered like one that nobody has."""
    try:
        return UUID(text)
    except ValueError as error:
        raise RoundNotFound() from error


def day(value: date | None) -> str:
    """A calendar day as 2026-11-22; None is empty."""
    return value.isoformat() if value else ""


def roster_import(
    row: Row[Any], counts: Mapping[str, int], totals: Mapping[str, int], *, pending: int
) -> pb.Import:
    return pb.Import(
        id=str(row.id),
        organisation_id=str(row.organisation_id),
        school_year=row.school_year,
        round_id=str(row.round_id or ""),
        file_name=row.file_name,
        sha256=row.sha256,
        sheet=row.sheet,
        sheets=list(row.sheets),
        state=pb.Import.STATE_APPLIED if row.state == "applied" else pb.Import.STATE_READ,
        rows=sum(counts.values()),
        rows_new=counts.get("new", 0),
        rows_changed=counts.get("changed", 0),
        rows_unchanged=counts.get("unchanged", 0),
        rows_wrong=counts.get("wrong", 0),
        item_headings=list(row.item_headings),
        create_time=timestamp(row.create_time),
        person_name=row.person_name,
        apply_time=timestamp(row.apply_time),
        rows_pending=pending,
        item_totals=[pb.ItemAmount(heading=heading, amount=amount) for heading, amount in totals.items()],
    )


def class_totals(rows: Iterable[Row[Any]]) -> list[pb.ClassAmount]:
    """Sums by class, in the order in which people count classes."""
    ordered = sorted(rows, key=lambda row: natural_key(row.class_name or ""))
    return [
        pb.ClassAmount(class_name=row.class_name or "", pupils=row.pupils, amount=row.amount)
        for row in ordered
    ]


def import_row(row: Row[Any], columns: Mapping[str, str]) -> pb.ImportRow:
    pupil = {name: value or "" for name, value in row.pupil.items()}
    return pb.ImportRow(
        row=row.row,
        outcome=pb.ImportRow.Outcome.Value(f"OUTCOME_{row.outcome.upper()}"),
        pupil=pb.PupilFields(**pupil),
        items=[pb.ItemAmount(heading=name, amount=value) for name, value in row._mapping["items"].items()],
        problems=[
            pb.Problem(
                column=item["column"],
                found=item["found"],
                expected_vi=item["expected_vi"],
                expected_en=item["expected_en"],
                reason=item["reason"],
                suggestion=item["suggestion"] or "",
                field=field_of(Problem(**item), columns),
            )
            for item in row.problems
        ],
        changes=list(row.changes),
    )


def pupil(
    row: Row[Any], identifiers: Sequence[Row[Any]] = (), voids: tuple[int, Sequence[str]] = (0, ())
) -> pb.Pupil:
    present = [pb.Identifier(kind=kind, value=value) for kind, value in sorted(row.identifiers.items())]
    return pb.Pupil(
        id=str(row.id),
        organisation_id=str(row.organisation_id),
        full_name=row.full_name,
        birth_date=day(row.birth_date),
        sex=row.sex,
        class_name=row.class_name or "",
        phone=row.phone,
        identifiers=[
            pb.Identifier(
                kind=item.kind, value=item.value, from_date=day(item.from_date), to_date=day(item.to_date)
            )
            for item in identifiers
        ]
        or present,
        withdraw_date=day(row.withdraw_date),
        withdraw_reason=row.withdraw_reason,
        voids_waiting=voids[0],
        void_problems=voids[1],
    )


def round_values(value: pb.Round) -> dict[str, Any]:
    """The fields of a round as asked for."""
    scopes = {number: scope for scope, number in _SCOPES.items()}
    return {
        "title": value.title,
        "school_year": value.school_year,
        "period": value.period,
        "due_date": value.due_date,
        "scope": scopes.get(value.scope, Scope.SCHOOL),
        "scope_values": list(value.scope_values),
        "contact": value.contact,
    }


def item_wish(item: pb.FeeItem) -> ItemWish:
    return ItemWish(
        title=item.title,
        fee_kind=item.fee_kind,
        unit_price=item.unit_price,
        quantity_milli=item.quantity_milli,
        unit=item.unit,
        priority=item.priority,
        account_id=item.account_id,
        per_pupil=item.per_pupil,
        voluntary=item.voluntary,
    )


def collection_round(value: Round) -> pb.Round:
    return pb.Round(
        id=str(value.id),
        organisation_id=str(value.organisation_id),
        title=value.title,
        school_year=value.school_year,
        period=value.period,
        due_date=day(value.due_date),
        scope=_SCOPES[value.scope],
        scope_values=value.scope_values,
        fee_items=[
            pb.FeeItem(
                id=str(item.id),
                title=item.title,
                fee_kind=item.fee_kind,
                legal_kind=item.legal_kind.value,
                unit_price=item.unit_price,
                quantity_milli=item.quantity_milli,
                unit=item.unit,
                priority=item.priority,
                account_id=str(item.account.id),
                per_pupil=item.per_pupil,
                voluntary=item.voluntary,
            )
            for item in value.items
        ],
        state=pb.Round.State.Value(f"STATE_{value.state.value.upper()}"),
        create_time=timestamp(value.create_time),
        release_time=timestamp(value.release_time),
        version=value.version,
        contact=value.contact,
    )


def preview(found: Preview) -> pb.RoundPreview:
    warnings = _warnings(found)
    return pb.RoundPreview(
        classes=[
            pb.RoundPreview.ClassLine(
                class_name=name,
                pupils=line.pupils,
                invoices=line.invoices,
                amount=line.amount,
                exempted=line.exempted,
                already_issued=line.already_issued,
            )
            for name, line in found.classes.items()
        ],
        items=[
            pb.RoundPreview.ItemLine(title=title, pupils=pupils, amount=amount)
            for title, (pupils, amount) in found.items.items()
        ],
        pupils=found.pupils,
        invoices=len(found.bills),
        amount=found.amount,
        exempted=sum(line.exempted for line in found.classes.values()),
        warnings_vi=[vi for vi, _ in warnings],
        warnings_en=[en for _, en in warnings],
    )


def _warnings(found: Preview) -> list[tuple[str, str]]:
    """What a person should know before a release, in Vietnamese and English."""
    warnings = []
    if number := found.without_birth_date:
        warnings.append(
            (
                f"{number} học sinh chưa có ngày sinh: gia đình chỉ mở được từng khoản bằng liên kết riêng.",
                f"{number} pupils without a birth date: their lines open by a link of their own only.",
            )
        )
    if number := found.without_charge:
        warnings.append(
            (
                f"{number} học sinh không có khoản nào phải nộp trong đợt này.",
                f"{number} pupils owe nothing in this round.",
            )
        )
    if found.voluntary:
        titles = ", ".join(f"“{title}”" for title in found.voluntary)
        warnings.append(
            (
                f"Khoản tự nguyện {titles} không in thành khoản phải nộp trên phiếu.",
                f"The voluntary {titles} does not stand on notices as a duty.",
            )
        )
    return warnings


def exemption(row: Row[Any]) -> pb.Exemption:
    return pb.Exemption(
        id=str(row.id),
        round_id=str(row.round_id),
        pupil_id=str(row.pupil_id),
        pupil_name=row.full_name,
        class_name=row.class_name,
        fee_item_id=str(row.fee_item_id or ""),
        percent_hundredths=row.percent_hundredths,
        amount=row.amount,
        reason=row.reason,
    )


def issue_job(row: Row[Any]) -> pb.IssueJob:
    done = row.issued + row.existing + row.refused
    return pb.IssueJob(
        id=str(row.id),
        round_id=str(row.round_id),
        state=pb.IssueJob.State.Value(f"STATE_{row.state.upper()}"),
        total=row.total,
        done=done,
        issued=row.issued,
        existing=row.existing,
        refused=row.refused,
        problems=list(row.problems),
        start_time=timestamp(row.start_time),
        end_time=timestamp(row.end_time),
    )


def fee_kinds() -> pb.ListFeeKindsResponse:
    return pb.ListFeeKindsResponse(
        fee_kinds=[
            pb.FeeKind(
                code=kind.code,
                name=kind.name,
                legal_kind=kind.legal_kind.value,
                unit=kind.unit,
                legal_basis=kind.legal_basis,
                confirmed=kind.is_confirmed,
                voluntary=kind.is_voluntary,
            )
            for kind in fees.fee_kinds().values()
        ],
        source=fees.source(),
    )
