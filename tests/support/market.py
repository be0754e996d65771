"""A real platform with one stall in it: enrolled by list, its account approved by a second person, its bank connected."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cli.demo import enrolment
from cli.demo.offices import Desk, addresses_of, request_id
from cli.platform.embedded import Embedded
from kit import auth, clock, ids
from kit.db import Database
from kit.settings import Settings
from sandbox.city.schools import SANDBOX_BIN
from services.directory import bootstrap
from services.intake.adapters.xoai import sign
from tests.support.stall_lists import stall_row, stall_xlsx
from tests.support.stalls import programme_message
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

PIN = "2468"
HOLDER = "LE THI MAN"
_ACCOUNT = "9021000088842"
_WAIT_SECONDS = 30.0


@dataclass
class Market:
    """Where the pages and the bank are, the stall, and its merchant at a desk."""

    url: str
    bank_url: str
    merchant: Desk
    stall: stalls_pb.Stall
    city: enrolment.City
    visitor: Desk
    callback_url: str

    def tell_forged(self, reference: str, amount: int) -> int:
        """Somebody who knows the address and not the secret tells of money for a sale; the status of the answer."""
        credit = {
            "provider_transaction_id": secrets.token_hex(8),
            "account": _ACCOUNT,
            "amount": amount,
            "currency": "VND",
            "memo": reference,
            "occur_time": clock.now().isoformat(),
        }
        body = json.dumps({"credits": [credit]}).encode()
        headers = sign(f"whsec_{secrets.token_hex(24)}", str(ids.new()), int(clock.now().timestamp()), body)
        return httpx.post(
            self.callback_url, content=body, headers={"content-type": "application/json", **headers}
        ).status_code

    def join(self, role: str, name: str, login: str) -> str:
        """Somebody of the city's own organisation; the password."""
        enrolment.invite(self.visitor, self.city.administrator, name, login, self.city.id, role)
        return enrolment.PASSWORD

    def pairing(self, role: stalls_pb.Device.Role, name: str) -> str:
        """The path behind the one-time QR that the merchant shows."""
        request = stalls_pb.CreatePairingRequest(
            request_id=request_id(), stall_id=self.stall.id, role=role, name=name
        )
        code = self.merchant.call("stalls", "CreatePairing", request).code
        return f"/quay-hang/ghep/{code}"

    def pay_board(self, amount: int) -> None:
        """A customer scans the board and sends an amount, by the bank's own page."""
        sent = {
            "payload": self.stall.payload,
            "memo": self.stall.reference,
            "amount": str(amount),
            "back": "",
        }
        with httpx.Client(base_url=self.bank_url, timeout=30) as bank:
            bank.post("/", data=sent | {"trick": "exact"}).raise_for_status()


@contextmanager
def living_market(folder: Path) -> Iterator[Market]:
    """Start the platform and bring one stall into a state in which it sells."""
    platform = Embedded(folder / "platform", mode="test", port=0, fsync=False)
    platform.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in platform.environment.items():
                patch.setenv(name, value)
            settings = Settings()
            database = Database(settings, "directory", pool_size=1)
            token = bootstrap.invite_administrator(
                database, name="Lê Quản Trị", login="quantri@xoai.example", city_name="Thành phố Đồng Xoài"
            )
            database.close()
        key = settings.subject_key.get_secret_value()
        visitor = Desk(addresses_of(settings.grpc_addresses), auth.sign(auth.public(), key))
        with httpx.Client(base_url=platform.sandbox_url, timeout=60) as bank:
            city = enrolment.open_city(visitor, token)
            stall_id, organisation_id = _enrol(city)
            callback_url = _connect(city, organisation_id, platform.url, bank)
        merchant = _merchant(visitor, city, organisation_id)
        stall = _selling(merchant, stall_id)
        merchant.call(
            "stalls",
            "SetPin",
            stalls_pb.SetPinRequest(request_id=request_id(), stall_id=stall_id, pin=PIN),
        )
        yield Market(platform.url, platform.sandbox_url, merchant, stall, city, visitor, callback_url)
        visitor.close()
    finally:
        platform.stop()


def _enrol(city: enrolment.City) -> tuple[str, str]:
    """A street with one stall by its list; the account proposed by one person and approved by another."""
    administrator = city.administrator
    street = administrator.call(
        "stalls",
        "CreateProgramme",
        stalls_pb.CreateProgrammeRequest(request_id=request_id(), programme=programme_message()),
    )
    row = stall_row(
        unit_name="Hộ Lê Thị Mận",
        holder_name="Lê Thị Mận",
        stall_number="A12",
        stall_name="Trái cây Cô Mận",
        goods="Trái cây",
        bank="Ngân hàng Thử Xoài",
        account_number=_ACCOUNT,
        account_holder=HOLDER,
    )
    listed = administrator.call(
        "stalls",
        "ReadEnrolment",
        stalls_pb.ReadEnrolmentRequest(
            request_id=request_id(), programme_id=street.id, file_name="quay.xlsx", content=stall_xlsx([row])
        ),
    )
    applied = administrator.call(
        "stalls", "ApplyEnrolment", stalls_pb.ApplyEnrolmentRequest(request_id=request_id(), id=listed.id)
    )
    made = applied.enrolment_rows[0]
    accounts = city.approver.call(
        "directory",
        "ListAccounts",
        directory_pb.ListAccountsRequest(organisation_id=made.organisation_id, only_waiting=True),
    ).accounts
    for account in accounts:
        request = directory_pb.ApproveAccountRequest(request_id=request_id(), id=account.id)
        city.approver.call("directory", "ApproveAccount", request)
    return made.stall_id, made.organisation_id


def _connect(city: enrolment.City, organisation_id: str, public_url: str, bank: httpx.Client) -> str:
    """The sandbox bank tells of the stall's account; where it does."""
    secret = f"whsec_{secrets.token_hex(24)}"
    connection = city.administrator.call(
        "intake",
        "CreateConnection",
        intake_pb.CreateConnectionRequest(
            request_id=request_id(),
            organisation_id=organisation_id,
            provider="xoai",
            name="Ngân hàng Thử, quầy A12",
            secret=secret,
            account_numbers=[_ACCOUNT],
            bin=SANDBOX_BIN,
            pull_url="sandbox+" + str(bank.base_url).rstrip("/"),
        ),
    )
    answer = bank.post(
        "/connections",
        json={
            "provider": "xoai",
            "url": public_url + connection.callback_path,
            "secret": secret,
            "auth": "",
            "accounts": [_ACCOUNT],
            "bin": SANDBOX_BIN,
            "holder": HOLDER,
        },
    )
    answer.raise_for_status()
    return public_url + connection.callback_path


def _merchant(visitor: Desk, city: enrolment.City, organisation_id: str) -> Desk:
    invitation = city.administrator.call(
        "directory",
        "InvitePerson",
        directory_pb.InvitePersonRequest(
            request_id=request_id(),
            name="Lê Thị Mận",
            login="co.man@xoai.example",
            organisation_id=organisation_id,
            role="merchant",
        ),
    )
    return visitor.accept(invitation.token, enrolment.PASSWORD)


def _selling(merchant: Desk, stall_id: str) -> stalls_pb.Stall:
    """The stall once its account is in force and it has a code."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        stall: stalls_pb.Stall = merchant.call("stalls", "GetStall", stalls_pb.GetStallRequest(id=stall_id))
        if stall.state == stalls_pb.Stall.STATE_ACTIVE and stall.payload:
            return stall
        time.sleep(0.1)
    raise TimeoutError("the stall's account did not come into force")
