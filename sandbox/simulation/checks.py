"""What must hold: after each step in every database by itself, and at rest between them and against the bank's history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from kit import audit, clock
from sandbox.simulation.bank import Transfer
from sandbox.simulation.stalls import Stalls, told
from sandbox.simulation.world import MERCHANT, SERVICES, World
from services.intake import verify as intake
from services.invoices import verify as invoices
from services.reconciliation import verify as reconciliation
from services.reconciliation.domain.credit import Reason
from xoai.reconciliation.v1 import reconciliation_events_pb2 as events

_STALL_PAYMENTS: Final = "reconciliation.stall-payments"
_OWN: Final[dict[str, Callable[[Any], Sequence[Any]]]] = {
    "intake": intake.findings,
    "invoices": invoices.findings,
    "reconciliation": reconciliation.findings,
}


def of(world: World, service: str) -> list[str]:
    """What one service's database can tell by itself: I1, I2, I4, I5, I8, I10."""
    with world.databases[service].begin() as session:
        found = _OWN[service](session)
    return [f"{each.invariant}: {each.what} [{service}: {each.where}]" for each in found]


class Versions:
    """The newest version of each aggregate that a consumer was ever seen to know."""

    _KNOWN: Final = {
        "reconciliation": "SELECT 'payable ' || id, version FROM payable UNION ALL"
        " SELECT 'credit ' || id, version FROM credit",
        "invoices": "SELECT 'invoice ' || id, applied_version FROM invoice",
    }

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}

    def went_back(self, world: World, service: str) -> list[str]:
        """I8: versions only grow."""
        found = []
        for name, version in world.rows(service, self._KNOWN[service]):
            newest = self._newest.get(name, version)
            if version < newest:
                found.append(f"I8: version {newest} was known, now {version} [{service}: {name}]")
            self._newest[name] = version
        return found


def at_rest(
    world: World, transfers: Sequence[Transfer], stalls: Stalls, *, has_whole_inbox: bool
) -> list[str]:
    """All invariants, when everything has come to rest."""
    found = [breach for service in SERVICES for breach in of(world, service)]
    found += _outboxes_are_empty(world) + _audits_follow(world)
    found += _payments_agree(world) + _payables_agree(world, stalls) + _nobody_is_billed_twice(world)
    found += _questions_are_open(world) + _credits_are_told(world)
    found += _each_transfer_counts_once(world, transfers)
    return found + (_inboxes_are_whole(world) if has_whole_inbox else [])


def counts(world: World) -> tuple[int, int, int]:
    """Credits in the books, payments made, and credits about which a stall was asked."""
    credits = world.rows("reconciliation", "SELECT count(*) FROM credit WHERE is_in_ledger")[0][0]
    payments = world.rows("reconciliation", "SELECT count(*) FROM payment")[0][0]
    asked = {each.credit_id for each in _told_credits(world) if each.asked_payable_id}
    return int(credits), int(payments), len(asked)


def _outboxes_are_empty(world: World) -> list[str]:
    left = {name: world.rows(name, "SELECT count(*) FROM outbox")[0][0] for name in SERVICES}
    return [f"I7: {count} events never left the outbox of {name}" for name, count in left.items() if count]


def _audits_follow(world: World) -> list[str]:
    found = []
    for name in SERVICES:
        with world.databases[name].begin() as session:
            row = audit.broken_link(session)
        if row is not None:
            found.append(f"I11: the audit chain does not follow [{name}: row {row}]")
    return found


def _payments_agree(world: World) -> list[str]:
    """I6: what invoices show as paid, and what stalls were told, is what was applied."""
    with world.databases["reconciliation"].begin() as left, world.databases["invoices"].begin() as right:
        applied = dict(reconciliation.applied_by_payable(left))
        recorded = dict(invoices.paid_by_invoice(right)) | _told_to_stalls(world)
    return [
        f"I6: applied {applied.get(id, 0)}, recorded as paid {recorded.get(id, 0)} [payable {id}]"
        for id in sorted(applied.keys() | recorded.keys())
        if applied.get(id, 0) != recorded.get(id, 0)
    ]


def _told_to_stalls(world: World) -> dict[str, int]:
    """Đồng by payable of the trader's, as a stall adds them up from what it hears."""
    reversals = {each.payment_id for each in told(world, _STALL_PAYMENTS, events.PaymentReversed)}
    sums: dict[str, int] = {}
    for each in told(world, _STALL_PAYMENTS, events.PaymentApplied):
        if each.organisation_id == str(MERCHANT):
            amount = 0 if each.payment_id in reversals else each.amount
            sums[each.payable_id] = sums.get(each.payable_id, 0) + amount
    return sums


