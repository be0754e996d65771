"""Connections: made by people, their secrets sealed, two in force during a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from kit.errors import InvalidArgument, NotFound
from kit.seal import Sealer
from services.intake.adapters import adapter_of
from services.intake.arrival import Origin
from services.intake.domain import AuthModeRequired
from services.intake.store import connections as store


class ConnectionNotFound(NotFound):
    reason = "CONNECTION_NOT_FOUND"
    vi = "Không tìm thấy kết nối ngân hàng này."
    en = "This bank connection could not be found."


class ExceptionNotFound(NotFound):
    reason = "EXCEPTION_NOT_FOUND"
    vi = "Không tìm thấy việc cần xử lý này."
    en = "This exception could not be found."


class BadConnection(InvalidArgument):
    reason = "BAD_CONNECTION"
    vi = "Kết nối cần tên, khoá bí mật, mã BIN 6 số và ít nhất một tài khoản."
    en = "A connection needs a name, a secret, a BIN of 6 digits and at least one account."


def create(
    session: Session, subject: Subject, sealer: Sealer, organisation_id: UUID, values: dict[str, Any]
) -> UUID:
    """Make a connection with its first secret. Raises BadConnection, UnknownProvider, AuthModeRequired."""
    adapter = adapter_of(values["provider"])
    if adapter.auth_modes and values["auth"] not in adapter.auth_modes:
        raise AuthModeRequired()
    bin_code = values["bin"]
    if (
        not values["name"].strip()
        or not values["secret"]
        or not values["account_numbers"]
        or len(bin_code) != 6
    ):
        raise BadConnection()
    id = ids.new()
    pull_secret = values["pull_secret"]
    store.add(
        session,
        id=id,
        organisation_id=organisation_id,
        provider=values["provider"],
        name=values["name"].strip(),
        auth=values["auth"] if adapter.auth_modes else "",
        bin=bin_code,
        account_numbers=list(values["account_numbers"]),
        confirm_above=values["confirm_above"],
        allowed_addresses=list(values["allowed_addresses"]),
        pull_url=values["pull_url"],
        pull_secret=sealer.seal(pull_secret, place=f"pull_secret:{id}") if pull_secret else b"",
        disabled=False,
        create_time=clock.now(),
    )
    _add_secret(session, sealer, id, organisation_id, values["secret"])
    shown = {
        name: values[name] for name in ("provider", "name", "auth", "bin", "account_numbers", "pull_url")
    }
    _record(session, subject, "connection.create", id, organisation_id, shown)
    return id


def add_secret(session: Session, subject: Subject, sealer: Sealer, id: UUID, secret: str) -> None:
    """Put a second secret in force beside the first. Raises ConnectionNotFound, BadConnection."""
    row = get(session, id)
    if not secret:
        raise BadConnection()
    _add_secret(session, sealer, id, row.organisation_id, secret)
    _record(session, subject, "connection.add_secret", id, row.organisation_id, {"last_four": secret[-4:]})


def remove_secret(session: Session, subject: Subject, id: UUID, secret_id: UUID) -> None:
    """Take a secret out of force at once. Raises ConnectionNotFound."""
    row = get(session, id)
    if not store.remove_secret(session, id, secret_id, clock.now()):
        raise ConnectionNotFound()
    _record(session, subject, "connection.remove_secret", id, row.organisation_id, {"secret": str(secret_id)})


def set_virtual_accounts(
    session: Session, subject: Subject, id: UUID, rows: Sequence[tuple[str, str, str]]
) -> None:
    """Replace the map virtual account → main account. Raises ConnectionNotFound."""
    row = get(session, id)
    store.set_virtual_accounts(session, id, row.organisation_id, rows)
    _record(session, subject, "connection.virtual_accounts", id, row.organisation_id, {"count": len(rows)})


def disable(session: Session, subject: Subject, id: UUID, reason: str) -> None:
    """Stop a connection: its callbacks are refused from now on. Raises ConnectionNotFound."""
    row = get(session, id)
    store.disable(session, id)
    _record(session, subject, "connection.disable", id, row.organisation_id, {"reason": reason})


def get(session: Session, id: UUID) -> Row[Any]:
    """A connection that the caller may see. Raises ConnectionNotFound."""
    row = store.get(session, id)
    if row is None:
        raise ConnectionNotFound()
    return row


def close_exception(session: Session, subject: Subject, id: UUID, reason: str) -> Row[Any]:
    """Close an exception with what was done about it. Raises ExceptionNotFound."""
    row = store.close_exception(session, id, reason, clock.now())
    if row is None:
        raise ExceptionNotFound()
    audit.record(
        session,
        subject=subject.label,
        action="intake_exception.close",
        object=f"intake_exception:{id}",
        organisation_id=row.organisation_id,
        detail={"reason": reason},
    )
    return row


def origin(session: Session, row: Row[Any]) -> Origin:
    """The connection as far as reading what it tells needs."""
    return Origin(
        connection_id=row.id,
        organisation_id=row.organisation_id,
        provider=row.provider,
        bin=row.bin,
        account_numbers=frozenset(row.account_numbers),
        virtual_accounts=store.virtual_accounts(session, row.id),
        confirm_above=row.confirm_above,
        is_signed=adapter_of(row.provider).is_signed(row.auth or None),
    )


def _add_secret(session: Session, sealer: Sealer, id: UUID, organisation_id: UUID, secret: str) -> None:
    secret_id = ids.new()
    store.add_secret(
        session,
        id=secret_id,
        connection_id=id,
        organisation_id=organisation_id,
        sealed=sealer.seal(secret, place=f"connection_secret:{secret_id}"),
        last_four=secret[-4:],
        create_time=clock.now(),
    )


def _record(
    session: Session, subject: Subject, action: str, id: UUID, organisation_id: UUID, detail: dict[str, Any]
) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"connection:{id}",
        organisation_id=organisation_id,
        detail=detail,
    )
