"""Seeded runs of intake, invoices and reconciliation with crashes, and the proof that the runs would notice a fault."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import psycopg
import pytest

from kit import inbox
from kit.inbox_tables import Claim
from kit.postgres import Server
from sandbox.simulation import run
from sandbox.simulation.run import play
from sandbox.simulation.world import World, simulated
from services.intake.store import accepting
from services.invoices import publish as invoices_publish
from services.reconciliation.flows import again, payables
from services.reconciliation.store import payables as payables_store

CLEAN_SEEDS = range(24)
# Seeds that once broke something; each stays for ever.
PAST_FAILURES = (2170,)
MOST_SEEDS = 60


@pytest.fixture(scope="module")
def world(postgres_server: Server) -> Iterator[World]:
    with simulated(postgres_server) as made:
        yield made


@pytest.fixture
def broken_world(postgres_server: Server) -> Iterator[World]:
    """A world of the test's own, whose databases may be spoiled."""
    with simulated(postgres_server) as made:
        yield made


@pytest.mark.parametrize("seed", [*CLEAN_SEEDS, *PAST_FAILURES])
def test_the_invariants_hold_whatever_happens(world: World, seed: int) -> None:
    """After each step and at rest; a failure is repeated by `xoai sim --seed N`."""
    outcome = play(world, seed)
    assert outcome.breaches == [], f"xoai sim --seed {seed}: {outcome.history}"


def test_a_seed_repeats_its_run(world: World) -> None:
    """The same steps, crashes, credits and payments; another seed gives other ones."""
    first, again, other = play(world, 4), play(world, 4), play(world, 5)
    assert (first.history, first.crashes, first.credits, first.payments) == (
        again.history,
        again.crashes,
        again.credits,
        again.payments,
    )
    assert first.history != other.history


def test_runs_meet_what_they_are_for(world: World) -> None:
    """Crashes, money, payments and questions at stalls all happen: a simulation in which nothing goes on proves nothing."""
    outcomes = [play(world, seed) for seed in range(100, 105)]
    assert sum(outcome.crashes for outcome in outcomes) > 4
    assert sum(outcome.credits for outcome in outcomes) > 15
    assert sum(outcome.payments for outcome in outcomes) > 5
    assert sum(outcome.questions for outcome in outcomes) > 2


def first_breach(world: World) -> list[str]:
    """The breaches of the first seed that has any."""
    for seed in count(1):
        assert seed <= MOST_SEEDS, f"not caught within {MOST_SEEDS} seeds"
        if breaches := play(world, seed).breaches:
            return breaches
    raise AssertionError


def mutated(function: Callable[..., Any], old: str, new: str) -> Callable[..., Any]:
    """The same function with one place of its source changed."""
    source = textwrap.dedent(inspect.getsource(function))
    assert old in source
    made: dict[str, Any] = {}
    exec(compile(source.replace(old, new), "<mutated>", "exec"), function.__globals__, made)  # noqa: S102
    return made[function.__name__]


def spoil(world: World, service: str, statement: str) -> None:
    with psycopg.connect(world.admin[service], autocommit=True) as admin:
        admin.execute(statement.encode())


def test_without_the_inbox_a_run_fails(broken_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody notes any more what was handled."""
    monkeypatch.setattr(inbox, "claim", lambda *_: Claim(frozenset(), frozenset()))
    assert first_breach(broken_world)


def test_without_versions_of_payables_a_run_fails(
    broken_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old snapshot that comes again would win."""
    check = "before.definition.version >= snapshot.definition.version"
    monkeypatch.setattr(payables, "define", mutated(payables.define, check, "False"))
    assert first_breach(broken_world)


def test_without_the_key_of_callbacks_a_run_fails(
    broken_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback sent twice would be money twice."""
    spoil(broken_world, "intake", "DROP INDEX report_dedupe")
    clause = "ON CONFLICT (connection_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING"
    assert clause in accepting.INSERT
    monkeypatch.setattr(accepting, "INSERT", accepting.INSERT.replace(clause, ""))
    assert any(breach.startswith("I3") for breach in first_breach(broken_world))


def test_without_a_look_at_other_questions_a_run_fails(
    broken_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two buyers' equal money would ask about the same sale."""
    monkeypatch.setattr(payables_store, "ASKED", payables_store.ASKED + " AND false")
    assert any("asked about by 2" in breach for breach in first_breach(broken_world))


def test_without_the_end_of_questions_a_run_fails(
    broken_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sale that waits no more would be asked about for ever."""
    monkeypatch.setattr(again, "may_move_by_rule", mutated(again.may_move_by_rule, ", Reason.ASKED", ""))
    assert any("does not wait" in breach for breach in first_breach(broken_world))


def test_without_the_key_of_bills_a_run_fails(broken_world: World) -> None:
    """A pupil billed twice for one round."""
    spoil(broken_world, "invoices", "ALTER TABLE invoice DROP CONSTRAINT invoice_source")
    assert first_breach(broken_world)


def test_without_the_announcement_of_a_change_a_run_fails(
    broken_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A voided or changed bill that nobody hears of."""
    monkeypatch.setattr(invoices_publish, "invoice_changed", lambda *_: None)
    assert first_breach(broken_world)


def test_offsets_told_too_early_make_a_run_fail(broken_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that the log thinks is done, and that a crash kept from being handled, is lost."""
    early = mutated(
        run.Run._consume,
        "        member.consumer.handle(batch)\n",
        "        member.subscription.commit(batch)\n        member.consumer.handle(batch)\n",
    )
    monkeypatch.setattr(run.Run, "_consume", early)
    assert first_breach(broken_world)
