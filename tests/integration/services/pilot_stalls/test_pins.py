"""The PIN of a stall opens selling on its phones until the day ends, and cannot be tried out."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import grpc
import pytest

from kit import auth, clock, errors
from kit.db import Database
from kit.testing.service import SUBJECT_KEY
from services.pilots.domain import days
from services.pilots.domain.days import Hours
from services.pilots.domain.devices import BLOCK, MISS_WINDOW
from services.pilots.domain.errors_stalls import (
    BadPin,
    ListenerCannotSell,
    NoPin,
    PinBlocked,
    PinTooPlain,
    StallNotFound,
    WrongPin,
)
from tests.integration.services.pilot_stalls.callers import (
    LISTENER,
    PIN,
    city,
    client,
    gateway,
    key,
    merchant,
    pair,
    phone,
    refused,
    set_pin,
    unlock,
)
from tests.integration.services.pilot_stalls.rows import rows
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, OpenStall, open_stall
from xoai.pilots.v1 import stalls_service_pb2 as pb


@pytest.fixture
def opened(database: Database) -> OpenStall:
    return open_stall(database)


@pytest.fixture
def stall_id(opened: OpenStall) -> str:
    return str(opened.stall.id)


def resolve(channel: grpc.Channel, device_key: str) -> pb.DeviceSession:
    session: pb.DeviceSession = gateway(channel).ResolveDevice(pb.ResolveDeviceRequest(key=device_key))
    return session


def day_end(opened: OpenStall) -> datetime:
    hours = Hours(opened.programme.close_minute, opened.programme.cut_off_minute)
    return days.end_of(days.day_of(clock.now(), hours), hours)


def wrong(channel: grpc.Channel, device_key: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(errors.Error):
            unlock(channel, device_key, "1739")


def test_the_pin_opens_selling_until_the_day_ends(
    channel: grpc.Channel, opened: OpenStall, stall_id: str
) -> None:
    """Until the programme's cut-off; locking closes it at once."""
    device = pair(channel, stall_id)
    with refused(NoPin):
        unlock(channel, device.key)
    set_pin(channel, stall_id)
    session = unlock(channel, device.key)
    until = day_end(opened)
    assert int(session.unlock_until.ToSeconds()) == int(until.timestamp())
    grants = auth.verify(session.subject_token, SUBJECT_KEY).grants
    assert grants[str(ORGANISATION)] == {"stalls.read", "stalls.sell"}
    locked = gateway(channel).LockDevice(pb.LockDeviceRequest(key=device.key))
    assert not locked.HasField("unlock_until")
    assert auth.verify(locked.subject_token, SUBJECT_KEY).grants[str(ORGANISATION)] == {"stalls.read"}


def test_selling_ends_with_the_business_day(channel: grpc.Channel, opened: OpenStall, stall_id: str) -> None:
    """After the cut-off the phone is locked, whatever nobody pressed."""
    device = pair(channel, stall_id)
    set_pin(channel, stall_id)
    unlock(channel, device.key)
    clock.set_offset(day_end(opened) - clock.now())
    assert not resolve(channel, device.key).HasField("unlock_until")


def test_a_listener_never_sells(channel: grpc.Channel, stall_id: str) -> None:
    """Not with the right PIN either."""
    device = pair(channel, stall_id, LISTENER)
    set_pin(channel, stall_id)
    with refused(ListenerCannotSell):
        unlock(channel, device.key)


@pytest.mark.parametrize("pin", ["12a4", "123", "48270", "", "４８２７", " 482", "-482"])
def test_a_pin_is_four_digits(channel: grpc.Channel, stall_id: str, pin: str) -> None:
    """Where it is set and where it is given; such a slip does not count as a try."""
    device = pair(channel, stall_id)
    with refused(BadPin):
        set_pin(channel, stall_id, pin)
    set_pin(channel, stall_id)
    for _ in range(6):
        with refused(BadPin):
            unlock(channel, device.key, pin)
    assert unlock(channel, device.key).HasField("unlock_until")


@pytest.mark.parametrize("pin", ["0000", "1234", "4321", "9876"])
def test_a_plain_pin_is_refused(channel: grpc.Channel, stall_id: str, pin: str) -> None:
    """Four equal digits and plain rows are what a thief tries first."""
    with refused(PinTooPlain):
        set_pin(channel, stall_id, pin)


