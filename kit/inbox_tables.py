"""The tables of the inbox, and the statements that claim events and park the ones that cannot be handled.

`inbox` says which events a consumer has dealt with (rows are kept 30 days). `dead_letter` holds an event that
was tried and failed (FAILED), cannot be read (UNDECODABLE), or comes after such a one of the same topic and
ordering id (BLOCKED). While a letter is open, later events of its ordering id join it, so their order is
kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, LiteralString

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Session

from kit import clock
from kit.arrays import text_array, uuids
from kit.db import cursor
from kit.events import Delivery, Event

Reason = Literal["FAILED", "BLOCKED", "UNDECODABLE"]

# Answers only for events that are not simply new: normally it returns no row at all.
_CLAIM: Final[LiteralString] = """
    WITH incoming AS (
        SELECT i.event_id, i.topic, i.ordering_id, i.position
        FROM unnest(%(event_ids)s::uuid[], %(topics)s::text[], %(ordering_ids)s::text[])
             WITH ORDINALITY AS i(event_id, topic, ordering_id, position)
    ), fresh AS (
        INSERT INTO inbox (consumer, event_id, create_time)
        SELECT %(consumer)s::text, event_id, %(now)s::timestamptz FROM incoming ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING event_id
    )
    SELECT i.position - 1, true FROM incoming i
    WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.event_id = i.event_id)
    UNION ALL
    SELECT i.position - 1, false FROM incoming i
    WHERE EXISTS (
        SELECT FROM dead_letter d WHERE d.consumer = %(consumer)s::text AND d.topic = i.topic
        AND d.ordering_id = i.ordering_id AND i.ordering_id <> '' AND d.close_time IS NULL
    )"""

# For consumers whose own facts tell repeats: only what was parked before, or stands behind a dead letter.
_PARKED_OR_BEHIND: Final[LiteralString] = """
    SELECT i.position - 1
    FROM unnest(%(event_ids)s::uuid[], %(topics)s::text[], %(ordering_ids)s::text[])
         WITH ORDINALITY AS i(event_id, topic, ordering_id, position)
    WHERE EXISTS (
        SELECT FROM dead_letter d WHERE d.consumer = %(consumer)s AND d.topic = i.topic
        AND d.ordering_id = i.ordering_id AND i.ordering_id <> '' AND d.close_time IS NULL
    ) OR EXISTS (SELECT FROM inbox x WHERE x.consumer = %(consumer)s AND x.event_id = i.event_id)"""

# Waits for a replay that is under way and then sees what it left open.
_LOCK_OPEN: Final[LiteralString] = """
    SELECT d.topic, d.ordering_id FROM dead_letter d
    JOIN (SELECT DISTINCT w.topic, w.ordering_id
          FROM unnest(%(topics)s::text[], %(ordering_ids)s::text[]) AS w(topic, ordering_id)) w
      ON w.topic = d.topic AND w.ordering_id = d.ordering_id
    WHERE d.consumer = %(consumer)s::text AND d.close_time IS NULL
    ORDER BY d.id FOR UPDATE OF d"""

_PARK: Final = text("""
    INSERT INTO dead_letter (
        consumer, event_id, topic, partition, log_offset, key, ordering_id, event_type, version, occur_time,
        traceparent, payload, reason, error, create_time)
    VALUES (
        :consumer, :event_id, :topic, :partition, :log_offset, :key, :ordering_id, :event_type, :version,
        :occur_time, :traceparent, :payload, :reason, :error, :create_time)""")

_OPEN_LETTERS_SQL: Final = """
    SELECT id, consumer, event_id, topic, key, ordering_id, event_type, version, occur_time, payload,
           traceparent, reason, error, create_time
    FROM dead_letter
    WHERE close_time IS NULL AND (:consumer = '' OR consumer = :consumer)
      AND (:ordering_id = '' OR ordering_id = :ordering_id)
    ORDER BY id LIMIT :limit"""
_OPEN_LETTERS: Final = text(_OPEN_LETTERS_SQL)
_OPEN_LETTERS_LOCKED: Final = text(_OPEN_LETTERS_SQL + " FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Claim:
    """Positions in a batch: done before (or earlier in the batch), and behind an open dead letter."""

    repeats: frozenset[int]
    blocked: frozenset[int]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that waits for a person, with the cause."""

    id: int
    consumer: str
    event: Event
    reason: Reason
    error: str
    create_time: datetime


