"""Following money of merchants that is on no stall: questions to stalls, and the merchant's own list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.telling import of_credit
from services.pilots.domain.unassigned import Credit, follow
from services.pilots.flows import events
from services.pilots.store import unassigned as store


def follow_credits(session: Session, credits: Sequence[Credit]) -> int:
    """Take over snapshots in the order told; how many were of organisations that hold no stall."""
    merchants = store.merchants(session, [credit.organisation_id for credit in credits])
    ours = [credit for credit in credits if credit.organisation_id in merchants]
    if not ours:
        return len(credits)
    now = clock.now()
    known = store.lock(session, {credit.credit_id for credit in ours})
    wanted = {credit.asked_sale_id for credit in ours if credit.asked_sale_id is not None}
    wanted |= {each.sale_id for each in known.values() if each.sale_id is not None}
    sales = store.asked_sales(session, wanted)
    stall_of_sale = {sale.id: sale.stall_id for sale in sales.values() if sale.organisation_id in merchants}
    following = follow(ours, known, stall_of_sale)
    if following.changed:
        store.save(session, [following.known[id] for id in following.changed])
    if following.steps:
        active = store.active_stalls(session, {step.credit.organisation_id for step in following.steps})
        told = [
            event
            for step in following.steps
            for event in of_credit(
                step,
                sales.get(step.sale_id) if step.sale_id is not None else None,
                active[step.credit.organisation_id],
                now,
            )
        ]
        events.add(session, told)
    return len(credits) - len(ours)
