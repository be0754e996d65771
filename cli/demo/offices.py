"""What the demo's people do at their desks: calls to the services as a logged-in person, never past them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc

from kit.grpc_client import OPTIONS
from kit.grpc_errors import from_rpc_error
from xoai.common.v1 import clock_service_pb2_grpc as clock_grpc
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.intake.v1 import intake_service_pb2_grpc as intake_grpc
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.pilots.v1 import city_service_pb2_grpc as city_grpc
from xoai.pilots.v1 import sales_service_pb2_grpc as sales_grpc
from xoai.pilots.v1 import stalls_service_pb2_grpc as stalls_grpc
from xoai.pilots.v1 import trust_service_pb2_grpc as trust_grpc
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as reconciliation_grpc
from xoai.schools.v1 import schools_service_pb2_grpc as schools_grpc

_STUBS: dict[str, Any] = {
    "clock": clock_grpc.ClockServiceStub,
    "directory": directory_grpc.DirectoryServiceStub,
    "intake": intake_grpc.IntakeServiceStub,
    "invoices": invoices_grpc.InvoicesServiceStub,
    "reconciliation": reconciliation_grpc.ReconciliationServiceStub,
    "schools": schools_grpc.SchoolsServiceStub,
    "stalls": stalls_grpc.StallsServiceStub,
    "sales": sales_grpc.SalesServiceStub,
    "trust": trust_grpc.TrustServiceStub,
    "city": city_grpc.CityServiceStub,
}
# Where a service answers that shares its process with others.
_HOSTS: dict[str, str] = {
    "clock": "directory",
    **dict.fromkeys(("stalls", "sales", "trust", "city"), "pilots"),
}


_UNPROVED = (
    directory_pb.Session.SECOND_FACTOR_TO_ENROL,
    directory_pb.Session.SECOND_FACTOR_TO_PROVE,
)


@dataclass(frozen=True, slots=True)
class Login:
    """A demo login, printed with the summary."""

    role: str
    name: str
    login: str
    password: str
    organisation: str


class Desk:
    """One person (or the visitor before a login) at work. Calls raise errors of ours."""

    def __init__(self, addresses: dict[str, str], subject_token: str) -> None:
        self._addresses = addresses
        self._token = subject_token
        self._channels: dict[str, grpc.Channel] = {}

    def as_subject(self, subject_token: str) -> Desk:
        """The same office with somebody else at the desk."""
        return Desk(self._addresses, subject_token)

    def call(self, service: str, method: str, request: Any, *, timeout: float = 30) -> Any:
        """Call a unary RPC."""
        try:
            return getattr(self._stub(service), method)(request, timeout=timeout, metadata=self._metadata())
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    def stream(self, service: str, method: str, request: Any, *, timeout: float = 120) -> Iterator[Any]:
        """Call a server-streaming RPC."""
        try:
            yield from getattr(self._stub(service), method)(
                request, timeout=timeout, metadata=self._metadata()
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    def log_in(self, login: str, password: str) -> Desk:
        """The desk of a person who has a password."""
        session = self.call(
            "directory", "Login", directory_pb.LoginRequest(login=login, password=password, address="demo")
        )
        return self._entered(session)

    def accept(self, invitation_token: str, password: str) -> Desk:
        """The desk of a person who was invited and sets a password."""
        session = self.call(
            "directory",
            "AcceptInvitation",
            directory_pb.AcceptInvitationRequest(token=invitation_token, password=password, address="demo"),
        )
        return self._entered(session)

    def _entered(self, session: directory_pb.Session) -> Desk:
        """The desk behind the second factor, where the person needs one: enrolled, then proved."""
        token = session.session_token
        if session.second_factor == directory_pb.Session.SECOND_FACTOR_TO_ENROL:
            request = directory_pb.StartSecondFactorRequest(session_token=token)
            self.call("directory", "StartSecondFactor", request)
        if session.second_factor in _UNPROVED:
            ask = directory_pb.ShowSecondFactorCodeRequest(session_token=token)
            code = self.call("directory", "ShowSecondFactorCode", ask).code
            proof = directory_pb.ProveSecondFactorRequest(session_token=token, code=code)
            session = self.call("directory", "ProveSecondFactor", proof)
        return self.as_subject(session.subject_token)

    def close(self) -> None:
        """Let go of the channels."""
        for channel in self._channels.values():
            channel.close()

    def _stub(self, service: str) -> Any:
        address = self._addresses.get(_HOSTS.get(service, service)) or self._addresses[""]
        if address not in self._channels:
            self._channels[address] = grpc.insecure_channel(address, options=OPTIONS)
        return _STUBS[service](self._channels[address])

    def _metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self._token}")]


def request_id() -> str:
    """A key for one command."""
    return str(uuid.uuid4())


def addresses_of(setting: str) -> dict[str, str]:
    """XOAI_GRPC_ADDRESSES as a mapping; the empty name is the address for all."""
    pairs = [entry.strip().partition("=") for entry in setting.split(",") if entry.strip()]
    return {name if separator else "": address if separator else name for name, separator, address in pairs}
