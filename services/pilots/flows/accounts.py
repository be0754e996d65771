"""Receiving accounts as the directory announces them, after its two persons and its day's wait."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kit import audit, auth
from services.pilots.domain.stalls import AnnouncedAccount
from services.pilots.flows import stalls
from services.pilots.store import accounts


def take_in(session: Session, found: Sequence[AnnouncedAccount]) -> None:
    """Take in snapshots, in the order told, and put the stalls of their units on what is in force then."""
    organisations = sorted({each.organisation_id for each in found})
    accounts.lock_organisations(session, organisations)
    newer = {each.organisation_id for each in found if accounts.save(session, each)}
    for stall in stalls.put_on_accounts(session, newer):
        audit.record(
            session,
            subject=auth.service("directory").label,
            action="stall.account",
            object=f"stall:{stall.id}",
            organisation_id=stall.organisation_id,
            detail={"account_id": str(stall.account.id) if stall.account else "", "version": stall.version},
        )
