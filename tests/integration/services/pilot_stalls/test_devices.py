"""A stall's phones: paired once, known by a key, gone at once when revoked."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import grpc
import pytest

from kit import auth, clock, errors
from kit.db import Database
from kit.testing.service import SUBJECT_KEY
from services.pilots.domain.devices import LIFE, MOST_DEVICES
from services.pilots.domain.errors_stalls import (
    BadPairingCode,
    BadStallField,
    DeviceEnded,
    DeviceLocked,
    DeviceNotFound,
    OtherStall,
    StallNotFound,
    TooManyDevices,
)
from services.pilots.flows import access
from tests.integration.services.pilot_stalls.callers import (
    LISTENER,
    SELLER,
    city,
    gateway,
    key,
    merchant,
    pair,
    pairing_code,
    phone,
    refused,
    set_pin,
    unlock,
    visitor,
)
from tests.integration.services.pilot_stalls.rows import rows, stall_events
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, OpenStall, open_stall
from xoai.pilots.v1 import pilots_events_pb2 as events_pb
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


def spend(channel: grpc.Channel, code: str) -> pb.Device:
    device: pb.Device = gateway(channel).PairDevice(pb.PairDeviceRequest(code=code, user_agent="Phone"))
    return device


def test_a_phone_becomes_the_stalls(channel: grpc.Channel, database: Database, stall_id: str) -> None:
    """Its key is in the first answer only, kept by its hash, good for ninety days; it may read this one organisation."""
    device = pair(channel, stall_id)
    session = resolve(channel, device.key)
    assert (session.device.id, session.device.stall_id, session.device.key) == (device.id, stall_id, "")
    assert session.device.expire_time.ToDatetime() - session.device.pair_time.ToDatetime() == LIFE
    subject = auth.verify(session.subject_token, SUBJECT_KEY)
    assert (subject.kind, subject.id) == (auth.Kind.DEVICE, device.id)
    assert subject.grants == {str(ORGANISATION): frozenset({"stalls.read"})}
    kept = rows(database, "SELECT key_hash FROM device")[0].key_hash
    assert bytes(kept) == hashlib.sha256(b"device:" + device.key.encode()).digest()
    dump = str(rows(database, "SELECT * FROM device")) + str(rows(database, "SELECT * FROM audit"))
    assert device.key not in dump
    actions = [row.action for row in rows(database, "SELECT action FROM audit ORDER BY id")]
    assert actions[-2:] == ["device.invite", "device.pair"]


def test_a_code_says_what_it_leads_to(channel: grpc.Channel, database: Database, opened: OpenStall) -> None:
    """Stall, programme and role before it is spent, as often as asked; nothing once it was."""
    stall = opened.stall
    request = pb.CreatePairingRequest(
        request_id=key(), stall_id=str(stall.id), role=LISTENER, name="Máy của Hạnh"
    )
    code = merchant(channel).CreatePairing(request).code
    for _ in range(2):
        offer = gateway(channel).GetPairing(pb.GetPairingRequest(code=code.lower()))
        assert (offer.stall_id, offer.stall_name, offer.stall_number) == (
            str(stall.id),
            stall.name,
            stall.number,
        )
        assert (offer.programme_name, offer.unit_name) == (stall.programme_name, stall.unit_name)
        assert (offer.role, offer.device_name) == (LISTENER, "Máy của Hạnh")
    assert rows(database, "SELECT count(*) FROM device")[0][0] == 0
    spend(channel, code)
    for spent in (code, "", "2345 6789 DFHK"):
        with refused(BadPairingCode):
            gateway(channel).GetPairing(pb.GetPairingRequest(code=spent))
    with refused(errors.PermissionDenied):
        visitor(channel).GetPairing(pb.GetPairingRequest(code=code))


def test_a_code_is_spent_once(channel: grpc.Channel, database: Database, stall_id: str) -> None:
    """Of four phones that try at once one gets in; the code is kept by its hash alone."""
    code = pairing_code(channel, stall_id)
    assert code.replace(" ", "") not in str(rows(database, "SELECT * FROM pairing"))

    def attempt(_: int) -> str:
        try:
            return spend(channel, code).id
        except errors.Error as error:
            return error.reason

    with ThreadPoolExecutor(4) as pool:
        paired = list(pool.map(attempt, range(4)))
    assert paired.count(BadPairingCode.reason) == 3
    assert rows(database, "SELECT count(*) FROM device")[0][0] == 1


def test_a_code_forgives_typing_but_not_time(channel: grpc.Channel, stall_id: str) -> None:
    """Small letters and no blanks are fine; ten minutes later it is too late, and a made-up code never was."""
    assert spend(channel, pairing_code(channel, stall_id).replace(" ", "").lower()).id
    late = pairing_code(channel, stall_id)
    clock.set_offset(timedelta(minutes=10, seconds=1))
    for code in (late, "", "2345 6789 DFHK"):
        with refused(BadPairingCode):
            spend(channel, code)


def test_a_repeated_request_shows_no_second_code(channel: grpc.Channel, stall_id: str) -> None:
    """Whoever repeats it gets the time alone."""
    request = pb.CreatePairingRequest(request_id=key(), stall_id=stall_id, role=SELLER, name="Máy 1")
    first = merchant(channel).CreatePairing(request)
    second = merchant(channel).CreatePairing(request)
    assert first.code
    assert (second.code, second.expire_time) == ("", first.expire_time)


def test_only_the_owner_pairs(channel: grpc.Channel, stall_id: str) -> None:
    """Not the city, not another merchant, not a visitor; and a phone needs a name and a role."""
    request = pb.CreatePairingRequest(request_id=key(), stall_id=stall_id, role=SELLER, name="Máy")
    for caller in (city(channel), visitor(channel)):
        with refused(errors.PermissionDenied):
            caller.CreatePairing(request)
    with refused(StallNotFound):
        merchant(channel, OTHER_ORGANISATION).CreatePairing(request)
    for wrong_field in ({"name": ""}, {"role": pb.Device.ROLE_UNSPECIFIED}):
        fields = {"request_id": key(), "stall_id": stall_id, "role": SELLER, "name": "Máy"} | wrong_field
        with refused(BadStallField):
            merchant(channel).CreatePairing(pb.CreatePairingRequest(**fields))


def test_a_stall_has_at_most_twelve_phones(channel: grpc.Channel, stall_id: str) -> None:
    """Also where the codes were made before the twelfth was paired."""
    spare = pairing_code(channel, stall_id)
    for _ in range(12):
        pair(channel, stall_id, LISTENER)
    with refused(TooManyDevices):
        spend(channel, spare)
    with refused(TooManyDevices):
        pairing_code(channel, stall_id)


def test_a_phone_that_is_paired_anew_counts_once(
    channel: grpc.Channel, database: Database, stall_id: str
) -> None:
    """What it was ends, in the trail; a full stall takes its own phone again."""
    phones = [pair(channel, stall_id) for _ in range(MOST_DEVICES - 1)]
    code = pairing_code(channel, stall_id)
    phones.append(pair(channel, stall_id))
    again = gateway(channel).PairDevice(pb.PairDeviceRequest(code=code, former_key=phones[0].key))
    assert resolve(channel, again.key).device.id == again.id
    with refused(DeviceEnded):
        resolve(channel, phones[0].key)
    assert resolve(channel, phones[1].key)
    trail = rows(database, "SELECT detail FROM audit WHERE action = 'device.revoke'")
    assert [row.detail["device"] for row in trail] == [phones[0].id]
    listed = merchant(channel).ListDevices(pb.ListDevicesRequest(stall_id=stall_id)).devices
    assert len([device for device in listed if not device.HasField("revoke_time")]) == MOST_DEVICES


@pytest.mark.parametrize("former", ["nonsense", "x" * 200])
def test_a_former_key_that_is_none_changes_nothing(
    channel: grpc.Channel, database: Database, stall_id: str, former: str
) -> None:
    code = pairing_code(channel, stall_id)
    device = gateway(channel).PairDevice(pb.PairDeviceRequest(code=code, former_key=former))
    assert resolve(channel, device.key)
    assert rows(database, "SELECT FROM audit WHERE action = 'device.revoke'") == []


def test_only_the_gateway_asks_for_a_phone(channel: grpc.Channel, stall_id: str) -> None:
    """A key is of no use to anybody else."""
    device = pair(channel, stall_id)
    for caller in (visitor(channel), merchant(channel), city(channel)):
        with refused(errors.PermissionDenied):
            caller.ResolveDevice(pb.ResolveDeviceRequest(key=device.key))


def test_a_key_ends_after_ninety_days(channel: grpc.Channel, stall_id: str) -> None:
    """A made-up one never began."""
    device = pair(channel, stall_id)
    clock.set_offset(LIFE - timedelta(minutes=1))
    assert resolve(channel, device.key).device.id == device.id
    clock.set_offset(LIFE)
    for wrong_key in (device.key, "", "x" * 43):
        with refused(DeviceEnded):
            resolve(channel, wrong_key)


def test_a_visit_is_noted_once_a_minute(channel: grpc.Channel, database: Database, stall_id: str) -> None:
    """So that a phone that asks each second does not write each second."""
    device = pair(channel, stall_id)
    seen = resolve(channel, device.key).device.see_time
    clock.set_offset(timedelta(seconds=50))
    resolve(channel, device.key)
    assert rows(database, "SELECT see_time FROM device")[0].see_time.replace(tzinfo=None) == seen.ToDatetime()
    clock.set_offset(timedelta(seconds=70))
    resolve(channel, device.key)
    assert rows(database, "SELECT see_time FROM device")[0].see_time.replace(tzinfo=None) > seen.ToDatetime()


def test_a_revoked_phone_is_out_at_once(channel: grpc.Channel, database: Database, stall_id: str) -> None:
    """Though its token lives on for minutes: each call at the stall looks at the phone itself."""
    device = pair(channel, stall_id)
    itself = phone(channel, resolve(channel, device.key), SUBJECT_KEY)
    assert itself.GetStall(pb.GetStallRequest(id=stall_id)).id == stall_id
    revoked = merchant(channel).RevokeDevice(pb.RevokeDeviceRequest(request_id=key(), id=device.id))
    assert revoked.HasField("revoke_time")
    again = merchant(channel).RevokeDevice(pb.RevokeDeviceRequest(request_id=key(), id=device.id))
    assert again.revoke_time == revoked.revoke_time
    with refused(DeviceEnded):
        itself.GetStall(pb.GetStallRequest(id=stall_id))
    with refused(DeviceEnded):
        resolve(channel, device.key)
    assert [event.type for event in stall_events(database)] == [events_pb.StallEvent.TYPE_STALL_CHANGED]
    trail = [row.action for row in rows(database, "SELECT action FROM audit ORDER BY id")]
    assert trail.count("device.revoke") == 1


def test_only_the_owner_revokes(channel: grpc.Channel, stall_id: str) -> None:
    """Another merchant does not find the phone."""
    device = pair(channel, stall_id)
    request = pb.RevokeDeviceRequest(request_id=key(), id=device.id)
    with refused(DeviceNotFound):
        merchant(channel, OTHER_ORGANISATION).RevokeDevice(request)
    with refused(errors.PermissionDenied):
        city(channel).RevokeDevice(request)
    listed = merchant(channel).ListDevices(pb.ListDevicesRequest(stall_id=stall_id)).devices
    assert [(each.id, each.name) for each in listed] == [(device.id, "Máy của Hạnh")]


def test_a_phone_serves_its_one_stall(
    channel: grpc.Channel, database: Database, opened: OpenStall, stall_id: str
) -> None:
    """Another stall of the same merchant is none of its business, and it manages nothing."""
    second = open_stall(database, opened.programme, account=opened.account).stall
    itself = phone(channel, resolve(channel, pair(channel, stall_id).key), SUBJECT_KEY)
    with refused(OtherStall):
        itself.GetStall(pb.GetStallRequest(id=str(second.id)))
    listed = itself.ListStalls(pb.ListStallsRequest()).stalls
    assert [stall.id for stall in listed] == [stall_id]
    for call, request in (
        (itself.ListDevices, pb.ListDevicesRequest(stall_id=stall_id)),
        (itself.UpdateStall, pb.UpdateStallRequest(request_id=key(), stall=listed[0])),
    ):
        with refused(errors.PermissionDenied):
            call(request)


def test_a_locked_phone_may_not_sell(
    channel: grpc.Channel, database: Database, opened: OpenStall, stall_id: str
) -> None:
    """What its token still says does not count: the phone's own lock does."""
    device = pair(channel, stall_id)
    set_pin(channel, stall_id)
    subject = auth.verify(unlock(channel, device.key).subject_token, SUBJECT_KEY)
    tenants = subject.tenants(access.SELL)

    def sell() -> object:
        return database.run(
            lambda session: access.require_stall(session, subject, opened.stall.id, access.SELL), tenants
        )

    assert sell()
    gateway(channel).LockDevice(pb.LockDeviceRequest(key=device.key))
    with pytest.raises(DeviceLocked):
        sell()
