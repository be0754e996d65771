"""The pilots: streets and the fair from their lists, accounts by two persons, people, stalls' phones, the bank's post."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import httpx

from cli.demo.enrolment import PASSWORD, City, invite
from cli.demo.offices import Desk, Login, request_id
from cli.demo.rounds import DemoStopped
from sandbox.city.stall_lists import stall_list, wrong_rows
from sandbox.city.stalls import MadeUpProgramme, MadeUpStall, MadeUpTrader
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

PIN: Final = "4709"
_KINDS: Final = {"street": pb.Programme.KIND_STREET, "fair": pb.Programme.KIND_FAIR}
# Stalls of the first street whose phones sell; the first of them is the one to look at.
PHONES: Final = 6
PACK_AMOUNTS: Final = (10_000, 20_000, 50_000, 100_000)
_WAIT_SECONDS: Final = 60.0


@dataclass
class EnrolledStall:
    """A stall with the code that it got, and its phone where it has one."""

    plan: MadeUpStall
    programme: str
    # Of its programme.
    start_date: date
    id: str
    organisation_id: str
    reference: str
    payload: str
    packs: dict[int, str] = field(default_factory=dict)
    phone_key: str = ""
    owner: Desk | None = None


@dataclass
class Pilots:
    """What was enrolled."""

    stalls: list[EnrolledStall] = field(default_factory=list)
    wrong_rows: int = 0

    @property
    def sample(self) -> EnrolledStall:
        """The stall to look at: it has a phone, and its owner a login."""
        return next(stall for stall in self.stalls if stall.phone_key)


def enrol(
    visitor: Desk,
    gateway: Desk,
    city: City,
    programmes: Iterable[MadeUpProgramme],
    public_url: str,
    bank: httpx.Client,
) -> Pilots:
    """Make the programmes, read and apply their lists, approve the accounts, connect them, and pair phones."""
    pilots = Pilots()
    plans = list(programmes)
    ids = {plan.code: _enrol_list(city, plan, pilots) for plan in plans}
    _approve(city)
    for plan in plans:
        pilots.stalls += _stalls(city, plan, ids[plan.code])
    _connect(city, pilots, public_url, bank)
    for stall in [stall for stall in pilots.stalls if stall.plan.custom][:PHONES]:
        _give_phone(visitor, gateway, city, stall, is_sample=stall is pilots.stalls[0])
    return pilots


def _enrol_list(city: City, plan: MadeUpProgramme, pilots: Pilots) -> str:
    made = city.administrator.call(
        "stalls",
        "CreateProgramme",
        pb.CreateProgrammeRequest(
            request_id=request_id(),
            programme=pb.Programme(
                kind=_KINDS[plan.kind],
                code=plan.code,
                name=plan.name,
                ward_code=plan.ward_code,
                start_date=plan.start_date.isoformat(),
                end_date=plan.end_date.isoformat() if plan.end_date else "",
                open_minute=5 * 60,
                close_minute=22 * 60,
                cut_off_minute=24 * 60,
                sections=[
                    pb.Section(code=each.code, name=each.name, x=each.x, y=each.y, width=each.width, height=each.height)
                    for each in plan.sections
                ],
            ),
        ),
    )  # fmt: skip
    read = city.administrator.call(
        "stalls",
        "ReadEnrolment",
        pb.ReadEnrolmentRequest(
            request_id=request_id(),
            programme_id=made.id,
            file_name=f"{plan.code}.xlsx",
            content=stall_list(plan),
        ),
    )
    request = pb.ApplyEnrolmentRequest(request_id=request_id(), id=read.id)
    done = city.administrator.call("stalls", "ApplyEnrolment", request, timeout=120)
    if (done.done, done.wrong) != (len(plan.stalls), wrong_rows(plan)):
        raise DemoStopped(what=f"{plan.name}: {done.done} quầy, {done.wrong} dòng sai")
    pilots.wrong_rows += done.wrong
    return str(made.id)


def _approve(city: City) -> None:
    """The second administrator's word on every account that waits."""
    waiting = city.approver.call(
        "directory", "ListAccounts", directory_pb.ListAccountsRequest(only_waiting=True)
    )
    for account in waiting.accounts:
        request = directory_pb.ApproveAccountRequest(request_id=request_id(), id=account.id)
        city.approver.call("directory", "ApproveAccount", request)


