"""Reading a message again: the same body, as its connection is set up now; what could not be told then is told now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock
from kit.auth import Subject
from kit.errors import FailedPrecondition
from services.intake import arrival
from services.intake.adapters import adapter_of
from services.intake.domain import Verified
from services.intake.flows import connections
from services.intake.store import connections as store
from services.intake.store import writing

# A repeat with other money fields stays one, however often it is read.
_CONFLICT = "CONFLICTING_REPEAT"


class ExceptionClosed(FailedPrecondition):
    reason = "EXCEPTION_CLOSED"
    vi = "Việc này đã được đóng lúc {time}: {why}."
    en = "This was closed at {time}: {why}."


class StillUnreadable(FailedPrecondition):
    reason = "STILL_UNREADABLE"
    vi = "Đọc lại vẫn chưa được: {detail}"
    en = "It still cannot be read: {detail}"


class NotReadable(FailedPrecondition):
    reason = "NOT_READ_AGAIN"
    vi = "Tin này không đọc lại được: {why}"
    en = "This message cannot be read again: {why}"


def read(session: Session, subject: Subject, id: UUID) -> tuple[Row[Any], int]:
    """Read the message of an exception again; the closed exception, and how many credits are new.

    Credits that the provider names by an id are found again by it. One without an id is told only if the message
    announced nothing when it came: otherwise nobody could say whether it was told already.
    """
    row = store.lock_exception(session, id)
    if row is None:
        raise connections.ExceptionNotFound()
    if row.state != "open":
        raise ExceptionClosed(time=row.close_time.isoformat(), why=row.close_reason)
    callback = store.get_callback(session, row.callback_id, None)
    if callback is None:
        raise connections.ExceptionNotFound()
    if row.reason == _CONFLICT:
        raise NotReadable(why="báo lại với số tiền khác")
    if callback.channel != "callback":
        raise NotReadable(why="lần lấy danh sách sau sẽ đọc lại")
    origin = connections.origin(session, connections.get(session, callback.connection_id))
    body = Verified(bytes(callback.raw_body))
    again = arrival.of_callback(adapter_of(origin.provider), origin, body, callback.arrive_time)
    if again.exceptions:
        raise StillUnreadable(detail="; ".join(detail for _, detail in again.exceptions)[:300])
    if any(report.dedupe_key is None for report in again.reports) and store.announced_by(
        session, callback.id
    ):
        raise NotReadable(why="có khoản không mang mã, không biết khoản nào đã báo")
    new = writing.store(session, [again])
    now = clock.now()
    store.close_exceptions_of(session, callback.id, f"Đọc lại: {new} khoản mới", now)
    audit.record(
        session,
        subject=subject.label,
        action="intake_exception.read_again",
        object=f"intake_exception:{id}",
        organisation_id=row.organisation_id,
        detail={"by": subject.name, "reports": new},
    )
    closed = store.lock_exception(session, id)
    assert closed is not None
    return closed, new
