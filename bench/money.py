"""Made-up money from a seed: receiving accounts, what is owed, and what banks tell. Written straight into the tables.

Going through the services would measure the same in the end, but setting up a million payables would take an hour.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
import uuid_utils
from google.protobuf.timestamp_pb2 import Timestamp

from bench.results import Refused
from kit import ids
from kit.events import Event
from kit.references import Kind, check
from kit.references.code import ALPHABET, is_isolated, with_checks
from kit.seal import Sealer
from xoai.intake.v1.intake_events_pb2 import BankCreditReported

BIN: Final = "970436"
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ACCOUNTS: Final = 100
_MOMENT: Final = datetime(2026, 9, 15, 2, 30, tzinfo=UTC)
_CLASS: Final = "hoc_phi"


@dataclass(frozen=True, slots=True)
class Place:
    """A receiving account of an organisation of its own, with the connection that tells of it."""

    organisation_id: UUID
    account_id: UUID
    number: str
    connection_id: UUID


@dataclass(frozen=True, slots=True)
class Bill:
    """Something owed that one credit will pay."""

    id: UUID
    line_id: str
    reference: str
    place: Place
    amount: int


def places(count: int = ACCOUNTS) -> list[Place]:
    """Receiving accounts, each of another organisation."""
    return [Place(ids.new(), ids.new(), f"10{number:08d}", ids.new()) for number in range(count)]


def references(seed: int) -> Iterator[str]:
    """Good references without end, each once."""
    chance = random.Random(seed)
    seen: set[str] = set()
    while True:
        head = Kind.INVOICE.value + "".join(chance.choices(ALPHABET, k=7))
        reference = with_checks(head)
        if reference not in seen and check(reference) and is_isolated(reference):
            seen.add(reference)
            yield reference


def bills(at: Sequence[Place], count: int, names: Iterator[str], seed: int) -> list[Bill]:
    """Bills spread over the accounts."""
    chance = random.Random(seed)
    return [
        Bill(
            UUID(bytes=uuid_utils.uuid7().bytes),
            f"{seed}-{number}",
            next(names),
            at[number % len(at)],
            chance.randrange(50, 900) * 1_000,
        )
        for number in range(count)
    ]


def copy(
    connection: psycopg.Connection[Any], table: str, columns: str, rows: Iterable[Sequence[object]]
) -> None:
    """Write rows by COPY."""
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as into:
        for row in rows:
            into.write_row(row)


def add_accounts(reconciliation: psycopg.Connection[Any], at: Sequence[Place]) -> None:
    """Tell reconciliation whose the accounts are."""
    copy(
        reconciliation,
        "receiving_account",
        "account_id, version, organisation_id, bin, account_number, is_active",
        [(place.account_id, 1, place.organisation_id, BIN, place.number, True) for place in at],
    )


def add_connections(intake: psycopg.Connection[Any], at: Sequence[Place], data_key: str) -> None:
    """Let banks call back for the accounts."""
    copy(
        intake,
        "connection",
        "id, organisation_id, provider, name, auth, bin, account_numbers, confirm_above, allowed_addresses, pull_url,"
        " pull_secret, disabled, create_time",
        [
            (place.connection_id, place.organisation_id, "xoai", place.number, "", BIN, [place.number], 0, [], "",
             b"", False, _MOMENT)
            for place in at
        ],
    )  # fmt: skip
    sealer = Sealer(data_key)
    rows = []
    for place in at:
        secret = ids.new()
        sealed = sealer.seal(SECRET, place=f"connection_secret:{secret}")
        rows.append((secret, place.connection_id, place.organisation_id, sealed, SECRET[-4:], _MOMENT))
    columns = "id, connection_id, organisation_id, sealed, last_four, create_time"
    copy(intake, "connection_secret", columns, rows)


_PAYABLE_COLUMNS: Final[LiteralString] = (
    "id, organisation_id, version, kind, is_void, reference, account_id, payer_id, amount_due, due_date,"
    " is_oldest_first, lines"
)


def _payable_row(bill: Bill) -> tuple[object, ...]:
    lines = json.dumps([[bill.line_id, _CLASS, bill.amount, 1, False, 0]])
    return (
        bill.id, bill.place.organisation_id, 1, "invoice", False, bill.reference, str(bill.place.account_id),
        f"p{bill.line_id}", bill.amount, "2026-09-30", False, lines,
    )  # fmt: skip


def add_payables(reconciliation: psycopg.Connection[Any], found: Sequence[Bill]) -> None:
    """Tell reconciliation what is owed."""
    copy(reconciliation, "payable", _PAYABLE_COLUMNS, [_payable_row(bill) for bill in found])
    reconciliation.execute("VACUUM (ANALYZE) payable")


def add_payables_among_others(
    reconciliation: psycopg.Connection[Any], found: Sequence[Bill], others: int, seed: int
) -> None:
    """Tell reconciliation of `others` open payables that nobody pays now, with these bills anywhere among them.

    The others are made by the server itself; all stand in the table in the order in which they were issued.
    """
    chance = random.Random(seed)
    reconciliation.execute(
        "CREATE TEMPORARY TABLE issued (LIKE payable INCLUDING DEFAULTS, place double precision)"
    )
    copy(
        reconciliation,
        "issued",
        _PAYABLE_COLUMNS + ", place",
        [(*_payable_row(bill), chance.random() * others) for bill in found],
    )
    reconciliation.execute(
        """
        INSERT INTO issued (id, organisation_id, version, kind, is_void, reference, account_id, payer_id, amount_due,
                            due_date, is_oldest_first, lines, place)
        SELECT (lpad(to_hex(1600000000000 + n), 12, '0') || '7' || substr(md5('id' || n), 1, 3) || '8'
                || substr(md5('id' || n), 4, 15))::uuid,
               md5('organisation' || n %% 100)::uuid, 1, 'invoice', false,
               'XD' || upper(substr(md5('reference' || n), 1, 11)), 'a', 'p' || n, 1000 * (50 + n %% 850),
               '2026-09-30', false, jsonb_build_array(jsonb_build_array('l' || n, 'hoc_phi',
               1000 * (50 + n %% 850), 1, false, 0)), n
        FROM generate_series(1, %s) AS n""",
        (others,),
    )
    reconciliation.execute(
        f"INSERT INTO payable ({_PAYABLE_COLUMNS}) SELECT {_PAYABLE_COLUMNS} FROM issued ORDER BY place"
    )
    reconciliation.execute("DROP TABLE issued")
    reconciliation.execute("VACUUM (ANALYZE) payable")
    reconciliation.execute("CHECKPOINT")


def add_invoices(invoices: psycopg.Connection[Any], found: Sequence[Bill], batch_id: str = "") -> None:
    """Issue the bills as invoices of one line."""
    copy(
        invoices,
        "invoice",
        "id, organisation_id, reference, state, title, payer_id, payer_name, payer_codes, group_name, batch_id,"
        " notice_id, source_service, source_id, account_id, bin, account_number, holder_name, virtual_account,"
        " is_oldest_first, amount_due, amount_paid, version, sequence, applied_version, issue_time, change_time,"
        " void_reason, group_key, name_key, search_text, second_fact",
        [
            (bill.id, bill.place.organisation_id, bill.reference, "open", "Học phí", f"p{bill.line_id}",
             "Nguyễn Văn An", "[]", "6A1", batch_id, "", "bench", bill.reference, str(bill.place.account_id), BIN,
             bill.place.number, "TRUONG THU", "", False, bill.amount, 0, 1, 0, 0, _MOMENT, _MOMENT, "", "6a1", "an",
             "nguyen van an", b"")
            for bill in found
        ],
    )  # fmt: skip
    copy(
        invoices,
        "invoice_line",
        "invoice_id, version, position, organisation_id, id, title, ledger_class, amount, priority, is_paused,"
        " unit_price, quantity_milli, unit, exempted, exemption_reason, fee_kind",
        [
            (bill.id, 1, 1, bill.place.organisation_id, bill.line_id, "Học phí", _CLASS, bill.amount, 1, False,
             bill.amount, 1000, "tháng", 0, "", "HP")
            for bill in found
        ],
    )  # fmt: skip
    invoices.execute("VACUUM (ANALYZE) invoice, invoice_line")


def events(found: Sequence[Bill]) -> list[Event]:
    """One credit for each bill, as intake announces it."""
    moment = Timestamp()
    moment.FromDatetime(_MOMENT)
    made = []
    for number, bill in enumerate(found):
        report_id = str(uuid_utils.uuid7())
        message = BankCreditReported(
            report_id=report_id,
            channel=BankCreditReported.CHANNEL_CALLBACK,
            provider="xoai",
            source_id=str(bill.place.connection_id),
            bin=BIN,
            account_number=bill.place.number,
            amount=bill.amount,
            currency_code="VND",
            memo=memo(number, bill),
            bank_reference=f"FT{bill.line_id}".replace("-", ""),
            provider_transaction_id=bill.reference,
            occur_time=moment,
            arrive_time=moment,
            payer_name="NGUYEN VAN A",
            payer_account="0071000123456",
            payer_bin=BIN,
        )
        made.append(
            Event(
                ids.event_id(f"report:{report_id}", 1, "BankCreditReported"),
                "intake.bank-credits",
                bill.place.number,
                report_id,
                "BankCreditReported",
                1,
                _MOMENT,
                message.SerializeToString(),
            )
        )
    return made


def memo(number: int, bill: Bill) -> str:
    """A memo in a bank's envelope."""
    return f"MBVCB.{number}.{bill.reference} nop tien hoc.CT tu 0071000"


