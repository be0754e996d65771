"""Callers of the stalls: the city, a market inspector, merchants, the gateway with phones, visitors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from kit import auth
from kit.auth import Subject
from kit.errors import Error
from kit.testing.service import Client, staff
from tests.support.stalls import ORGANISATION
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc

SELLER = pb.Device.ROLE_SELLER
LISTENER = pb.Device.ROLE_LISTENER
PIN = "4827"


@contextmanager
def refused(error: type[Error]) -> Iterator[dict[str, str]]:
    """What is called inside is refused with this error; the facts that come with it."""
    facts: dict[str, str] = {}
    with pytest.raises(Error) as caught:
        yield facts
    assert caught.value.reason == error.reason
    facts.update(caught.value.metadata)


def key() -> str:
    return str(uuid4())


def client(channel: grpc.Channel, subject: Subject) -> Any:
    return Client(pb_grpc.StallsServiceStub(channel), subject)


def city(channel: grpc.Channel) -> Any:
    return client(channel, staff("pilots.manage", "pilots.inspect"))


def inspector(channel: grpc.Channel) -> Any:
    return client(channel, staff("pilots.inspect"))


def merchant(channel: grpc.Channel, organisation: UUID = ORGANISATION) -> Any:
    permissions = ("directory.read", "stalls.read", "stalls.sell", "stalls.manage")
    return client(channel, staff(*permissions, organisation=str(organisation)))


def visitor(channel: grpc.Channel) -> Any:
    return client(channel, auth.public())


def gateway(channel: grpc.Channel) -> Any:
    return client(channel, auth.service("gateway"))


def phone(channel: grpc.Channel, session: pb.DeviceSession, key: str) -> Any:
    """The phone itself, with the subject that its token says."""
    return client(channel, auth.verify(session.subject_token, key))


def pairing_code(
    channel: grpc.Channel,
    stall_id: str,
    role: pb.Device.Role.ValueType = SELLER,
    organisation: UUID = ORGANISATION,
) -> str:
    request = pb.CreatePairingRequest(request_id=key(), stall_id=stall_id, role=role, name="Máy của Hạnh")
    return str(merchant(channel, organisation).CreatePairing(request).code)


def pair(
    channel: grpc.Channel,
    stall_id: str,
    role: pb.Device.Role.ValueType = SELLER,
    organisation: UUID = ORGANISATION,
) -> pb.Device:
    request = pb.PairDeviceRequest(
        code=pairing_code(channel, stall_id, role, organisation), user_agent="Phone"
    )
    device: pb.Device = gateway(channel).PairDevice(request)
    return device


def set_pin(channel: grpc.Channel, stall_id: str, pin: str = PIN) -> None:
    merchant(channel).SetPin(pb.SetPinRequest(request_id=key(), stall_id=stall_id, pin=pin))


def unlock(channel: grpc.Channel, device_key: str, pin: str = PIN) -> pb.DeviceSession:
    session: pb.DeviceSession = gateway(channel).UnlockDevice(pb.UnlockDeviceRequest(key=device_key, pin=pin))
    return session
