"""Storing arrivals: many bodies, their reports, exceptions and outbox rows in one statement, which is one commit.

Repeats are found by the unique key alone, and a body that brings nothing new is a repeat from its first commit on: a
crash right after it leaves nothing unaccounted for. What was not inserted is looked at in a second, rare transaction:
the same money fields are only counted, other ones are an exception for a person. Until that has committed, nothing is
acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kit import clock, ids, outbox
from kit.arrays import booleans, bytes_array, moments, text_array, uuids
from services.intake.arrival import Arrival, Report

INSERT: Final = (
    """
WITH new AS (
    INSERT INTO report (id, connection_id, organisation_id, callback_id, dedupe_key, digest, announced, called_back)
    SELECT id, connection_id, organisation_id, callback_id, dedupe_key, digest, announced, called_back
    FROM unnest(%(r_id)s::uuid[], %(r_connection)s::uuid[], %(r_organisation)s::uuid[], %(r_callback)s::uuid[],
                %(r_key)s::text[], %(r_digest)s::bytea[], %(r_announced)s::boolean[],
                %(r_called)s::boolean[])
         AS r(id, connection_id, organisation_id, callback_id, dedupe_key, digest, announced, called_back)
    ON CONFLICT (connection_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
    RETURNING id, callback_id, announced
), body AS (
    INSERT INTO callback (id, connection_id, organisation_id, channel, arrive_time, raw_body, outcome, warnings)
    SELECT id, connection_id, organisation_id, channel, arrive_time, raw_body,
           CASE WHEN outcome = 'reported' AND id NOT IN (SELECT callback_id FROM new WHERE announced)
                THEN 'repeat' ELSE outcome END,
           CASE WHEN warnings = '' THEN '{}' ELSE string_to_array(warnings, E'\\n') END
    FROM unnest(%(c_id)s::uuid[], %(c_connection)s::uuid[], %(c_organisation)s::uuid[], %(c_channel)s::text[],
                %(c_time)s::timestamptz[], %(c_body)s::bytea[], %(c_outcome)s::text[], %(c_warnings)s::text[])
         AS c(id, connection_id, organisation_id, channel, arrive_time, raw_body, outcome, warnings)
), wrong AS (
    INSERT INTO intake_exception (id, organisation_id, connection_id, callback_id, reason, detail, state,
                                  create_time, close_reason)
    SELECT id, organisation_id, connection_id, callback_id, reason, detail, 'open', %(outbox_create_time)s, ''
    FROM unnest(%(e_id)s::uuid[], %(e_organisation)s::uuid[], %(e_connection)s::uuid[], %(e_callback)s::uuid[],
                %(e_reason)s::text[], %(e_detail)s::text[])
         AS e(id, organisation_id, connection_id, callback_id, reason, detail)
), told AS (
    INSERT INTO outbox ("""
    + outbox.COLUMNS
    + ") SELECT s.* FROM ("
    + outbox.SELECT_SQL
    + """) AS s WHERE s.ordering_id::uuid IN (SELECT id FROM new)
)
SELECT id FROM new"""
)

FIND: Final = """
SELECT r.connection_id, r.dedupe_key, r.digest FROM report r
JOIN unnest(%(connections)s::uuid[], %(keys)s::text[]) AS k(connection_id, dedupe_key)
  ON k.connection_id = r.connection_id AND k.dedupe_key = r.dedupe_key"""

# The first callback of what only the list had told of is no repeat: it is marked here, and the rest is counted.
CALL_BACK: Final = """
UPDATE report r SET called_back = true
FROM (SELECT DISTINCT connection_id, dedupe_key
      FROM unnest(%(connections)s::uuid[], %(keys)s::text[]) AS u(connection_id, dedupe_key)) AS k
WHERE k.connection_id = r.connection_id AND k.dedupe_key = r.dedupe_key AND NOT r.called_back
RETURNING r.connection_id, r.dedupe_key"""

COUNT_REPEATS: Final = """
INSERT INTO tally (connection_id, organisation_id, repeats, refused)
SELECT connection_id, organisation_id, count(*), 0
FROM unnest(%(connections)s::uuid[], %(organisations)s::uuid[]) AS t(connection_id, organisation_id)
GROUP BY connection_id, organisation_id ORDER BY connection_id
ON CONFLICT (connection_id) DO UPDATE SET repeats = tally.repeats + excluded.repeats"""

CONFLICT: Final = """
WITH wrong AS (
    INSERT INTO intake_exception (id, organisation_id, connection_id, callback_id, reason, detail, state,
                                  create_time, close_reason)
    SELECT id, organisation_id, connection_id, callback_id, 'CONFLICTING_REPEAT', detail, 'open', %(now)s, ''
    FROM unnest(%(ids)s::uuid[], %(organisations)s::uuid[], %(connections)s::uuid[], %(callbacks)s::uuid[],
                %(details)s::text[]) AS e(id, organisation_id, connection_id, callback_id, detail)
)
UPDATE callback SET outcome = 'exception' WHERE id = ANY(%(callbacks)s::uuid[])"""

COUNT_REFUSED: Final = """
INSERT INTO tally (connection_id, organisation_id, repeats, refused) VALUES (%s, %s, 0, %s)
ON CONFLICT (connection_id) DO UPDATE SET refused = tally.refused + excluded.refused"""


def insert_parameters(arrivals: Sequence[Arrival]) -> dict[str, Any]:
    """The arrays of INSERT."""
    reports = [(arrival, report) for arrival in arrivals for report in arrival.reports]
    wrong = [(arrival, *exception) for arrival in arrivals for exception in arrival.exceptions]
    events = [report.event for _, report in reports if report.event is not None]
    origins = [arrival.origin for arrival in arrivals]
    sources = [arrival.origin for arrival, _ in reports]
    blamed = [arrival.origin for arrival, _, _ in wrong]
    return {
        "c_id": uuids([arrival.id for arrival in arrivals]),
        "c_connection": uuids([origin.connection_id for origin in origins]),
        "c_organisation": uuids([origin.organisation_id for origin in origins]),
        "c_channel": text_array([arrival.channel for arrival in arrivals]),
        "c_time": moments([arrival.arrive_time for arrival in arrivals]),
        "c_body": bytes_array([arrival.raw_body for arrival in arrivals]),
        "c_outcome": text_array([arrival.outcome for arrival in arrivals]),
        "c_warnings": text_array(["\n".join(arrival.warnings).replace("\x00", "") for arrival in arrivals]),
        "r_id": uuids([report.id for _, report in reports]),
        "r_connection": uuids([origin.connection_id for origin in sources]),
        "r_organisation": uuids([origin.organisation_id for origin in sources]),
        "r_callback": uuids([arrival.id for arrival, _ in reports]),
        "r_key": text_array([report.dedupe_key for _, report in reports]),
        "r_digest": bytes_array([report.digest for _, report in reports]),
        "r_announced": booleans([report.event is not None for _, report in reports]),
        "r_called": booleans([arrival.channel == "callback" for arrival, _ in reports]),
        "e_id": uuids([ids.new() for _ in wrong]),
        "e_organisation": uuids([origin.organisation_id for origin in blamed]),
        "e_connection": uuids([origin.connection_id for origin in blamed]),
        "e_callback": uuids([arrival.id for arrival, _, _ in wrong]),
        "e_reason": text_array([reason for _, reason, _ in wrong]),
        "e_detail": text_array([detail.replace("\x00", "")[:1000] for _, _, detail in wrong]),
        **outbox.parameters(events),
    }


def not_new(arrivals: Sequence[Arrival], new: set[Any]) -> list[tuple[Arrival, Report]]:
    """Reports that the unique key kept out."""
    return [(arrival, report) for arrival in arrivals for report in arrival.reports if report.id not in new]


def find_parameters(repeats: Sequence[tuple[Arrival, Report]]) -> dict[str, Any]:
    """The arrays of FIND."""
    return {
        "connections": [arrival.origin.connection_id for arrival, _ in repeats],
        "keys": [report.dedupe_key for _, report in repeats],
    }


def judged(
    repeats: Sequence[tuple[Arrival, Report]], known: Sequence[Sequence[Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters of CALL_BACK and CONFLICT: which repeats say the same, and which say otherwise."""
    digests = {(row[0], row[1]): bytes(row[2]) for row in known}
    same = [
        pair
        for pair in repeats
        if digests.get((pair[0].origin.connection_id, pair[1].dedupe_key)) == pair[1].digest
    ]
    other = [pair for pair in repeats if pair not in same]
    told_again = {
        "connections": [arrival.origin.connection_id for arrival, _ in same],
        "organisations": [arrival.origin.organisation_id for arrival, _ in same],
        "keys": [report.dedupe_key for _, report in same],
    }
    conflicts = {
        "ids": [ids.new() for _ in other],
        "organisations": [arrival.origin.organisation_id for arrival, _ in other],
        "connections": [arrival.origin.connection_id for arrival, _ in other],
        "callbacks": [arrival.id for arrival, _ in other],
        "details": [f"{report.dedupe_key}: nội dung tiền khác lần báo trước"[:1000] for _, report in other],
        "now": clock.now(),
    }
    return told_again, conflicts


def counted(told_again: dict[str, Any], first: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Parameters of COUNT_REPEATS: what was told again, but for one delivery of each that CALL_BACK returned."""
    left = {(row[0], row[1]) for row in first}
    connections, organisations = [], []
    for connection, organisation, key in zip(
        told_again["connections"], told_again["organisations"], told_again["keys"], strict=True
    ):
        if (connection, key) in left:
            left.remove((connection, key))
            continue
        connections.append(connection)
        organisations.append(organisation)
    return {"connections": connections, "organisations": organisations}
