"""The phones of a stall. A phone's own calls come through the gateway and are proved by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit import auth, clock
from kit.auth import Kind, Permission, Subject
from kit.errors import Error
from kit.messages import timestamp
from services.pilots.domain.devices import Device, Role, checked_pin, is_pin
from services.pilots.domain.errors_stalls import BadPin, BadStallField
from services.pilots.domain.stalls import Stall
from services.pilots.flows import access
from services.pilots.flows import devices as flows
from services.pilots.pins import PinKeeper
from services.pilots.rpc.stalls import forms
from services.pilots.rpc.stalls.desk import Desk, Tools
from xoai.pilots.v1 import stalls_service_pb2 as pb

_OWNER: Final = Permission(access.MANAGE)
_PHONE: Final = Permission(services=("gateway",))
PERMISSIONS: Final[Mapping[str, Permission]] = {
    "CreatePairing": _OWNER,
    "ListDevices": _OWNER,
    "RevokeDevice": _OWNER,
    "SetPin": _OWNER,
    "GetPairing": _PHONE,
    "PairDevice": _PHONE,
    "ResolveDevice": _PHONE,
    "UnlockDevice": _PHONE,
    "LockDevice": _PHONE,
}
_ROLES: Final = {role: pb.Device.Role.Value(f"ROLE_{role.name}") for role in Role}
_ROLES_OF: Final = {number: role for role, number in _ROLES.items()}


class Devices(Desk):
    """Paired, resolved, unlocked, revoked."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._pins = PinKeeper(tools.data_key)

    def CreatePairing(self, request: pb.CreatePairingRequest, context: grpc.ServicerContext) -> pb.Pairing:
        stall_id, role = forms.uuid("stall_id", request.stall_id), _ROLES_OF.get(request.role)
        if role is None:
            raise BadStallField(field="role", value=request.role)

        def effect(session: Session, subject: Subject) -> pb.Pairing:
            code, until = flows.create_pairing(session, subject, stall_id, role, request.name)
            return pb.Pairing(code=code, expire_time=timestamp(until))

        return self._edge.command(context, request, pb.Pairing, effect, shown_once="code")

    def GetPairing(self, request: pb.GetPairingRequest, context: grpc.ServicerContext) -> pb.PairingOffer:
        pairing, stall = self._edge.query(context, lambda session, _: flows.offer(session, request.code))
        return pb.PairingOffer(
            stall_id=str(stall.id),
            stall_name=stall.name,
            stall_number=stall.number,
            unit_name=stall.unit_name,
            programme_name=stall.programme_name,
            role=_ROLES[pairing.role],
            device_name=pairing.name,
            expire_time=timestamp(pairing.expire_time),
        )

    def PairDevice(self, request: pb.PairDeviceRequest, context: grpc.ServicerContext) -> pb.Device:
        device, key = self._edge.query(
            context,
            lambda session, _: flows.pair(session, request.code, request.user_agent, request.former_key),
        )
        message = _device(device)
        message.key = key
        return message

    def ResolveDevice(
        self, request: pb.ResolveDeviceRequest, context: grpc.ServicerContext
    ) -> pb.DeviceSession:
        device, stall = self._edge.query(context, lambda session, _: flows.resolve(session, request.key))
        return self._session(device, stall)

    def UnlockDevice(
        self, request: pb.UnlockDeviceRequest, context: grpc.ServicerContext
    ) -> pb.DeviceSession:
        if not is_pin(request.pin):
            raise BadPin()
        attempt = self._edge.query(context, lambda session, _: flows.begin_try(session, request.key))
        # Tried outside of transactions: it takes tens of milliseconds, and the stall's lock stands in money's way.
        fits = self._pins.fits(attempt.device.stall_id, attempt.pin_hash, request.pin)
        outcome = self._edge.query(context, lambda session, _: flows.end_try(session, attempt, fits=fits))
        if isinstance(outcome, Error):
            raise outcome
        return self.ResolveDevice(pb.ResolveDeviceRequest(key=request.key), context)

    def LockDevice(self, request: pb.LockDeviceRequest, context: grpc.ServicerContext) -> pb.DeviceSession:
        self._edge.query(context, lambda session, _: flows.lock(session, request.key))
        return self.ResolveDevice(pb.ResolveDeviceRequest(key=request.key), context)

    def ListDevices(
        self, request: pb.ListDevicesRequest, context: grpc.ServicerContext
    ) -> pb.ListDevicesResponse:
        stall_id = forms.uuid("stall_id", request.stall_id)
        found = self._edge.query(context, lambda session, subject: flows.of_stall(session, subject, stall_id))
        return pb.ListDevicesResponse(devices=[_device(each) for each in found])

    def RevokeDevice(self, request: pb.RevokeDeviceRequest, context: grpc.ServicerContext) -> pb.Device:
        id = forms.uuid("id", request.id)
        return self._edge.command(
            context,
            request,
            pb.Device,
            lambda session, subject: _device(flows.revoke(session, subject, id)),
        )

    def SetPin(self, request: pb.SetPinRequest, context: grpc.ServicerContext) -> pb.Stall:
        stall_id = forms.uuid("stall_id", request.stall_id)
        pin_hash = self._pins.hash(stall_id, checked_pin(request.pin))
        # What is kept of a request must not give its PIN away to whoever tries all ten thousand.
        sealed = pb.SetPinRequest(
            request_id=request.request_id,
            stall_id=request.stall_id,
            pin=self._pins.digest(stall_id, request.pin),
        )

        def effect(session: Session, subject: Subject) -> pb.Stall:
            stall = flows.set_pin(session, subject, stall_id, pin_hash)
            return forms.stall_to(stall, self._codes.bank_name)

        self._codes.load_banks()
        return self._edge.command(context, sealed, pb.Stall, effect)

    def _session(self, device: Device, stall: Stall) -> pb.DeviceSession:
        now = clock.now()
        may_sell = device.may_sell(now)
        subject = Subject(
            kind=Kind.DEVICE,
            id=str(device.id),
            name=device.name,
            grants={
                str(device.organisation_id): frozenset(
                    {access.READ, access.SELL} if may_sell else {access.READ}
                )
            },
        )
        return pb.DeviceSession(
            device=_device(device),
            subject_token=auth.sign(subject, self._tools.subject_key),
            unlock_until=timestamp(device.unlock_until) if may_sell else None,
            pin_blocked_until=timestamp(device.pin_blocked_until) if device.is_blocked(now) else None,
            has_pin=stall.has_pin,
        )


def _device(value: Device) -> pb.Device:
    return pb.Device(
        id=str(value.id),
        stall_id=str(value.stall_id),
        role=_ROLES[value.role],
        name=value.name,
        pair_time=timestamp(value.pair_time),
        expire_time=timestamp(value.expire_time),
        revoke_time=timestamp(value.revoke_time),
        see_time=timestamp(value.see_time),
    )
