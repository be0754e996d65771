"""Is a printed receipt genuine: what its own bytes tell, and what this installation's chain says about its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.invoices.domain.errors import ReceiptNotSealed
from services.invoices.domain.seals import GENESIS, Place, Seal, canonical, chain_hash
from services.invoices.domain.statements import Fault, PublicKey, Statement
from services.invoices.flows.seals import seal_of
from services.invoices.store import keys
from services.invoices.store import seals as store
from services.invoices.store.seals import Link


@dataclass(frozen=True, slots=True)
class Answer:
    """What the installation says about a receipt."""

    faults: list[Fault]
    cancel_time: datetime | None = None
    cancel_reason: str = ""


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """A number whose seal or record does not hold."""

    what: str
    place: Place
    number: int


def public_keys(session: Session) -> dict[str, PublicKey]:
    """The keys that this installation knows, by id."""
    return {key.id: PublicKey(key.id, key.raw, key.revoke_time is not None) for key in keys.every(session)}


def check_place(session: Session, statement: Statement) -> Answer:
    """Compare a statement with the chain: this hash at this place, its neighbours linked, its record unchanged.

    A receipt that waits for its seal is sealed first, so that one printed a moment ago is no stranger.
    """
    place, number = statement.place, statement.number
    record = store.find_record(session, place, number)
    if record is None:
        return Answer([Fault.NOT_ISSUED])
    try:
        seal = seal_of(session, place, number)
    except ReceiptNotSealed:
        return Answer([Fault.NEIGHBOUR_BROKEN])
    if seal.hash != statement.hash:
        return Answer([Fault.OTHER_AT_PLACE])
    faults = []
    if seal.previous_hash != statement.previous_hash or not _next_follows(session, place, seal):
        faults.append(Fault.NEIGHBOUR_BROKEN)
    if canonical(record.sealed, seal.salt).decode() != statement.content:
        faults.append(Fault.RECORD_CHANGED)
    if record.cancel_time is not None:
        faults.append(Fault.CANCELLED)
    return Answer(faults, record.cancel_time, record.cancel_reason)


def broken_seals(session: Session) -> Iterator[BrokenSeal]:
    """Every number of every book whose seal does not follow, or whose record is not what was sealed; streamed."""
    place: Place | None = None
    last, number, open_end = GENESIS, 0, 0
    for link in store.chain(session):
        if link.place != place:
            place, last, number, open_end = link.place, GENESIS, 0, 0
        if link.number != number + 1:
            yield BrokenSeal(
                f"numbers {number + 1} to {link.number - 1} are missing", link.place, link.number
            )
        number = link.number
        if link.hash is None or link.salt is None:
            open_end = open_end or number
            continue
        if open_end:
            yield BrokenSeal(f"sealed after number {open_end}, which is not", link.place, number)
            open_end = 0
        broken = _broken(link, last, link.salt)
        if broken:
            yield BrokenSeal(broken, link.place, number)
        last = link.hash


def _broken(link: Link, last: bytes, salt: bytes) -> str:
    if link.sealed is None:
        return "sealed, and its receipt is gone"
    if chain_hash(last, canonical(link.sealed, salt)) != link.hash:
        return "the seal does not follow: the receipt is not what was sealed, or its seal was changed"
    return ""


def _next_follows(session: Session, place: Place, seal: Seal) -> bool:
    """True if the next number, where it has a seal, follows this one."""
    following = store.find(session, place, seal.number + 1)
    if following is None:
        return True
    record = store.find_record(session, place, seal.number + 1)
    if record is None:
        return False
    return chain_hash(seal.hash, canonical(record.sealed, following.salt)) == following.hash
