"""Announcing again from the tables, when a log was lost: the same event ids, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.pilots.flows import stalls
from services.pilots.flows.selling import payable_of
from services.pilots.publish import payables
from services.pilots.store import sales as sale_store
from services.pilots.store import stalls as stall_store


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: at a stall (in the order of ids), or at a sale (from the newest on); None: before all of them."""

    is_at_sales: bool = False
    id: UUID | None = None


def payables_again(session: Session, after: Place, limit: int) -> tuple[int, Place | None]:
    """Announce what up to `limit` stalls with their packs, or sales, ask; how many, and where to go on (None: done)."""
    if not after.is_at_sales:
        page = stall_store.page_by_id(session, after.id, limit)
        announced = stalls.publish(session, page)
        return announced, Place(id=page[-1].id) if len(page) == limit else Place(is_at_sales=True)
    sold = sale_store.page_by_id(session, after.id, limit)
    payables.changed(session, [payable_of(sale, seller) for sale, seller in sold])
    return len(sold), Place(is_at_sales=True, id=sold[-1][0].id) if len(sold) == limit else None
