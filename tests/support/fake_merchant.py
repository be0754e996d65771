"""A merchant's owner in front of the services in memory: her stalls, her account, her books; papers are the real ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import httpx

from kit import clock, errors
from services.directory.roles import PERMISSIONS, Role
from services.documents.rpc import DocumentsServicer
from services.pilots.domain.errors_sales import CreditNotHeld
from tests.support.fake_bills import stamp
from tests.support.fake_directory import PASSWORD, Directory
from tests.support.fake_platform import FakePlatform
from tests.support.fake_sales import Sales
from tests.support.fake_stalls import ACCOUNT_NUMBER, BIN, MERCHANT, Stalls
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

OTHER_MERCHANT = str(uuid.UUID(int=79))
OWNER = PERMISSIONS[Role.MERCHANT]


class MerchantDirectory(Directory):
    """The owner's memberships and accounts."""

    def __init__(self, platform: MerchantPlatform) -> None:
        super().__init__(platform)
        self._merchant = platform

    def _session(self, token: str, *, shown: bool = False) -> directory_pb.Session:
        session = super()._session(token, shown=shown)
        del session.person.memberships[:]
        session.person.memberships.add(
            organisation_id=MERCHANT,
            organisation_name="Hộ Lê Thị Mận",
            organisation_kind=directory_pb.Organisation.KIND_MERCHANT,
            role="merchant",
        )
        return session

    def ListAccounts(self, request: Any, context: grpc.ServicerContext) -> directory_pb.ListAccountsResponse:
        return directory_pb.ListAccountsResponse(accounts=self._merchant.accounts)

    def ProposeAccount(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Account:
        account = directory_pb.Account(
            id=str(uuid.uuid4()),
            organisation_id=request.organisation_id,
            bin=request.bin,
            account_number=request.account_number,
            holder_name=request.holder_name,
            state=directory_pb.Account.STATE_PROPOSED,
            propose_time=stamp(clock.now()),
            propose_person_name="Lê Thị Mận",
            replaces_account_id=request.replaces_account_id,
            reason=request.reason,
        )
        self._merchant.accounts.append(account)
        return account


class MerchantStalls(Stalls):
    """Keeps to the rules that the pages show: one's own stalls, versions, changes."""

    def GetStall(self, request: Any, context: grpc.ServicerContext) -> stalls_pb.Stall:
        return self._find(request.id)

    def CreatePairing(self, request: Any, context: grpc.ServicerContext) -> stalls_pb.Pairing:
        pairing = super().CreatePairing(request, context)
        pairing.code = f"{pairing.code[:4]} {pairing.code[4:]}"
        return pairing

    def UpdateStall(self, request: Any, context: grpc.ServicerContext) -> stalls_pb.Stall:
        stall = self._find(request.stall.id)
        stall.CopyFrom(request.stall)
        stall.version += 1
        return stall

    def ListStalls(self, request: Any, context: grpc.ServicerContext) -> stalls_pb.ListStallsResponse:
        own = [stall for stall in self.stalls.values() if stall.organisation_id == request.organisation_id]
        return stalls_pb.ListStallsResponse(stalls=own)


class MerchantSales(Sales):
    """Money without a stall, and the book of the year."""

    def __init__(self, platform: FakePlatform) -> None:
        super().__init__(platform)
        self.unassigned: dict[str, sales_pb.Unassigned] = {}
        self.assigned: list[tuple[str, str]] = []
        self.held: dict[str, sales_pb.HeldMoney] = {}
        self.decided: list[tuple[str, int, str]] = []
        # Reconciliation keeps what is held; it may be away.
        self.is_away = False
        self.book = sales_pb.DayBook(organisation_id=MERCHANT, year=clock.today().year)

    def add_unassigned(self, amount: int, **facts: Any) -> sales_pb.Unassigned:
        """Money on the merchant's account that names no stall."""
        fields: dict[str, Any] = {"credit_id": str(uuid.uuid4()), "reason": "NO_REFERENCE"}
        credit = sales_pb.Unassigned(
            amount=amount,
            payer_account_last_four="2209",
            bank_time=stamp(clock.now()),
            **(fields | facts),
        )
        self.unassigned[credit.credit_id] = credit
        return credit

    def ListUnassigned(self, request: Any, context: grpc.ServicerContext) -> sales_pb.ListUnassignedResponse:
        return sales_pb.ListUnassignedResponse(credits=self.unassigned.values())

    def add_held(self, reason: str, amount: int, alike: int = 0, **facts: Any) -> sales_pb.HeldMoney:
        """Money that is held, with others that may be the same."""
        same: dict[str, Any] = {
            "amount": amount,
            "bank_time": stamp(clock.now()),
            "payer_account_last_four": "4417",
        }
        money = sales_pb.HeldMoney(
            credit_id=str(uuid.uuid4()), version=3, reason=reason, bank_reference="FT26331", **(same | facts)
        )
        for number in range(alike):
            place = "Quầy A12" if number else ""
            money.alike.add(credit_id=str(uuid.uuid4()), bank_reference=f"FT{number}", place=place, **same)
        self.held[money.credit_id] = money
        self.add_unassigned(amount, reason=reason, credit_id=money.credit_id)
        return money

    def ListHeld(self, request: Any, context: grpc.ServicerContext) -> sales_pb.ListHeldResponse:
        if self.is_away:
            raise errors.Unavailable()
        return sales_pb.ListHeldResponse(held=self.held.values())

    def DecideHeld(self, request: Any, context: grpc.ServicerContext) -> sales_pb.DecideHeldResponse:
        money = self.held.get(request.credit_id)
        if money is None or money.version != request.version:
            raise CreditNotHeld()
        self.decided.append((request.credit_id, request.decision, request.same_as_credit_id))
        if request.decision == sales_pb.DecideHeldRequest.DECISION_HAND_OVER:
            money.hand_over_time.CopyFrom(stamp(clock.now()))
        else:
            del self.held[request.credit_id], self.unassigned[request.credit_id]
        return sales_pb.DecideHeldResponse()

    def AssignToStall(self, request: Any, context: grpc.ServicerContext) -> sales_pb.AssignToStallResponse:
        if self.unassigned.pop(request.credit_id, None) is None:
            raise errors.NotFound()
        self.assigned.append((request.credit_id, request.stall_id))
        return sales_pb.AssignToStallResponse()

    def GetDayBook(self, request: Any, context: grpc.ServicerContext) -> sales_pb.DayBook:
        return self.book

    def ExportDayBook(self, request: Any, context: grpc.ServicerContext) -> sales_pb.ExportedBook:
        return sales_pb.ExportedBook(file_name=f"so-ban-hang-{request.year}.xlsx", content=b"PK book")


class MerchantPlatform(FakePlatform):
    """The services as the owner Lê Thị Mận meets them."""

    stalls: MerchantStalls
    sales: MerchantSales

    def services(self) -> list[tuple[Any, str, Any, Any]]:
        self.stalls, self.sales = MerchantStalls(self), MerchantSales(self)
        self.scope, self.permissions = MERCHANT, OWNER
        self.accounts = [
            directory_pb.Account(
                id=str(uuid.UUID(int=91)),
                organisation_id=MERCHANT,
                bin=BIN,
                account_number=ACCOUNT_NUMBER,
                holder_name="LÊ THỊ MẬN",
                state=directory_pb.Account.STATE_ACTIVE,
                active_time=stamp(clock.now()),
            )
        ]
        own = {
            "DirectoryService": MerchantDirectory(self),
            "StallsService": self.stalls,
            "SalesService": self.sales,
        }
        rows = [
            (module, name, own.get(name, servicer), register)
            for module, name, servicer, register in super().services()
            if name != "DocumentsService"
        ]
        register = documents_grpc.add_DocumentsServiceServicer_to_server
        return [*rows, (documents_pb, "DocumentsService", DocumentsServicer(), register)]


def sign_in(client: httpx.Client) -> None:
    """The owner signs in."""
    page = client.get("/dang-nhap").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    answer = client.post(
        "/dang-nhap",
        data={"login": "lan.chi@hoamai.example", "password": PASSWORD, "form_token": token},
    )
    assert answer.status_code == 303


@contextmanager
def merchant_platform() -> Iterator[MerchantPlatform]:
    """The services, started."""
    platform = MerchantPlatform()
    platform.start()
    try:
        yield platform
    finally:
        platform.stop()
