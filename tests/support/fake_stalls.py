"""The stalls in memory: one street, a merchant's stalls, what stands there, and the phones that are paired."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc

from kit import auth, clock, errors
from kit.auth import Kind, Permission, Subject
from kit.references.code import Kind as ReferenceKind
from kit.references.code import new_reference
from services.vietqr.domain.code import AdditionalData, Code
from services.vietqr.domain.encode import encode
from tests.support.fake_access import SUBJECT_KEY, everybody
from tests.support.fake_bills import stamp
from xoai.common.v1 import common_pb2 as common_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform

MERCHANT = str(uuid.UUID(int=71))
PROGRAMME = str(uuid.UUID(int=72))
PIN = "2468"
BIN = "970436"
ACCOUNT_NUMBER = "1017738842"
Role = pb.Device.Role


class PairingUnknown(errors.NotFound):
    reason = "PAIRING_UNKNOWN"
    vi = "Mã ghép máy không còn dùng được. Xin nhờ chủ quầy mở mã mới."
    en = "This pairing code can no longer be used. Ask the stall's owner for a new one."


class PinWrong(errors.PermissionDenied):
    reason = "PIN_WRONG"
    vi = "Mã PIN chưa đúng. Còn {left} lần thử."
    en = "The PIN is not right. {left} more tries."


class PinBlocked(errors.ResourceExhausted):
    reason = "PIN_BLOCKED"
    vi = "Đã nhập sai PIN nhiều lần. Xin đợi đến {until}."
    en = "The PIN was wrong several times. Wait until {until}."


def payload_of(purpose: str, amount: int | None = None, account: str = ACCOUNT_NUMBER) -> str:
    """The VietQR text of a code of the stall's account, as the real service makes it."""
    return encode(Code(BIN, account, amount, AdditionalData(purpose=purpose)))


