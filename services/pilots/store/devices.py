"""Queries on the phones of stalls: pairing codes, keys (hashed, both), PINs and wrong tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit.arrays import uuids
from services.pilots.domain.days import Hours
from services.pilots.domain.devices import Device, Pairing, Role

_COLUMNS: Final = """
    id, organisation_id, stall_id, role, name, user_agent, pair_time, expire_time, revoke_time, see_time,
    unlock_until, pin_failures, pin_blocked_until"""


@dataclass(frozen=True, slots=True)
class PinState:
    """What decides whether a stall's PIN may be tried; locked until the transaction ends."""

    pin_hash: str
    misses_of_stall: int
    oldest_miss_time: datetime | None
    hours: Hours


def add_pairing(session: Session, pairing: Pairing) -> None:
    """Keep a pairing code by its hash."""
    session.execute(
        text(
            "INSERT INTO pairing (code_hash, organisation_id, stall_id, role, name, subject, expire_time)"
            " VALUES (:code_hash, :organisation, :stall, :role, :name, :subject, :expire_time)"
        ),
        {
            "code_hash": pairing.code_hash,
            "organisation": pairing.organisation_id,
            "stall": pairing.stall_id,
            "role": pairing.role.value,
            "name": pairing.name,
            "subject": pairing.subject,
            "expire_time": pairing.expire_time,
        },
    )


def open_pairing(session: Session, code_hash: bytes, now: datetime) -> Pairing | None:
    """A pairing code that can still be spent; None if it never was, is used or too old."""
    row = session.execute(
        text(
            "SELECT * FROM pairing WHERE code_hash = :code_hash AND use_time IS NULL AND expire_time > :now"
        ),
        {"code_hash": code_hash, "now": now},
    ).first()
    return _pairing(row) if row else None


def spend_pairing(session: Session, code_hash: bytes, now: datetime) -> Pairing | None:
    """Use a pairing code up; None if it never was, is used or too old. Of two that try, the second finds it used."""
    row = session.execute(
        text(
            "UPDATE pairing SET use_time = :now WHERE code_hash = :code_hash AND use_time IS NULL"
            " AND expire_time > :now RETURNING *"
        ),
        {"code_hash": code_hash, "now": now},
    ).first()
    return _pairing(row) if row else None


def add(session: Session, device: Device, key_hash: bytes) -> None:
    """Insert a paired device."""
    session.execute(
        text(
            "INSERT INTO device (id, organisation_id, stall_id, role, name, user_agent, key_hash, pair_time,"
            " expire_time, see_time) VALUES (:id, :organisation, :stall, :role, :name, :user_agent, :key_hash,"
            " :pair_time, :expire_time, :pair_time)"
        ),
        {
            "id": device.id,
            "organisation": device.organisation_id,
            "stall": device.stall_id,
            "role": device.role.value,
            "name": device.name,
            "user_agent": device.user_agent,
            "key_hash": key_hash,
            "pair_time": device.pair_time,
            "expire_time": device.expire_time,
        },
    )


def by_key(session: Session, key_hash: bytes, *, lock: bool = False) -> Device | None:
    """The device with this key."""
    suffix = " FOR UPDATE" if lock else ""
    row = session.execute(
        text(f"SELECT {_COLUMNS} FROM device WHERE key_hash = :key_hash{suffix}"), {"key_hash": key_hash}
    ).first()
    return _device(row) if row else None


def get(session: Session, id: UUID, *, lock: bool = False) -> Device | None:
    """The device with this id."""
    suffix = " FOR UPDATE" if lock else ""
    row = session.execute(text(f"SELECT {_COLUMNS} FROM device WHERE id = :id{suffix}"), {"id": id}).first()
    return _device(row) if row else None


