"""Queries on units and stalls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kit import references
from kit.arrays import text_array, uuids
from kit.db import constraint_of
from kit.text import natural_key, search_key
from services.pilots.domain.errors_stalls import StallNumberTaken
from services.pilots.domain.stalls import (
    Account,
    DefaultRule,
    Relation,
    Stall,
    StallState,
    Stand,
    StandState,
)
from services.pilots.domain.units import Unit

# The board in use comes with each stall: one row at most, by the index of boards in use.
_SELECT: Final = """
    SELECT s.*, u.name AS unit_name, u.kind AS unit_kind, u.holder_name, u.phone,
           p.code AS programme_code, p.name AS programme_name, p.cut_off_minute, p.start_date, p.end_date,
           p.open_minute AS programme_open_minute, p.close_minute AS programme_close_minute,
           c.code AS section_code,
           b.issue_number, b.issue_date, b.bin AS stand_bin, b.account_number AS stand_account_number,
           b.account_holder AS stand_account_holder, b.payload, b.check_code, b.check_time
    FROM stall s
    JOIN unit u ON u.organisation_id = s.organisation_id
    JOIN programme p ON p.id = s.programme_id
    JOIN section c ON c.id = s.section_id
    LEFT JOIN stand b ON b.stall_id = s.id AND b.state = 'in_use'"""
# A stall with its lock, which money at the stall takes as well: held for milliseconds.
_LOCK: Final = " FOR NO KEY UPDATE OF s"

_SAVE: Final = text(
    """
    UPDATE stall SET section_id = :section_id, number = :number, number_key = :number_key, name = :name,
        goods = :goods, search_text = :search_text, state = :state, account_id = :account_id, bin = :bin,
        account_number = :account_number, account_holder = :account_holder, relation = :relation,
        consent = :consent, default_rule = :default_rule, open_minute = :open_minute,
        close_minute = :close_minute, withdraw_reason = :withdraw_reason, version = :version,
        change_time = :change_time, is_account_default = :is_account_default
    WHERE id = :id
    """
)

_INSERT: Final = text(
    """
    INSERT INTO stall (id, organisation_id, programme_id, section_id, number, number_key, name, goods, search_text,
        reference, state, account_id, bin, account_number, account_holder, relation, consent, default_rule,
        open_minute, close_minute, withdraw_reason, version, sequence, create_time, change_time,
        is_account_default)
    VALUES (:id, :organisation_id, :programme_id, :section_id, :number, :number_key, :name, :goods, :search_text,
        :reference, :state, :account_id, :bin, :account_number, :account_holder, :relation, :consent,
        :default_rule, :open_minute, :close_minute, :withdraw_reason, :version, 0, :change_time, :change_time,
        :is_account_default)
    ON CONFLICT DO NOTHING
    """
)

_ADVANCE: Final = text(
    """
    WITH standing AS (
        SELECT id FROM stall WHERE programme_id = :programme AND state <> 'withdrawn'
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE stall SET version = version + 1, change_time = :now FROM standing WHERE stall.id = standing.id
    RETURNING stall.id
    """
)

# Which stall of an account is its default, after any change: the one active stall, if its owner wants it.
_SETTLE_DEFAULTS: Final = text(
    """
    WITH places AS (
        SELECT * FROM unnest(CAST(:bins AS text[]), CAST(:numbers AS text[])) AS n(bin, account_number)
    ), counted AS (
        SELECT s.id, s.is_account_default AS was,
               s.state = 'active' AND s.default_rule <> 'never'
               AND count(*) FILTER (WHERE s.state = 'active') OVER (PARTITION BY s.bin, s.account_number) = 1 AS now
        FROM stall s JOIN places USING (bin, account_number)
    ), changed AS (
        SELECT s.id, counted.now FROM stall s JOIN counted USING (id) WHERE counted.was <> counted.now
        ORDER BY s.id FOR NO KEY UPDATE OF s
    )
    UPDATE stall SET is_account_default = changed.now, version = version + 1, change_time = :now
    FROM changed WHERE stall.id = changed.id RETURNING stall.id
    """
)


@dataclass(frozen=True, slots=True)
class StallFilter:
    """Which stalls; empty fields do not filter."""

    programme_id: UUID | None = None
    organisation_id: UUID | None = None
    query: str = ""
    stall_id: UUID | None = None

    def parts(self) -> list[object]:
        """What a page token is bound to."""
        return ["stalls", str(self.programme_id), str(self.organisation_id), self.query]


@dataclass(frozen=True, slots=True)
class Listed:
    """A stall with its place in the order of lists."""

    stall: Stall
    place: tuple[str, str]


def add_units(session: Session, units: Iterable[Unit], now: datetime) -> None:
    """Insert units, in the order of their ids; those that are there get what the newer list says of them."""
    session.execute(
        text(
            """
            INSERT INTO unit (organisation_id, name, kind, holder_name, phone, match_key, create_time)
            VALUES (:id, :name, :kind, :holder, :phone, :match_key, :now)
            ON CONFLICT (organisation_id) DO UPDATE SET name = excluded.name, kind = excluded.kind,
                holder_name = excluded.holder_name, phone = excluded.phone, match_key = excluded.match_key
            """
        ),
        [
            {
                "id": unit.organisation_id,
                "name": unit.name,
                "kind": unit.kind.value,
                "holder": unit.holder_name,
                "phone": unit.phone,
                "match_key": unit.match_key,
                "now": now,
            }
            for unit in sorted(units, key=lambda unit: unit.organisation_id)
        ],
    )


def add(session: Session, stalls: Sequence[Stall]) -> set[UUID]:
    """Insert stalls whose number and reference are free; the ids of these."""
    session.execute(_INSERT, [_values(stall) for stall in stalls])
    rows = session.execute(
        text("SELECT id FROM stall WHERE id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": uuids(stall.id for stall in stalls)},
    )
    return set(rows.scalars())


def save(session: Session, stall: Stall) -> None:
    """Store what was changed of a locked stall. Raises StallNumberTaken if another one was faster."""
    try:
        session.execute(_SAVE, _values(stall))
    except IntegrityError as error:
        if constraint_of(error) == "stall_number":
            raise StallNumberTaken(number=stall.number) from error
        raise


def save_many(session: Session, stalls: Sequence[Stall]) -> None:
    """Store what was changed of locked stalls, in one batch."""
    session.execute(_SAVE, [_values(stall) for stall in stalls])


def get(session: Session, key: UUID | str, *, lock: bool = False) -> Stall | None:
    """A stall by its id, or by its reference as written."""
    column = "s.id" if isinstance(key, UUID) else "s.reference"
    statement = f"{_SELECT} WHERE {column} = :key{_LOCK if lock else ''}"
    row = session.execute(text(statement), {"key": key}).first()
    return stall_of(row) if row else None


def by_printed_code(session: Session, reference: str) -> Stall | None:
    """The stall of a code that is printed for it: of its board, or of its market-day pack."""
    statement = (
        f"{_SELECT} WHERE s.id = (SELECT id FROM stall WHERE reference = :reference"
        " UNION ALL SELECT stall_id FROM pack_code WHERE reference = :reference LIMIT 1)"
    )
    row = session.execute(text(statement), {"reference": reference}).first()
    return stall_of(row) if row else None


def get_many(session: Session, ids: Iterable[UUID], *, lock: bool = False) -> list[Stall]:
    """Stalls by their ids, in the order of ids."""
    statement = f"{_SELECT} WHERE s.id = ANY(CAST(:ids AS uuid[])) ORDER BY s.id{_LOCK if lock else ''}"
    return [stall_of(row) for row in session.execute(text(statement), {"ids": uuids(ids)})]


def of_organisations(session: Session, ids: Iterable[UUID], *, lock: bool = False) -> list[Stall]:
    """Stalls of units that are not withdrawn, in the order of ids."""
    statement = (
        f"{_SELECT} WHERE s.organisation_id = ANY(CAST(:ids AS uuid[])) AND s.state <> 'withdrawn'"
        f" ORDER BY s.id{_LOCK if lock else ''}"
    )
    return [stall_of(row) for row in session.execute(text(statement), {"ids": uuids(ids)})]


def advance_programme(session: Session, programme_id: UUID, now: datetime) -> list[UUID]:
    """Raise the version of the stalls of a programme that are not withdrawn; which they are."""
    rows = session.execute(_ADVANCE, {"programme": programme_id, "now": now})
    return sorted(row.id for row in rows)


def page_by_id(session: Session, after: UUID | None, limit: int) -> list[Stall]:
    """Stalls in the order of their ids: for announcing again."""
    statement = f"{_SELECT} WHERE CAST(:after AS uuid) IS NULL OR s.id > :after ORDER BY s.id LIMIT :limit"
    return [stall_of(row) for row in session.execute(text(statement), {"after": after, "limit": limit})]


def find(session: Session, filter: StallFilter, after: Sequence[Any] | None, limit: int) -> list[Listed]:
    """At most `limit` stalls after a place, by number in natural order: A2 before A10."""
    where = ["true"]
    values: dict[str, object] = {"limit": limit}
    for column, value in (
        ("programme_id", filter.programme_id),
        ("organisation_id", filter.organisation_id),
        ("id", filter.stall_id),
    ):
        if value is not None:
            where.append(f"s.{column} = :{column}")
            values[column] = value
    _add_search(filter.query, where, values)
    if after is not None:
        where.append("(s.number_key, s.id) > (:after_key, CAST(:after_id AS uuid))")
        values["after_key"], values["after_id"] = after
    rows = session.execute(
        text(f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY s.number_key, s.id LIMIT :limit"), values
    )
    return [Listed(stall_of(row), (row.number_key, str(row.id))) for row in rows]


def settle_defaults(session: Session, accounts: Iterable[Account], now: datetime) -> list[UUID]:
    """Decide anew which stalls take the money of these accounts that names no code; the stalls that changed."""
    places = sorted({(account.bin, account.number) for account in accounts})
    if not places:
        return []
    rows = session.execute(
        _SETTLE_DEFAULTS,
        {
            "bins": text_array([bin for bin, _ in places]),
            "numbers": text_array([number for _, number in places]),
            "now": now,
        },
    )
    return sorted(row.id for row in rows)


def stall_of(row: Row[Any]) -> Stall:
    """The stall in a row of _SELECT."""
    stand = None
    if row.issue_number is not None:
        stand = Stand(
            stall_id=row.id,
            issue_number=row.issue_number,
            state=StandState.IN_USE,
            issue_date=row.issue_date,
            bin=row.stand_bin,
            account_number=row.stand_account_number,
            account_holder=row.stand_account_holder,
            payload=row.payload,
            check_code=row.check_code,
            check_time=row.check_time,
        )
    account = None
    if row.account_id is not None:
        account = Account(row.account_id, row.bin, row.account_number, row.account_holder)
    has_own_hours = row.open_minute is not None
    return Stall(
        id=row.id,
        organisation_id=row.organisation_id,
        unit_name=row.unit_name,
        unit_kind=row.unit_kind,
        holder_name=row.holder_name,
        phone=row.phone,
        programme_id=row.programme_id,
        programme_code=row.programme_code,
        programme_name=row.programme_name,
        cut_off_minute=row.cut_off_minute,
        section_id=row.section_id,
        section_code=row.section_code,
        number=row.number,
        name=row.name,
        goods=row.goods,
        reference=row.reference,
        state=StallState(row.state),
        account=account,
        relation=Relation(row.relation),
        consent=row.consent,
        default_rule=DefaultRule(row.default_rule),
        open_minute=row.open_minute if has_own_hours else row.programme_open_minute,
        close_minute=row.close_minute if has_own_hours else row.programme_close_minute,
        has_own_hours=has_own_hours,
        has_pin=bool(row.pin_hash),
        withdraw_reason=row.withdraw_reason,
        version=row.version,
        sequence=row.sequence,
        change_time=row.change_time,
        start_date=row.start_date,
        end_date=row.end_date,
        is_account_default=row.is_account_default,
        stand=stand,
    )


def _values(stall: Stall) -> dict[str, Any]:
    account = stall.account
    return {
        "id": stall.id,
        "organisation_id": stall.organisation_id,
        "programme_id": stall.programme_id,
        "section_id": stall.section_id,
        "number": stall.number,
        "number_key": natural_key(stall.number),
        "name": stall.name,
        "goods": stall.goods,
        "search_text": stall.search_text,
        "reference": stall.reference,
        "state": stall.state.value,
        "account_id": account.id if account else None,
        "bin": account.bin if account else "",
        "account_number": account.number if account else "",
        "account_holder": account.holder_name if account else "",
        "relation": stall.relation.value,
        "consent": stall.consent,
        "default_rule": stall.default_rule.value,
        "open_minute": stall.open_minute if stall.has_own_hours else None,
        "close_minute": stall.close_minute if stall.has_own_hours else None,
        "withdraw_reason": stall.withdraw_reason,
        "version": stall.version,
        "change_time": stall.change_time,
        "is_account_default": stall.is_account_default,
    }


def _add_search(query: str, where: list[str], values: dict[str, object]) -> None:
    """A whole code finds its stall; else every word must stand in name, number, goods, unit or holder."""
    if not query.strip():
        return
    reference = references.normalise(query)
    if references.check(reference):
        where.append("s.reference = :reference")
        values["reference"] = reference
        return
    words = search_key(query[:200]).split()[:8]
    if not words:
        where.append("false")
    for position, word in enumerate(words):
        # A folded word holds capitals and digits only: nothing in it is a wildcard.
        where.append(f"s.search_text LIKE :word_{position}")
        values[f"word_{position}"] = f"%{word}%"
