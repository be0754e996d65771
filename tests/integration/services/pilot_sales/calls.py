"""Calls and look-ups that the tests of sales share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
from sqlalchemy import text

from kit import clock
from kit.auth import Kind, Subject
from kit.db import Database
from kit.testing.service import Client, staff
from services.pilots import verify
from tests.support.stalls import ORGANISATION
from xoai.payables.v1 import payables_events_pb2 as payables_pb
from xoai.pilots.v1 import pilots_events_pb2 as events_pb
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import sales_service_pb2_grpc as pb_grpc

EventType = events_pb.StallEvent


def set_clock(moment: datetime) -> None:
    """Move the clock to a moment, to within a moment."""
    clock.set_offset(moment - datetime.now(UTC))


def pass_time(**values: int) -> None:
    """Move the clock on."""
    set_clock(clock.now() + timedelta(**values))


def owner(channel: grpc.Channel, organisation: UUID = ORGANISATION) -> Any:
    """The merchant, signed in."""
    return client(
        channel, staff("stalls.read", "stalls.sell", "stalls.manage", organisation=str(organisation))
    )


def client(channel: grpc.Channel, subject: Subject) -> Any:
    return Client(pb_grpc.SalesServiceStub(channel), subject)


def phone(
    database: Database, channel: grpc.Channel, stall_id: UUID, *, role: str = "seller", is_open: bool = True
) -> Any:
    """A paired phone of a stall; `is_open`: its PIN was given."""
    id, now = uuid4(), clock.now()
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO device (id, organisation_id, stall_id, role, name, user_agent, key_hash, pair_time,"
                " expire_time, see_time, unlock_until)"
                " SELECT :id, organisation_id, id, :role, 'Máy của Hạnh', '', :hash, :now,"
                " :now + interval '90 days', :now, :until FROM stall WHERE id = :stall_id"
            ),
            {
                "id": id,
                "stall_id": stall_id,
                "role": role,
                "hash": id.bytes,
                "now": now,
                "until": now + timedelta(hours=16) if is_open else None,
            },
        )
        organisation = session.execute(
            text("SELECT organisation_id FROM stall WHERE id = :id"), {"id": stall_id}
        ).scalar_one()
    held = {"stalls.read", "stalls.sell"} if is_open and role == "seller" else {"stalls.read"}
    return client(
        channel, Subject(Kind.DEVICE, str(id), "Máy của Hạnh", {str(organisation): frozenset(held)})
    )


def open_sale(seller: Any, stall_id: UUID, amount: int = 50_000, **overrides: Any) -> pb.Sale:
    request = pb.CreateSaleRequest(
        request_id=str(uuid4()), stall_id=str(stall_id), amount=amount, **overrides
    )
    sale: pb.Sale = seller.CreateSale(request)
    return sale


def get_sale(seller: Any, id: str) -> pb.Sale:
    sale: pb.Sale = seller.GetSale(pb.GetSaleRequest(id=id))
    return sale


def get_day(seller: Any, stall_id: UUID, book_date: str = "", **overrides: Any) -> pb.Day:
    day: pb.Day = seller.GetDay(pb.GetDayRequest(stall_id=str(stall_id), book_date=book_date, **overrides))
    return day


def enter_cash(seller: Any, stall_id: UUID, amount: int, **overrides: Any) -> pb.Taking:
    request = pb.EnterCashRequest(request_id=str(uuid4()), stall_id=str(stall_id), amount=amount, **overrides)
    taking: pb.Taking = seller.EnterCash(request)
    return taking


def mark_private(seller: Any, payment_id: UUID, private: bool = True) -> pb.Taking:
    request = pb.MarkPrivateRequest(request_id=str(uuid4()), payment_id=str(payment_id), private=private)
    taking: pb.Taking = seller.MarkPrivate(request)
    return taking


def close_day(seller: Any, stall_id: UUID, book_date: str = "") -> pb.Day:
    request = pb.CloseDayRequest(request_id=str(uuid4()), stall_id=str(stall_id), book_date=book_date)
    day: pb.Day = seller.CloseDay(request)
    return day


def sums(day: pb.Day) -> dict[str, tuple[int, int]]:
    """The sums of a day with their counts, those that hold something."""
    found = {
        name: (getattr(day, f"{name}_count"), getattr(day, f"{name}_sum"))
        for name in ("transfer", "cash", "private", "late")
    }
    return {name: value for name, value in found.items() if value != (0, 0)}


def rows(database: Database, statement: str, **values: Any) -> Sequence[Any]:
    with database.begin() as session:
        return session.execute(text(statement), values).all()


def told(database: Database, stall_id: UUID | None = None) -> list[events_pb.StallEvent]:
    """What was announced to phones (of one stall), in order."""
    found = rows(database, "SELECT payload FROM outbox WHERE topic = 'pilots.stalls' ORDER BY id")
    events = [events_pb.StallEvent.FromString(bytes(row.payload)) for row in found]
    return [event for event in events if stall_id is None or event.stall_id == str(stall_id)]


def money_told(database: Database, stall_id: UUID | None = None) -> list[events_pb.StallEvent]:
    """The announcements that are about money."""
    about = (EventType.TYPE_SALE_PAID, EventType.TYPE_STANDING_PAID, EventType.TYPE_REVERSED)
    return [event for event in told(database, stall_id) if event.type in about]


def payables(database: Database, payable_id: str) -> list[payables_pb.PayableChanged]:
    """What was announced of one payable to reconciliation, in order."""
    found = rows(
        database,
        "SELECT payload FROM outbox WHERE topic = 'pilots.payables' AND key = :key ORDER BY id",
        key=payable_id,
    )
    return [payables_pb.PayableChanged.FromString(bytes(row.payload)) for row in found]


def audited(database: Database) -> list[str]:
    """What people did with money, in order."""
    made = ("programme.create", "stall.create")
    found = [row.action for row in rows(database, "SELECT action FROM audit ORDER BY id")]
    return [action for action in found if action not in made]


def assert_books_hold(database: Database) -> None:
    """No invariant of this service is broken."""
    with database.begin() as session:
        assert verify.findings(session) == []
