"""What the city reads of the trail: its own decisions about stalls, whole or not; never what a trader does with his money."""

from __future__ import annotations

import json
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import event, text

from kit import audit, auth, errors
from kit.db import Database
from tests.integration.services.pilot_stalls.callers import city, client, key, merchant, pair, refused
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, open_stall
from xoai.pilots.v1 import stalls_service_pb2 as pb

_AUDIT = frozenset({"audit.read"})


def auditor(grants: dict[str, frozenset[str]]) -> auth.Subject:
    return auth.Subject(auth.Kind.PERSON, str(uuid4()), "Kiểm", grants)


def test_a_withdrawn_stall_is_in_the_trail(channel: grpc.Channel, database: Database) -> None:
    """With who and why; by organisation, and in pages; phones too, and the chain follows."""
    stall = open_stall(database).stall
    pair(channel, str(stall.id))
    city(channel).WithdrawStall(
        pb.WithdrawStallRequest(request_id=key(), id=str(stall.id), reason="Nghỉ bán")
    )
    reader = client(channel, auditor({auth.EVERYWHERE: _AUDIT}))
    entries = reader.ListAuditEntries(pb.ListAuditEntriesRequest(organisation_id=str(ORGANISATION))).entries
    assert entries[0].action == "stall.withdraw"
    assert json.loads(entries[0].detail_json)["reason"] == "Nghỉ bán"
    assert {"device.invite", "device.pair"} <= {entry.action for entry in entries}
    first = reader.ListAuditEntries(pb.ListAuditEntriesRequest(page_size=2))
    second = reader.ListAuditEntries(
        pb.ListAuditEntriesRequest(page_size=2, page_token=first.next_page_token)
    )
    assert [entry.id for entry in (*first.entries, *second.entries)] == sorted(
        (entry.id for entry in (*first.entries, *second.entries)), reverse=True
    )
    assert reader.VerifyAudit(pb.VerifyAuditRequest()).broken_id == 0


def test_a_traders_own_acts_are_not_told(channel: grpc.Channel, database: Database) -> None:
    """They are in the trail and in its chain, and in nobody's list."""
    open_stall(database)
    own = (
        "cash.enter",
        "cash.take_back",
        "sale.settle",
        "taking.private",
        "day.close",
        "credit.to_stall",
        "question.yes",
    )
    with database.begin() as session:
        for action in own:
            audit.record(
                session,
                subject="person:1",
                action=action,
                object="x:1",
                organisation_id=ORGANISATION,
                detail={"amount": 1},
            )
    reader = client(channel, auditor({auth.EVERYWHERE: _AUDIT}))
    listed = reader.ListAuditEntries(pb.ListAuditEntriesRequest(page_size=100)).entries
    assert not {entry.action for entry in listed} & set(own)
    assert reader.VerifyAudit(pb.VerifyAuditRequest()).entries >= len(own)


def test_the_list_passes_over_no_trader(channel: grpc.Channel, database: Database) -> None:
    """However many rows there are of what traders did, a page is read by the index of what the city decides."""
    open_stall(database)
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO audit (create_time, subject, action, object, organisation_id, detail, seal)"
                " SELECT now(), 'person:1', 'cash.enter', 'x', CAST(:organisation AS uuid), '{}', '' FROM generate_series(1, 3000)"
            ),
            {"organisation": str(ORGANISATION)},
        )
    seen = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: seen.append(call[2:4]))
    reader = client(channel, auditor({auth.EVERYWHERE: _AUDIT}))
    reader.ListAuditEntries(pb.ListAuditEntriesRequest())
    statement, parameters = next(each for each in seen if "FROM audit" in each[0])
    with database.engine.connect() as connection:
        asking = connection.connection.cursor()
        asking.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(str(row[0]) for row in asking.fetchall())
    assert "audit_told" in plan, plan


def test_who_may_not_read_the_trail(channel: grpc.Channel, database: Database) -> None:
    """Another organisation's person sees nothing and cannot ask for the whole; a trader may not ask at all."""
    stall = open_stall(database).stall
    pair(channel, str(stall.id))
    stranger = client(channel, auditor({str(OTHER_ORGANISATION): _AUDIT}))
    assert not stranger.ListAuditEntries(pb.ListAuditEntriesRequest()).entries
    with refused(errors.PermissionDenied):
        stranger.VerifyAudit(pb.VerifyAuditRequest())
    with refused(errors.PermissionDenied):
        merchant(channel).ListAuditEntries(pb.ListAuditEntriesRequest())


@pytest.mark.parametrize(
    "request_", [{"date": "30/2/2026"}, {"organisation_id": "x"}], ids=["day", "organisation"]
)
def test_a_question_that_is_none_is_refused(channel: grpc.Channel, request_: dict[str, str]) -> None:
    """In words, by field."""
    with refused(errors.InvalidArgument):
        client(channel, auditor({auth.EVERYWHERE: _AUDIT})).ListAuditEntries(
            pb.ListAuditEntriesRequest(**request_)
        )