def of_stall(session: Session, stall_id: UUID) -> list[Device]:
    """Every device of a stall, those in use first, then the newest."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM device WHERE stall_id = :id"
            " ORDER BY revoke_time IS NOT NULL, pair_time DESC, id"
        ),
        {"id": stall_id},
    )
    return [_device(row) for row in rows]


def count_in_use(session: Session, stall_id: UUID, now: datetime) -> int:
    """How many devices of a stall are neither revoked nor past their time."""
    statement = text(
        "SELECT count(*) FROM device WHERE stall_id = :id AND revoke_time IS NULL AND expire_time > :now"
    )
    return int(session.execute(statement, {"id": stall_id, "now": now}).scalar_one())


def see(session: Session, id: UUID, now: datetime) -> None:
    """Note that a device was here."""
    session.execute(text("UPDATE device SET see_time = :now WHERE id = :id"), {"id": id, "now": now})


def revoke(session: Session, ids: list[UUID], now: datetime) -> None:
    """End devices; those that ended keep their time."""
    session.execute(
        text(
            "UPDATE device SET revoke_time = coalesce(revoke_time, :now), unlock_until = NULL"
            " WHERE id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": uuids(ids), "now": now},
    )


def revoke_all(session: Session, stall_id: UUID, now: datetime) -> None:
    """End every device of a stall and every pairing code that waits."""
    session.execute(
        text(
            "UPDATE device SET revoke_time = :now, unlock_until = NULL"
            " WHERE stall_id = :id AND revoke_time IS NULL"
        ),
        {"id": stall_id, "now": now},
    )
    session.execute(
        text("UPDATE pairing SET use_time = :now WHERE stall_id = :id AND use_time IS NULL"),
        {"id": stall_id, "now": now},
    )


def set_unlock(session: Session, id: UUID, until: datetime | None) -> None:
    """Open selling on a device until a time, or lock it."""
    session.execute(
        text("UPDATE device SET unlock_until = :until WHERE id = :id"), {"id": id, "until": until}
    )


def set_failures(session: Session, id: UUID, failures: int, blocked_until: datetime | None) -> None:
    """Note wrong tries of a device."""
    session.execute(
        text("UPDATE device SET pin_failures = :failures, pin_blocked_until = :until WHERE id = :id"),
        {"id": id, "failures": failures, "until": blocked_until},
    )


def lock_pin(session: Session, stall_id: UUID, since: datetime) -> PinState:
    """The stall's PIN with its wrong tries since a time; the tries of a stall stand in line for this lock."""
    row = session.execute(
        text(
            "SELECT s.pin_hash, p.close_minute, p.cut_off_minute FROM stall s JOIN programme p ON p.id = s.programme_id"
            " WHERE s.id = :id FOR NO KEY UPDATE OF s"
        ),
        {"id": stall_id},
    ).one()
    misses = session.execute(
        text(
            "SELECT count(*) AS misses, min(miss_time) AS oldest FROM pin_miss"
            " WHERE stall_id = :id AND miss_time > :since"
        ),
        {"id": stall_id, "since": since},
    ).one()
    hours = Hours(row.close_minute, row.cut_off_minute)
    return PinState(row.pin_hash, misses.misses, misses.oldest, hours)


def add_miss(session: Session, id: UUID, organisation_id: UUID, stall_id: UUID, now: datetime) -> None:
    """Count a try as wrong until it proves right."""
    session.execute(
        text(
            "INSERT INTO pin_miss (id, organisation_id, stall_id, miss_time)"
            " VALUES (:id, :organisation, :stall, :now)"
        ),
        {"id": id, "organisation": organisation_id, "stall": stall_id, "now": now},
    )


def remove_miss(session: Session, id: UUID) -> None:
    """The try was right."""
    session.execute(text("DELETE FROM pin_miss WHERE id = :id"), {"id": id})


def set_pin(session: Session, stall_id: UUID, pin_hash: str) -> None:
    """Give a stall a PIN: its devices lock, wrong tries of the old one are forgotten."""
    session.execute(
        text("UPDATE stall SET pin_hash = :pin_hash WHERE id = :id"), {"id": stall_id, "pin_hash": pin_hash}
    )
    session.execute(
        text(
            "UPDATE device SET unlock_until = NULL, pin_failures = 0, pin_blocked_until = NULL"
            " WHERE stall_id = :id AND revoke_time IS NULL"
        ),
        {"id": stall_id},
    )
    session.execute(text("DELETE FROM pin_miss WHERE stall_id = :id"), {"id": stall_id})


def forget_old(session: Session, *, misses_before: datetime, pairings_before: datetime) -> None:
    """Delete what decides nothing any more."""
    session.execute(text("DELETE FROM pin_miss WHERE miss_time < :before"), {"before": misses_before})
    session.execute(text("DELETE FROM pairing WHERE expire_time < :before"), {"before": pairings_before})


def _pairing(row: Row[Any]) -> Pairing:
    return Pairing(
        bytes(row.code_hash),
        row.organisation_id,
        row.stall_id,
        Role(row.role),
        row.name,
        row.subject,
        row.expire_time,
    )


def _device(row: Row[Any]) -> Device:
    return Device(
        id=row.id,
        organisation_id=row.organisation_id,
        stall_id=row.stall_id,
        role=Role(row.role),
        name=row.name,
        user_agent=row.user_agent,
        pair_time=row.pair_time,
        expire_time=row.expire_time,
        revoke_time=row.revoke_time,
        see_time=row.see_time,
        unlock_until=row.unlock_until,
        pin_failures=row.pin_failures,
        pin_blocked_until=row.pin_blocked_until,
    )
