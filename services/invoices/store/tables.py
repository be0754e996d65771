"""The tables of this service, and which of them row-level security filters by organisation."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from kit.audit import audit_table
from kit.idempotency import idempotency_table
from kit.inbox import inbox_tables
from kit.outbox import outbox_table

metadata = MetaData()
_TIME = DateTime(timezone=True)
# Keys for order are compared byte by byte, whatever the database's own collation.
_KEY = Text(collation="C")

invoice = Table(
    "invoice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("reference", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
    Column("payer_name", Text, nullable=False),
    Column("payer_codes", JSONB, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("batch_id", Text, nullable=False),
    Column("notice_id", Text, nullable=False),
    Column("source_service", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("virtual_account", Text, nullable=False),
    Column("is_oldest_first", Boolean, nullable=False),
    Column("amount_due", BigInteger, nullable=False),
    Column("amount_paid", BigInteger, nullable=False),
    Column("due_date", Date),
    # What is owed: rises when lines, due date or voiding change it. Payments carry it.
    Column("version", BigInteger, nullable=False),
    # Every change, payments included: the event id of the live channel.
    Column("sequence", BigInteger, nullable=False),
    # Of the newest total that reconciliation told.
    Column("applied_version", BigInteger, nullable=False),
    Column("issue_time", _TIME, nullable=False),
    Column("change_time", _TIME, nullable=False),
    Column("paid_time", _TIME),
    Column("void_reason", Text, nullable=False),
    Column("group_key", _KEY, nullable=False),
    Column("name_key", _KEY, nullable=False),
    Column("search_text", Text, nullable=False),
    # Salt and MAC of the fact that opens the lines; empty: none does.
    Column("second_fact", LargeBinary, nullable=False),
    UniqueConstraint("reference", name="invoice_reference"),
    # One business key is billed once, however often it is asked for.
    UniqueConstraint("organisation_id", "source_service", "source_id", name="invoice_source"),
    CheckConstraint("state IN ('open', 'part_paid', 'paid', 'void')", name="invoice_state"),
    CheckConstraint("amount_due BETWEEN 1 AND 10000000000000", name="invoice_amount_due"),
    # State, amounts and sequence stand in no index: a payment's update stays on its page (HOT).
    Index("invoice_list", "organisation_id", "batch_id", "group_key", "name_key", "id"),
    Index("invoice_list_all", "organisation_id", "group_key", "name_key", "id"),
    Index("invoice_payer", "organisation_id", "payer_id", postgresql_where=text("payer_id <> ''")),
    Index("invoice_notice", "organisation_id", "notice_id", postgresql_where=text("notice_id <> ''")),
    postgresql_with={"fillfactor": "80"},
)

invoice_line = Table(
    "invoice_line",
    metadata,
    # No foreign key: it costs a quarter of a bulk issue, and lines are only ever written with their invoice.
    Column("invoice_id", Uuid, primary_key=True),
    # The version of the invoice that brought these lines; older ones stay, since payments may be split over them.
    Column("version", BigInteger, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("ledger_class", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("exempted", BigInteger, nullable=False),
    Column("exemption_reason", Text, nullable=False),
    Column("fee_kind", Text, nullable=False),
)

# One row per allocation that reconciliation told: the payment as it was told, and the receipt that proves it.
receipt = Table(
    "receipt",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("series", Text, nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("credit_id", Text, nullable=False),
    Column("fund_kind", Text, nullable=False),
    Column("splits", JSONB, nullable=False),
    Column("total_applied", BigInteger, nullable=False),
    Column("applied_version", BigInteger, nullable=False),
    Column("payable_version", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    Column("bank_reference", Text, nullable=False),
    Column("payer_account_last_four", Text, nullable=False),
    Column("bank_time", _TIME),
    Column("arrive_time", _TIME),
    Column("post_time", _TIME, nullable=False),
    # The invoice's sequence that this payment made.
    Column("sequence", BigInteger, nullable=False),
    Column("issue_time", _TIME, nullable=False),
    Column("cancel_time", _TIME),
    Column("cancel_reason", Text, nullable=False),
    UniqueConstraint("organisation_id", "series", "year", "number", name="receipt_number"),
    CheckConstraint("number BETWEEN 1 AND 99999999", name="receipt_eight_digits"),
    Index("receipt_invoice", "invoice_id"),
)

# A reversal as it was told; one may, after a lost log, be told before its payment.
payment_reversal = Table(
    "payment_reversal",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("total_applied", BigInteger, nullable=False),
    Column("applied_version", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("post_time", _TIME, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("payment_reversal_invoice", "invoice_id"),
)

receipt_counter = Table(
    "receipt_counter",
    metadata,
    Column("organisation_id", Uuid, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("last_number", Integer, nullable=False),
    postgresql_with={"fillfactor": "50"},
)

# Filled after the payment's transaction: no foreign key, so that sealing locks no receipt.
receipt_seal = Table(
    "receipt_seal",
    metadata,
    Column("organisation_id", Uuid, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    # Of the payer's name in the sealed content.
    Column("salt", LargeBinary, nullable=False),
    Column("seal_time", _TIME, nullable=False),
)

# The public keys that ever signed a printed receipt. A revoked one proves nothing any more.
receipt_key = Table(
    "receipt_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("revoke_time", _TIME),
)

pay_link = Table(
    "pay_link",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, ForeignKey("invoice.id"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("create_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("revoke_time", _TIME),
    Index("pay_link_invoice", "invoice_id"),
)

# Wrong second facts per asked-for reference and day, whether a bill has that reference or not.
bill_miss = Table(
    "bill_miss",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("miss_date", Date, primary_key=True),
    Column("misses", Integer, nullable=False),
)

outbox = outbox_table(metadata)
inbox, dead_letter = inbox_tables(metadata)
audit = audit_table(metadata)
idempotency_key = idempotency_table(metadata)

TENANT_TABLES: Final = (
    "invoice",
    "invoice_line",
    "receipt",
    "payment_reversal",
    "receipt_counter",
    "receipt_seal",
    "pay_link",
    "audit",
)
APP_TABLES: Final = ("outbox", "idempotency_key")
WORKER_TABLES: Final = ("inbox", "dead_letter", "bill_miss")
APP_READS: Final = ("receipt_key",)
APPEND_ONLY: Final = ("audit", "payment_reversal", "receipt_seal")
