"""What people look at: credits in pages, payer's credits, balances, the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from sqlalchemy.orm import Session

from kit.db import cursor
from kit.text import fold_upper, search_key
from services.reconciliation.domain import ledger
from services.reconciliation.domain.credit import Credit, Sight
from services.reconciliation.store.books import NOT_A_TRADERS
from services.reconciliation.store.credit import COLUMNS, SIGHTS, from_row
from services.reconciliation.store.queue import OVER_OPEN, SHORT_OPEN, TWICE_OPEN, time_of

_SELECT: Final[LiteralString] = "SELECT " + COLUMNS + " FROM credit c WHERE c.merged_into IS NULL"
_VIEWS: Final[dict[str, LiteralString]] = {
    "all": "",
    "suspense": " AND c.amount_suspense > 0 AND c.park_reason = ''",
    "parked": " AND c.amount_suspense > 0 AND c.park_reason <> ''",
    "over": " AND c.amount_payer_credit > 0",
    "applied": " AND c.amount_applied > 0",
    "short_open": " AND c.exceptions <> '{}'" + SHORT_OPEN,
    "over_open": " AND c.exceptions <> '{}'" + OVER_OPEN,
    "twice_open": " AND c.exceptions <> '{}'" + TWICE_OPEN,
}
# The part of each view that an index can give; the rest is looked at row by row.
_INDEXED: Final[dict[str, LiteralString]] = {
    "suspense": " AND c.amount_suspense > 0",
    "parked": " AND c.amount_suspense > 0",
    "short_open": " AND c.exceptions <> '{}'",
    "over_open": " AND c.exceptions <> '{}'",
    "twice_open": " AND c.exceptions <> '{}'",
}
_SEARCH: Final[LiteralString] = """
    AND (c.amount = %(amount)s OR c.bank_reference_key LIKE %(compact)s OR c.join_text LIKE %(compact)s
         OR upper(c.memo) LIKE %(words)s OR upper(c.payer_name) LIKE %(words)s OR c.id = ANY(%(paid)s::uuid[]))"""
# Credits that one search goes through at most. Words stand in no index: each would cost every arrival of money time.
WINDOW: Final = 50_000
# Before the first credit of either order: where a search begins once what it knew at once has filled a page.
_BEGINNING: Final = {
    True: "00000000-0000-0000-0000-000000000000",
    False: "ffffffff-ffff-ffff-ffff-ffffffffffff",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of credits is narrowed to; empty values narrow nothing."""

    organisation_id: str
    view: str
    reason: str
    search: str
    is_oldest_first: bool
    arrived_before: datetime | None = None
    # For who acts for the whole city: what traders take is not theirs to see, save what one handed over.
    without_merchants: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of credits. `after` is the id behind which the list goes on, empty at its end; a search that has not
    looked at everything yet has come to the arrivals of `searched_until`."""

    credits: list[Credit]
    after: str = ""
    searched_until: datetime | None = None


def credits(session: Session, wanted: Filter, after: str, limit: int) -> Listed:
    """A page of credits after an id, newest or oldest first."""
    if wanted.search:
        return _searched(session, wanted, after, limit)
    statement = _SELECT + _VIEWS[wanted.view] + _narrowed(wanted) + _own(wanted) + _behind(wanted, after)
    statement += _order(wanted) + " LIMIT %(limit)s"
    parameters = {**_values(wanted), "after": after, "limit": limit + 1}
    rows = [from_row(row) for row in cursor(session).execute(statement, parameters, prepare=False)]
    return Listed(rows[:limit], rows[limit - 1].id if len(rows) > limit else "")


def _searched(session: Session, wanted: Filter, after: str, limit: int) -> Listed:
    """What carries a bill's code first, wherever it stands; then what matches among the next WINDOW credits."""
    values = _values(wanted) | {"limit": limit, "window": WINDOW - 1} | _search_values(wanted.search)
    values["paid"] = _by_code(session, values)
    whole = _SELECT + _VIEWS[wanted.view] + _narrowed(wanted)
    coded: LiteralString = whole + _own(wanted) + " AND c.id = ANY(%(paid)s::uuid[])" + _order(wanted)
    found = cursor(session)
    known = [
        from_row(row) for row in found.execute(coded + " LIMIT %(limit)s", values, prepare=False).fetchall()
    ]
    shown = [] if after else known
    room = limit - len(shown)
    if not room:
        return Listed(shown, _BEGINNING[wanted.is_oldest_first])
    values |= {"after": after, "limit": room + 1, "known": [credit.id for credit in known]}
    own, order = _along(wanted)
    window = _INDEXED.get(wanted.view, "") + own + _behind(wanted, after) + order
    statement: LiteralString = (
        "SELECT "
        + COLUMNS
        + " FROM (SELECT c.* FROM credit c WHERE true"
        + window
        + " LIMIT %(window)s + 1) c WHERE c.merged_into IS NULL AND c.id <> ALL(%(known)s::uuid[])"
        + _VIEWS[wanted.view]
        + _narrowed(wanted)
        + _SEARCH
        + order
        + " LIMIT %(limit)s"
    )
    edge: LiteralString = "SELECT c.id::text FROM credit c WHERE true" + window + " LIMIT 2 OFFSET %(window)s"
    with _walking(session, wanted):
        rows = [from_row(row) for row in found.execute(statement, values, prepare=False).fetchall()]
        if len(rows) > room:
            return Listed([*shown, *rows[:room]], rows[room - 1].id)
        rest = found.execute(edge, values, prepare=False).fetchall()
    if len(rest) < 2:
        return Listed([*shown, *rows])
    return Listed([*shown, *rows], rest[0][0], time_of(rest[0][0]))


