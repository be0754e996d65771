"""Announcing again from the tables, when a log was lost: the same event ids, page by page."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from services.invoices import publish
from services.invoices.store import reads
from services.invoices.store.receipts import last_changes


def payables_again(session: Session, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Announce what is owed by up to `limit` invoices after an id; how many, and where to go on (None: done)."""
    page = reads.page_by_id(session, after, limit)
    publish.payables_changed(session, reads.with_lines(session, page))
    return len(page), page[-1].id if len(page) == limit else None


def invoices_again(session: Session, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Announce the newest change of up to `limit` invoices; those that never changed were never announced."""
    page = reads.page_by_id(session, after, limit)
    changed = [invoice for invoice in page if invoice.sequence > 0]
    changes = last_changes(session, [invoice.id for invoice in changed])
    publish.invoices_again(session, [(invoice, changes.get(invoice.id)) for invoice in changed])
    return len(changed), page[-1].id if len(page) == limit else None
