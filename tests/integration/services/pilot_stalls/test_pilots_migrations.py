"""What stands in a database before a migration of the pilots is still there, and right, after it."""

from __future__ import annotations

from uuid import UUID

import psycopg
from alembic import command

from kit import migrate
from kit.db import Database
from kit.postgres import Server
from services.pilots.flows import selling, stands
from services.pilots.flows.selling import Draft, Wish
from tests.integration.services.pilot_stalls.rows import rows
from tests.support.stalls import CITY, OTHER_ORGANISATION, open_programme, open_stall


def migrate_again(server: Server, database: Database, revision: str, *undoing: str) -> None:
    """Undo what a migration made, then run it as its owner does."""
    name = rows(database, "SELECT current_database() AS name")[0].name
    with psycopg.connect(server.dsn(name)) as admin:
        for statement in undoing:
            admin.execute(statement)
        admin.execute("UPDATE alembic_version SET version_num = %s", [f"{int(revision) - 1:04}"])
        # As in a database that was not cloned for a test.
        admin.execute("GRANT CREATE ON SCHEMA public TO xoai_pilots_owner")
    command.upgrade(migrate.config("pilots", server.dsn(name, user="xoai_pilots_owner")), revision)


def sell_and_pack(database: Database, stall_id: UUID) -> None:
    wish = Wish(stall_id, 50_000)
    draft: Draft = database.run(lambda session: selling.draft_sale(session, CITY, wish))
    database.run(lambda session: selling.open_sale(session, CITY, wish, draft, "VIETQR"))
    database.run(lambda session: stands.issue_pack(session, CITY, stall_id, [20_000]))


def test_what_stood_before_the_registry_keeps_its_code(database: Database, postgres_server: Server) -> None:
    """Every stall, pack and sale is entered, whoever's they are."""
    sell_and_pack(database, open_stall(database).stall.id)
    sell_and_pack(database, open_stall(database, organisation_id=OTHER_ORGANISATION).stall.id)
    before = rows(database, "SELECT * FROM code ORDER BY reference")
    assert len(before) == 6
    migrate_again(postgres_server, database, "0002", "DROP TABLE code")
    assert rows(database, "SELECT * FROM code ORDER BY reference") == before


def test_hours_that_were_copied_are_the_programmes_again(database: Database, postgres_server: Server) -> None:
    """Stalls whose hours are like their programme's follow it; what was changed for a stall stays."""
    programme = open_programme(database)
    copied = open_stall(database, programme, number="A1").stall
    own = open_stall(database, programme, OTHER_ORGANISATION, number="A2").stall
    migrate_again(
        postgres_server,
        database,
        "0003",
        "ALTER TABLE stall DROP CONSTRAINT stall_hours",
        "UPDATE stall SET open_minute = p.open_minute, close_minute = p.close_minute FROM programme p",
        f"UPDATE stall SET open_minute = 300 WHERE id = '{own.id}'",
        "ALTER TABLE stall ALTER open_minute SET NOT NULL, ALTER close_minute SET NOT NULL",
    )
    found = {row.id: row.open_minute for row in rows(database, "SELECT id, open_minute FROM stall")}
    assert found == {copied.id: None, own.id: 300}
