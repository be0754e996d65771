"""Writing invoices and their lines: many in one statement, in the order of their business keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.arrays import booleans, bytes_array, integers, moments, text_array, uuids
from kit.text import name_sort_key, natural_key
from services.invoices.domain.invoices import Invoice

# A second call with the same business keys waits here for the first to commit, then finds its rows. Sorted by
# business key, so that two calls never wait for each other.
_INSERT: Final = text(
    """
    INSERT INTO invoice (
        id, organisation_id, reference, state, title, payer_id, payer_name, payer_codes, group_name, batch_id,
        notice_id, source_service, source_id, account_id, bin, account_number, holder_name, virtual_account,
        is_oldest_first, amount_due, amount_paid, due_date, version, sequence, applied_version, issue_time,
        change_time, void_reason, group_key, name_key, search_text, second_fact)
    SELECT n.id, :organisation_id, n.reference, 'open', n.title, n.payer_id, n.payer_name,
           CAST(n.payer_codes AS jsonb), n.group_name, n.batch_id, n.notice_id, :source_service, n.source_id,
           n.account_id, n.bin, n.account_number, n.holder_name, n.virtual_account, n.is_oldest_first,
           n.amount_due, 0, n.due_date, 1, 0, 0, :now, :now, '', n.group_key, n.name_key, n.search_text,
           n.second_fact
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:references AS text[]), CAST(:titles AS text[]), CAST(:payer_ids AS text[]),
        CAST(:payer_names AS text[]), CAST(:payer_codes AS text[]), CAST(:group_names AS text[]),
        CAST(:batch_ids AS text[]), CAST(:notice_ids AS text[]), CAST(:source_ids AS text[]),
        CAST(:account_ids AS text[]), CAST(:bins AS text[]), CAST(:account_numbers AS text[]),
        CAST(:holder_names AS text[]), CAST(:virtual_accounts AS text[]), CAST(:oldest_first AS boolean[]),
        CAST(:amounts_due AS bigint[]), CAST(:due_dates AS date[]), CAST(:group_keys AS text[]),
        CAST(:name_keys AS text[]), CAST(:search_texts AS text[]), CAST(:second_facts AS bytea[]))
        AS n(id, reference, title, payer_id, payer_name, payer_codes, group_name, batch_id, notice_id, source_id,
             account_id, bin, account_number, holder_name, virtual_account, is_oldest_first, amount_due, due_date,
             group_key, name_key, search_text, second_fact)
    ORDER BY n.source_id
    ON CONFLICT DO NOTHING
    RETURNING id
    """
)

_INSERT_LINES: Final = text(
    """
    INSERT INTO invoice_line (
        invoice_id, version, position, organisation_id, id, title, ledger_class, amount, priority, is_paused,
        unit_price, quantity_milli, unit, exempted, exemption_reason, fee_kind)
    SELECT n.invoice_id, n.version, n.position, :organisation_id, n.id, n.title, n.ledger_class, n.amount,
           n.priority, n.is_paused, n.unit_price, n.quantity_milli, n.unit, n.exempted, n.exemption_reason,
           n.fee_kind
    FROM unnest(
        CAST(:invoice_ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:positions AS smallint[]),
        CAST(:ids AS text[]), CAST(:titles AS text[]), CAST(:ledger_classes AS text[]),
        CAST(:amounts AS bigint[]), CAST(:priorities AS integer[]), CAST(:paused AS boolean[]),
        CAST(:unit_prices AS bigint[]), CAST(:quantities AS bigint[]), CAST(:units AS text[]),
        CAST(:exempted AS bigint[]), CAST(:exemption_reasons AS text[]), CAST(:fee_kinds AS text[]))
        AS n(invoice_id, version, position, id, title, ledger_class, amount, priority, is_paused, unit_price,
             quantity_milli, unit, exempted, exemption_reason, fee_kind)
    """
)

_BY_SOURCE: Final = text(
    """
    SELECT source_id, id, reference FROM invoice
    WHERE organisation_id = :organisation_id AND source_service = :source_service
      AND source_id = ANY(CAST(:source_ids AS text[]))
    """
)


def insert_invoices(
    session: Session, invoices: Sequence[Invoice], second_facts: Sequence[bytes]
) -> set[UUID]:
    """Insert what is free of both unique keys; the ids inserted. All are of one organisation and source."""
    first = invoices[0]
    # Classes and titles repeat within a call; the keys of names do not.
    group_keys = {name: natural_key(name) for name in {invoice.group_name for invoice in invoices}}
    found = session.execute(
        _INSERT,
        {
            "organisation_id": first.organisation_id,
            "source_service": first.source_service,
            "now": first.issue_time,
            "ids": uuids(invoice.id for invoice in invoices),
            "references": text_array([each.reference for each in invoices]),
            "titles": text_array([each.title for each in invoices]),
            "payer_ids": text_array([each.payer_id for each in invoices]),
            "payer_names": text_array([each.payer_name for each in invoices]),
            "payer_codes": text_array(
                [json.dumps(each.payer_codes, ensure_ascii=False) for each in invoices]
            ),
            "group_names": text_array([each.group_name for each in invoices]),
            "batch_ids": text_array([each.batch_id for each in invoices]),
            "notice_ids": text_array([each.notice_id for each in invoices]),
            "source_ids": text_array([each.source_id for each in invoices]),
            "account_ids": text_array([each.account.id for each in invoices]),
            "bins": text_array([each.account.bin for each in invoices]),
            "account_numbers": text_array([each.account.number for each in invoices]),
            "holder_names": text_array([each.account.holder_name for each in invoices]),
            "virtual_accounts": text_array([each.virtual_account for each in invoices]),
            "oldest_first": booleans(each.is_oldest_first for each in invoices),
            "amounts_due": integers(each.amount_due for each in invoices),
            "due_dates": moments([each.due_date for each in invoices]),
            "group_keys": text_array([group_keys[each.group_name] for each in invoices]),
            "name_keys": text_array([name_sort_key(each.payer_name) for each in invoices]),
            "search_texts": text_array([each.search_text for each in invoices]),
            "second_facts": bytes_array(second_facts),
        },
    )
    return {row.id for row in found}


def insert_lines(session: Session, invoices: Sequence[Invoice]) -> None:
    """Insert the present lines of invoices of one organisation."""
    if not invoices:
        return
    rows = [
        (invoice, position, line) for invoice in invoices for position, line in enumerate(invoice.lines, 1)
    ]
    session.execute(
        _INSERT_LINES,
        {
            "organisation_id": invoices[0].organisation_id,
            "invoice_ids": uuids(invoice.id for invoice, _, _ in rows),
            "versions": integers(invoice.version for invoice, _, _ in rows),
            "positions": integers(position for _, position, _ in rows),
            "ids": text_array([line.id for _, _, line in rows]),
            "titles": text_array([line.title for _, _, line in rows]),
            "ledger_classes": text_array([line.ledger_class for _, _, line in rows]),
            "amounts": integers(line.amount for _, _, line in rows),
            "priorities": integers(line.priority for _, _, line in rows),
            "paused": booleans(line.is_paused for _, _, line in rows),
            "unit_prices": integers(line.unit_price for _, _, line in rows),
            "quantities": integers(line.quantity_milli for _, _, line in rows),
            "units": text_array([line.unit for _, _, line in rows]),
            "exempted": integers(line.exempted for _, _, line in rows),
            "exemption_reasons": text_array([line.exemption_reason for _, _, line in rows]),
            "fee_kinds": text_array([line.fee_kind for _, _, line in rows]),
        },
    )


def find_by_source(
    session: Session, organisation_id: UUID, source_service: str, source_ids: Sequence[str]
) -> Mapping[str, tuple[UUID, str]]:
    """Id and reference of the invoices that have these business keys."""
    found = session.execute(
        _BY_SOURCE,
        {
            "organisation_id": organisation_id,
            "source_service": source_service,
            "source_ids": text_array(source_ids),
        },
    )
    return {row.source_id: (row.id, row.reference) for row in found}
