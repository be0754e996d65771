"""The stalls' own channels: sequences without gaps, minted under the stalls' locks, and what was said under each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit import clock
from kit.arrays import bytes_array, integers, uuids

_MINT: Final = text(
    """
    WITH counted AS (
        SELECT n.id, n.added FROM unnest(CAST(:ids AS uuid[]), CAST(:added AS bigint[])) AS n(id, added)
    ), locked AS (
        SELECT stall.id, counted.added FROM stall JOIN counted USING (id) ORDER BY stall.id FOR NO KEY UPDATE OF stall
    )
    UPDATE stall SET sequence = stall.sequence + locked.added
    FROM locked WHERE stall.id = locked.id RETURNING stall.id, stall.sequence - locked.added AS before
    """
)

_SEQUENCES: Final = text("SELECT id, sequence FROM stall WHERE id = ANY(CAST(:ids AS uuid[]))")

_INSERT: Final = text(
    """
    INSERT INTO stall_event (stall_id, sequence, organisation_id, content, create_time)
    SELECT n.stall_id, n.sequence, n.organisation_id, n.content, :now
    FROM unnest(CAST(:stall_ids AS uuid[]), CAST(:sequences AS bigint[]), CAST(:organisation_ids AS uuid[]),
                CAST(:contents AS bytea[])) AS n(stall_id, sequence, organisation_id, content)
    """
)


def mint(session: Session, stall_ids: Sequence[UUID]) -> list[int]:
    """The next sequence for each place in `stall_ids`, in that order; the stalls are locked in the order of ids."""
    counts = Counter(stall_ids)
    # By number: the same order as the UUIDs' own, found much faster.
    ordered = sorted(counts, key=attrgetter("int"))
    rows = session.execute(
        _MINT, {"ids": uuids(ordered), "added": integers(counts[stall_id] for stall_id in ordered)}
    )
    last = {row.id: row.before for row in rows}
    sequences = []
    for stall_id in stall_ids:
        last[stall_id] += 1
        sequences.append(last[stall_id])
    return sequences


def sequences(session: Session, stall_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Where the channels of these stalls stand."""
    return {row.id: row.sequence for row in session.execute(_SEQUENCES, {"ids": uuids(stall_ids)})}


def insert(session: Session, rows: Sequence[tuple[UUID, int, UUID]], contents: Sequence[bytes]) -> None:
    """Keep what was said: stall, sequence and organisation of each, with its content."""
    session.execute(
        _INSERT,
        {
            "stall_ids": uuids(row[0] for row in rows),
            "sequences": integers(row[1] for row in rows),
            "organisation_ids": uuids(row[2] for row in rows),
            "contents": bytes_array(contents),
            "now": clock.now(),
        },
    )
