"""What stalls ask, announced once more from the tables: for a log that was lost."""

from __future__ import annotations

from uuid import UUID

import grpc
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from cli.events import app
from cli.platform import here
from kit import auth, errors
from kit.db import Database
from kit.grpc_server import Server as GrpcServer
from kit.settings import Settings
from kit.testing.service import DATA_KEY, SUBJECT_KEY
from services.pilots.flows import accounts, selling, stalls, stands
from services.pilots.flows.selling import Draft, Wish
from tests.integration.services.pilot_stalls.callers import city, client
from tests.integration.services.pilot_stalls.rows import rows
from tests.support.stalls import CITY, OTHER_ORGANISATION, make_account, open_stall, waiting_stall
from xoai.pilots.v1 import stalls_service_pb2 as pb

TOPIC = pb.AnnounceAgainRequest.TOPIC_PAYABLES


def newest(database: Database) -> dict[str, UUID]:
    """The id of the newest announcement of each payable."""
    found = rows(database, "SELECT key, event_id FROM outbox WHERE topic = 'pilots.payables' ORDER BY id")
    return {row.key: row.event_id for row in found}


def lose_the_log(database: Database) -> None:
    with database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM outbox")


@pytest.fixture
def told(database: Database) -> dict[str, UUID]:
    """What was announced of five stalls, one withdrawn and one moved, a pack and five sales; one stall waits."""
    found = [open_stall(database).stall for _ in range(5)]
    database.run(lambda session: stands.issue_pack(session, CITY, found[0].id, [10_000, 20_000]))
    database.run(lambda session: accounts.take_in(session, [make_account()]))
    database.run(lambda session: stalls.withdraw_stall(session, CITY, found[1].id, "Nghỉ bán"))
    for stall in [found[0], found[0], found[2], found[2], found[3]]:
        sell(database, stall.id)
    waiting_stall(database, organisation_id=OTHER_ORGANISATION)
    told = newest(database)
    assert len(told) == 12
    lose_the_log(database)
    return told


def sell(database: Database, stall_id: UUID) -> None:
    wish = Wish(stall_id, 50_000)
    draft: Draft = database.run(lambda session: selling.draft_sale(session, CITY, wish))
    database.run(lambda session: selling.open_sale(session, CITY, wish, draft, "VIETQR"))


def test_codes_of_stalls_packs_and_sales_are_told_again(
    channel: grpc.Channel, database: Database, told: dict[str, UUID]
) -> None:
    """Page by page, each once, under the id that it had: who knows it drops it."""
    caller = client(channel, auth.service("cli"))
    token, announced, pages = "", 0, 0
    while True:
        page = caller.AnnounceAgain(pb.AnnounceAgainRequest(topic=TOPIC, page_size=2, page_token=token))
        token, announced, pages = page.next_page_token, announced + page.announced, pages + 1
        if not token:
            break
    # Six stalls fill three pages, and a fourth finds no more; five sales take three.
    assert (announced, pages) == (12, 7)
    assert newest(database) == told
    assert rows(database, "SELECT count(*) AS n FROM outbox WHERE topic = 'pilots.payables'")[0].n == 12


def test_only_operators_announce(channel: grpc.Channel, database: Database) -> None:
    """The city's people do not, whatever they may do with stalls; a topic has to be named."""
    with pytest.raises(errors.PermissionDenied):
        city(channel).AnnounceAgain(pb.AnnounceAgainRequest(topic=TOPIC))
    with pytest.raises(errors.InvalidArgument):
        client(channel, auth.service("cli")).AnnounceAgain(pb.AnnounceAgainRequest())


def test_the_command_goes_to_the_end(
    channel: grpc.Channel,
    database: Database,
    grpc_server: GrpcServer,
    told: dict[str, UUID],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`xoai events announce pilots.payables` says how many it were; a topic of nobody is refused with those there are."""
    settings = Settings(
        mode="test",
        subject_key=SecretStr(SUBJECT_KEY),
        data_key=SecretStr(DATA_KEY),
        events="postgres",
        grpc_addresses=f"127.0.0.1:{grpc_server.port}",
    )
    monkeypatch.setattr(here, "settings", lambda: settings)
    done = CliRunner().invoke(app, ["announce", "pilots.payables"])
    assert (done.exit_code, done.output) == (0, "pilots.payables: đã báo lại 12 tin\n")
    assert newest(database) == told
    refused = CliRunner().invoke(app, ["announce", "pilots.stalls"])
    assert refused.exit_code == 2
    assert "invoices.payables" in refused.output
