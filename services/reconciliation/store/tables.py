"""Tables of reconciliation.

A credit takes the id of the report that first told of it, and so do its arrival's journal entry and first payment: if
the database is restored from a backup and the log is read again, the same facts get the same ids.

Lines of a payable and splits of a payment live inside their rows: they are only ever read and written together, and
the hot batch updates one row a credit instead of one a line. What is never changed is in tables of its own
(`payment`, `payment_reversal`, `journal_entry`, `posting`), guarded by grants and triggers.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
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


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _amount(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


# Registrations of receiving accounts, as the directory announced them; old ones stay, their money is still matched.
receiving_account = Table(
    "receiving_account",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("organisation_id", Uuid, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    _words("holder_name"),
    Column("is_active", Boolean, nullable=False),
    Column("active_time", _TIME),
    Column("retire_time", _TIME),
    # Of a trader, whose takings are on no desk of the city's.
    Column("is_merchant", Boolean, nullable=False, server_default="false"),
    Index("receiving_account_place", "bin", "account_number"),
)

# fillfactor leaves room for updates in place (HOT): no index holds what a payment changes.
payable = Table(
    "payable",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_void", Boolean, nullable=False),
    Column("reference", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    _words("virtual_account"),
    _words("payer_id"),
    Column("amount_due", BigInteger),
    _words("due_date"),
    Column("is_oldest_first", Boolean, nullable=False),
    # Of a sale: until then money without a code that equals it is asked about.
    Column("ask_until", _TIME),
    # Of a standing code that takes its account's money without a code: minutes of the day, equal ones mean always.
    Column("open_minute", SmallInteger),
    Column("close_minute", SmallInteger),
    # [[line id, ledger class, amount, priority, paused, applied], …]
    Column("lines", JSONB, nullable=False),
    _amount("applied"),
    Column("applied_version", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("reference", name="payable_reference"),
    CheckConstraint("applied >= 0", name="payable_applied_not_negative"),
    CheckConstraint("kind = 'sale' OR applied <= amount_due", name="payable_applied_within_due"),
    Index("payable_virtual_account", "virtual_account", postgresql_where=text("virtual_account <> ''")),
    Index("payable_amount_due", "organisation_id", "amount_due"),
    Index("payable_payer", "organisation_id", "payer_id", postgresql_where=text("payer_id <> ''")),
    Index("payable_asking", "account_id", "ask_until", postgresql_where=text("ask_until IS NOT NULL")),
    Index("payable_account_default", "account_id", postgresql_where=text("open_minute IS NOT NULL")),
    postgresql_with={"fillfactor": "80"},
)

# What a person sees of a payable and searches by; apart, because a payment does not touch it.
payable_card = Table(
    "payable_card",
    metadata,
    Column("payable_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    _words("title"),
    _words("payer_name"),
    _words("group_name"),
    _words("search_text"),
    # Hashes of the words, each made together with the organisation: a search never meets another one's rows.
    Column("words", ARRAY(BigInteger), nullable=False),
    Index("payable_card_words", "words", postgresql_using="gin"),
)

# Where a credit and its payable meet, whichever comes first: both sides write and lock the row before they look.
reference_slot = Table("reference_slot", metadata, Column("key", Text, primary_key=True))

credit = Table(
    "credit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    _words("account_id"),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    _words("virtual_account"),
    Column("currency", CHAR(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    _amount("amount_applied"),
    _amount("amount_payer_credit"),
    _amount("amount_suspense"),
    _amount("amount_refundable"),
    _words("memo"),
    _words("join_text"),
    _words("bank_reference"),
    _words("bank_reference_key"),
    _words("payer_name"),
    _words("payer_account"),
    _words("payer_bin"),
    # Whose credit holds amount_payer_credit.
    _words("payer"),
    _words("reason"),
    _words("park_reason"),
    _words("waiting_key"),
    Column("is_confirmed", Boolean, nullable=False),
    Column("is_in_ledger", Boolean, nullable=False),
    Column("has_statement", Boolean, nullable=False),
    Column("exceptions", ARRAY(Text), nullable=False),
    Column("report_count", Integer, nullable=False),
    Column("merged_into", Uuid),
    Column("bank_time", _TIME, nullable=False),
    Column("bank_date", Date, nullable=False),
    Column("arrive_time", _TIME, nullable=False),
    Column("post_time", _TIME, nullable=False),
    Column("version", BigInteger, nullable=False),
    # Of money that asks: the sale that it equals.
    Column("asked_payable_id", Uuid),
    # Of a trader, as its account was when it came.
    Column("is_merchant", Boolean, nullable=False, server_default="false"),
    # Hashes by which a report of another source finds this credit.
    Column("reference_join", BigInteger),
    Column("memo_join", BigInteger, nullable=False),
    CheckConstraint("amount > 0", name="credit_amount_positive"),
    CheckConstraint(
        "least(amount_applied, amount_payer_credit, amount_suspense, amount_refundable) >= 0",
        name="credit_parts_not_negative",
    ),
    CheckConstraint(
        "amount_applied + amount_payer_credit + amount_suspense + amount_refundable"
        " = CASE WHEN is_in_ledger THEN amount ELSE 0 END",
        name="credit_parts_make_the_whole",
    ),
    CheckConstraint("amount_suspense = 0 OR reason <> ''", name="credit_suspense_has_reason"),
    CheckConstraint("(reason = 'ASKED') = (asked_payable_id IS NOT NULL)", name="credit_asks_for_a_sale"),
    Index("credit_organisation", "organisation_id", "id"),
    Index(
        "credit_reference_join",
        "reference_join",
        "bank_date",
        postgresql_where=text("reference_join IS NOT NULL"),
    ),
    Index("credit_memo_join", "memo_join", "bank_date"),
    Index("credit_suspense", "organisation_id", "id", postgresql_where=text("amount_suspense > 0")),
    # What a rule decided and a person may want to see: few, and looked for by organisation.
    Index(
        "credit_exceptions",
        "organisation_id",
        "id",
        postgresql_where=text("exceptions <> '{}'::text[]"),
    ),
    Index("credit_asked", "bin", "account_number", postgresql_where=text("asked_payable_id IS NOT NULL")),
    Index("credit_waiting", "waiting_key", postgresql_where=text("waiting_key <> ''")),
    Index(
        "credit_held",
        "reason",
        "id",
        postgresql_where=text("reason IN ('UNKNOWN_ACCOUNT', 'AWAITING_CONFIRMATION')"),
    ),
)

# Unproven credits that their traders handed to the city's desk, which alone can ask the bank's feed.
handed_over = Table(
    "handed_over",
    metadata,
    Column("credit_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("hand_over_time", _TIME, nullable=False),
)

report = Table(
    "report",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source_id", Text, nullable=False),
    Column("organisation_id", Uuid, nullable=False),
    Column("credit_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    _words("provider"),
    _words("bank_reference"),
    _words("provider_transaction_id"),
    # Empty where it is the credit's own.
    Column("memo", Text),
    Column("occur_time", _TIME),
    Column("arrive_time", _TIME, nullable=False),
    # The first report has its credit's id.
    Index("report_credit", "credit_id", postgresql_where=text("credit_id <> id")),
)

payment = Table(
    "payment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("payable_id", Uuid, nullable=False),
    Column("credit_id", Uuid),
    Column("fund_kind", Text, nullable=False),
    _words("payer"),
    Column("amount", BigInteger, nullable=False),
    # What the same decision kept for the payer: goes back with the payment if it is undone.
    _amount("kept"),
    # [[line id, ledger class, amount], …]
    Column("splits", JSONB, nullable=False),
    Column("total_applied", BigInteger, nullable=False),
    Column("applied_version", BigInteger, nullable=False),
    Column("payable_version", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    _words("rule_detail"),
    Column("entry_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("post_time", _TIME, nullable=False),
    CheckConstraint("amount > 0 AND kept >= 0", name="payment_amount_positive"),
    CheckConstraint("total_applied >= amount", name="payment_total_holds_it"),
    UniqueConstraint("payable_id", "applied_version", name="payment_payable_version"),
    # What an arrival pays first has its credit's id.
    Index("payment_credit", "credit_id", postgresql_where=text("credit_id <> id")),
    Index("payment_payer", "organisation_id", "payer", postgresql_where=text("fund_kind = 'payer_credit'")),
)

payment_reversal = Table(
    "payment_reversal",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("payable_id", Uuid, nullable=False),
    Column("credit_id", Uuid),
    Column("amount", BigInteger, nullable=False),
    Column("total_applied", BigInteger, nullable=False),
    Column("applied_version", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("post_time", _TIME, nullable=False),
    CheckConstraint("amount > 0 AND total_applied >= 0", name="payment_reversal_amount_positive"),
    UniqueConstraint("payable_id", "applied_version", name="payment_reversal_payable_version"),
)

journal_entry = Table(
    "journal_entry",
    metadata,
    # An arrival's entry has its credit's id: one arrival, one entry.
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("credit_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("book_date", Date, nullable=False),
    Column("bank_date", Date, nullable=False),
    Column("subject", Text, nullable=False),
    _words("reason"),
    Column("post_time", _TIME, nullable=False),
    Index("journal_entry_credit", "credit_id", postgresql_where=text("kind <> 'credit_arrived'")),
)

posting = Table(
    "posting",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("ledger_account", Text, nullable=False),
    # Positive is debit, đồng.
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount <> 0", name="posting_amount_not_zero"),
)

ledger_balance = Table(
    "ledger_balance",
    metadata,
    Column("organisation_id", Uuid, primary_key=True),
    Column("ledger_account", Text, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    postgresql_with={"fillfactor": "50"},
)

outbox = outbox_table(metadata)
inbox, dead_letter = inbox_tables(metadata)
idempotency_key = idempotency_table(metadata)
audit = audit_table(metadata)
