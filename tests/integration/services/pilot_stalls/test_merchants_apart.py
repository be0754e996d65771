"""I12: under row-level security a merchant sees and changes its own rows only, in every tenant table of the pilots."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit import errors
from kit.db import Database
from kit.tenants import Tenants
from services.pilots.store.tables import APPEND_ONLY, TENANT_TABLES, metadata
from tests.integration.services.pilot_stalls.callers import key, merchant, pair
from tests.integration.services.pilot_stalls.rows import rows
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, open_stall
from xoai.pilots.v1 import stalls_service_pb2 as pb

# Values for columns that must hold something; what else there is stays empty.
_PLAIN = {
    "Uuid": lambda: uuid4(),
    "Text": lambda: uuid4().hex,
    "BigInteger": lambda: 1,
    "Integer": lambda: 1,
    "SmallInteger": lambda: 1,
    "Boolean": lambda: False,
    "Date": lambda: "2026-09-15",
    "DateTime": lambda: "2026-09-15T02:30:00Z",
    "JSONB": lambda: json.dumps({}),
    "LargeBinary": lambda: uuid4().bytes,
}
_CHOSEN = {
    ("sale", "state"): "open",
    ("taking", "kind"): "sale",
    ("stand", "state"): "in_use",
    ("pairing", "role"): "seller",
    ("device", "role"): "seller",
    ("enrolment_row", "outcome"): "new",
}


def fill(database: Database, name: str, organisation: UUID, stall_id: UUID) -> None:
    """One row of an organisation in a table, with whatever its columns take."""
    table = metadata.tables[name]
    values: dict[str, object] = {}
    for column in table.columns:
        if column.nullable or column.server_default is not None or column.identity is not None:
            continue
        values[column.name] = _CHOSEN.get((name, column.name), _PLAIN[type(column.type).__name__]())
    values["organisation_id"] = organisation
    if "stall_id" in values:
        values["stall_id"] = stall_id
    if name == "enrolment_row":
        values["enrolment_id"] = enrolment_of(database, stall_id)
    columns = ", ".join(values)
    marks = ", ".join(f":{column}" for column in values)
    with database.begin() as session:
        session.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({marks})"), values)


def enrolment_of(database: Database, stall_id: UUID) -> UUID:
    id = uuid4()
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO enrolment (id, programme_id, file_name, sha256, subject, create_time)"
                " SELECT :id, programme_id, 'list.xlsx', '', '', now() FROM stall WHERE id = :stall"
            ),
            {"id": id, "stall": stall_id},
        )
    return id


@pytest.fixture
def filled(database: Database) -> tuple[UUID, UUID]:
    """Two merchants with a row each in every tenant table."""
    for organisation in (ORGANISATION, OTHER_ORGANISATION):
        stall_id = open_stall(database, organisation_id=organisation).stall.id
        for name in TENANT_TABLES:
            if not count_of(database, name, organisation):
                fill(database, name, organisation, stall_id)
    return ORGANISATION, OTHER_ORGANISATION


def count_of(database: Database, table: str, organisation: UUID) -> int:
    found = rows(database, f"SELECT count(*) FROM {table} WHERE organisation_id = :o", o=organisation)
    return int(found[0][0])


def count(database: Database, table: str, tenants: Tenants | None) -> int:
    with database.begin(tenants) as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_every_table_with_an_organisation_is_a_tenant_table(database: Database) -> None:
    """Row-level security is on and forced on each; the roles may not pass it by."""
    owned = {table.name for table in metadata.sorted_tables if "organisation_id" in table.columns}
    assert owned == set(TENANT_TABLES)
    secured = rows(database, "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert {row.relname for row in secured} == owned
    strong = rows(
        database,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'xoai_pilots%' AND (rolsuper OR rolbypassrls)",
    )
    assert strong == []


def test_a_tenant_sees_its_own_rows_alone(database: Database, filled: tuple[UUID, UUID]) -> None:
    """In every table: one merchant its rows, nobody's token none, the city all."""
    for table in TENANT_TABLES:
        for organisation in filled:
            own = count_of(database, table, organisation)
            assert own > 0, table
            assert count(database, table, Tenants(frozenset({organisation}))) == own, table
        assert count(database, table, Tenants()) == 0, table
        assert count(database, table, Tenants(frozenset({uuid4()}))) == 0, table
        assert count(database, table, Tenants(everywhere=True)) == count(database, table, None), table


def test_a_tenant_changes_its_own_rows_alone(database: Database, filled: tuple[UUID, UUID]) -> None:
    """An update of everything touches nobody else's rows, and no row can be moved to another merchant."""
    mine = Tenants(frozenset({ORGANISATION}))
    for table in TENANT_TABLES:
        if table in APPEND_ONLY:
            continue
        with database.begin(mine) as session:
            touched = session.execute(text(f"UPDATE {table} SET organisation_id = organisation_id"))
            assert touched.rowcount == count_of(database, table, ORGANISATION), table  # type: ignore[attr-defined]
        with pytest.raises(DBAPIError, match="row-level security"), database.begin(mine) as session:
            session.execute(
                text(f"UPDATE {table} SET organisation_id = :other"), {"other": OTHER_ORGANISATION}
            )


def test_the_trail_cannot_be_changed(database: Database, filled: tuple[UUID, UUID]) -> None:
    """Neither by the app role nor by the worker."""
    for table in APPEND_ONLY:
        for tenants in (None, Tenants(everywhere=True)):
            for statement in (
                f"DELETE FROM {table}",
                f"UPDATE {table} SET organisation_id = organisation_id",
            ):
                with pytest.raises(DBAPIError), database.begin(tenants) as session:
                    session.execute(text(statement))


def test_ids_of_others_are_not_found_by_any_call(channel: grpc.Channel, database: Database) -> None:
    """With every permission in one organisation, another's stall and phone cannot be seen, changed or given a code."""
    foreign = str(open_stall(database, organisation_id=OTHER_ORGANISATION).stall.id)
    device = pair(channel, foreign, organisation=OTHER_ORGANISATION)
    stall = merchant(channel, OTHER_ORGANISATION).GetStall(pb.GetStallRequest(id=foreign))
    calls = {
        "GetStall": pb.GetStallRequest(id=foreign),
        "UpdateStall": pb.UpdateStallRequest(request_id=key(), stall=stall),
        "WithdrawStall": pb.WithdrawStallRequest(request_id=key(), id=foreign, reason="x"),
        "IssueStand": pb.IssueStandRequest(request_id=key(), stall_id=foreign, reason="x"),
        "ListStands": pb.ListStandsRequest(stall_id=foreign),
        "IssuePack": pb.IssuePackRequest(request_id=key(), stall_id=foreign, amounts=[1_000]),
        "GetPack": pb.GetPackRequest(stall_id=foreign),
        "CreatePairing": pb.CreatePairingRequest(
            request_id=key(), stall_id=foreign, role=pb.Device.ROLE_SELLER, name="Máy"
        ),
        "ListDevices": pb.ListDevicesRequest(stall_id=foreign),
        "RevokeDevice": pb.RevokeDeviceRequest(request_id=key(), id=device.id),
        "SetPin": pb.SetPinRequest(request_id=key(), stall_id=foreign, pin="4827"),
    }
    for method, request in calls.items():
        with pytest.raises(errors.NotFound):
            getattr(merchant(channel), method)(request)
    assert merchant(channel, OTHER_ORGANISATION).GetStall(pb.GetStallRequest(id=foreign)) == stall
