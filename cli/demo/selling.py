"""Days at the stalls: sales on phones, standing codes, packs, money without a code, cash; paid at the sandbox bank."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx

from cli.demo.offices import Desk, request_id
from cli.demo.payments import Truth
from cli.demo.pilots import PIN, EnrolledStall, Pilots
from cli.demo.rounds import DemoStopped
from kit import clock
from sandbox.city.stalls import LATE_BIN
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

# How a sale with its own code is paid, in hundredths.
_SALE_WAYS: Final = (
    ("exact", 7300), ("mangled", 900), ("short", 450), ("over", 450), ("twice", 250), ("cancelled", 350), ("lost", 100),
    ("unpaid", 200),
)  # fmt: skip
# And what else reaches a stall: by its standing code, a code of its pack, or without any code.
_OTHER_WAYS: Final = (
    ("standing", 7800), ("mangled", 900), ("pack", 700), ("no_code", 350), ("told_twice", 150), ("lost", 100),
)  # fmt: skip
_WHOLE: Final = 10_000
_NO_CODE: Final = ("chuyen tien mua hang", "tra tien", "ck", "mua do")
_SALES_A_DAY: Final = 3
# The late bank tells of money after so many minutes, today.
_LATE_MINUTES: Final = range(11, 19)


@dataclass
class Day:
    """What the stalls do on one day, as far as people and the bank are concerned."""

    pilots: Pilots
    truth: Truth
    chance: random.Random
    # The newest day: one bank is late with its news.
    is_today: bool = False

    def count_tills(self, owner: Callable[[str], Desk]) -> None:
        """In the evening each owner enters the notes of the day as one sum, some many of them and some few."""
        owners: dict[str, Desk] = {}
        for stall in self.pilots.stalls:
            if clock.today() >= stall.start_date:
                id = stall.organisation_id
                desk = owners.setdefault(id, owners.get(id) or owner(id))
                self._cash(stall, desk, self.chance.randrange(1, 9))

    def transfers(self, phones: dict[str, Desk]) -> list[dict[str, Any]]:
        """Everything that is paid this day, in the order in which it happens."""
        found: list[dict[str, Any]] = []
        for stall in self.pilots.stalls:
            if clock.today() < stall.start_date:
                continue
            phone = phones.get(stall.id)
            if phone is not None:
                for _ in range(_SALES_A_DAY):
                    found += self._sale(stall, phone)
                self._cash(stall, phone, 1)
            whole, rest = divmod(stall.plan.custom, 100)
            for _ in range(whole + (self.chance.randrange(100) < rest)):
                found += self._other(stall)
        self.chance.shuffle(found)
        return found

    def _sale(self, stall: EnrolledStall, phone: Desk) -> Iterator[dict[str, Any]]:
        amount = stall.plan.price(self.chance)
        request = pb.CreateSaleRequest(request_id=request_id(), stall_id=stall.id, amount=amount)
        sale = phone.call("sales", "CreateSale", request)
        self.truth.sales += 1
        way = _drawn(self.chance, _SALE_WAYS)
        self.truth.ways[f"sale_{way}"] += 1
        if way == "unpaid":
            return
        if way == "cancelled":
            # The customer pays after all: the money is the stall's, told as late.
            cancel = pb.CancelSaleRequest(request_id=request_id(), id=sale.id)
            phone.call("sales", "CancelSale", cancel)
        paid = amount + {"short": -1_000, "over": 1_000}.get(way, 0)
        for _ in range(2 if way == "twice" else 1):
            yield self._transfer(stall, paid, sale.reference, way)

    def _other(self, stall: EnrolledStall) -> Iterator[dict[str, Any]]:
        way = _drawn(self.chance, _OTHER_WAYS)
        if way == "pack" and not stall.packs:
            way = "standing"
        self.truth.ways[f"stall_{way}"] += 1
        amount, memo = stall.plan.price(self.chance), stall.reference
        if way == "pack":
            amount, memo = self.chance.choice(sorted(stall.packs.items()))
        elif way == "no_code":
            memo = self.chance.choice(_NO_CODE)
        yield self._transfer(stall, amount, memo, way)

    def _transfer(self, stall: EnrolledStall, amount: int, memo: str, way: str) -> dict[str, Any]:
        amount = max(1_000, amount)
        deliveries = {"lost": 0, "told_twice": 2}.get(way, 1)
        self.truth.transfers += 1
        self.truth.amount += amount
        self.truth.lost += deliveries == 0
        self.truth.untold += deliveries == 0
        self.truth.repeats += deliveries == 2
        made: dict[str, Any] = {
            "account": stall.plan.trader.account,
            "amount": amount,
            "memo": memo,
            "deliveries": deliveries,
            "mangle": way == "mangled",
        }
        if self.is_today and stall.plan.trader.bin == LATE_BIN:
            made["late_minutes"] = self.chance.choice(_LATE_MINUTES)
        return made

    def _cash(self, stall: EnrolledStall, phone: Desk, customers: int) -> None:
        """Notes and coins, entered on the keypad beside the transfers."""
        amount = sum(stall.plan.price(self.chance) for _ in range(customers))
        request = pb.EnterCashRequest(request_id=request_id(), stall_id=stall.id, amount=amount)
        phone.call("sales", "EnterCash", request)
        self.truth.cash += amount


def open_phones(gateway: Desk, visitor: Desk, pilots: Pilots) -> dict[str, Desk]:
    """The stalls' phones with this day's shift open, by stall."""
    found = {}
    for stall in pilots.stalls:
        if stall.phone_key:
            request = stalls_pb.UnlockDeviceRequest(key=stall.phone_key, pin=PIN)
            session = gateway.call("stalls", "UnlockDevice", request)
            found[stall.id] = visitor.as_subject(session.subject_token)
    return found


def pay(bank: httpx.Client, transfers: list[dict[str, Any]], seed: int) -> None:
    """Let the bank book and tell; returns when every callback was taken. Raises DemoStopped."""
    content = {"transfers": transfers, "seed": seed, "one_by_one": True}
    answer = bank.post("/batch", json=content, timeout=300)
    answer.raise_for_status()
    refused = answer.json()["refused"]
    if refused:
        raise DemoStopped(what=f"tin báo bị từ chối: {refused[:3]}")


def _drawn(chance: random.Random, ways: tuple[tuple[str, int], ...]) -> str:
    drawn = chance.randrange(_WHOLE)
    for way, share in ways:
        if drawn < share:
            return way
        drawn -= share
    return ways[0][0]
