"""Builders for tests of the pilots: programmes, units, stalls, accounts as the directory tells of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from kit import auth, ids
from kit.db import Database
from kit.events import Delivery, Event
from services.pilots.domain.programmes import Kind, Programme, Section
from services.pilots.domain.stalls import Account, AnnouncedAccount, Stall, StallWish
from services.pilots.domain.units import Unit, UnitKind
from services.pilots.flows import accounts, programmes, stalls
from xoai.directory.v1 import directory_events_pb2 as directory_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

ORGANISATION = UUID("0190a000-0000-7000-8000-000000000011")
OTHER_ORGANISATION = UUID("0190a000-0000-7000-8000-000000000012")
MOMENT = datetime(2026, 9, 15, 2, 30, tzinfo=UTC)
CITY = auth.service("cli")
_numbers = itertools.count(1)


def make_section(**overrides: Any) -> Section:
    fields: dict[str, Any] = {
        "id": UUID(int=0),
        "code": "A",
        "name": "Dãy A",
        "x": 0,
        "y": 0,
        "width": 10,
        "height": 4,
    }
    return Section(**(fields | overrides))


def make_programme(**overrides: Any) -> Programme:
    fields: dict[str, Any] = {
        "id": UUID(int=0),
        "kind": Kind.STREET,
        "code": f"hung-vuong-{next(_numbers)}",
        "name": "Phố Hùng Vương không tiền mặt",
        "ward_code": "25195",
        "start_date": date(2026, 1, 1),
        "end_date": None,
        "open_minute": 6 * 60,
        "close_minute": 20 * 60,
        "cut_off_minute": 22 * 60,
        "sale_seconds": 600,
        "version": 1,
        "create_time": MOMENT,
        "sections": (make_section(), make_section(code="B", name="Dãy B", y=5)),
    }
    return Programme(**(fields | overrides))


def programme_message(**overrides: Any) -> pb.Programme:
    """A programme as a request asks for it."""
    fields: dict[str, Any] = {
        "kind": pb.Programme.KIND_STREET,
        "code": f"hung-vuong-{next(_numbers)}",
        "name": "Phố Hùng Vương không tiền mặt",
        "ward_code": "25195",
        "start_date": "2026-01-01",
        "open_minute": 6 * 60,
        "close_minute": 20 * 60,
        "cut_off_minute": 22 * 60,
        "sections": [
            pb.Section(code="A", name="Dãy A", width=10, height=4),
            pb.Section(code="B", name="Dãy B", y=5, width=10, height=4),
        ],
    }
    return pb.Programme(**(fields | overrides))


def make_unit(organisation_id: UUID = ORGANISATION, **overrides: Any) -> Unit:
    fields: dict[str, Any] = {
        "name": f"Hộ kinh doanh Trần Thị Hạnh {organisation_id.hex[-8:]}",
        "kind": UnitKind.HOUSEHOLD,
        "holder_name": "Trần Thị Hạnh",
        "phone": "+84912345678",
    }
    return Unit(organisation_id, **(fields | overrides))


def make_wish(programme_id: UUID, **overrides: Any) -> StallWish:
    fields: dict[str, Any] = {
        "section_code": "A",
        "number": f"A{next(_numbers)}",
        "name": "Rau sạch cô Hạnh",
        "goods": "Rau, củ, quả",
    }
    return StallWish(programme_id, **(fields | overrides))


def make_account(organisation_id: UUID = ORGANISATION, **overrides: Any) -> AnnouncedAccount:
    """An active account; `id`, `bin`, `number` and `holder_name` are the account's own."""
    own = {
        "id": ids.new(),
        "bin": "970436",
        "number": f"10{next(_numbers):08d}",
        "holder_name": "TRAN THI HANH",
    }
    account = Account(**{name: overrides.pop(name, value) for name, value in own.items()})
    fields: dict[str, Any] = {"version": 1, "is_active": True, "active_time": MOMENT, "retire_time": None}
    return AnnouncedAccount(account, organisation_id, **(fields | overrides))


def account_message(found: AnnouncedAccount) -> directory_pb.AccountChanged:
    """The account as the directory announces it."""
    state = directory_pb.AccountChanged.STATE_ACTIVE
    message = directory_pb.AccountChanged(
        account_id=str(found.account.id),
        version=found.version,
        organisation_id=str(found.organisation_id),
        bin=found.account.bin,
        account_number=found.account.number,
        organisation_kind="merchant",
        holder_name=found.account.holder_name,
        state=state if found.is_active else directory_pb.AccountChanged.STATE_RETIRED,
    )
    if found.active_time:
        message.active_time.FromDatetime(found.active_time)
    if found.retire_time:
        message.retire_time.FromDatetime(found.retire_time)
    return message


def account_deliveries(*found: AnnouncedAccount, start: int = 0) -> list[Delivery]:
    """Deliveries of the accounts, in order, from log offset `start` on."""
    return [
        Delivery(
            Event(
                event_id=uuid4(),
                topic="directory.accounts",
                key=str(each.organisation_id),
                ordering_id=str(each.account.id),
                event_type="AccountChanged",
                version=each.version,
                occur_time=MOMENT,
                payload=account_message(each).SerializeToString(),
            ),
            partition=0,
            offset=start + place,
        )
        for place, each in enumerate(found)
    ]


@dataclass(frozen=True, slots=True)
class OpenStall:
    """A stall that can sell, with its programme and account."""

    stall: Stall
    programme: Programme
    account: AnnouncedAccount


def open_programme(database: Database, **overrides: Any) -> Programme:
    """A programme in the database."""
    return database.run(lambda session: programmes.create(session, CITY, make_programme(**overrides)))


def waiting_stall(
    database: Database,
    programme: Programme | None = None,
    organisation_id: UUID = ORGANISATION,
    **overrides: Any,
) -> Stall:
    """A stall of a unit; it waits for its account unless the unit has one."""
    place = programme or open_programme(database)
    wish = make_wish(place.id, **overrides)
    return database.run(lambda session: stalls.create_stall(session, CITY, make_unit(organisation_id), wish))


def open_stall(
    database: Database,
    programme: Programme | None = None,
    organisation_id: UUID = ORGANISATION,
    account: AnnouncedAccount | None = None,
    **overrides: Any,
) -> OpenStall:
    """A stall whose unit has an account in force: `account`, or a new one, which its other stalls then get as well."""
    place = programme or open_programme(database)
    found = account or make_account(organisation_id)
    database.run(lambda session: accounts.take_in(session, [found]))
    return OpenStall(waiting_stall(database, place, organisation_id, **overrides), place, found)
