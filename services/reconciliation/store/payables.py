"""Payables: locked for a batch, written after it, and defined anew by their owners' snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec
from sqlalchemy.orm import Session

from kit.arrays import booleans, integers, plain, text_array
from kit.db import cursor
from services.reconciliation.domain.joining import hash64
from services.reconciliation.domain.payable import Definition, Kind, Line, Payable

COLUMNS: Final[LiteralString] = (
    "p.id::text, p.lines::text, p.applied, p.applied_version, p.version, p.kind, p.is_void, p.reference,"
    " p.organisation_id::text, p.account_id, p.virtual_account, p.payer_id, p.amount_due, p.due_date,"
    " p.is_oldest_first, p.ask_until, p.open_minute, p.close_minute"
)
COLUMN_COUNT: Final = 18
LOCK_BY_REFERENCE: Final[LiteralString] = (
    "SELECT "
    + COLUMNS
    + " FROM payable p WHERE p.reference = ANY(%(references)s::text[]) ORDER BY p.id FOR UPDATE"
)
LOCK_BY_ANY: Final[LiteralString] = (
    "SELECT "
    + COLUMNS
    + """ FROM payable p WHERE p.id IN (
        SELECT id FROM payable WHERE reference = ANY(%(references)s::text[])
        UNION SELECT id FROM payable
              WHERE virtual_account <> '' AND virtual_account = ANY(%(virtual_accounts)s::text[])
        UNION SELECT unnest(%(ids)s::uuid[])
    ) ORDER BY p.id FOR UPDATE"""
)

# Sales that wait on an account in force, and the code that takes what comes without one, each by its partial index.
LOCK_WITH_STALLS: Final[LiteralString] = (
    "SELECT "
    + COLUMNS
    + """ FROM payable p WHERE p.id IN (
        SELECT id FROM payable WHERE reference = ANY(%(references)s::text[])
        UNION SELECT id FROM payable
              WHERE virtual_account <> '' AND virtual_account = ANY(%(virtual_accounts)s::text[])
        UNION SELECT s.id
              FROM unnest(%(stall_bins)s::text[], %(stall_numbers)s::text[]) AS i(bin, account_number)
              JOIN receiving_account a ON a.bin = i.bin AND a.account_number = i.account_number AND a.is_active
              JOIN LATERAL (
                  SELECT w.id FROM payable w WHERE w.account_id = a.account_id::text AND w.ask_until > %(now)s
                  UNION ALL
                  SELECT d.id FROM payable d WHERE d.account_id = a.account_id::text AND d.open_minute IS NOT NULL
              ) s ON true
    ) ORDER BY p.id FOR UPDATE"""
)
# Read once their payables are locked: who asked about one before has told by then.
ASKED: Final[LiteralString] = """
    SELECT c.asked_payable_id::text
    FROM unnest(%(stall_bins)s::text[], %(stall_numbers)s::text[]) AS i(bin, account_number)
    JOIN credit c ON c.bin = i.bin AND c.account_number = i.account_number AND c.asked_payable_id IS NOT NULL"""

# The row of a slot is written and locked only where no payable is known yet: a known one is never forgotten, so its
# own lock is enough.
SLOTS_OF_REFERENCES: Final[LiteralString] = """
    INSERT INTO reference_slot (key)
    SELECT i.key FROM unnest(%(references)s::text[]) WITH ORDINALITY AS i(key, place)
    WHERE NOT EXISTS (SELECT FROM payable p WHERE p.reference = i.key)
    ORDER BY i.place ON CONFLICT (key) DO UPDATE SET key = excluded.key"""
SLOTS_OF_VIRTUAL_ACCOUNTS: Final[LiteralString] = """
    INSERT INTO reference_slot (key)
    SELECT 'va:' || i.virtual_account
    FROM unnest(%(virtual_accounts)s::text[]) WITH ORDINALITY AS i(virtual_account, place)
    WHERE NOT EXISTS (
        SELECT FROM payable p WHERE p.virtual_account <> '' AND p.virtual_account = i.virtual_account)
    ORDER BY i.place ON CONFLICT (key) DO UPDATE SET key = excluded.key"""
_SLOTS: Final[LiteralString] = """
    INSERT INTO reference_slot (key)
    SELECT i.key FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS i(key, place)
    ORDER BY i.place ON CONFLICT (key) DO UPDATE SET key = excluded.key"""

UPDATE: Final[LiteralString] = """
    UPDATE payable p SET applied = i.applied, applied_version = i.applied_version, lines = i.lines
    FROM ROWS FROM (
        unnest(%(ids)s::uuid[], %(applied)s::bigint[], %(versions)s::bigint[]), jsonb_array_elements(%(lines)s::jsonb)
    ) AS i(id, applied, applied_version, lines)
    WHERE p.id = i.id"""

_DEFINE: Final[LiteralString] = """
    INSERT INTO payable AS p (
        id, organisation_id, version, kind, is_void, reference, account_id, virtual_account, payer_id, amount_due,
        due_date, is_oldest_first, lines, applied, applied_version, ask_until, open_minute, close_minute)
    SELECT i.a, i.b, i.c, i.d, i.e, i.f, i.g, i.h, i.i, i.j, i.k, i.l, i.lines, i.m, i.n, i.o, i.p, i.q
    FROM ROWS FROM (
        unnest(
            %(ids)s::uuid[], %(organisations)s::uuid[], %(versions)s::bigint[], %(kinds)s::text[],
            %(voids)s::boolean[], %(references)s::text[], %(accounts)s::text[], %(virtual_accounts)s::text[],
            %(payers)s::text[], %(dues)s::bigint[], %(due_dates)s::text[], %(oldest_first)s::boolean[],
            %(applied)s::bigint[], %(applied_versions)s::bigint[], %(ask_untils)s::timestamptz[],
            %(open_minutes)s::smallint[], %(close_minutes)s::smallint[]),
        jsonb_array_elements(%(lines)s::jsonb)
    ) AS i(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, lines)
    ON CONFLICT (id) DO UPDATE SET
        organisation_id = excluded.organisation_id, version = excluded.version, kind = excluded.kind,
        is_void = excluded.is_void, reference = excluded.reference, account_id = excluded.account_id,
        virtual_account = excluded.virtual_account, payer_id = excluded.payer_id, amount_due = excluded.amount_due,
        due_date = excluded.due_date, is_oldest_first = excluded.is_oldest_first, lines = excluded.lines,
        applied = excluded.applied, applied_version = excluded.applied_version, ask_until = excluded.ask_until,
        open_minute = excluded.open_minute, close_minute = excluded.close_minute"""

_DEFINE_CARDS: Final[LiteralString] = """
    INSERT INTO payable_card (payable_id, organisation_id, title, payer_name, group_name, search_text, words)
    SELECT i.id, i.organisation, i.title, i.payer_name, i.group_name, i.search_text, i.words::bigint[]
    FROM unnest(
        %(ids)s::uuid[], %(organisations)s::uuid[], %(titles)s::text[], %(payer_names)s::text[],
        %(group_names)s::text[], %(search_texts)s::text[], %(words)s::text[])
        AS i(id, organisation, title, payer_name, group_name, search_text, words)
    ON CONFLICT (payable_id) DO UPDATE SET
        organisation_id = excluded.organisation_id, title = excluded.title, payer_name = excluded.payer_name,
        group_name = excluded.group_name, search_text = excluded.search_text, words = excluded.words"""


@dataclass(frozen=True, slots=True)
class Card:
    """What a person sees of a payable, and the folded words by which it is found."""

    payable_id: str
    organisation_id: str
    title: str
    payer_name: str
    group_name: str
    search_text: str
    words: tuple[str, ...]


def word_hash(organisation_id: str, word: str) -> int:
    """A word as the index of cards holds it: together with its organisation."""
    return hash64(f"{organisation_id}\x1f{word}")


def from_row(row: Sequence[Any]) -> Payable:
    """A row of COLUMNS as a payable."""
    id, lines, applied, applied_version, version, kind, is_void, reference, *rest = row
    return Payable(
        id,
        Definition(version, _KINDS[kind], is_void, reference, *rest),
        _LINES.decode(lines),
        applied,
        applied_version,
    )


def _lines_of(payables: Sequence[Payable]) -> str:
    """The lines of payables as they are stored, in one document: a list of lists of lists of their values."""
    return msgspec.json.encode([each.lines for each in payables]).decode()


def lock(
    session: Session,
    *,
    ids: Iterable[str] = (),
    references: Iterable[str] = (),
    virtual_accounts: Iterable[str] = (),
) -> list[Payable]:
    """Lock payables by id, reference or virtual account in one sorted go, as they stand when the lock is held."""
    parameters = {
        "ids": plain(ids),
        "references": text_array(list(references)),
        "virtual_accounts": text_array(list(virtual_accounts)),
    }
    return [from_row(row) for row in cursor(session).execute(LOCK_BY_ANY, parameters, prepare=False)]


def lock_with_stalls(
    session: Session,
    *,
    references: Iterable[str],
    virtual_accounts: Iterable[str],
    places: Iterable[tuple[str, str]],
    now: datetime,
) -> tuple[list[Payable], set[str]]:
    """The same with what may take money without a code on these accounts; and the sales that are asked about there."""
    parameters = {
        "references": text_array(list(references)),
        "virtual_accounts": text_array(list(virtual_accounts)),
        **stall_values(places, now),
    }
    locked = [from_row(row) for row in cursor(session).execute(LOCK_WITH_STALLS, parameters, prepare=False)]
    return locked, {id for (id,) in cursor(session).execute(ASKED, parameters, prepare=False)}


def stall_values(places: Iterable[tuple[str, str]], now: datetime) -> dict[str, Any]:
    """The parameters of LOCK_WITH_STALLS and ASKED that name accounts."""
    ordered = sorted(places)
    return {
        "stall_bins": text_array([bin for bin, _ in ordered]),
        "stall_numbers": text_array([number for _, number in ordered]),
        "now": now,
    }


def known(session: Session, ids: Iterable[str]) -> set[str]:
    """Which of these payables exist, without a lock."""
    statement: LiteralString = "SELECT id::text FROM payable WHERE id = ANY(%s::uuid[])"
    return {id for (id,) in cursor(session).execute(statement, (plain(ids),), prepare=False)}


def lock_slots(session: Session, keys: Iterable[str]) -> None:
    """Write and lock slots, sorted: whoever holds them sees all that came before on the other side."""
    cursor(session).execute(_SLOTS, {"keys": text_array(sorted(set(keys)))})


def lock_missing_slots(session: Session, references: Sequence[str], virtual_accounts: Sequence[str]) -> None:
    """Write and lock the slots of what has no payable yet; both sequences sorted and without repeats."""
    if references:
        cursor(session).execute(SLOTS_OF_REFERENCES, {"references": text_array(references)})
    if virtual_accounts:
        parameters = {"virtual_accounts": text_array(virtual_accounts)}
        cursor(session).execute(SLOTS_OF_VIRTUAL_ACCOUNTS, parameters)


def update(session: Session, payables: Sequence[Payable]) -> None:
    """Write what was applied."""
    cursor(session).execute(
        UPDATE,
        {
            "ids": plain([each.id for each in payables]),
            "applied": integers([each.applied for each in payables]),
            "versions": integers([each.applied_version for each in payables]),
            "lines": _lines_of(payables),
        },
    )


def define(session: Session, payables: Sequence[Payable]) -> None:
    """Write payables whole: new ones, and those under a newer definition, in order of their ids."""
    ordered = sorted(payables, key=lambda each: each.id)
    definitions = [each.definition for each in ordered]
    cursor(session).execute(
        _DEFINE,
        {
            "ids": plain([each.id for each in ordered]),
            "organisations": plain([each.organisation_id for each in definitions]),
            "versions": integers([each.version for each in definitions]),
            "kinds": plain([each.kind.value for each in definitions]),
            "voids": booleans([each.is_void for each in definitions]),
            "references": text_array([each.reference for each in definitions]),
            "accounts": text_array([each.account_id for each in definitions]),
            "virtual_accounts": text_array([each.virtual_account for each in definitions]),
            "payers": text_array([each.payer_id for each in definitions]),
            "dues": integers([each.amount_due for each in definitions]),
            "due_dates": text_array([each.due_date for each in definitions]),
            "oldest_first": booleans([each.is_oldest_first for each in definitions]),
            "lines": _lines_of(ordered),
            "applied": integers([each.applied for each in ordered]),
            "applied_versions": integers([each.applied_version for each in ordered]),
            "ask_untils": plain(
                [each.ask_until.isoformat() if each.ask_until else "" for each in definitions]
            ),
            "open_minutes": integers([each.open_minute for each in definitions]),
            "close_minutes": integers([each.close_minute for each in definitions]),
        },
    )


def define_cards(session: Session, cards: Sequence[Card]) -> None:
    """Write the cards of payables, in order of their ids."""
    ordered = sorted(cards, key=lambda each: each.payable_id)
    cursor(session).execute(
        _DEFINE_CARDS,
        {
            "ids": plain([each.payable_id for each in ordered]),
            "organisations": plain([each.organisation_id for each in ordered]),
            "titles": text_array([each.title for each in ordered]),
            "payer_names": text_array([each.payer_name for each in ordered]),
            "group_names": text_array([each.group_name for each in ordered]),
            "search_texts": text_array([each.search_text for each in ordered]),
            "words": text_array(
                [integers([word_hash(each.organisation_id, word) for word in each.words]) for each in ordered]
            ),
        },
    )


# A line is stored as the list of its values, in order.
_LINES: Final = msgspec.json.Decoder(tuple[Line, ...])
_KINDS: Final = {kind.value: kind for kind in Kind}
