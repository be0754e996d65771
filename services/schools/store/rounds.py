"""Queries on collection rounds, their items, the list's amounts and exemptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.schools.domain.fees import LegalKind
from services.schools.domain.rounds import (
    Exemption,
    FeeItem,
    ReceivingAccount,
    Round,
    RoundPupil,
    RoundState,
    Scope,
)
from services.schools.store import bulk, pupils
from services.schools.store.tables import collection_round, fee_item


def add(session: Session, value: Round) -> None:
    session.execute(insert(collection_round).values(**_columns(value)))


def save(session: Session, value: Round, version: int) -> bool:
    """Save a round if it still has `version`; False if somebody was faster."""
    statement = (
        update(collection_round)
        .where(collection_round.c.id == value.id, collection_round.c.version == version)
        .values(**{**_columns(value), "version": version + 1})
    )
    return session.execute(statement.returning(collection_round.c.id)).first() is not None


def release(session: Session, id: UUID, now: datetime) -> None:
    """Mark a round as released, once."""
    session.execute(
        text(
            "UPDATE collection_round SET state = 'released', release_time = :now, version = version + 1"
            " WHERE id = :id AND state = 'draft'"
        ),
        {"id": id, "now": now},
    )


def get(session: Session, id: UUID, *, lock: bool = False) -> Round | None:
    """A round with its items in order of payment."""
    statement = select(collection_round).where(collection_round.c.id == id)
    row = session.execute(statement.with_for_update() if lock else statement).first()
    return _round(row, _items(session, [id])) if row else None


def find(session: Session, organisation_id: UUID, after: Sequence[Any] | None, limit: int) -> list[Round]:
    """Rounds of a school, newest first."""
    condition = " AND (create_time, id) < (CAST(:k1 AS timestamptz), CAST(:k2 AS uuid))" if after else ""
    values: dict[str, Any] = {"organisation": organisation_id, "limit": limit}
    if after:
        values |= {"k1": after[0], "k2": after[1]}
    rows = session.execute(
        text(
            f"SELECT * FROM collection_round WHERE organisation_id = :organisation{condition}"
            " ORDER BY create_time DESC, id DESC LIMIT :limit"
        ),
        values,
    ).all()
    items = _items(session, [row.id for row in rows])
    return [_round(row, items) for row in rows]


def add_item(
    session: Session, round_id: UUID, organisation_id: UUID, item: FeeItem, key: str, now: datetime
) -> bool:
    """Add an item; False if the round has one of this title."""
    statement = upsert(fee_item).values(
        id=item.id,
        organisation_id=organisation_id,
        round_id=round_id,
        title=item.title,
        title_key=key,
        fee_kind=item.fee_kind,
        legal_kind=item.legal_kind.value,
        unit_price=item.unit_price,
        quantity_milli=item.quantity_milli,
        unit=item.unit,
        priority=item.priority,
        account_id=item.account.id,
        bin=item.account.bin,
        account_number=item.account.account_number,
        holder_name=item.account.holder_name,
        per_pupil=item.per_pupil,
        voluntary=item.voluntary,
        create_time=now,
    )
    return session.execute(statement.on_conflict_do_nothing().returning(fee_item.c.id)).first() is not None


def save_item(session: Session, round_id: UUID, item: FeeItem, key: str) -> bool:
    """Write an item over itself; False if another one of the round has this title."""
    statement = text(
        "UPDATE fee_item SET title = :title, title_key = :key, unit_price = :price, quantity_milli = :quantity,"
        " unit = :unit, account_id = :account, bin = :bin, account_number = :number, holder_name = :holder,"
        " per_pupil = :per_pupil, voluntary = :voluntary WHERE id = :id AND NOT EXISTS (SELECT 1 FROM fee_item other"
        " WHERE other.round_id = :round AND other.title_key = :key AND other.id <> :id) RETURNING id"
    )
    values = {
        "id": item.id,
        "round": round_id,
        "title": item.title,
        "key": key,
        "price": item.unit_price,
        "quantity": item.quantity_milli,
        "unit": item.unit,
        "account": item.account.id,
        "bin": item.account.bin,
        "number": item.account.account_number,
        "holder": item.account.holder_name,
        "per_pupil": item.per_pupil,
        "voluntary": item.voluntary,
    }
    return session.execute(statement, values).first() is not None


def drop_amounts(session: Session, fee_item_id: UUID) -> None:
    """Forget what lists said about an item."""
    session.execute(text("DELETE FROM assessment WHERE fee_item_id = :id"), {"id": fee_item_id})


def remove_item(session: Session, id: UUID) -> None:
    """Remove an item that stands on no invoice, with the list's amounts."""
    for table in ("assessment", "exemption"):
        session.execute(text(f"DELETE FROM {table} WHERE fee_item_id = :id"), {"id": id})
    session.execute(text("DELETE FROM fee_item WHERE id = :id"), {"id": id})


