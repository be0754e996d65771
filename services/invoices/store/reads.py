"""Reading invoices: one, locked or not, pages of many in class order, and sums of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit import references
from kit.arrays import text_array, uuids
from kit.text import search_key
from services.invoices.domain.invoices import Account, Invoice, Line, State, lines_at

_COLUMNS: Final = """
    id, organisation_id, reference, state, title, payer_id, payer_name, payer_codes, group_name, batch_id,
    notice_id, source_service, source_id, account_id, bin, account_number, holder_name, virtual_account,
    is_oldest_first, amount_due, amount_paid, due_date, version, sequence, applied_version, issue_time,
    change_time, paid_time, void_reason"""
_LINES: Final = text(
    """
    SELECT invoice_id, version, id, title, ledger_class, amount, priority, is_paused, unit_price, quantity_milli,
           unit, exempted, exemption_reason, fee_kind
    FROM invoice_line WHERE invoice_id = ANY(CAST(:ids AS uuid[])) ORDER BY invoice_id, version, position
    """
)
_SAVE: Final = text(
    """
    UPDATE invoice SET state = :state, amount_due = :amount_due, due_date = :due_date, version = :version,
        sequence = :sequence, change_time = :change_time, void_reason = :void_reason
    WHERE id = :id
    """
)
_SUMS: Final = """
    count(*) AS invoices,
    count(*) FILTER (WHERE state = 'paid') AS paid,
    count(*) FILTER (WHERE state = 'part_paid') AS part_paid,
    count(*) FILTER (WHERE state = 'open') AS open,
    count(*) FILTER (WHERE state = 'void') AS void,
    CAST(coalesce(sum(amount_due) FILTER (WHERE state <> 'void'), 0) AS bigint) AS amount_due,
    CAST(coalesce(sum(amount_paid), 0) AS bigint) AS amount_paid,
    count(DISTINCT payer_id) FILTER (WHERE payer_id <> '') AS payers"""

Versions = Mapping[int, tuple[Line, ...]]


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices of one organisation; empty fields do not filter."""

    organisation_id: UUID
    batch_id: str = ""
    group_name: str = ""
    states: tuple[State, ...] = ()
    search: str = ""
    notice_ids: tuple[str, ...] = ()
    payer_id: str = ""

    def parts(self) -> list[object]:
        """What a page token is bound to."""
        return [
            str(self.organisation_id),
            self.batch_id,
            self.group_name,
            [state.value for state in self.states],
            self.search,
            list(self.notice_ids),
            self.payer_id,
        ]


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts and amounts (đồng) of some invoices; what is due leaves void ones out."""

    invoices: int
    paid: int
    part_paid: int
    open: int
    void: int
    amount_due: int
    amount_paid: int
    payers: int


@dataclass(frozen=True, slots=True)
class Listed:
    """An invoice with its place in the order of lists: class, name, id."""

    invoice: Invoice
    place: tuple[str, str, str]


def get_invoice(
    session: Session, *, id: UUID | None = None, reference: str = "", lock: bool = False
) -> Invoice | None:
    """The invoice with its lines; locked against change until the transaction ends, if asked for."""
    column, key = ("id", id) if id is not None else ("reference", reference)
    suffix = " FOR NO KEY UPDATE" if lock else ""
    row = session.execute(
        text(f"SELECT {_COLUMNS} FROM invoice WHERE {column} = :key{suffix}"), {"key": key}
    ).first()
    return None if row is None else with_lines(session, [invoice_of(row)])[0]


def with_lines(session: Session, invoices: Sequence[Invoice]) -> list[Invoice]:
    """The invoices with the lines that are in force."""
    versions = line_versions(session, [invoice.id for invoice in invoices])
    return [
        replace(invoice, lines=lines_at(versions.get(invoice.id, {}), invoice.version))
        for invoice in invoices
    ]


def line_versions(session: Session, ids: Sequence[UUID]) -> dict[UUID, Versions]:
    """All lines that invoices ever had, by the version that brought them."""
    found: dict[UUID, dict[int, list[Line]]] = {}
    for row in session.execute(_LINES, {"ids": uuids(ids)}) if ids else ():
        found.setdefault(row.invoice_id, {}).setdefault(row.version, []).append(Line(*row[2:]))
    return {
        id: {version: tuple(lines) for version, lines in versions.items()} for id, versions in found.items()
    }


def save_changed(session: Session, invoice: Invoice) -> None:
    """Store what a person changed of a locked invoice; new lines are inserted apart."""
    session.execute(
        _SAVE,
        {
            "id": invoice.id,
            "state": invoice.state.value,
            "amount_due": invoice.amount_due,
            "due_date": invoice.due_date,
            "version": invoice.version,
            "sequence": invoice.sequence,
            "change_time": invoice.change_time,
            "void_reason": invoice.void_reason,
        },
    )


def list_invoices(
    session: Session, filter: InvoiceFilter, after: Sequence[Any] | None, limit: int
) -> list[Listed]:
    """At most `limit` invoices after a place, in natural class order, then by name."""
    where = ["organisation_id = :organisation_id"]
    values: dict[str, object] = {"organisation_id": filter.organisation_id, "limit": limit}
    for column, value in (
        ("batch_id", filter.batch_id),
        ("group_name", filter.group_name),
        ("payer_id", filter.payer_id),
    ):
        if value:
            where.append(f"{column} = :{column}")
            values[column] = value
    if filter.states:
        where.append("state = ANY(CAST(:states AS text[]))")
        values["states"] = text_array([state.value for state in filter.states])
    if filter.notice_ids:
        where.append("notice_id = ANY(CAST(:notice_ids AS text[]))")
        values["notice_ids"] = text_array(filter.notice_ids)
    _add_search(filter.search, where, values)
    if after is not None:
        where.append("(group_key, name_key, id) > (:group_key, :name_key, CAST(:after_id AS uuid))")
        values["group_key"], values["name_key"], values["after_id"] = after
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS}, group_key, name_key FROM invoice WHERE {' AND '.join(where)}"
            " ORDER BY group_key, name_key, id LIMIT :limit"
        ),
        values,
    )
    return [Listed(invoice_of(row), (row.group_key, row.name_key, str(row.id))) for row in rows]


def _add_search(search: str, where: list[str], values: dict[str, object]) -> None:
    """A whole reference finds its invoice; else every word must begin or stand inside name or codes."""
    if not search.strip():
        return
    reference = references.normalise(search)
    if references.check(reference):
        where.append("reference = :reference")
        values["reference"] = reference
        return
    words = search_key(search[:200]).split()[:8]
    if not words:
        where.append("false")
    for position, word in enumerate(words):
        # A folded word holds capitals and digits only: nothing in it is a wildcard.
        where.append(f"(search_text LIKE :word_{position} OR reference LIKE :start_{position})")
        values[f"word_{position}"] = f"%{word}%"
        values[f"start_{position}"] = f"{word}%"


def summarise_batch(
    session: Session, organisation_id: UUID, batch_id: str
) -> tuple[list[tuple[str, Sums]], Sums]:
    """Sums of a batch by group in natural order, and over all: one statement."""
    rows = session.execute(
        text(
            f"SELECT group_name, GROUPING(group_name) AS is_total, {_SUMS} FROM invoice"
            " WHERE organisation_id = :organisation_id AND batch_id = :batch_id"
            " GROUP BY GROUPING SETS ((group_key, group_name), ()) ORDER BY is_total, group_key, group_name"
        ),
        {"organisation_id": organisation_id, "batch_id": batch_id},
    ).all()
    groups = [(row.group_name, Sums(*row[2:])) for row in rows if not row.is_total]
    return groups, Sums(*rows[-1][2:])


def summarise_city(session: Session) -> tuple[Sums, int, int]:
    """Sums over all invoices that the transaction may see; receipts issued in all, and how many are cancelled."""
    sums = session.execute(text(f"SELECT {_SUMS} FROM invoice")).one()
    receipts = session.execute(text("SELECT count(*), count(cancel_time) FROM receipt")).one()
    return Sums(*sums), receipts[0], receipts[1]


def page_by_id(session: Session, after: UUID | None, limit: int) -> list[Invoice]:
    """Invoices in the order of their ids, without lines: for announcing again."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM invoice WHERE CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)"
            " ORDER BY id LIMIT :limit"
        ),
        {"after": after, "limit": limit},
    )
    return [invoice_of(row) for row in rows]


def invoice_of(row: Row[Any]) -> Invoice:
    """The invoice in a row of _COLUMNS, without its lines."""
    return Invoice(
        id=row.id,
        organisation_id=row.organisation_id,
        reference=row.reference,
        state=State(row.state),
        title=row.title,
        payer_id=row.payer_id,
        payer_name=row.payer_name,
        payer_codes=tuple(row.payer_codes),
        group_name=row.group_name,
        batch_id=row.batch_id,
        notice_id=row.notice_id,
        source_service=row.source_service,
        source_id=row.source_id,
        account=Account(row.account_id, row.bin, row.account_number, row.holder_name),
        virtual_account=row.virtual_account,
        is_oldest_first=row.is_oldest_first,
        amount_due=row.amount_due,
        amount_paid=row.amount_paid,
        due_date=row.due_date,
        version=row.version,
        sequence=row.sequence,
        applied_version=row.applied_version,
        issue_time=row.issue_time,
        change_time=row.change_time,
        paid_time=row.paid_time,
        void_reason=row.void_reason,
    )
