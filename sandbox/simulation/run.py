"""One run: a seeded schedule of what people, banks, relays and consumers do, with processes that die on the way.

After every step the books hold (I1, I2, I5 and whatever else one database can tell by itself). In the end the faults
stop, everything drains within a bounded number of rounds, and all invariants are checked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from kit import clock, fault, inbox
from kit.errors import Error
from kit.events import TransientEventsError
from sandbox.simulation import checks
from sandbox.simulation.bank import Bank, Transfer
from sandbox.simulation.people import People
from sandbox.simulation.stalls import Stalls
from sandbox.simulation.world import BEGIN, Crash, Member, World
from services.reconciliation.jobs import Jobs

STEPS: Final = 60
ROUNDS: Final = 60
_PASSES: Final = (
    "relay.read",
    "relay.published",
    "relay.deleted",
    "inbox.claimed",
    "inbox.handled",
    "inbox.committed",
)


class Hiccup(Exception):
    """A handler fails for no reason of its own: it is tried again, or the event becomes a dead letter."""


@dataclass(slots=True)
class Outcome:
    """How a run ended: breaches (empty if it was clean), the steps that led there, and what was met on the way."""

    seed: int
    breaches: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    crashes: int = 0
    credits: int = 0
    payments: int = 0
    questions: int = 0


class Run:
    """The schedule of one seed. `play` it once."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.outcome = Outcome(seed)
        world.reset(seed)
        self.now: datetime = BEGIN
        self.bank = Bank(world, self.chance)
        self.people = People(world, self.chance, self.bank)
        self.stalls = Stalls(world, self.chance, self.bank)
        self.forgot = False
        self._versions = checks.Versions()
        self._is_calm = False
        self._touched: set[str] = set()  # services whose books a step may have changed
        self._knows_account = False
        # Some runs hardly break, some break all the time.
        self._fault_rate = self.chance.choice([0.0, 0.03, 0.1, 0.25])
        self._forgetfulness = self.chance.choice([0, 2, 8])

    def play(self, steps: int = STEPS) -> Outcome:
        """Run to the end or to the first breach."""
        fault.install(self._pass)
        try:
            if self._stormy(steps):
                self._drain()
        except Exception as error:
            self.outcome.breaches.append(f"{type(error).__name__}: {error}")
        finally:
            fault.install(None)
        return self.outcome

    def _stormy(self, steps: int) -> bool:
        """Everything at once, in no order; True if nothing was breached."""
        actions = self._actions()
        names = list(actions)
        weights = [actions[name][0] for name in names]
        for _ in range(steps):
            name = self.chance.choices(names, weights)[0]
            self.outcome.history.append(name)
            self._let_time_pass(timedelta(seconds=self.chance.choice([0, 1, 30, 600, 7200])))
            try:
                actions[name][1]()
            except Crash:
                self.outcome.crashes += 1
            except Error:
                pass  # a refusal is an answer; what matters is that it left nothing behind
            found = [
                breach
                for service in sorted(self._touched)
                for breach in (
                    *checks.of(self.world, service),
                    *self._versions.went_back(self.world, service),
                )
            ]
            self._touched.clear()
            if found:
                self.outcome.breaches += found
                return False
        return True

    def _actions(self) -> dict[str, tuple[int, Callable[[], object]]]:
        """What may happen, with how often it does."""
        return {
            "issue": (5, lambda: self._touch("invoices", self.people.issue)),
            "change": (5, lambda: self._touch("invoices", self.people.change)),
            "void": (2, lambda: self._touch("invoices", self.people.void)),
            "pay": (10, self._pay),
            "stall": (3, self.stalls.change_code),
            "sell": (4, self.stalls.sell),
            "cancel": (1, self.stalls.cancel),
            "pay at a stall": (6, self._pay_at_a_stall),
            "pay at the counter": (8, self._pay_at_the_counter),
            "answer": (5, lambda: self._touch("reconciliation", self.stalls.answer)),
            "call back": (6, self._call_back_again),
            "contradict": (1, self._contradict),
            "pull": (3, lambda: self.bank.pull(self._some_transfers())),
            "relay": (18, lambda: self._relay(self.chance.choice(list(self.world.relays)))),
            "consume": (22, self._consume_somewhere),
            "restart consumer": (3, lambda: self.chance.choice(self.world.members).reopen()),
            "rewind": (2, self._rewind_one),
            "forget": (self._forgetfulness, self._forget),
            "quiet moment": (4, self._quiet_moment),
            "announce again": (2, self._announce_again),
            "sweep": (3, self._sweep),
            "account": (4, self._account),
            "clerk": (6, lambda: self._touch("reconciliation", self.people.decide)),
        }

    def _pass(self, name: str) -> None:
        """A fault point is passed: the seed decides whether the process dies here, or the work fails."""
        if self._is_calm or name not in _PASSES or self.chance.random() >= self._fault_rate:
            return
        if name.startswith("inbox") and name != "inbox.committed" and self.chance.random() < 0.4:
            raise Hiccup(name)
        raise Crash(name)

    def _pay(self) -> None:
        transfer = self.people.pay()
        if self.chance.random() < 0.8:
            self.bank.call_back([transfer], is_lossy=True)

    def _pay_at_a_stall(self) -> None:
        transfer = self.stalls.pay()
        if self.chance.random() < 0.8:
            self.bank.call_back([transfer], is_lossy=True)

    def _pay_at_the_counter(self) -> None:
        """A sale, and its money without a code within the moment that it waits; maybe of two buyers, at once or in turn."""
        sale = self.stalls.sell()
        self._quiet_moment()
        for _ in range(self.chance.choice([1, 1, 2])):
            self.bank.call_back([self.stalls.pay(sale)], is_lossy=True)
            if self.chance.random() < 0.5:
                self._quiet_moment()
        self._quiet_moment()

    def _some_transfers(self) -> list[Transfer]:
        known = self.bank.transfers
        return self.chance.sample(known, min(len(known), self.chance.randrange(1, 6)))

    def _call_back_again(self) -> None:
        """Late or repeated callbacks, several credits in one body."""
        if self.bank.transfers:
            self.bank.call_back(self._some_transfers(), is_lossy=True)

    def _contradict(self) -> None:
        if self.bank.transfers:
            self.bank.contradict(self.chance.choice(self.bank.transfers))

    def _relay(self, name: str) -> None:
        relay = self.world.relays[name]
        if not self._is_calm and self.chance.random() < self._fault_rate:
            # The log takes some and does not answer: what was written will be written again.
            self.world.log.fail_next(after_writing=self.chance.randrange(4))
        try:
            relay.send_page()
        except TransientEventsError:
            return
        except Crash:
            self.world.restart_relay(name, self.chance.choice([1, 2, 10, 1_000]))
            raise
        finally:
            self.world.log.fail_next(0)

    def _consume(self, member: Member, most: int = 0) -> int:
        """One batch of a random size; its offsets may get lost, so that it comes again."""
        most = most or (1_000 if self._is_calm else self.chance.choice([1, 2, 5, 50]))
        batch = member.subscription.poll(max_events=most, timeout=0)
        if not batch:
            return 0
        self._touched.add(member.database.service)
        try:
            member.consumer.handle(batch)
        except Crash:
            member.reopen()
            raise
        if self._is_calm or self.chance.random() < 0.85:
            member.subscription.commit(batch)
        else:
            member.reopen()
        return len(batch)

    def _consume_somewhere(self) -> None:
        self._consume(self.chance.choice(self.world.members))

    def _quiet_moment(self) -> None:
        """For a while all goes on as it should, faults aside."""
        for name in self.world.relays:
            self._relay(name)
        for member in self.world.members:
            self._consume(member, 1_000)

    def _rewind_one(self) -> None:
        self._rewind(self.chance.choice(self.world.members))

    def _rewind(self, member: Member) -> None:
        """The log's memory of a group is lost: everything comes again from the first event."""
        for place in [place for place in self.world.log.offsets if place[0] == member.group]:
            del self.world.log.offsets[place]
        member.reopen()
        # Old facts alone, in small batches, before the newer ones that they belong to.
        for _ in range(self.chance.randrange(5)):
            self._consume(member, self.chance.choice([1, 1, 2, 3]))

    def _forget(self) -> None:
        """A month passes and the inboxes forget: a repeat then meets the fact's own unique id alone."""
        self.forgot = True
        self._let_time_pass(timedelta(days=31))
        for member in self.world.members:
            with member.database.begin() as session:
                inbox.trim(session, clock.now() - timedelta(days=30))
        for member in self.world.members:
            self._rewind(member)

    def _announce_again(self) -> None:
        self.people.announce_again()
        self.stalls.announce_again()
        Jobs(self.world.databases["reconciliation"]).announce_again()

    def _touch(self, service: str, action: Callable[[], None]) -> None:
        self._touched.add(service)
        action()

    def _sweep(self) -> None:
        self._touched.add("reconciliation")
        Jobs(self.world.databases["reconciliation"]).sweep()

    def _account(self) -> None:
        self._knows_account = True
        self.world.register_accounts()

    def _let_time_pass(self, span: timedelta) -> None:
        self.now += span
        self.world.set_clock(self.now)

    def _drain(self) -> None:
        """The faults stop: whoever was not answered repeats, and all comes to rest in bounded time."""
        self._is_calm = True
        self.outcome.history.append("drain")
        if not self._knows_account:
            self._account()
        for transfer in self.bank.transfers:
            if not transfer.acknowledged:
                self.bank.call_back([transfer], is_lossy=False)
        for member in self.world.members:
            member.reopen()
        for _ in range(ROUNDS):
            self._let_time_pass(timedelta(seconds=60))
            self._sweep()
            moved = sum(self._send_all(name) for name in self.world.relays)
            moved += sum(self._consume_all(member) for member in self.world.members)
            moved += sum(self._replay(member) for member in self.world.members)
            if not moved and not self.people.resolve_duplicates():
                break
        else:
            self.outcome.breaches.append(f"liveness: not at rest after {ROUNDS} rounds")
        self.outcome.breaches += checks.at_rest(
            self.world, self.bank.transfers, self.stalls, has_whole_inbox=not self.forgot
        )
        self.outcome.credits, self.outcome.payments, self.outcome.questions = checks.counts(self.world)

    def _send_all(self, name: str) -> int:
        sent = 0
        while rows := self.world.relays[name].send_page():
            sent += rows
        return sent

    def _consume_all(self, member: Member) -> int:
        handled = 0
        while events := self._consume(member):
            handled += events
        return handled

    def _replay(self, member: Member) -> int:
        """Somebody looks at the dead letters and lets them run again."""
        with member.database.begin() as session:
            letters = inbox.open_letters(session, consumer=member.consumer.name)
        keys = dict.fromkeys(letter.event.ordering_id for letter in letters)
        return sum(member.consumer.replay(key).done for key in keys)


def play(world: World, seed: int, steps: int = STEPS) -> Outcome:
    """One simulated run of a seed."""
    return Run(world, seed).play(steps)
