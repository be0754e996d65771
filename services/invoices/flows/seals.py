"""Sealing receipts after their payments are committed, each book in the order of its numbers."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from kit import clock
from services.invoices.domain.errors import ReceiptNotSealed
from services.invoices.domain.seals import Place, Seal, canonical, chain_hash
from services.invoices.store import seals as store

# Receipts of one statement and one transaction.
CHUNK: Final = 1_000


def seal_chunk(session: Session, place: Place | None = None, limit: int = CHUNK) -> int:
    """Seal the next receipts, of all books or of one; how many there were, 0 when nothing waits."""
    store.lock(session)
    # Read under the lock: who held it before has committed, so the last seal read is the last there is.
    waiting = store.waiting(session, limit, place)
    if not waiting:
        return 0
    seals = []
    book, last = None, b""
    for receipt, salt in zip(waiting, store.salts(len(waiting)), strict=True):
        if receipt.place is not book:
            book, last = receipt.place, receipt.last_hash
        hash = chain_hash(last, canonical(receipt.sealed, salt))
        seals.append((receipt.place, Seal(receipt.sealed.number, hash, salt, last)))
        last = hash
    store.add(session, seals, clock.now())
    return len(seals)


def seal_of(session: Session, place: Place, number: int) -> Seal:
    """The seal of a receipt; what waits before it in its book is sealed first. Raises ReceiptNotSealed."""
    while (seal := store.find(session, place, number)) is None:
        if not seal_chunk(session, place):
            raise ReceiptNotSealed(number=f"{number:08}")
    return seal
