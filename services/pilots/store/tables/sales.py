"""Sales, what came in at a stall, and its days. All of it is the trader's own."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.pilots.store.tables.ground import TIME, count, metadata, words

# The sale's id is the id of its payable.
sale = Table(
    "sale",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, nullable=False),
    Column("reference", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("amount_paid", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    # The account that was asked for; a change of the stall's later does not touch it.
    Column("account_id", Uuid, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("account_holder", Text, nullable=False),
    # VietQR of its amount and reference.
    Column("payload", Text, nullable=False),
    words("proof"),
    Column("rest_of_sale_id", Uuid),
    # device:… or person:…
    Column("subject", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("applied_version", BigInteger, nullable=False),
    # Payments in force.
    Column("payments", BigInteger, nullable=False),
    Column("create_time", TIME, nullable=False),
    Column("expire_time", TIME, nullable=False),
    Column("change_time", TIME, nullable=False),
    Column("paid_time", TIME),
    UniqueConstraint("reference", name="sale_reference"),
    Index("sale_stall", "stall_id", "create_time"),
    CheckConstraint("state IN ('open', 'part_paid', 'paid', 'cancelled', 'settled')", name="sale_state"),
    CheckConstraint("amount BETWEEN 1 AND 499999999", name="sale_amount"),
    postgresql_with={"fillfactor": "80"},
)

# A payment as reconciliation told it; the payment's id is the guard against repeats.
taking = Table(
    "taking",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    # The sale, pack code or (standing) stall that it paid.
    Column("payable_id", Uuid, nullable=False),
    Column("credit_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("sale_amount", BigInteger),
    words("payer_account_last_four"),
    words("bin"),
    Column("bank_time", TIME, nullable=False),
    Column("arrive_time", TIME, nullable=False),
    Column("post_time", TIME, nullable=False),
    Column("book_date", Date, nullable=False),
    Column("is_late", Boolean, nullable=False),
    Column("is_private", Boolean, nullable=False, server_default="false"),
    # The stall's sequence that it made.
    Column("sequence", BigInteger, nullable=False),
    Column("reverse_time", TIME),
    words("reverse_reason"),
    Index("taking_day", "stall_id", "book_date", "sequence"),
    CheckConstraint("kind IN ('sale', 'standing', 'pack')", name="taking_kind"),
)

# A reversal that was told before its payment, after a lost log.
early_reversal = Table(
    "early_reversal",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("post_time", TIME, nullable=False),
)

# Money of a merchant that is on no stall, as reconciliation tells it; gone once it is.
unassigned = Table(
    "unassigned",
    metadata,
    Column("credit_id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    # Asked of this sale and its stall; empty: of nobody.
    Column("sale_id", Uuid),
    Column("stall_id", Uuid),
    words("payer_account_last_four"),
    words("bin"),
    words("account_number"),
    Column("bank_time", TIME),
    Column("arrive_time", TIME),
    Column("is_open", Boolean, nullable=False),
    Index("unassigned_open", "organisation_id", postgresql_where=text("is_open")),
)

stall_event = Table(
    "stall_event",
    metadata,
    Column("stall_id", Uuid, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    # The protobuf StallEvent as it was announced.
    Column("content", LargeBinary, nullable=False),
    Column("create_time", TIME, nullable=False),
    Index("stall_event_create_time", "create_time"),
)

cash_entry = Table(
    "cash_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("sale_id", Uuid),
    Column("book_date", Date, nullable=False),
    Column("subject", Text, nullable=False),
    # The stall's sequence that it made: its place in the list beside the transfers.
    Column("sequence", BigInteger, nullable=False),
    Column("create_time", TIME, nullable=False),
    Column("cancel_time", TIME),
    Index("cash_entry_day", "stall_id", "book_date", "sequence"),
    CheckConstraint("amount > 0", name="cash_entry_amount"),
)

# A stall's business day: sums that change with each payment in its transaction, and its close. What the city's figures
# are rolled up from; the city itself never reads it.
stall_day = Table(
    "stall_day",
    metadata,
    Column("stall_id", Uuid, primary_key=True),
    Column("book_date", Date, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("programme_id", Uuid, nullable=False),
    Column("section_id", Uuid, nullable=False),
    count("transfer_count"),
    count("transfer_sum"),
    count("cash_count"),
    count("cash_sum"),
    count("private_count"),
    count("private_sum"),
    count("late_count"),
    count("late_sum"),
    Column("close_time", TIME),
    words("close_subject"),
    Index("stall_day_date", "book_date"),
    # Days that may have been forgotten.
    Index("stall_day_open", "book_date", postgresql_where=text("close_time IS NULL")),
    postgresql_with={"fillfactor": "60"},
)