def _along(wanted: Filter) -> tuple[LiteralString, LiteralString]:
    """The condition and the order by which a search walks along an index."""
    if not wanted.organisation_id:
        return "", _order(wanted)
    # A range and not an equal sign: with that the planner may walk along the ids of everybody.
    own: LiteralString = " AND c.organisation_id BETWEEN %(organisation)s::uuid AND %(organisation)s::uuid"
    if wanted.is_oldest_first:
        return own, " ORDER BY c.organisation_id, c.id"
    return own, " ORDER BY c.organisation_id DESC, c.id DESC"


@contextmanager
def _walking(session: Session, wanted: Filter) -> Iterator[None]:
    """Walk along the index of ids. The planner cannot know that row security lets most rows through: it takes the
    credits for few and sorts all of them. Views with a small index of their own are sorted."""
    switch: LiteralString = (
        "SELECT set_config('enable_sort', %(on)s, true), set_config('enable_incremental_sort', %(on)s, true)"
    )
    is_long = wanted.view not in _INDEXED
    if is_long:
        cursor(session).execute(switch, {"on": "off"}, prepare=False)
    yield
    if is_long:
        cursor(session).execute(switch, {"on": "on"}, prepare=False)


def _by_code(session: Session, values: dict[str, Any]) -> list[str]:
    """The credits that paid the bill with the code that is searched for, or wait for it."""
    statement: LiteralString = """
        SELECT y.credit_id::text FROM payable p JOIN payment y ON y.payable_id = p.id
        WHERE p.reference = %(exact)s AND y.credit_id IS NOT NULL
        UNION SELECT c.id::text FROM credit c WHERE c.waiting_key <> '' AND c.waiting_key = %(exact)s"""
    return [id for (id,) in cursor(session).execute(statement, values, prepare=False)]


def _narrowed(wanted: Filter) -> LiteralString:
    narrowed: LiteralString = " AND c.reason = %(reason)s" if wanted.reason else ""
    if wanted.without_merchants:
        # A search would find by what the payer wrote, which stays hidden.
        narrowed += SIGHTS[Sight.CITY if wanted.search else Sight.CITY_DESK]
    return narrowed + (" AND c.arrive_time < %(arrived_before)s" if wanted.arrived_before else "")


def _own(wanted: Filter) -> LiteralString:
    return " AND c.organisation_id = %(organisation)s::uuid" if wanted.organisation_id else ""


def _behind(wanted: Filter, after: str) -> LiteralString:
    if not after:
        return ""
    return " AND c.id > %(after)s::uuid" if wanted.is_oldest_first else " AND c.id < %(after)s::uuid"