def _stalls(city: City, plan: MadeUpProgramme, programme_id: str) -> list[EnrolledStall]:
    """The programme's stalls once all of them may sell and have their boards."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        found = {stall.number: stall for stall in _listed(city, programme_id)}
        if len(found) == len(plan.stalls) and all(stall.payload for stall in found.values()):
            break
        if time.monotonic() > deadline:
            ready = sum(1 for stall in found.values() if stall.payload)
            raise DemoStopped(what=f"{plan.name}: {ready} quầy có bảng mã sau {_WAIT_SECONDS:.0f} giây")
        time.sleep(0.2)
    return [
        EnrolledStall(
            each,
            plan.code,
            plan.start_date,
            found[each.number].id,
            found[each.number].organisation_id,
            found[each.number].reference,
            found[each.number].payload,
        )
        for each in plan.stalls
    ]


def _listed(city: City, programme_id: str) -> list[pb.Stall]:
    found: list[pb.Stall] = []
    token = ""
    while True:
        request = pb.ListStallsRequest(programme_id=programme_id, page_size=200, page_token=token)
        page = city.administrator.call("stalls", "ListStalls", request)
        found += page.stalls
        token = page.next_page_token
        if not token:
            return found


def _connect(city: City, pilots: Pilots, public_url: str, bank: httpx.Client) -> None:
    """A provider connection for each trader's account, known to the sandbox bank as well."""
    traders: dict[str, MadeUpTrader] = {}
    for stall in pilots.stalls:
        traders.setdefault(stall.organisation_id, stall.plan.trader)
    for number, (organisation_id, trader) in enumerate(traders.items()):
        provider = "sepay" if number % 3 == 0 else "xoai"
        secret = ("" if provider == "sepay" else "whsec_") + secrets.token_hex(24)
        auth = "hmac" if provider == "sepay" else ""
        connection = city.administrator.call(
            "intake",
            "CreateConnection",
            intake_pb.CreateConnectionRequest(
                request_id=request_id(),
                organisation_id=organisation_id,
                provider=provider,
                name=f"Ngân hàng Thử, {trader.name}",
                auth=auth,
                secret=secret,
                account_numbers=[trader.account],
                bin=trader.bin,
                pull_url="sandbox+" + str(bank.base_url).rstrip("/"),
            ),
        )
        known = {
            "provider": provider,
            "url": public_url + connection.callback_path,
            "secret": secret,
            "auth": auth,
            "accounts": [trader.account],
            "bin": trader.bin,
            "holder": trader.account_holder,
        }
        bank.post("/connections", json=known).raise_for_status()


def _give_phone(visitor: Desk, gateway: Desk, city: City, stall: EnrolledStall, *, is_sample: bool) -> None:
    """The owner's login, the stall's PIN, its market-day pack and a seller's phone."""
    trader = stall.plan.trader
    login = f"quay.{stall.programme}.{stall.plan.number}@xoai.example"
    owner = invite(visitor, city.administrator, trader.holder, login, stall.organisation_id, "merchant")
    if is_sample or not any(item.role == "Chủ quầy" for item in city.logins):
        city.logins.append(Login("Chủ quầy", trader.holder, login, PASSWORD, stall.plan.name))
    owner.call("stalls", "SetPin", pb.SetPinRequest(request_id=request_id(), stall_id=stall.id, pin=PIN))
    pack = pb.IssuePackRequest(request_id=request_id(), stall_id=stall.id, amounts=PACK_AMOUNTS)
    stall.packs = {code.amount: code.reference for code in owner.call("stalls", "IssuePack", pack).codes}
    pairing = owner.call(
        "stalls",
        "CreatePairing",
        pb.CreatePairingRequest(
            request_id=request_id(),
            stall_id=stall.id,
            role=pb.Device.ROLE_SELLER,
            name=f"Máy của {trader.holder.rpartition(' ')[2]}",
        ),
    )
    # A phone's calls come through the gateway, in whose stead the demo stands here.
    paired = gateway.call(
        "stalls", "PairDevice", pb.PairDeviceRequest(code=pairing.code, user_agent="Bản thử")
    )
    stall.phone_key, stall.owner = paired.key, owner
