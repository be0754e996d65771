"""A simulated bank: transfers, callbacks that come late, twice, or whose answer is lost, and a list to be pulled."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from kit import clock
from sandbox.bank.memos import mangle
from sandbox.simulation.world import ACCOUNT_NUMBER, SECRET, World
from services.intake import arrival
from services.intake.adapters import adapter_of, xoai
from services.intake.domain import Verified
from services.intake.store import writing


@dataclass(slots=True)
class Transfer:
    """Money that a payer sent. `is_known` once intake has its id; `acknowledged` once the bank knows that."""

    id: str
    amount: int
    memo: str
    bank_reference: str
    occur_time: str
    is_test: bool
    account_number: str
    is_known: bool = False
    acknowledged: bool = False

    def credit(self) -> dict[str, Any]:
        """The transfer in the normalised form."""
        return {
            "provider_transaction_id": self.id,
            "bank_reference": self.bank_reference,
            "account": self.account_number,
            "amount": self.amount,
            "currency": "VND",
            "memo": self.memo,
            "occur_time": self.occur_time,
            "payer_name": "NGUYEN VAN BINH",
            "payer_account": "0071000123456",
            "payer_bin": "970422",
            "test": self.is_test,
        }


class Bank:
    """Sends and repeats; keeps the history of what was acknowledged (I3)."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world, self._chance = world, chance
        self.transfers: list[Transfer] = []

    def send(self, amount: int, memo: str, account_number: str = ACCOUNT_NUMBER) -> Transfer:
        """A payer sends money; nobody has told of it yet."""
        number = len(self.transfers) + 1
        if memo and self._chance.random() < 0.7:
            memo = mangle(memo, self._chance)
        transfer = Transfer(
            f"T{number}",
            amount,
            memo,
            f"FT{number:08}",
            clock.now().isoformat(),
            self._chance.random() < 0.04,
            account_number,
        )
        self.transfers.append(transfer)
        return transfer

    def call_back(self, transfers: list[Transfer], *, is_lossy: bool) -> None:
        """One callback with these transfers. Lossy: it may never arrive, or its answer may get lost."""
        fate = self._chance.random() if is_lossy else 1.0
        if fate < 0.1:
            return
        body = json.dumps({"credits": [transfer.credit() for transfer in transfers]}).encode()
        now = int(clock.now().timestamp())
        adapter = adapter_of("xoai")
        verified = adapter.verify([SECRET], xoai.sign(SECRET, f"m{now}", now, body), body, now, None)
        found = arrival.of_callback(adapter, self._world.origin, verified, clock.now())
        with self._world.databases["intake"].begin() as session:
            writing.store(session, [found])
        for transfer in transfers:
            transfer.is_known = True
            transfer.acknowledged = transfer.acknowledged or fate >= 0.25

    def contradict(self, transfer: Transfer) -> None:
        """The same id with another amount: an exception for a person, never other money."""
        if transfer.is_known and not transfer.is_test:
            lie = Transfer(
                transfer.id,
                transfer.amount + 1_000,
                transfer.memo,
                transfer.bank_reference,
                transfer.occur_time,
                transfer.is_test,
                transfer.account_number,
            )
            self.call_back([lie], is_lossy=False)

    def pull(self, transfers: list[Transfer]) -> None:
        """Intake asks for the list itself; as a source of its own, or under the callbacks' ids."""
        told = [transfer for transfer in transfers if not transfer.is_test]
        if not told:
            return
        shares_ids = self._chance.random() < 0.5
        credits = [transfer.credit() for transfer in told]
        if not shares_ids:
            credits = [
                credit | {"provider_transaction_id": f"L{credit['bank_reference']}"} for credit in credits
            ]
        reading = adapter_of("xoai").read(Verified(json.dumps({"credits": credits}).encode()))
        found = arrival.of_pull(self._world.origin, reading, b"list", clock.now(), shares_ids=shares_ids)
        with self._world.databases["intake"].begin() as session:
            writing.store(session, [found])
        for transfer in told:
            transfer.is_known = transfer.is_known or shares_ids