def _told_credits(world: World) -> list[events.CreditChanged]:
    return told(world, "reconciliation.credits", events.CreditChanged)


def _questions_are_open(world: World) -> list[str]:
    """Nobody is asked about a sale that does not wait for the money, and the answer is never a payer's credit."""
    statement = """
        SELECT c.id::text FROM credit c LEFT JOIN payable p ON p.id = c.asked_payable_id
        WHERE c.reason = 'ASKED' AND c.park_reason = '' AND (p.id IS NULL OR p.ask_until IS NULL
            OR p.ask_until <= %(now)s OR p.amount_due - p.applied <> c.amount_suspense)"""
    rows = world.rows("reconciliation", statement, now=clock.now())
    return [f"asked about a sale that does not wait [credit {id}]" for (id,) in rows]


def _credits_are_told(world: World) -> list[str]:
    """Who follows the credits knows of each that waits, what it asks, and that it waits no more."""
    newest: dict[str, events.CreditChanged] = {}
    for each in _told_credits(world):
        known = newest.get(each.credit_id)
        if known is None or each.version > known.version:
            newest[each.credit_id] = each
    statement = (
        "SELECT id::text, amount_suspense, reason, coalesce(asked_payable_id::text, '') FROM credit"
        " WHERE is_in_ledger"
    )
    found = []
    for id, waits, reason, asked in world.rows("reconciliation", statement):
        last = newest.get(id)
        heard = (last.amount_suspense, last.suspense_reason, last.asked_payable_id) if last else (0, "", "")
        if heard != (waits, reason, asked):
            found.append(f"waits as {(waits, reason, asked)}, told {heard} [credit {id}]")
    return found


def _payables_agree(world: World, stalls: Stalls) -> list[str]:
    """Reconciliation knows every payable as its owner last had it (the outbox writes, and versions of I8)."""
    owned = world.rows(
        "invoices", "SELECT id::text, version, amount_due, state = 'void' FROM invoice ORDER BY id"
    )
    owned += [
        (id, each.version, each.amount_due if each.HasField("amount_due") else None, False)
        for id, each in stalls.payables.items()
    ]
    statement = "SELECT id::text, version, amount_due, is_void FROM payable"
    known = {row[0]: row[1:] for row in world.rows("reconciliation", statement)}
    return [
        f"I8: owner has version, amount, void {tuple(rest)}, reconciliation {known.get(id)} [payable {id}]"
        for id, *rest in owned
        if known.get(id) != tuple(rest)
    ]


def _nobody_is_billed_twice(world: World) -> list[str]:
    """One invoice for each business key, however often it was asked for."""
    statement = "SELECT source_id, count(*) FROM invoice GROUP BY source_id HAVING count(*) > 1"
    return [f"billed {count} times: {source_id}" for source_id, count in world.rows("invoices", statement)]


def _each_transfer_counts_once(world: World, transfers: Sequence[Transfer]) -> list[str]:
    """I3: what was acknowledged is in the books exactly once, whoever told of it how often; tests never.

    Compared are counts by amount: which of two equal transfers a report speaks of, the books need not know. What may
    be one of them told twice is held for a person and counts as neither.
    """
    statement = "SELECT amount, reason = %(reason)s FROM credit WHERE is_in_ledger"
    rows = world.rows("reconciliation", statement, reason=Reason.POSSIBLE_DUPLICATE)
    booked = Counter(amount for amount, is_held in rows if not is_held)
    held = Counter(amount for amount, is_held in rows if is_held)
    sent = Counter(each.amount for each in transfers if not each.is_test)
    return [
        f"I3: {sent[amount]} transfers of {amount} are booked {booked[amount]} times, {held[amount]} held"
        for amount in sorted(sent.keys() | booked.keys())
        if not booked[amount] <= sent[amount] <= booked[amount] + held[amount]
    ]


def _inboxes_are_whole(world: World) -> list[str]:
    """I7: each consumer's inbox holds each event of its topics exactly once (the key sees to "at most")."""
    found = []
    for member in world.members:
        sent = {
            event.event_id
            for topic in member.topics
            for partition in world.log.topics[topic]
            for event in partition
        }
        service = member.database.service
        statement = "SELECT event_id FROM inbox WHERE consumer = %(consumer)s"
        claimed = {row[0] for row in world.rows(service, statement, consumer=member.consumer.name)}
        if sent != claimed:
            found.append(f"I7: {len(sent ^ claimed)} events of the log and the inbox differ [{member.group}]")
    return found
