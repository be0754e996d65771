"""Lists and look-ups of five thousand stalls read the rows they show, by their indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database, by_keys, cursor
from kit.postgres import Server
from kit.references import Kind, new_references
from kit.testing.service import service_database
from kit.text import natural_key
from services.pilots.store import devices, events, stalls, stands, takings
from services.pilots.store.stalls import StallFilter
from tests.support.stalls import open_programme

STALLS = 5_000


@pytest.fixture(scope="module")
def filled(postgres_server: Server) -> Iterator[tuple[Database, UUID]]:
    """Five thousand stalls of as many units in two programmes, each with a board, a phone and a pack code."""
    with service_database(postgres_server, "pilots") as database:
        places = [open_programme(database), open_programme(database)]
        rows = [
            {
                "id": uuid4(),
                "organisation": uuid4(),
                "programme": places[place % 2].id,
                "section": places[place % 2].sections[0].id,
                "number": f"A{place}",
                "key": natural_key(f"A{place}"),
                "reference": reference,
                "hash": place.to_bytes(32),
            }
            for place, reference in enumerate(new_references(Kind.STALL, STALLS))
        ]
        with database.begin() as session:
            for statement in _FILL:
                session.execute(text(statement), rows)
        _analyse(postgres_server, database)
        yield database, places[0].id


_FILL = (
    "INSERT INTO unit (organisation_id, name, kind, match_key, create_time)"
    " VALUES (:organisation, 'Hộ', 'household', :reference, now())",
    "INSERT INTO stall (id, organisation_id, programme_id, section_id, number, number_key, name, search_text, reference,"
    " state, account_id, bin, account_number, relation, default_rule, open_minute, close_minute, version, sequence,"
    " create_time, change_time) VALUES (:id, :organisation, :programme, :section, :number, :key, 'Rau', 'RAU ' || :number,"
    " :reference, 'active', :id, '970436', :reference, 'self', 'never', 0, 1440, 1, 0, now(), now())",
    "INSERT INTO stand (stall_id, issue_number, organisation_id, state, issue_date, bin, account_number, account_holder,"
    " payload, check_code) VALUES (:id, 1, :organisation, 'in_use', now(), '970436', :reference, '', '', '')",
    "INSERT INTO device (id, organisation_id, stall_id, role, name, key_hash, pair_time, expire_time, see_time)"
    " VALUES (:id, :organisation, :id, 'seller', 'Máy', :hash, now(), now(), now())",
    "INSERT INTO pack_code (id, organisation_id, stall_id, amount, reference, version, create_time)"
    " VALUES (:id, :organisation, :id, 1000, :reference, 1, now())",
    "INSERT INTO stall_day (stall_id, book_date, organisation_id, programme_id, section_id)"
    " SELECT :id, current_date - back, :organisation, :programme, :section FROM generate_series(0, 6) AS back",
)


def _analyse(server: Server, database: Database) -> None:
    name = database.engine.url.database
    assert name is not None
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute("ANALYZE")


def plans(database: Database, work: Callable[[Session], object]) -> str:
    """The plans of all statements of a piece of work, on which nothing stays changed."""
    seen: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        database.run(work)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    found = []
    with database.engine.connect() as connection:
        for statement, parameters in seen:
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN {statement}", parameters)
            found += [str(row[0]) for row in cursor.fetchall()]
        connection.rollback()
    return "\n".join(found)


def first_stall(database: Database) -> Any:
    """The first one of a list: behind a place near its end so few are left that any plan reads little."""
    with database.begin() as session:
        return session.execute(text("SELECT * FROM stall ORDER BY number_key, id LIMIT 1")).one()


@pytest.mark.parametrize(
    "work",
    [
        lambda session, stall: stalls.get(session, stall.id),
        lambda session, stall: stalls.get(session, stall.reference),
        lambda session, stall: stalls.get_many(session, [stall.id], lock=True),
        lambda session, stall: stalls.of_organisations(session, [stall.organisation_id], lock=True),
        lambda session, stall: stalls.by_printed_code(session, stall.reference),
        lambda session, stall: stalls.page_by_id(session, stall.id, 100),
        lambda session, stall: events.sequences(session, [stall.id]),
        lambda session, stall: stalls.find(session, StallFilter(stall.programme_id), None, 51),
        lambda session, stall: stalls.find(
            session, StallFilter(stall.programme_id), [stall.number_key, str(stall.id)], 51
        ),
        lambda session, stall: stalls.find(session, StallFilter(), None, 51),
        lambda session, stall: stalls.find(
            session, StallFilter(organisation_id=stall.organisation_id), None, 51
        ),
        lambda session, stall: stalls.find(session, StallFilter(query=stall.reference), None, 51),
        lambda session, stall: stalls.settle_defaults(session, [], clock.now()),
        lambda session, stall: stands.wanting(session, 200),
        lambda session, stall: stands.of_stall(session, stall.id),
        lambda session, stall: stands.pack_codes(session, [stall.id]),
        lambda session, stall: stands.flag(session, [stall.id], "x"),
        lambda session, stall: devices.by_key(session, bytes(32)),
        lambda session, stall: devices.of_stall(session, stall.id),
        lambda session, stall: devices.count_in_use(session, stall.id, clock.now()),
        lambda session, stall: devices.lock_pin(session, stall.id, clock.now()),
        lambda session, stall: events.mint(session, [stall.id]),
    ],
    ids=lambda work: "",
)
def test_no_statement_reads_a_whole_table(
    filled: tuple[Database, UUID], work: Callable[[Session, Any], object]
) -> None:
    """Neither of stalls nor of what hangs on them, and no page is sorted that an index holds in order."""
    database, _ = filled
    stall = first_stall(database)
    plan = plans(database, lambda session: work(session, stall))
    for table in ("stall", "unit", "stand", "device", "pack_code"):
        assert f"Seq Scan on {table} " not in plan, plan


def test_a_batch_reads_the_days_of_its_own_stalls_only(filled: tuple[Database, UUID]) -> None:
    """Not the day of every stall of the city, nor every day of its stalls, however many there are."""
    database, _ = filled
    stall = first_stall(database)
    with database.begin() as session:
        connection = cursor(session).connection
        by_keys(connection)
        rows = connection.execute(
            b"EXPLAIN " + takings.READ_DAYS.encode(), ([stall.id], [clock.now().date()], [stall.id])
        ).fetchall()
    plan = "\n".join(str(row[0]) for row in rows)
    assert "stall_day_date" not in plan, plan
    assert "(stall_id = s.stall_id) AND (book_date = o.book_date)" in plan, plan
