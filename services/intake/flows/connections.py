"""Connections: made by people, their secrets sealed, two in force during a change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from kit.seal import Sealer
from services.intake.adapters import adapter_of
from services.intake.arrival import Origin
from services.intake.domain import AuthModeRequired
from services.intake.store import connections as store

_BIN: Final = re.compile(r"[0-9]{6}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9]{1,19}")
_MOST_VIRTUAL_ACCOUNTS: Final = 50_000
_LARGEST_AMOUNT: Final = 10**12  # đồng
_SECRETS_IN_FORCE: Final = 2


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


class BadVirtualAccount(InvalidArgument):
    reason = "BAD_VIRTUAL_ACCOUNT"
    vi = "Dòng {row}: “{value}” {problem_vi}."
    en = "Row {row}: “{value}” {problem_en}."


class BadAmount(InvalidArgument):
    reason = "BAD_CONFIRM_ABOVE"
    vi = "Mức cần xác nhận là số đồng từ 0 đến 1.000 tỷ."
    en = "The amount to confirm is between 0 and 1,000 billion đồng."


class TwoSecretsAlready(FailedPrecondition):
    reason = "TWO_SECRETS"
    vi = "Kết nối đang có hai khoá. Xin bỏ khoá cũ trước khi thêm khoá mới."
    en = "The connection has two secrets already. Retire the old one before adding another."


class LastSecret(FailedPrecondition):
    reason = "LAST_SECRET"
    vi = "Đây là khoá duy nhất còn dùng. Xin thêm khoá mới trước, hoặc ngừng cả kết nối."
    en = "This is the only secret in force. Add a new one first, or stop the whole connection."


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
        or not _BIN.fullmatch(bin_code)
        or not all(_ACCOUNT.fullmatch(number) for number in values["account_numbers"])
    ):
        raise BadConnection()
    _check_amount(values["confirm_above"])
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
    """Put a second secret in force beside the first. Raises ConnectionNotFound, BadConnection, TwoSecretsAlready."""
    row = _locked(session, id)
    if not secret:
        raise BadConnection()
    if len(_in_force(session, id)) >= _SECRETS_IN_FORCE:
        raise TwoSecretsAlready()
    _add_secret(session, sealer, id, row.organisation_id, secret)
    _record(session, subject, "connection.add_secret", id, row.organisation_id, {"last_four": secret[-4:]})


def remove_secret(session: Session, subject: Subject, id: UUID, secret_id: UUID) -> None:
    """Take a secret out of force at once. Raises ConnectionNotFound, LastSecret."""
    row = _locked(session, id)
    if _in_force(session, id) == [secret_id]:
        raise LastSecret()
    if not store.remove_secret(session, id, secret_id, clock.now()):
        raise ConnectionNotFound()
    _record(session, subject, "connection.remove_secret", id, row.organisation_id, {"secret": str(secret_id)})


def set_virtual_accounts(
    session: Session, subject: Subject, id: UUID, rows: Sequence[tuple[str, str, str]]
) -> None:
    """Replace the map virtual account → main account. Raises ConnectionNotFound, BadVirtualAccount."""
    row = _locked(session, id)
    _check_virtual_accounts(rows, frozenset(row.account_numbers))
    store.set_virtual_accounts(session, id, row.organisation_id, rows)
    _record(session, subject, "connection.virtual_accounts", id, row.organisation_id, {"count": len(rows)})


def set_confirm_above(session: Session, subject: Subject, id: UUID, amount: int) -> None:
    """Change above how many đồng an unsigned credit waits for a second word. Raises ConnectionNotFound, BadAmount."""
    row = _locked(session, id)
    _check_amount(amount)
    store.set_confirm_above(session, id, amount)
    _record(
        session,
        subject,
        "connection.confirm_above",
        id,
        row.organisation_id,
        {"before": row.confirm_above, "after": amount},
    )


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


def _locked(session: Session, id: UUID) -> Row[Any]:
    """A connection that nobody else changes meanwhile. Raises ConnectionNotFound."""
    store.lock(session, id)
    return get(session, id)


def _in_force(session: Session, id: UUID) -> list[UUID]:
    return [item.id for item in store.secrets(session, [id]) if item.remove_time is None]


def _check_amount(amount: int) -> None:
    if not 0 <= amount <= _LARGEST_AMOUNT:
        raise BadAmount()


def _check_virtual_accounts(rows: Sequence[tuple[str, str, str]], accounts: frozenset[str]) -> None:
    """Raise BadVirtualAccount for the first row (from 1) that is no account, is there twice or leads elsewhere."""
    seen: set[str] = set()
    for number, (virtual, account, _) in enumerate(rows[: _MOST_VIRTUAL_ACCOUNTS + 1], start=1):
        problem = None
        if number > _MOST_VIRTUAL_ACCOUNTS:
            problem = ("là dòng quá 50.000", "is past 50,000 rows")
        elif not _ACCOUNT.fullmatch(virtual):
            problem = ("không phải số tài khoản ảo", "is no virtual account")
        elif virtual in seen:
            problem = ("có hai lần", "is there twice")
        elif account not in accounts:
            problem = (
                f"dẫn tới {account}, không phải tài khoản của kết nối",
                f"leads to {account}, no account here",
            )
        if problem:
            raise BadVirtualAccount(
                row=number, value=virtual[:40], problem_vi=problem[0], problem_en=problem[1]
            )
        seen.add(virtual)


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