def test_five_wrong_pins_block_the_phone(channel: grpc.Channel, stall_id: str) -> None:
    """For fifteen minutes, the right PIN included; then the count begins anew. Other phones go on."""
    device, other = pair(channel, stall_id), pair(channel, stall_id)
    set_pin(channel, stall_id)
    for left in (4, 3, 2, 1):
        with refused(WrongPin) as facts:
            unlock(channel, device.key, "1739")
        assert facts["left"] == str(left)
    with refused(PinBlocked) as facts:
        unlock(channel, device.key, "1739")
    assert 890 <= int(facts["retry_after"]) <= 900
    with refused(PinBlocked):
        unlock(channel, device.key)
    assert resolve(channel, device.key).HasField("pin_blocked_until")
    assert unlock(channel, other.key).HasField("unlock_until")
    clock.set_offset(BLOCK + timedelta(seconds=1))
    with refused(WrongPin) as facts:
        unlock(channel, device.key, "1739")
    assert facts["left"] == "4"
    assert unlock(channel, device.key).HasField("unlock_until")


def test_wrong_pins_at_the_same_moment_count_each(channel: grpc.Channel, stall_id: str) -> None:
    """Tries count before they are looked at: ten at once are five tries and five refusals."""
    device = pair(channel, stall_id)
    set_pin(channel, stall_id)

    def attempt(_: int) -> str:
        with pytest.raises(errors.Error) as caught:
            unlock(channel, device.key, "1739")
        return caught.value.reason

    with ThreadPoolExecutor(5) as pool:
        reasons = list(pool.map(attempt, range(10)))
    assert reasons.count(WrongPin.reason) == 4
    assert reasons.count(PinBlocked.reason) == 6


def test_a_stall_takes_twenty_wrong_pins_an_hour(channel: grpc.Channel, stall_id: str) -> None:
    """However many phones share them; an hour later it goes on."""
    devices = [pair(channel, stall_id) for _ in range(5)]
    set_pin(channel, stall_id)
    for device in devices[:4]:
        wrong(channel, device.key, 5)
    with refused(PinBlocked):
        unlock(channel, devices[4].key)
    clock.set_offset(MISS_WINDOW + timedelta(seconds=1))
    assert unlock(channel, devices[4].key).HasField("unlock_until")


def test_a_right_pin_forgets_the_wrong_ones_before(channel: grpc.Channel, stall_id: str) -> None:
    """Four slips a day do not add up to a block."""
    device = pair(channel, stall_id)
    set_pin(channel, stall_id)
    for _ in range(3):
        wrong(channel, device.key, 4)
        unlock(channel, device.key)


def test_a_new_pin_locks_all_phones(channel: grpc.Channel, database: Database, stall_id: str) -> None:
    """Who knew the old one sells no more; neither PIN is kept, and the phones hear that something changed."""
    device = pair(channel, stall_id)
    set_pin(channel, stall_id)
    unlock(channel, device.key)
    set_pin(channel, stall_id, "5093")
    assert not resolve(channel, device.key).HasField("unlock_until")
    with refused(WrongPin):
        unlock(channel, device.key, PIN)
    assert unlock(channel, device.key, "5093").HasField("unlock_until")
    kept = rows(database, "SELECT pin_hash FROM stall")[0].pin_hash
    assert kept.startswith("$argon2id$")
    # Not even the digest of a request can be tried out: it is taken over a keyed one.
    requests = rows(
        database, "SELECT request_id, request_hash FROM idempotency_key WHERE method = 'SetPinRequest'"
    )
    for row in requests:
        for pin in (PIN, "5093"):
            plain = pb.SetPinRequest(request_id=row.request_id, stall_id=stall_id, pin=pin)
            guess = hashlib.sha256(plain.SerializeToString(deterministic=True)).digest()
            assert bytes(row.request_hash) != guess
    assert len(requests) == 2


def test_only_a_persons_login_sets_the_pin(channel: grpc.Channel, stall_id: str) -> None:
    """A phone, an API key with the same permission, the city and another merchant cannot."""
    request = pb.SetPinRequest(request_id=key(), stall_id=stall_id, pin=PIN)
    device = pair(channel, stall_id)
    grants = {str(ORGANISATION): frozenset({"stalls.manage"})}
    for caller in (
        phone(channel, resolve(channel, device.key), SUBJECT_KEY),
        client(channel, auth.Subject(auth.Kind.API_KEY, "k", "", grants)),
        client(channel, auth.Subject(auth.Kind.DEVICE, device.id, "", grants)),
        city(channel),
    ):
        with refused(errors.PermissionDenied):
            caller.SetPin(request)
    with refused(StallNotFound):
        merchant(channel, OTHER_ORGANISATION).SetPin(request)