def _order(wanted: Filter) -> LiteralString:
    return " ORDER BY c.id" if wanted.is_oldest_first else " ORDER BY c.id DESC"


def _values(wanted: Filter) -> dict[str, Any]:
    return {
        "organisation": wanted.organisation_id,
        "reason": wanted.reason,
        "arrived_before": wanted.arrived_before,
    }


def _search_values(search: str) -> dict[str, Any]:
    compact = search_key(search).replace(" ", "")
    digits = compact if compact.isdigit() and len(compact) < 16 else ""
    return {
        "amount": int(digits) if digits else None,
        "compact": f"%{compact}%",
        "exact": compact,
        "words": f"%{_plain_like(fold_upper(search.strip()))}%",
    }


def _plain_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def suspense(session: Session, organisation_id: str, *, without_merchants: bool) -> tuple[int, int]:
    """How many credits wait for a person, and the đồng in them."""
    statement: LiteralString = (
        "SELECT count(*), coalesce(sum(c.amount_suspense), 0)::bigint FROM credit c WHERE c.amount_suspense > 0"
        " AND c.park_reason = '' AND (%(organisation)s = '' OR c.organisation_id::text = %(organisation)s)"
    ) + SIGHTS[Sight.CITY_DESK if without_merchants else Sight.ALL]
    row = cursor(session).execute(statement, {"organisation": organisation_id}, prepare=False).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def possible_duplicates(session: Session, credit: Credit, sight: Sight) -> list[Credit]:
    """Other credits on the same account with the same amount and reference or memo, around the same days."""
    statement: LiteralString = (
        "SELECT "
        + COLUMNS
        + """ FROM credit c WHERE c.id <> %(id)s::uuid AND c.is_in_ledger
        AND c.bin = %(bin)s AND c.account_number = %(number)s AND c.amount = %(amount)s
        AND ((c.reference_join = %(by_reference)s AND c.bank_date BETWEEN %(day)s - 31 AND %(day)s + 31)
             OR (c.memo_join = %(by_memo)s AND c.bank_date BETWEEN %(day)s - 1 AND %(day)s + 1))"""
        + SIGHTS[sight]
        + " ORDER BY c.id LIMIT 20"
    )
    parameters = {
        "id": credit.id,
        "bin": credit.bin,
        "number": credit.account_number,
        "amount": credit.amount,
        "by_reference": credit.reference_join,
        "by_memo": credit.memo_join,
        "day": credit.bank_date,
    }
    return [from_row(row) for row in cursor(session).execute(statement, parameters, prepare=False)]


def cards(session: Session, payable_ids: Sequence[str]) -> dict[str, tuple[str, str, str, str]]:
    """Reference, title, payer and group of payables, by id."""
    statement: LiteralString = (
        "SELECT p.id::text, p.reference, c.title, c.payer_name, c.group_name FROM payable p"
        " JOIN payable_card c ON c.payable_id = p.id WHERE p.id = ANY(%s::uuid[])"
    )
    found = cursor(session).execute(statement, (list(payable_ids),), prepare=False)
    return {id: (reference, title, payer, group) for id, reference, title, payer, group in found}


def payer_credits(
    session: Session, organisation_id: str, payer: str, after: str, limit: int, *, without_merchants: bool
) -> list[tuple[str, str, str, int]]:
    """Organisation, payer, a name and đồng of payers' credits, in order of organisation and payer."""
    head = ledger.PAYER_CREDIT
    statement: LiteralString = """
        SELECT b.organisation_id::text, substr(b.ledger_account, %(head)s), coalesce((
                   SELECT c.payer_name FROM payable p JOIN payable_card c ON c.payable_id = p.id
                   WHERE p.organisation_id = b.organisation_id AND (
                       (p.payer_id <> '' AND p.payer_id = substr(b.ledger_account, %(head)s))
                       OR 'payable:' || p.id = substr(b.ledger_account, %(head)s))
                   LIMIT 1), ''), -b.balance
        FROM ledger_balance b
        WHERE b.ledger_account LIKE 'payer_credit:%%' AND b.balance <> 0
          AND (%(organisation)s = '' OR b.organisation_id::text = %(organisation)s)
          AND (%(payer)s = '' OR b.ledger_account = 'payer_credit:' || %(payer)s)
          AND (%(after)s = '' OR b.organisation_id::text || ' ' || b.ledger_account > %(after)s)"""
    statement += " AND b.organisation_id" + NOT_A_TRADERS if without_merchants else ""
    statement += """
        ORDER BY b.organisation_id::text || ' ' || b.ledger_account LIMIT %(limit)s"""
    parameters = {
        "head": len(head) + 1,
        "organisation": organisation_id,
        "payer": payer,
        "after": after,
        "limit": limit,
    }
    return list(cursor(session).execute(statement, parameters, prepare=False))


