"""The phones of a stall: pairing, keys, the PIN that opens selling, revocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Kind, Subject
from kit.errors import Error, PermissionDenied
from kit.text import clean_display
from services.pilots.domain import days
from services.pilots.domain.days import Hours
from services.pilots.domain.devices import (
    BLOCK,
    LIFE,
    MISS_WINDOW,
    MOST_DEVICES,
    MOST_FAILURES,
    MOST_MISSES_OF_STALL,
    PAIRING_MINUTES,
    SEE_EVERY,
    Device,
    Pairing,
    Role,
    code_hash,
    key_hash,
    new_code,
    new_key,
)
from services.pilots.domain.errors_stalls import (
    BadPairingCode,
    DeviceEnded,
    DeviceNotFound,
    ListenerCannotSell,
    NoPin,
    PinBlocked,
    TooManyDevices,
    WrongPin,
)
from services.pilots.domain.stalls import Stall, checked_text
from services.pilots.flows import access, events
from services.pilots.store import devices as store
from services.pilots.store import stalls as stall_store

_MOST_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class PinTry:
    """A try of a PIN, counted as wrong until `end_try` says that it was right."""

    id: UUID
    device: Device
    pin_hash: str
    failures: int
    hours: Hours


def create_pairing(
    session: Session, subject: Subject, stall_id: UUID, role: Role, name: str
) -> tuple[str, datetime]:
    """A one-time code by which a phone becomes the stall's, and until when. The code is kept by its hash alone.

    Raises StallNotFound, PermissionDenied, StallWithdrawn, TooManyDevices, BadStallField.
    """
    name = checked_text("name", name, 60)
    stall = access.require_stall(session, subject, stall_id, access.MANAGE)
    stall.require_standing()
    now = clock.now()
    _check_room(session, stall_id, now)
    code, until = new_code(), now + timedelta(minutes=PAIRING_MINUTES)
    store.add_pairing(
        session,
        Pairing(code_hash(code), stall.organisation_id, stall_id, role, name, subject.label, until),
    )
    _audit(session, subject.label, "device.invite", stall, {"role": role.value, "name": name})
    return code, until


def offer(session: Session, code: str) -> tuple[Pairing, Stall]:
    """What a pairing code leads to; nothing is spent. Raises BadPairingCode, StallWithdrawn, TooManyDevices."""
    now = clock.now()
    pairing = store.open_pairing(session, code_hash(code), now)
    if pairing is None:
        raise BadPairingCode()
    stall = stall_store.get(session, pairing.stall_id)
    assert stall is not None
    stall.require_standing()
    _check_room(session, stall.id, now)
    return pairing, stall


def pair(session: Session, code: str, user_agent: str, former_key: str = "") -> tuple[Device, str]:
    """Spend a pairing code: the device, and its key, which is kept by its hash alone.

    `former_key`: of the device that this phone was until now. It ends, else the owner would see one phone twice.
    Raises BadPairingCode, StallWithdrawn, TooManyDevices.
    """
    now = clock.now()
    pairing = store.spend_pairing(session, code_hash(code), now)
    if pairing is None:
        raise BadPairingCode()
    stall = stall_store.get(session, pairing.stall_id, lock=True)
    assert stall is not None
    stall.require_standing()
    if former_key:
        _end_former(session, former_key, now)
    _check_room(session, stall.id, now)
    key = new_key()
    device = Device(
        id=ids.new(),
        organisation_id=stall.organisation_id,
        stall_id=stall.id,
        role=pairing.role,
        name=pairing.name,
        user_agent=clean_display(user_agent)[:_MOST_USER_AGENT],
        pair_time=now,
        expire_time=now + LIFE,
        revoke_time=None,
        see_time=now,
        unlock_until=None,
        pin_failures=0,
        pin_blocked_until=None,
    )
    store.add(session, device, key_hash(key))
    detail = {"device": str(device.id), "role": device.role.value, "invited_by": pairing.subject}
    _audit(session, f"device:{device.id}", "device.pair", stall, detail)
    return device, key


def _end_former(session: Session, key: str, now: datetime) -> None:
    former = store.by_key(session, key_hash(key), lock=True)
    if former is None or former.revoke_time is not None:
        return
    stall = stall_store.get(session, former.stall_id)
    assert stall is not None
    store.revoke(session, [former.id], now)
    detail = {"device": str(former.id), "name": former.name, "why": "paired anew"}
    _audit(session, f"device:{former.id}", "device.revoke", stall, detail)


def resolve(session: Session, key: str) -> tuple[Device, Stall]:
    """The device of a key, and its stall; its visit is noted at most once a minute. Raises DeviceEnded."""
    device = _by_key(session, key)
    now = clock.now()
    if now - device.see_time >= SEE_EVERY:
        store.see(session, device.id, now)
    stall = stall_store.get(session, device.stall_id)
    assert stall is not None
    return device, stall


def begin_try(session: Session, key: str) -> PinTry:
    """Count a try of the PIN before it is looked at, so that tries at the same moment cannot pass the limit.

    Raises DeviceEnded, ListenerCannotSell, NoPin, PinBlocked.
    """
    now = clock.now()
    seen = _by_key(session, key)
    # The stall is locked before the device, as all do who lock both.
    pin = store.lock_pin(session, seen.stall_id, now - MISS_WINDOW)
    device = store.get(session, seen.id, lock=True)
    if device is None or not device.is_good(now):
        raise DeviceEnded()
    if device.role is not Role.SELLER:
        raise ListenerCannotSell()
    if not pin.pin_hash:
        raise NoPin()
    if device.is_blocked(now):
        raise _blocked(device.pin_blocked_until)
    if pin.misses_of_stall >= MOST_MISSES_OF_STALL and pin.oldest_miss_time is not None:
        raise _blocked(pin.oldest_miss_time + MISS_WINDOW)
    # A block that is over begins the count anew.
    failures = 1 if device.pin_blocked_until is not None else device.pin_failures + 1
    blocked_until = now + BLOCK if failures >= MOST_FAILURES else None
    store.set_failures(session, device.id, failures, blocked_until)
    try_id = ids.new()
    store.add_miss(session, try_id, device.organisation_id, device.stall_id, now)
    return PinTry(
        try_id,
        replace(device, pin_failures=failures, pin_blocked_until=blocked_until),
        pin.pin_hash,
        failures,
        pin.hours,
    )


def end_try(session: Session, attempt: PinTry, *, fits: bool) -> Device | Error:
    """Open selling until the business day ends, if the PIN was right; else the error, which counts already."""
    if not fits:
        if attempt.device.pin_blocked_until is not None:
            return _blocked(attempt.device.pin_blocked_until)
        return WrongPin(left=MOST_FAILURES - attempt.failures)
    now = clock.now()
    pin = store.lock_pin(session, attempt.device.stall_id, now - MISS_WINDOW)
    device = store.get(session, attempt.device.id, lock=True)
    if device is None or not device.is_good(now):
        return DeviceEnded()
    if pin.pin_hash != attempt.pin_hash:
        # The owner gave another PIN at this very moment.
        return WrongPin(left=MOST_FAILURES - attempt.failures)
    until = days.end_of(days.day_of(now, attempt.hours), attempt.hours)
    store.remove_miss(session, attempt.id)
    store.set_failures(session, device.id, 0, None)
    store.set_unlock(session, device.id, until)
    return replace(device, pin_failures=0, pin_blocked_until=None, unlock_until=until)


def lock(session: Session, key: str) -> Device:
    """Close selling on a phone. Raises DeviceEnded."""
    device = _by_key(session, key)
    store.set_unlock(session, device.id, None)
    return replace(device, unlock_until=None)


def of_stall(session: Session, subject: Subject, stall_id: UUID) -> list[Device]:
    """Every device of a stall, for its owner."""
    access.require_stall(session, subject, stall_id, access.MANAGE)
    return store.of_stall(session, stall_id)


def revoke(session: Session, subject: Subject, id: UUID) -> Device:
    """End a device at once; one that ended already stays as it is. Raises DeviceNotFound, PermissionDenied."""
    device = store.get(session, id)
    if device is None:
        raise DeviceNotFound()
    stall = access.require_stall(session, subject, device.stall_id, access.MANAGE, lock=True)
    if device.revoke_time is not None:
        return device
    now = clock.now()
    store.revoke(session, [id], now)
    events.stalls_changed(session, [stall], now)
    _audit(session, subject.label, "device.revoke", stall, {"device": str(id), "name": device.name})
    return store.get(session, id) or device


def set_pin(session: Session, subject: Subject, stall_id: UUID, pin_hash: str) -> Stall:
    """Give a stall a PIN: its phones lock. Only a person's login may. Raises PermissionDenied, StallNotFound, …"""
    if subject.kind is not Kind.PERSON:
        raise PermissionDenied(permission=access.MANAGE)
    stall = access.require_stall(session, subject, stall_id, access.MANAGE, lock=True)
    stall.require_standing()
    store.set_pin(session, stall_id, pin_hash)
    events.stalls_changed(session, [stall], clock.now())
    _audit(session, subject.label, "stall.pin", stall, {})
    return stall_store.get(session, stall_id) or stall


def _by_key(session: Session, key: str) -> Device:
    device = store.by_key(session, key_hash(key))
    if device is None or not device.is_good(clock.now()):
        raise DeviceEnded()
    return device


def _check_room(session: Session, stall_id: UUID, now: datetime) -> None:
    if store.count_in_use(session, stall_id, now) >= MOST_DEVICES:
        raise TooManyDevices(most=MOST_DEVICES)


def _blocked(until: datetime | None) -> PinBlocked:
    now = clock.now()
    until = until or now
    local = until.astimezone(clock.CITY_ZONE)
    return PinBlocked(until=f"{local:%H:%M}", retry_after=max(1, round((until - now).total_seconds())))


def _audit(session: Session, subject: str, action: str, stall: Stall, detail: Mapping[str, object]) -> None:
    audit.record(
        session,
        subject=subject,
        action=action,
        object=f"stall:{stall.id}",
        organisation_id=stall.organisation_id,
        detail=detail,
    )
