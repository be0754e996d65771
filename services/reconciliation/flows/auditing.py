"""What a person decided about a credit, in the audit trail."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit
from kit.auth import Subject
from services.reconciliation.domain.credit import Credit


def note(session: Session, subject: Subject, action: str, credit: Credit, **detail: object) -> None:
    """Write down who did what to a credit; `detail` names the reason and, where money moved, how much as `moved`."""
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"credit:{credit.id}",
        organisation_id=UUID(credit.organisation_id),
        detail={**detail, "by": subject.name, "amount": credit.amount, "version": credit.version},
    )
