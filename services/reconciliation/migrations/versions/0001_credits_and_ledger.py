"""Credits, payables, payments and the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit import migrate

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_organisation", "audit", ["organisation_id", "id"], unique=False)
    op.create_table(
        "credit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), server_default="", nullable=False),
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("virtual_account", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_applied", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("amount_payer_credit", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("amount_suspense", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("amount_refundable", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("memo", sa.Text(), server_default="", nullable=False),
        sa.Column("join_text", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_reference_key", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_account", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_bin", sa.Text(), server_default="", nullable=False),
        sa.Column("payer", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("park_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("waiting_key", sa.Text(), server_default="", nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("is_in_ledger", sa.Boolean(), nullable=False),
        sa.Column("has_statement", sa.Boolean(), nullable=False),
        sa.Column("exceptions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("report_count", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("bank_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bank_date", sa.Date(), nullable=False),
        sa.Column("arrive_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reference_join", sa.BigInteger(), nullable=True),
        sa.Column("memo_join", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_suspense = 0 OR reason <> ''", name="credit_suspense_has_reason"),
        sa.CheckConstraint("amount > 0", name="credit_amount_positive"),
        sa.CheckConstraint(
            "amount_applied + amount_payer_credit + amount_suspense + amount_refundable = CASE WHEN is_in_ledger THEN amount ELSE 0 END",
            name="credit_parts_make_the_whole",
        ),
        sa.CheckConstraint(
            "least(amount_applied, amount_payer_credit, amount_suspense, amount_refundable) >= 0",
            name="credit_parts_not_negative",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "credit_held",
        "credit",
        ["reason", "id"],
        unique=False,
        postgresql_where=sa.text("reason IN ('UNKNOWN_ACCOUNT', 'AWAITING_CONFIRMATION')"),
    )
    op.create_index("credit_memo_join", "credit", ["memo_join", "bank_date"], unique=False)
    op.create_index("credit_organisation", "credit", ["organisation_id", "id"], unique=False)
    op.create_index(
        "credit_reference_join",
        "credit",
        ["reference_join", "bank_date"],
        unique=False,
        postgresql_where=sa.text("reference_join IS NOT NULL"),
    )
    op.create_index(
        "credit_suspense",
        "credit",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("amount_suspense > 0"),
    )
    op.create_index(
        "credit_waiting",
        "credit",
        ["waiting_key"],
        unique=False,
        postgresql_where=sa.text("waiting_key <> ''"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("log_offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ordering_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("occur_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "dead_letter_open",
        "dead_letter",
        ["consumer", "ordering_id", "topic"],
        unique=False,
        postgresql_where=sa.text("close_time IS NULL"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "method", "request_id", name="idempotency_key_pk"),
    )
    op.create_index("idempotency_key_create_time", "idempotency_key", ["create_time"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id"),
    )
    op.create_index("inbox_create_time", "inbox", ["create_time"], unique=False, postgresql_using="brin")
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("book_date", sa.Date(), nullable=False),
        sa.Column("bank_date", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("post_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "journal_entry_credit",
        "journal_entry",
        ["credit_id"],
        unique=False,
        postgresql_where=sa.text("kind <> 'credit_arrived'"),
    )
    op.create_table(
        "ledger_balance",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_account", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "ledger_account"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ordering_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("occur_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "payable",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("virtual_account", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_due", sa.BigInteger(), nullable=True),
        sa.Column("due_date", sa.Text(), server_default="", nullable=False),
        sa.Column("is_oldest_first", sa.Boolean(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("applied", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("applied_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("kind = 'sale' OR applied <= amount_due", name="payable_applied_within_due"),
        sa.CheckConstraint("applied >= 0", name="payable_applied_not_negative"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference", name="payable_reference"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("payable_amount_due", "payable", ["organisation_id", "amount_due"], unique=False)
    op.create_index(
        "payable_payer",
        "payable",
        ["organisation_id", "payer_id"],
        unique=False,
        postgresql_where=sa.text("payer_id <> ''"),
    )
    op.create_index(
        "payable_virtual_account",
        "payable",
        ["virtual_account"],
        unique=False,
        postgresql_where=sa.text("virtual_account <> ''"),
    )
    op.create_table(
        "payable_card",
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("group_name", sa.Text(), server_default="", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("payable_id"),
    )
    op.create_index("payable_card_words", "payable_card", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("fund_kind", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), server_default="", nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("splits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("total_applied", sa.BigInteger(), nullable=False),
        sa.Column("applied_version", sa.BigInteger(), nullable=False),
        sa.Column("payable_version", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("post_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0 AND kept >= 0", name="payment_amount_positive"),
        sa.CheckConstraint("total_applied >= amount", name="payment_total_holds_it"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("payable_id", "applied_version", name="payment_payable_version"),
    )
    op.create_index(
        "payment_credit", "payment", ["credit_id"], unique=False, postgresql_where=sa.text("credit_id <> id")
    )
    op.create_index(
        "payment_payer",
        "payment",
        ["organisation_id", "payer"],
        unique=False,
        postgresql_where=sa.text("fund_kind = 'payer_credit'"),
    )
    op.create_table(
        "payment_reversal",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("total_applied", sa.BigInteger(), nullable=False),
        sa.Column("applied_version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("post_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0 AND total_applied >= 0", name="payment_reversal_amount_positive"),
        sa.PrimaryKeyConstraint("payment_id"),
        sa.UniqueConstraint("payable_id", "applied_version", name="payment_reversal_payable_version"),
    )
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_account", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name="posting_amount_not_zero"),
        sa.PrimaryKeyConstraint("entry_id", "line"),
    )
    op.create_table(
        "receiving_account",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("active_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retire_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_index("receiving_account_place", "receiving_account", ["bin", "account_number"], unique=False)
    op.create_table(
        "reference_slot", sa.Column("key", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("key")
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_transaction_id", sa.Text(), server_default="", nullable=False),
        sa.Column("memo", sa.Text(), nullable=True),
        sa.Column("occur_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrive_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "report_credit", "report", ["credit_id"], unique=False, postgresql_where=sa.text("credit_id <> id")
    )
    migrate.protect(
        op,
        "reconciliation",
        tenant_tables=(
            "receiving_account",
            "payable",
            "payable_card",
            "credit",
            "report",
            "payment",
            "payment_reversal",
            "journal_entry",
            "posting",
            "ledger_balance",
            "audit",
        ),
        app_tables=("reference_slot", "outbox", "idempotency_key"),
        app_reads=("dead_letter",),
        worker_tables=("inbox",),
        append_only=("payment", "payment_reversal", "journal_entry", "posting", "audit"),
    )
    migrate.protect_audit(op, "reconciliation")