# Of rows that carry an organisation: those of traders left out.
_NO_TRADERS: Final[LiteralString] = " AND organisation_id" + NOT_A_TRADERS


def is_merchant(session: Session, organisation_id: str) -> bool:
    """Whether an organisation is a trader's, as far as an account of it was announced."""
    statement: LiteralString = (
        "SELECT FROM receiving_account WHERE organisation_id = %s::uuid AND is_merchant LIMIT 1"
    )
    return cursor(session).execute(statement, (organisation_id,), prepare=False).fetchone() is not None


def balances_by_kind(
    session: Session, organisation_id: str, *, without_merchants: bool
) -> list[tuple[str, str, int]]:
    """The same with one row for all payers' credits of an organisation: there may be one of every family."""
    account: LiteralString = (
        "CASE WHEN ledger_account LIKE 'payer_credit:%%' THEN 'payer_credit' ELSE ledger_account END"
    )
    statement: LiteralString = (
        "SELECT organisation_id::text, " + account + ", sum(balance)::bigint FROM ledger_balance"
        " WHERE (%(organisation)s = '' OR organisation_id::text = %(organisation)s)"
        + (_NO_TRADERS if without_merchants else "")
        + " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return list(cursor(session).execute(statement, {"organisation": organisation_id}, prepare=False))


def balances(
    session: Session, organisation_id: str, *, without_merchants: bool
) -> list[tuple[str, str, int]]:
    """Organisation, ledger account and balance (debit is positive), sorted."""
    statement: LiteralString = (
        "SELECT organisation_id::text, ledger_account, balance FROM ledger_balance"
        " WHERE (%(organisation)s = '' OR organisation_id::text = %(organisation)s)"
        + (_NO_TRADERS if without_merchants else "")
        + " ORDER BY organisation_id, ledger_account"
    )
    return list(cursor(session).execute(statement, {"organisation": organisation_id}, prepare=False))


def counts(
    session: Session, organisation_id: str, *, without_merchants: bool
) -> tuple[int, int, int, int, int]:
    """Credits in the ledger: all, wholly applied, in suspense, told by no statement; and reports that joined."""
    statement: LiteralString = """
        SELECT count(*), count(*) FILTER (WHERE amount_applied = amount), count(*) FILTER (WHERE amount_suspense > 0),
               count(*) FILTER (WHERE NOT has_statement), coalesce(sum(report_count - 1), 0)::bigint
        FROM credit WHERE is_in_ledger AND (%(organisation)s = '' OR organisation_id::text = %(organisation)s)"""
    statement += " AND NOT is_merchant" if without_merchants else ""
    row = cursor(session).execute(statement, {"organisation": organisation_id}, prepare=False).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3], row[4]


def turnover(session: Session, organisation_id: str, *, without_merchants: bool) -> tuple[int, int]:
    """Σ debits and Σ credits of all postings, both positive."""
    statement: LiteralString = """
        SELECT coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint,
               coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint
        FROM posting WHERE (%(organisation)s = '' OR organisation_id::text = %(organisation)s)"""
    statement += _NO_TRADERS if without_merchants else ""
    row = cursor(session).execute(statement, {"organisation": organisation_id}, prepare=False).fetchone()
    assert row is not None
    return row[0], row[1]


def backlog(session: Session) -> tuple[int, int]:
    """Events not yet announced, and open dead letters."""
    statement: LiteralString = (
        "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM dead_letter WHERE close_time IS NULL)"
    )
    row = cursor(session).execute(statement, prepare=False).fetchone()
    assert row is not None
    return row[0], row[1]
