"""The pilots."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit import migrate

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=True),
        sa.Column("stall_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_subject", sa.Text(), server_default="", nullable=False),
        sa.Column("close_person_name", sa.Text(), server_default="", nullable=False),
        sa.Column("close_note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alarm_list", "alarm", ["create_time"], unique=False)
    op.create_index(
        "alarm_open", "alarm", ["kind", "object"], unique=True, postgresql_where=sa.text("close_time IS NULL")
    )
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
        "cash_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=True),
        sa.Column("book_date", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_time", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name="cash_entry_amount"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("cash_entry_day", "cash_entry", ["stall_id", "book_date", "sequence"], unique=False)
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
        "early_reversal",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("post_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("payment_id"),
    )
    op.create_table(
        "feed",
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("median_ms", sa.Integer(), nullable=False),
        sa.Column("last_arrive_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bin"),
    )
    op.create_table(
        "feed_minute",
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("credits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_bank_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_arrive_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bin", "minute", "programme_id", "bucket"),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_index("feed_minute_time", "feed_minute", ["minute"], unique=False)
    op.create_table(
        "stall_hour",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hour", "stall_id"),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_table(
        "stall_sign",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("sign_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('reversed', 'near_miss')", name="stall_sign_kind"),
        sa.PrimaryKeyConstraint("payment_id", "kind"),
    )
    op.create_index("stall_sign_time", "stall_sign", ["sign_time"], unique=False)
    op.create_table(
        "figure_table",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=False),
        sa.Column("ward_set", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", "period_from", "period_to", "definition_version"),
    )
    op.create_index("figure_table_period", "figure_table", ["period_to"], unique=False)
    op.create_table(
        "helper_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("helper_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("visit_date", sa.Date(), nullable=False),
        sa.Column("begin_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("view_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("print_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_wiped", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("helper_visit_day", "helper_visit", ["subject", "visit_date"], unique=False)
    op.create_index(
        "helper_visit_seen",
        "helper_visit",
        ["view_until"],
        unique=False,
        postgresql_where=sa.text("NOT is_wiped"),
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
        "indicator",
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("ward_set", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint(
            "name",
            "place",
            "period_from",
            "period_to",
            "definition_version",
            "is_complete",
            name="indicator_once",
        ),
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
        "programme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ward_code", sa.Text(), nullable=False),
        sa.Column("former_ward_code", sa.Text(), server_default="", nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("open_minute", sa.SmallInteger(), nullable=False),
        sa.Column("close_minute", sa.SmallInteger(), nullable=False),
        sa.Column("cut_off_minute", sa.SmallInteger(), nullable=False),
        sa.Column("sale_seconds", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('street', 'market', 'fair')", name="programme_kind"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", name="programme_code"),
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
    op.create_index("receiving_account_organisation", "receiving_account", ["organisation_id"], unique=False)
    op.create_index("receiving_account_place", "receiving_account", ["bin", "account_number"], unique=False)
    op.create_table(
        "sale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("account_holder", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.Column("rest_of_sale_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("applied_version", sa.BigInteger(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expire_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_time", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'part_paid', 'paid', 'cancelled', 'settled')", name="sale_state"
        ),
        sa.CheckConstraint("amount BETWEEN 1 AND 499999999", name="sale_amount"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference", name="sale_reference"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("sale_stall", "sale", ["stall_id", "create_time"], unique=False)
    op.create_table(
        "stall_day",
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("book_date", sa.Date(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("transfer_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("transfer_sum", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cash_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cash_sum", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("private_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("private_sum", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("late_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("late_sum", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("close_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_subject", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("stall_id", "book_date"),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_index("stall_day_date", "stall_day", ["book_date"], unique=False)
    op.create_index(
        "stall_day_open",
        "stall_day",
        ["book_date"],
        unique=False,
        postgresql_where=sa.text("close_time IS NULL"),
    )
    op.create_table(
        "stall_event",
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("stall_id", "sequence"),
    )
    op.create_index("stall_event_create_time", "stall_event", ["create_time"], unique=False)
    op.create_table(
        "stand_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("differences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("check_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("stand_check_stall", "stand_check", ["stall_id", "check_time"], unique=False)
    op.create_table(
        "taking",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("sale_amount", sa.BigInteger(), nullable=True),
        sa.Column("payer_account_last_four", sa.Text(), server_default="", nullable=False),
        sa.Column("bin", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrive_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book_date", sa.Date(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("is_private", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("reverse_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reverse_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('sale', 'standing', 'pack')", name="taking_kind"),
        sa.PrimaryKeyConstraint("payment_id"),
    )
    op.create_index("taking_day", "taking", ["stall_id", "book_date", "sequence"], unique=False)
    op.create_table(
        "unassigned",
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=True),
        sa.Column("stall_id", sa.Uuid(), nullable=True),
        sa.Column("payer_account_last_four", sa.Text(), server_default="", nullable=False),
        sa.Column("bin", sa.Text(), server_default="", nullable=False),
        sa.Column("account_number", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrive_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("credit_id"),
    )
    op.create_index(
        "unassigned_open",
        "unassigned",
        ["organisation_id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "unit",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("match_key", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('household', 'firm')", name="unit_kind"),
        sa.PrimaryKeyConstraint("organisation_id"),
        sa.UniqueConstraint("match_key", name="unit_match_key"),
    )
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), server_default="", nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "section",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("x", sa.SmallInteger(), nullable=False),
        sa.Column("y", sa.SmallInteger(), nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("height", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("programme_id", "code", name="section_code"),
    )
    op.create_table(
        "enrolment_row",
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("row_values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("stall_id", sa.Uuid(), nullable=True),
        sa.Column("account_waits", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "outcome IN ('wrong', 'new', 'changed', 'unchanged', 'done')", name="enrolment_row_outcome"
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
        ),
        sa.PrimaryKeyConstraint("enrolment_id", "row"),
    )
    op.create_index(
        "enrolment_row_organisation",
        "enrolment_row",
        ["organisation_id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_table(
        "stall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("goods", sa.Text(), server_default="", nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("bin", sa.Text(), server_default="", nullable=False),
        sa.Column("account_number", sa.Text(), server_default="", nullable=False),
        sa.Column("account_holder", sa.Text(), server_default="", nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), server_default="", nullable=False),
        sa.Column("default_rule", sa.Text(), nullable=False),
        sa.Column("open_minute", sa.SmallInteger(), nullable=False),
        sa.Column("close_minute", sa.SmallInteger(), nullable=False),
        sa.Column("is_account_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("needs_stand", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("pin_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("withdraw_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("default_rule IN ('never', 'always', 'opening_hours')", name="stall_default_rule"),
        sa.CheckConstraint("state IN ('waiting', 'active', 'withdrawn')", name="stall_state"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["unit.organisation_id"],
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
        ),
        sa.ForeignKeyConstraint(
            ["section_id"],
            ["section.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference", name="stall_reference"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("stall_account", "stall", ["bin", "account_number"], unique=False)
    op.create_index("stall_list", "stall", ["programme_id", "number_key", "id"], unique=False)
    op.create_index(
        "stall_needs_stand", "stall", ["id"], unique=False, postgresql_where=sa.text("needs_stand")
    )
    op.create_index("stall_order", "stall", ["number_key", "id"], unique=False)
    op.create_index(
        "stall_number",
        "stall",
        ["programme_id", "number"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_index("stall_organisation", "stall", ["organisation_id"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pair_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expire_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoke_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("see_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unlock_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin_failures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("pin_blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('seller', 'listener')", name="device_role"),
        sa.ForeignKeyConstraint(
            ["stall_id"],
            ["stall.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash", name="device_key_hash"),
    )
    op.create_index("device_stall", "device", ["stall_id"], unique=False)
    op.create_table(
        "pin_miss",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("miss_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pin_miss_stall", "pin_miss", ["stall_id", "miss_time"], unique=False)
    op.create_table(
        "pack_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["stall_id"],
            ["stall.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference", name="pack_code_reference"),
        sa.UniqueConstraint("stall_id", "amount", name="pack_code_amount"),
    )
    op.create_table(
        "pairing",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("expire_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("use_time", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["stall_id"],
            ["stall.id"],
        ),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_table(
        "stand",
        sa.Column("stall_id", sa.Uuid(), nullable=False),
        sa.Column("issue_number", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("account_holder", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("check_code", sa.Text(), nullable=False),
        sa.Column("flag_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("check_time", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('in_use', 'flagged')", name="stand_state"),
        sa.ForeignKeyConstraint(
            ["stall_id"],
            ["stall.id"],
        ),
        sa.PrimaryKeyConstraint("stall_id", "issue_number"),
    )
    op.create_index(
        "stand_in_use", "stand", ["stall_id"], unique=True, postgresql_where=sa.text("state = 'in_use'")
    )
    migrate.protect(
        op,
        "pilots",
        tenant_tables=(
            "unit",
            "receiving_account",
            "stall",
            "stand",
            "pack_code",
            "pairing",
            "device",
            "pin_miss",
            "sale",
            "taking",
            "unassigned",
            "stall_event",
            "cash_entry",
            "stall_day",
            "enrolment_row",
            "stand_check",
            "audit",
        ),
        app_tables=(
            "outbox",
            "idempotency_key",
            "programme",
            "section",
            "enrolment",
            "alarm",
            "helper_visit",
        ),
        app_reads=("feed", "figure_table", "indicator"),
        worker_tables=("inbox", "dead_letter", "early_reversal", "feed_minute", "stall_hour", "stall_sign"),
        append_only=("audit",),
    )
    migrate.protect_audit(op, "pilots")
