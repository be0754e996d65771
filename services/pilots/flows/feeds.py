"""The health of the banks' feeds: counted where payments are recorded, reckoned a few times a minute."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.feeds import LOOK_BACK, WINDOW, Arrival, Health, reckon, says_something
from services.pilots.domain.risks import is_near_miss
from services.pilots.store import feeds as store
from services.pilots.store import risks


def record(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Count payments out of bank credits, in the transaction that records them; each payment is to be given once."""
    telling = [each for each in arrivals if says_something(each)]
    if telling:
        store.count_credits(session, telling)
    if any(each.stall_id is not None for each in arrivals):
        store.count_payments(session, arrivals)
    near = [
        (each.payment_id, each.stall_id)
        for each in arrivals
        if each.payment_id is not None
        and each.stall_id is not None
        and is_near_miss(each.sale_amount, each.amount)
    ]
    if near:
        risks.note(session, "near_miss", near, clock.now())


def record_reversals(session: Session, reversals: Sequence[tuple[UUID, UUID]]) -> None:
    """Note payments (with their stalls) that were told and then taken back by nobody here, in their transaction."""
    if reversals:
        risks.note(session, "reversed", reversals, clock.now())


def list_feeds(session: Session) -> dict[str, Health]:
    """What was last reckoned of each bank."""
    return store.known(session)


def reckon_feeds(session: Session) -> dict[str, Health]:
    """Reckon every bank anew; a bank that told of nothing for hours is late no longer: nothing is known of it."""
    now = clock.now()
    store.keep_alone(session)
    before = store.known(session)
    minutes = store.minutes(session, since=now - LOOK_BACK, recent=now - WINDOW)
    after: dict[str, Health] = {}
    for bin_code in before.keys() | minutes.keys():
        old = before.get(bin_code)
        health = reckon(minutes.get(bin_code, ()), old.late_since if old else None, now)
        if health is not None:
            after[bin_code] = health
        elif old is not None:
            after[bin_code] = Health(old.median_ms, old.last_arrive_time, None)
    changed = {bin_code: health for bin_code, health in after.items() if before.get(bin_code) != health}
    store.save(session, changed, now)
    return after