def is_issued(session: Session, fee_item_id: UUID) -> bool:
    """True if the item stands on an invoice."""
    statement = text("SELECT 1 FROM issued_item WHERE fee_item_id = :id LIMIT 1")
    return session.execute(statement, {"id": fee_item_id}).first() is not None


def amounts(session: Session, round_id: UUID) -> dict[tuple[UUID, str], int]:
    """The list's amounts of a round, by (pupil, folded heading)."""
    rows = session.execute(
        text(
            "SELECT a.pupil_id, f.title_key, a.amount FROM assessment a JOIN fee_item f ON f.id = a.fee_item_id"
            " WHERE f.round_id = :round"
        ),
        {"round": round_id},
    )
    return {(row.pupil_id, row.title_key): row.amount for row in rows}


def set_amounts(session: Session, organisation_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Write the list's amounts; each row has item, pupil and amount."""
    bulk.execute(
        session,
        "INSERT INTO assessment (organisation_id, fee_item_id, pupil_id, amount)"
        " SELECT :organisation, item, pupil, amount FROM {rows}"
        " ON CONFLICT (fee_item_id, pupil_id) DO UPDATE SET amount = excluded.amount",
        "item uuid, pupil uuid, amount bigint",
        sorted(rows, key=lambda row: (str(row["item"]), str(row["pupil"]))),
        organisation=organisation_id,
    )


def round_pupils(session: Session, value: Round, pupil_ids: Sequence[UUID] | None = None) -> list[RoundPupil]:
    """The pupils within a round's scope (or, wherever they sit now, those named), by class and Vietnamese name."""
    condition = {
        Scope.SCHOOL: "",
        Scope.GRADE: " AND c.grade = ANY(:scope)",
        Scope.CLASS: " AND c.name = ANY(:scope)",
    }
    codes = pupils.identifiers_of(session, value.organisation_id, pupil_ids)
    rows = session.execute(
        text(
            # The seat is looked up pupil by pupil, by index: just after a large import the planner knows nothing of the
            # tables and would join them by loops over all rows.
            "SELECT p.id, p.full_name, p.birth_date, c.name AS class_name FROM pupil p CROSS JOIN LATERAL ("
            " SELECT k.name, k.grade, k.natural_key FROM enrolment e JOIN school_class k ON k.id = e.class_id"
            " WHERE e.organisation_id = p.organisation_id AND e.pupil_id = p.id AND e.school_year = :school_year"
            " AND e.to_date IS NULL LIMIT 1) c"
            " WHERE p.organisation_id = :organisation AND p.withdraw_date IS NULL"
            + (condition[value.scope] if pupil_ids is None else " AND p.id = ANY(:pupils)")
            + " ORDER BY c.natural_key, p.name_key, p.id"
        ),
        {
            "organisation": value.organisation_id,
            "school_year": value.school_year,
            "scope": list(value.scope_values),
            "pupils": list(pupil_ids or ()),
        },
    )
    return [
        RoundPupil(row.id, row.full_name, row.class_name, row.birth_date, _codes(codes.get(row.id, {})))
        for row in rows
    ]


def _codes(identifiers: Mapping[str, str]) -> tuple[str, ...]:
    """Codes by which staff search, the school's own first; the personal number is nobody's search word."""
    return tuple(identifiers[kind] for kind in ("pupil_code", "ministry_code") if kind in identifiers)


def pupil_amounts(session: Session, round_id: UUID) -> dict[UUID, dict[UUID, int]]:
    """The list's amounts of a round: pupil → item → đồng."""
    rows = session.execute(
        text(
            "SELECT a.pupil_id, a.fee_item_id, a.amount FROM assessment a JOIN fee_item f ON f.id = a.fee_item_id"
            " WHERE f.round_id = :round"
        ),
        {"round": round_id},
    )
    found: dict[UUID, dict[UUID, int]] = {}
    for row in rows:
        found.setdefault(row.pupil_id, {})[row.fee_item_id] = row.amount
    return found


def exemptions(session: Session, round_id: UUID) -> dict[UUID, list[Exemption]]:
    """Exemptions of a round by pupil, those of single items first."""
    found: dict[UUID, list[Exemption]] = {}
    rows = session.execute(
        text("SELECT * FROM exemption WHERE round_id = :round ORDER BY pupil_id, fee_item_id NULLS LAST"),
        {"round": round_id},
    )
    for row in rows:
        value = Exemption(row.fee_item_id, row.percent_hundredths, row.amount, row.reason)
        found.setdefault(row.pupil_id, []).append(value)
    return found


def list_exemptions(session: Session, round_id: UUID) -> Sequence[Row[Any]]:
    """Exemptions with the names of their pupils."""
    return session.execute(
        text(
            "SELECT x.*, p.full_name, coalesce(c.name, '') AS class_name FROM exemption x JOIN pupil p ON p.id = x.pupil_id"
            " JOIN collection_round r ON r.id = x.round_id"
            " LEFT JOIN enrolment e ON e.pupil_id = p.id AND e.to_date IS NULL AND e.school_year = r.school_year"
            " LEFT JOIN school_class c ON c.id = e.class_id"
            " WHERE x.round_id = :round ORDER BY c.natural_key, p.name_key, x.id"
        ),
        {"round": round_id},
    ).all()


def set_exemption(
    session: Session, organisation_id: UUID, round_id: UUID, pupil_id: UUID, id: UUID, value: Exemption
) -> UUID:
    """Set (or replace) an exemption; one of nothing is removed. Returns its id."""
    key = {"round": round_id, "pupil": pupil_id, "item": value.fee_item_id}
    session.execute(
        text(
            "DELETE FROM exemption WHERE round_id = :round AND pupil_id = :pupil"
            " AND fee_item_id IS NOT DISTINCT FROM CAST(:item AS uuid)"
        ),
        key,
    )
    if value.percent_hundredths or value.amount:
        session.execute(
            text(
                "INSERT INTO exemption (id, organisation_id, round_id, pupil_id, fee_item_id, percent_hundredths, amount,"
                " reason) VALUES (:id, :organisation, :round, :pupil, :item, :percent, :amount, :reason)"
            ),
            {
                **key,
                "id": id,
                "organisation": organisation_id,
                "percent": value.percent_hundredths,
                "amount": value.amount,
                "reason": value.reason,
            },
        )
    return id


def count_released(session: Session) -> int:
    """How many rounds were released."""
    return int(
        session.execute(text("SELECT count(*) FROM collection_round WHERE state = 'released'")).scalar_one()
    )


def _items(session: Session, rounds: Sequence[UUID]) -> dict[UUID, list[FeeItem]]:
    found: dict[UUID, list[FeeItem]] = {}
    statement = select(fee_item).where(fee_item.c.round_id.in_(rounds))
    for row in session.execute(
        statement.order_by(fee_item.c.priority, fee_item.c.create_time, fee_item.c.id)
    ):
        found.setdefault(row.round_id, []).append(
            FeeItem(
                id=row.id,
                title=row.title,
                fee_kind=row.fee_kind,
                legal_kind=LegalKind(row.legal_kind),
                unit_price=row.unit_price,
                quantity_milli=row.quantity_milli,
                unit=row.unit,
                priority=row.priority,
                account=ReceivingAccount(row.account_id, row.bin, row.account_number, row.holder_name),
                per_pupil=row.per_pupil,
                voluntary=row.voluntary,
            )
        )
    return found


def _columns(value: Round) -> dict[str, Any]:
    names = [column.name for column in collection_round.columns]
    columns = {name: getattr(value, name) for name in names}
    return {
        **columns,
        "scope": value.scope.value,
        "scope_values": list(value.scope_values),
        "state": value.state.value,
    }


def _round(row: Row[Any], items: dict[UUID, list[FeeItem]]) -> Round:
    return Round(
        id=row.id,
        organisation_id=row.organisation_id,
        title=row.title,
        school_year=row.school_year,
        period=row.period,
        due_date=row.due_date,
        scope=Scope(row.scope),
        scope_values=tuple(row.scope_values),
        state=RoundState(row.state),
        contact=row.contact,
        create_time=row.create_time,
        release_time=row.release_time,
        version=row.version,
        items=tuple(items.get(row.id, ())),
    )
