"""The families pay: most of them rightly, some short, over, twice, late, with a memo that a bank mangled, or untold."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from cli.demo.enrolment import City, EnrolledSchool
from cli.demo.offices import Desk
from cli.demo.rounds import DemoStopped
from kit.text import fold_upper
from xoai.invoices.v1 import invoices_service_pb2 as pb

_PAGE = 200
# How families pay, in hundredths of all bills; the rest do not pay yet.
_WAYS = (
    ("exact", 6000),
    ("late", 200),
    ("mangled", 1500),
    ("told_twice", 300),
    ("short", 120),
    ("over", 120),
    ("paid_twice", 60),
    ("no_reference", 80),
    ("lost", 120),
    # For a person at the desk: the reference cut by the bank, and a name with its class instead of a reference.
    ("cut", 30),
    ("named", 30),
)
_WHOLE = 10_000


@dataclass
class Truth:
    """What the bank really did, to compare the summary with."""

    transfers: int = 0
    amount: int = 0
    repeats: int = 0
    lost: int = 0
    # Of the lost ones, those that no pull has found yet.
    untold: int = 0
    sales: int = 0
    cash: int = 0
    ways: Counter[str] = field(default_factory=Counter)


def pay(city: City, seed: int, bank: httpx.Client, truth: Truth) -> None:
    """Pay the bills of every school at the sandbox bank; returns when every callback was taken."""
    for school in city.schools:
        chance = random.Random(f"{seed}/{school.plan.code}/payments")
        transfers = [
            transfer for invoice in _invoices(school) for transfer in _transfers(invoice, chance, truth)
        ]
        answer = bank.post(
            "/batch", json={"transfers": transfers, "seed": seed, "reorder": True}, timeout=300
        )
        answer.raise_for_status()
        done: dict[str, Any] = answer.json()
        if done["refused"]:
            raise DemoStopped(what=f"tin báo bị từ chối: {done['refused'][:3]}")


def _invoices(school: EnrolledSchool) -> list[pb.Invoice]:
    desk: Desk | None = school.accountant
    assert desk is not None
    found: list[pb.Invoice] = []
    token = ""
    while True:
        request = pb.ListInvoicesRequest(organisation_id=school.id, page_size=_PAGE, page_token=token)
        page = desk.call("invoices", "ListInvoices", request)
        found += page.invoices
        token = page.next_page_token
        if not token:
            return found


def _transfers(invoice: pb.Invoice, chance: random.Random, truth: Truth) -> list[dict[str, Any]]:
    """The transfers that one family makes for one bill."""
    way = _way(chance)
    truth.ways[way] += 1
    if way == "unpaid":
        return []
    amount = invoice.amount_due
    transfer: dict[str, Any] = {
        "account": invoice.account_number,
        "amount": amount,
        "memo": invoice.reference,
        "deliveries": 1,
    }
    if way == "mangled":
        transfer["mangle"] = True
    elif way == "late":
        transfer["late_hours"] = chance.randrange(1, 72)
    elif way == "told_twice":
        transfer["deliveries"] = 2
        truth.repeats += 1
    elif way == "short":
        transfer["amount"] = max(1_000, amount - 1_000)
    elif way == "over":
        transfer["amount"] = amount + 1_000
    elif way == "no_reference":
        transfer["memo"] = "phu huynh nop tien hoc cho con"
    elif way == "cut":
        transfer["memo"] = f"{invoice.reference[:-1]} {_called(invoice)}"
    elif way == "named":
        transfer["memo"] = f"{_called(invoice)} nop tien hoc"
    elif way == "lost":
        transfer["deliveries"] = 0
        truth.lost += 1
    made = [transfer, dict(transfer)] if way == "paid_twice" else [transfer]
    truth.transfers += len(made)
    truth.amount += sum(item["amount"] for item in made)
    return made


def _called(invoice: pb.Invoice) -> str:
    """A pupil as families write it: the last two words of the name and the class, without accents."""
    words = fold_upper(invoice.payer_name).split()
    return f"{' '.join(words[-2:])} {fold_upper(invoice.group_name)}"


def _way(chance: random.Random) -> str:
    drawn = chance.randrange(_WHOLE)
    for way, share in _WAYS:
        if drawn < share:
            return way
        drawn -= share
    return "unpaid"
