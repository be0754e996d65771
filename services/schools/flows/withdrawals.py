"""A pupil leaves school: the enrolment ends at once, unpaid invoices are voided soon after.

The wish to void is written with the withdrawal; invoices are asked outside the transaction, and a crash in between
leaves the wish for the next look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock
from kit.auth import Subject
from services.schools.domain.errors import PupilNotFound, PupilWithdrawn, WithdrawalReasonMissing
from services.schools.flows import enrolling
from services.schools.store import issuing, pupils

_AT_ONCE: Final = 50
_REASON_LIMIT: Final = 200


def withdraw(session: Session, subject: Subject, id: UUID, day: str, reason: str) -> None:
    """End a pupil's enrolment. Raises PupilNotFound, PupilWithdrawn, WithdrawalReasonMissing, BadField."""
    reason = reason.strip()
    if not 0 < len(reason) <= _REASON_LIMIT:
        raise WithdrawalReasonMissing()
    row = pupils.get(session, id, lock=True)
    if row is None:
        raise PupilNotFound()
    if row.withdraw_date is not None:
        raise PupilWithdrawn(date=row.withdraw_date.strftime("%d/%m/%Y"))
    pupils.withdraw(session, id, enrolling.day_of(day), reason)
    invoices = issuing.invoices_of(session, id)
    issuing.wish_voids(
        session,
        [
            {"organisation": row.organisation_id, "invoice": invoice, "pupil": id, "reason": reason}
            for invoice in invoices
        ],
        clock.now(),
    )
    audit.record(
        session,
        subject=subject.label,
        action="pupil.withdraw",
        object=f"pupil:{id}",
        organisation_id=row.organisation_id,
        detail={"reason": reason, "invoices": len(invoices)},
    )


def voids_to_do(session: Session) -> Sequence[Row[Any]]:
    """The next invoices to be voided."""
    return issuing.open_voids(session, _AT_ONCE)


def voided(session: Session, invoice_id: UUID, problem: str = "") -> None:
    """Note that an invoice is void, or why it stands for a person to decide."""
    issuing.end_void(session, invoice_id, clock.now(), problem)
