"""Builders for tests of trust: boards that stand at stalls, codes as a phone scans them, payments as they arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from kit import clock, ids
from kit.db import Database
from services.pilots.domain.feeds import Arrival
from services.pilots.domain.stalls import Stall
from services.pilots.flows import feeds
from services.vietqr.domain import AdditionalData, Code, encode


def scanned(bin_code: str, account_number: str, memo: str, amount: int | None = None) -> str:
    """The text of a code as a phone reads it."""
    additional = AdditionalData(purpose=memo or None)
    return encode(Code(bin=bin_code, account=account_number, amount=amount, additional=additional))


def board_of(stall: Stall) -> str:
    """The text of the stall's own standing code."""
    assert stall.account is not None
    return scanned(stall.account.bin, stall.account.number, stall.reference)


def put_up(database: Database, stall: Stall, issue_number: int = 1, *, flagged: bool = False) -> None:
    """A board with the account that the stall has now."""
    assert stall.account is not None
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO stand (stall_id, issue_number, organisation_id, state, issue_date, bin,"
                " account_number, account_holder, payload, check_code, flag_reason)"
                " VALUES (:id, :issue, :organisation, :state, '2026-09-15', :bin, :number, :holder, :payload,"
                " 'K7M4', :reason)"
            ),
            {
                "id": stall.id,
                "issue": issue_number,
                "organisation": stall.organisation_id,
                "state": "flagged" if flagged else "in_use",
                "bin": stall.account.bin,
                "number": stall.account.number,
                "holder": stall.account.holder_name,
                "payload": board_of(stall),
                "reason": "Bảng bị rách" if flagged else "",
            },
        )


def flag(database: Database, stall: Stall, issue_number: int = 1) -> None:
    """A board that is to be taken away from now on."""
    with database.begin() as session:
        session.execute(
            text(
                "UPDATE stand SET state = 'flagged', flag_reason = 'Đổi tài khoản'"
                " WHERE stall_id = :id AND issue_number = :issue"
            ),
            {"id": stall.id, "issue": issue_number},
        )


def arrival(
    stall: Stall | None = None,
    *,
    at: datetime | None = None,
    delay: timedelta = timedelta(seconds=1),
    bin_code: str = "970436",
    amount: int = 50_000,
    sale_amount: int = 0,
) -> Arrival:
    """A payment that arrived at a moment (now), told by its bank so much later than it happened."""
    arrive = at or clock.now()
    if stall is None:
        return Arrival(bin_code, arrive - delay, arrive)
    return Arrival(
        bin_code, arrive - delay, arrive, stall.programme_id, stall.id, ids.new(), amount, sale_amount
    )


def arrive(database: Database, *arrivals: Arrival) -> None:
    """Payments are recorded."""
    database.run(lambda session: feeds.record(session, arrivals))


def ids_of(*stalls: Stall) -> set[UUID]:
    """The ids of stalls."""
    return {stall.id for stall in stalls}