def inbox_tables(metadata: MetaData) -> tuple[Table, Table]:
    """The tables `inbox` and `dead_letter` of a service."""
    inbox = Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Index("inbox_create_time", "create_time", postgresql_using="brin"),
    )
    dead_letter = Table(
        "dead_letter",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("log_offset", BigInteger, nullable=False),
        Column("key", Text, nullable=False),
        Column("ordering_id", Text, nullable=False),
        Column("event_type", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("occur_time", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("close_time", DateTime(timezone=True)),
        Column("close_note", Text),
        Index(
            "dead_letter_open",
            "consumer",
            "ordering_id",
            "topic",
            postgresql_where=text("close_time IS NULL"),
        ),
    )
    return inbox, dead_letter


def claim(session: Session, consumer: str, deliveries: Sequence[Delivery]) -> Claim:
    """Write the inbox rows of a batch in one statement and say which events are not to be handled."""
    if not deliveries:
        return Claim(frozenset(), frozenset())
    events = [delivery.event for delivery in deliveries]
    parameters = {
        "consumer": consumer,
        "event_ids": uuids([event.event_id for event in events]),
        "topics": text_array([event.topic for event in events]),
        "ordering_ids": text_array([event.ordering_id for event in events]),
        "now": clock.now(),
    }
    found = cursor(session).execute(_CLAIM, parameters).fetchall()
    repeats = {position for position, is_repeat in found if is_repeat}
    blocked = {position for position, is_repeat in found if not is_repeat} - repeats
    # One statement cannot say which of two equal ids in a batch came first; here it is the first.
    seen = set()
    for position, event in enumerate(events):
        if event.event_id in seen:
            repeats.add(position)
        seen.add(event.event_id)
    if blocked:
        still = set(cursor(session).execute(_LOCK_OPEN, parameters).fetchall())
        blocked = {each for each in blocked if (events[each].topic, events[each].ordering_id) in still}
    return Claim(frozenset(repeats), frozenset(blocked - repeats))


def claim_by_facts(session: Session, consumer: str, deliveries: Sequence[Delivery]) -> Claim:
    """As `claim`, for a consumer whose handlers know a repeat by the fact's own unique key: most events get no row.

    Only what was parked, stands behind an open dead letter, or cannot be read is claimed by rows. Whoever parks more
    claims it as well. A repeat of something done long ago that stands behind a letter is parked with it; the replay
    hands it to a handler that knows it.
    """
    if not deliveries:
        return Claim(frozenset(), frozenset())
    events = [delivery.event for delivery in deliveries]
    parameters = {
        "consumer": consumer,
        "event_ids": uuids([event.event_id for event in events]),
        "topics": text_array([event.topic for event in events]),
        "ordering_ids": text_array([event.ordering_id for event in events]),
    }
    found = cursor(session).execute(_PARKED_OR_BEHIND, parameters)
    behind = [position for (position,) in found.fetchall()]
    behind += [
        position for position, each in enumerate(deliveries) if each.problem and position not in behind
    ]
    if not behind:
        return Claim(frozenset(), frozenset())
    claimed = claim(session, consumer, [deliveries[position] for position in behind])
    return Claim(
        frozenset(behind[each] for each in claimed.repeats),
        frozenset(behind[each] for each in claimed.blocked),
    )


def park(session: Session, consumer: str, letters: Sequence[tuple[Delivery, Reason, str]]) -> None:
    """Write dead letters in the order of their events."""
    now = clock.now()
    rows = []
    for delivery, reason, error in letters:
        row = {field.name: getattr(delivery.event, field.name) for field in fields(Event)}
        row |= {"consumer": consumer, "partition": delivery.partition, "log_offset": delivery.offset}
        row |= {"reason": reason, "error": error.replace("\x00", "")[:4_000], "create_time": now}
        rows.append(row)
    if rows:
        session.execute(_PARK, rows)


def open_letters(
    session: Session, *, consumer: str = "", ordering_id: str = "", limit: int = 200, lock: bool = False
) -> list[DeadLetter]:
    """Open dead letters, oldest first; of one consumer and one ordering id where these are given."""
    rows = session.execute(
        _OPEN_LETTERS_LOCKED if lock else _OPEN_LETTERS,
        {"consumer": consumer, "ordering_id": ordering_id, "limit": limit},
    )
    return [
        DeadLetter(row.id, row.consumer, _event(row), row.reason, row.error, row.create_time) for row in rows
    ]


def _event(row: Row[Any]) -> Event:
    return Event(**{field.name: getattr(row, field.name) for field in fields(Event)})


def close_letter(session: Session, letter_id: int, note: str) -> bool:
    """Close an open letter with a note (replayed, or why a person set it aside); False if it was closed."""
    done = session.execute(
        text(
            "UPDATE dead_letter SET close_time = :now, close_note = :note"
            " WHERE id = :id AND close_time IS NULL RETURNING id"
        ),
        {"now": clock.now(), "note": note, "id": letter_id},
    )
    return done.first() is not None


def trim(session: Session, before: datetime) -> int:
    """Forget inbox rows older than `before`; a repeat after that meets the fact's own unique id alone."""
    done = session.execute(
        text(
            "WITH gone AS (DELETE FROM inbox WHERE create_time < :before RETURNING 1)"
            " SELECT count(*) FROM gone"
        ),
        {"before": before},
    )
    return int(done.scalar_one())