def body(number: int, bill: Bill) -> bytes:
    """One credit as a bank calls back."""
    credit = {
        "provider_transaction_id": bill.reference,
        "bank_reference": f"FT{bill.line_id}".replace("-", ""),
        "account": bill.place.number,
        "virtual_account": None,
        "amount": bill.amount,
        "currency": "VND",
        "memo": memo(number, bill),
        "occur_time": "2026-09-15T09:30:00+07:00",
        "payer_name": "NGUYEN VAN A",
        "payer_account": "0071000123456",
        "payer_bin": BIN,
    }
    return json.dumps({"credits": [credit]}).encode()


def check_books(reconciliation: psycopg.Connection[Any], credits: int, amount: int) -> None:
    """Every credit is applied once and the books hold, or the figure is worth nothing. Raises Refused."""
    found = reconciliation.execute(
        "SELECT (SELECT count(*) FROM credit WHERE amount_applied = amount), (SELECT sum(amount_applied) FROM credit),"
        " (SELECT count(*) FROM payment), (SELECT sum(amount) FROM payment), (SELECT sum(amount) FROM posting),"
        " (SELECT sum(balance) FROM ledger_balance),"
        " (SELECT sum(balance) FROM ledger_balance WHERE ledger_account LIKE 'bank:%'),"
        " (SELECT count(*) FROM outbox), (SELECT count(*) FROM dead_letter)"
    ).fetchone()
    wanted = (credits, amount, credits, amount, 0, 0, amount, 0, 0)
    if found is None or tuple(int(value or 0) for value in found) != wanted:
        raise Refused(f"{credits} credits of {amount} were told, but the books hold {found}")