class Stalls(pb_grpc.StallsServiceServicer):
    """One programme, stalls by id and code, phones by key. Tests change what it holds."""

    PERMISSIONS = everybody(
        pb,
        "StallsService",
        **{
            name: Permission(services=("gateway",))
            for name in ("GetPairing", "PairDevice", "ResolveDevice", "UnlockDevice", "LockDevice")
        },
    )

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self.stalls: dict[str, pb.Stall] = {}
        self.stands: dict[str, list[pb.Stand]] = {}
        self.packs: dict[str, dict[int, pb.PackCode]] = {}
        self.pairings: dict[str, pb.Device] = {}
        self.devices: dict[str, pb.Device] = {}
        self.unlocked: dict[str, datetime] = {}
        self.wrong_pins: dict[str, int] = {}
        self.pin = PIN
        self.unlock_time = timedelta(hours=12)

    # For tests

    def ListDeadLetters(
        self, request: Any, context: grpc.ServicerContext
    ) -> common_pb.ListDeadLettersResponse:
        return common_pb.ListDeadLettersResponse()

    def add_stall(self, **facts: Any) -> pb.Stall:
        """A stall in use, with its stand."""
        reference = new_reference(ReferenceKind.STALL)
        values: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "organisation_id": MERCHANT,
            "unit_name": "Hộ Lê Thị Mận",
            "unit_kind": "household",
            "programme_id": PROGRAMME,
            "programme_code": "hung-vuong",
            "programme_name": "Hùng Vương",
            "section_code": "A",
            "number": "A12",
            "name": "Trái cây Cô Mận",
            "goods": "Trái cây",
            "reference": reference,
            "state": pb.Stall.STATE_ACTIVE,
            "bin": BIN,
            "bank_name": "Vietcombank",
            "account_number": ACCOUNT_NUMBER,
            "account_holder": "LÊ THỊ MẬN",
            "relation": "self",
            "default_rule": pb.Stall.DEFAULT_RULE_ALWAYS,
            "has_pin": True,
            "version": 1,
            "sequence": 0,
            "payload": payload_of(reference),
            "open_minute": 360,
            "close_minute": 1260,
            "holder_name": "Lê Thị Mận",
            **facts,
        }
        stall = pb.Stall(**values)
        self.stalls[stall.id] = stall
        if stall.payload:
            self._issue(stall)
        return stall

    def open_pairing(self, stall: pb.Stall, role: Role = Role.ROLE_SELLER, name: str = "Máy của Mận") -> str:
        """A one-time code for one phone."""
        code = uuid.uuid4().hex[:20]
        self.pairings[code] = pb.Device(id=str(uuid.uuid4()), stall_id=stall.id, role=role, name=name)
        return code

    def require(self, subject: Subject, stall_id: str) -> None:
        """Raise unless the subject may read the stall: as its phone, until it is removed, or by right."""
        stall = self.stalls[stall_id]
        if subject.kind is not Kind.DEVICE:
            subject.require("stalls.read", uuid.UUID(stall.organisation_id))
            return
        device = next((device for device in self.devices.values() if device.id == subject.id), None)
        if device is None or device.stall_id != stall_id or device.HasField("revoke_time"):
            raise errors.Unauthenticated()

    def revoke(self, device_id: str) -> None:
        """The owner removes a phone."""
        for device in self.devices.values():
            if device.id == device_id:
                device.revoke_time.CopyFrom(stamp(clock.now()))
                self._platform.sales.changed(device.stall_id)

    def lock(self, device_id: str) -> None:
        """The PIN's time is over."""
        self.unlocked.pop(device_id, None)

    def _issue(self, stall: pb.Stall) -> pb.Stand:
        stands = self.stands.setdefault(stall.id, [])
        for earlier in stands:
            earlier.state = pb.Stand.STATE_FLAGGED
        stand = pb.Stand(
            stall_id=stall.id,
            issue_number=len(stands) + 1,
            state=pb.Stand.STATE_IN_USE,
            issue_date=clock.today().isoformat(),
            check_code="K7M4",
            payload=stall.payload,
        )
        stands.append(stand)
        stall.stand.CopyFrom(stand)
        return stand

    # Stalls and stands

    def _find(self, id_or_code: str) -> pb.Stall:
        for stall in self.stalls.values():
            if id_or_code in (stall.id, stall.reference):
                return stall
        raise errors.NotFound()

    def _of_printed_code(self, code: str) -> pb.Stall:
        for stall_id, codes in self.packs.items():
            if code in {each.reference for each in codes.values()}:
                return self.stalls[stall_id]
        return self._find(code)

    def GetStall(self, request: Any, context: grpc.ServicerContext) -> pb.Stall:
        return self._find(request.id)

    def ListStalls(self, request: Any, context: grpc.ServicerContext) -> pb.ListStallsResponse:
        return pb.ListStallsResponse(stalls=self.stalls.values())

    def GetPublicStall(self, request: Any, context: grpc.ServicerContext) -> pb.PublicStall:
        stall = self._of_printed_code(request.code)
        standing = {
            pb.Stall.STATE_ACTIVE: pb.PublicStall.STANDING_GENUINE,
            pb.Stall.STATE_WAITING: pb.PublicStall.STANDING_WAITING,
        }.get(stall.state, pb.PublicStall.STANDING_WITHDRAWN)
        return pb.PublicStall(
            code=stall.reference,
            standing=standing,
            account_holder=stall.account_holder,
            account_last_four=stall.account_number[-4:],
            bank_name=stall.bank_name,
            stall_number=stall.number,
            stall_name=stall.name,
            programme_name=stall.programme_name,
            issue_number=stall.stand.issue_number,
            issue_date=stall.stand.issue_date,
            check_code=stall.stand.check_code,
            word_of_the_day="xoài cát",
            payload=stall.payload,
            stall_id=stall.id,
        )

    def IssueStand(self, request: Any, context: grpc.ServicerContext) -> pb.Stand:
        return self._issue(self._find(request.stall_id))

    def ListStands(self, request: Any, context: grpc.ServicerContext) -> pb.ListStandsResponse:
        return pb.ListStandsResponse(stands=self.stands.get(request.stall_id, []))

    def IssuePack(self, request: Any, context: grpc.ServicerContext) -> pb.Pack:
        codes = self.packs.setdefault(request.stall_id, {})
        for amount in request.amounts:
            if amount not in codes:
                reference = new_reference(ReferenceKind.STALL)
                codes[amount] = pb.PackCode(
                    amount=amount, reference=reference, payload=payload_of(reference, amount)
                )
        return self.GetPack(request, context)

    def GetPack(self, request: Any, context: grpc.ServicerContext) -> pb.Pack:
        codes = self.packs.get(request.stall_id, {})
        return pb.Pack(stall_id=request.stall_id, codes=[codes[amount] for amount in sorted(codes)])

    # Phones

    def CreatePairing(self, request: Any, context: grpc.ServicerContext) -> pb.Pairing:
        code = self.open_pairing(self._find(request.stall_id), request.role, request.name)
        return pb.Pairing(code=code, expire_time=stamp(clock.now() + timedelta(minutes=10)))

    def GetPairing(self, request: Any, context: grpc.ServicerContext) -> pb.PairingOffer:
        device = self.pairings.get(request.code)
        if device is None:
            raise PairingUnknown()
        stall = self.stalls[device.stall_id]
        return pb.PairingOffer(
            stall_id=stall.id,
            stall_name=stall.name,
            stall_number=stall.number,
            unit_name=stall.unit_name,
            programme_name=stall.programme_name,
            role=device.role,
            device_name=device.name,
        )

    def PairDevice(self, request: Any, context: grpc.ServicerContext) -> pb.Device:
        device = self.pairings.pop(request.code, None)
        if device is None:
            raise PairingUnknown()
        if former := self.devices.get(request.former_key):
            former.revoke_time.CopyFrom(stamp(clock.now()))
        device.pair_time.CopyFrom(stamp(clock.now()))
        device.expire_time.CopyFrom(stamp(clock.now() + timedelta(days=90)))
        key = uuid.uuid4().hex
        self.devices[key] = device
        answer = pb.Device()
        answer.CopyFrom(device)
        answer.key = key
        return answer

    def _session(self, key: str) -> pb.DeviceSession:
        device = self.devices.get(key)
        if device is None or device.HasField("revoke_time"):
            raise errors.Unauthenticated()
        stall = self.stalls[device.stall_id]
        until = self.unlocked.get(device.id)
        is_open = until is not None and until > clock.now()
        held = {"stalls.read", "stalls.sell"} if is_open else {"stalls.read"}
        subject = Subject(Kind.DEVICE, device.id, device.name, {stall.organisation_id: frozenset(held)})
        return pb.DeviceSession(
            device=device,
            subject_token=auth.sign(subject, SUBJECT_KEY),
            unlock_until=stamp(until) if until is not None and is_open else None,
            has_pin=stall.has_pin,
        )

    def ResolveDevice(self, request: Any, context: grpc.ServicerContext) -> pb.DeviceSession:
        return self._session(request.key)

    def UnlockDevice(self, request: Any, context: grpc.ServicerContext) -> pb.DeviceSession:
        device = self._session(request.key).device
        wrong = self.wrong_pins.get(device.id, 0)
        if wrong >= 5:
            raise PinBlocked(until="06:15", retry_after=900)
        if request.pin != self.pin:
            self.wrong_pins[device.id] = wrong + 1
            raise PinWrong(left=4 - wrong)
        self.wrong_pins.pop(device.id, None)
        self.unlocked[device.id] = clock.now() + self.unlock_time
        return self._session(request.key)

    def LockDevice(self, request: Any, context: grpc.ServicerContext) -> pb.DeviceSession:
        self.lock(self._session(request.key).device.id)
        return self._session(request.key)

    def ListDevices(self, request: Any, context: grpc.ServicerContext) -> pb.ListDevicesResponse:
        found = [device for device in self.devices.values() if device.stall_id == request.stall_id]
        return pb.ListDevicesResponse(devices=found)

    def RevokeDevice(self, request: Any, context: grpc.ServicerContext) -> pb.Device:
        self.revoke(request.id)
        return next(device for device in self.devices.values() if device.id == request.id)

    def SetPin(self, request: Any, context: grpc.ServicerContext) -> pb.Stall:
        self.pin = request.pin
        return self._find(request.stall_id)
