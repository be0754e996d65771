"""Who may touch a stall: a device its own one, a person those of the organisations whose permission is held."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from kit import clock
from kit.auth import Kind, Subject
from kit.errors import PermissionDenied
from services.pilots.domain.devices import Device
from services.pilots.domain.errors_stalls import DeviceEnded, DeviceLocked, OtherStall, StallNotFound
from services.pilots.domain.stalls import Stall
from services.pilots.store import devices, stalls

READ = "stalls.read"
SELL = "stalls.sell"
MANAGE = "stalls.manage"
# The city's own: makes and withdraws stalls, and sees which there are.
CITY_MANAGE = "pilots.manage"
CITY_READ = "pilots.inspect"


def require_stall(
    session: Session, subject: Subject, stall_id: UUID, permission: str = READ, *, lock: bool = False
) -> Stall:
    """The stall, if the subject may do this at it. A revoked device is refused at once, whatever its token says.

    Raises StallNotFound, PermissionDenied, OtherStall, DeviceEnded, DeviceLocked.
    """
    if subject.kind is Kind.DEVICE:
        _require_device(session, subject, stall_id, permission)
    stall = stalls.get(session, stall_id, lock=lock)
    if stall is None:
        raise StallNotFound()
    if subject.kind not in (Kind.DEVICE, Kind.SERVICE):
        subject.require(permission, stall.organisation_id)
    return stall


def readable(session: Session, subject: Subject, stall_id: UUID) -> Stall:
    """The stall, if the subject may see it: its phone, its merchant, the market board, the city."""
    stall = stalls.get(session, stall_id)
    if stall is None:
        raise StallNotFound()
    require_read(session, subject, stall)
    return stall


def manageable(session: Session, subject: Subject, stall_id: UUID, *, lock: bool = False) -> Stall:
    """The stall, if the subject may change what it is: its merchant, the city. Raises StallNotFound, PermissionDenied."""
    stall = stalls.get(session, stall_id, lock=lock)
    if stall is None:
        raise StallNotFound()
    require_any(subject, stall.organisation_id, MANAGE, CITY_MANAGE)
    return stall


def require_any(subject: Subject, organisation_id: UUID, *permissions: str) -> None:
    """Raise PermissionDenied unless one of the permissions is held for the organisation; services pass."""
    if subject.kind is Kind.SERVICE:
        return
    if subject.kind is Kind.DEVICE or not any(subject.may(each, organisation_id) for each in permissions):
        raise PermissionDenied(permission=permissions[0])


def require_read(session: Session, subject: Subject, stall: Stall) -> None:
    """Raise unless the subject may see this stall: its phone, its merchant, the market board, the city."""
    if subject.kind is Kind.DEVICE:
        _require_device(session, subject, stall.id, READ)
    else:
        require_any(subject, stall.organisation_id, READ, CITY_READ, CITY_MANAGE)


def who(subject: Subject) -> str:
    """Name and label, as words that are kept beside what was decided."""
    return f"{subject.name} ({subject.label})" if subject.name else subject.label


def device_of(session: Session, subject: Subject) -> Device:
    """The device that a device's subject is. Raises DeviceEnded."""
    device = devices.get(session, UUID(subject.id))
    if device is None or not device.is_good(clock.now()):
        raise DeviceEnded()
    return device


def _require_device(session: Session, subject: Subject, stall_id: UUID, permission: str) -> None:
    if permission not in (READ, SELL):
        raise PermissionDenied(permission=permission)
    device = device_of(session, subject)
    if device.stall_id != stall_id:
        raise OtherStall()
    if permission == SELL and not device.may_sell(clock.now()):
        raise DeviceLocked()
