"""Units, their stalls, what stands at a stall, and the phones of a stall."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.pilots.store.tables.ground import KEY, TIME, metadata, words

# A household or firm: an organisation of the directory that holds one or more stalls.
unit = Table(
    "unit",
    metadata,
    Column("organisation_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    words("holder_name"),
    words("phone"),
    # By which a list finds the unit again: folded name and telephone.
    Column("match_key", Text, nullable=False),
    Column("create_time", TIME, nullable=False),
    UniqueConstraint("match_key", name="unit_match_key"),
    CheckConstraint("kind IN ('household', 'firm')", name="unit_kind"),
)

# Receiving accounts of units, as the directory announced them.
receiving_account = Table(
    "receiving_account",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("organisation_id", Uuid, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    words("holder_name"),
    Column("is_active", Boolean, nullable=False),
    Column("active_time", TIME),
    Column("retire_time", TIME),
    Index("receiving_account_organisation", "organisation_id"),
    Index("receiving_account_place", "bin", "account_number"),
)

# The stall's id is the id of its standing payable, its reference the stall's code.
stall = Table(
    "stall",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, ForeignKey("unit.organisation_id"), nullable=False),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    Column("section_id", Uuid, ForeignKey("section.id"), nullable=False),
    Column("number", Text, nullable=False),
    Column("number_key", KEY, nullable=False),
    Column("name", Text, nullable=False),
    words("goods"),
    Column("search_text", Text, nullable=False),
    Column("reference", Text, nullable=False),
    # waiting, active, withdrawn
    Column("state", Text, nullable=False),
    # The account in force, copied from the directory's announcement; empty while the stall waits for it.
    Column("account_id", Uuid),
    words("bin"),
    words("account_number"),
    words("account_holder"),
    # Of the account's owner to the stall's holder, with the consent in words where it is somebody else.
    Column("relation", Text, nullable=False),
    words("consent"),
    Column("default_rule", Text, nullable=False),
    # Minutes of the day in Asia/Ho_Chi_Minh; empty: as the programme, whatever it says by then.
    Column("open_minute", SmallInteger),
    Column("close_minute", SmallInteger),
    # What was last announced: money of the account without a code goes to this stall.
    Column("is_account_default", Boolean, nullable=False, server_default="false"),
    # An account came into force: a board has to be made, which needs the code of another service.
    Column("needs_stand", Boolean, nullable=False, server_default="false"),
    # Argon2id of the four digits; empty: none set.
    words("pin_hash"),
    words("withdraw_reason"),
    # Of the standing payable and for etags: rises with each change of what is asked.
    Column("version", BigInteger, nullable=False),
    # Of the live channel: rises with each event, minted under this row's lock.
    Column("sequence", BigInteger, nullable=False),
    Column("create_time", TIME, nullable=False),
    Column("change_time", TIME, nullable=False),
    UniqueConstraint("reference", name="stall_reference"),
    Index(
        "stall_number",
        "programme_id",
        "number",
        unique=True,
        postgresql_where=text("state <> 'withdrawn'"),
    ),
    Index("stall_list", "programme_id", "number_key", "id"),
    Index("stall_order", "number_key", "id"),
    Index("stall_needs_stand", "id", postgresql_where=text("needs_stand")),
    Index("stall_organisation", "organisation_id"),
    Index("stall_account", "bin", "account_number"),
    CheckConstraint("state IN ('waiting', 'active', 'withdrawn')", name="stall_state"),
    CheckConstraint("(open_minute IS NULL) = (close_minute IS NULL)", name="stall_hours"),
    CheckConstraint("default_rule IN ('never', 'always', 'opening_hours')", name="stall_default_rule"),
    # The sequence changes with each payment and stands in no index: such an update stays on its page (HOT).
    postgresql_with={"fillfactor": "70"},
)

stand = Table(
    "stand",
    metadata,
    Column("stall_id", Uuid, ForeignKey("stall.id"), primary_key=True),
    Column("issue_number", Integer, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("account_holder", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("check_code", Text, nullable=False),
    words("flag_reason"),
    Column("check_time", TIME),
    CheckConstraint("state IN ('in_use', 'flagged')", name="stand_state"),
    Index("stand_in_use", "stall_id", unique=True, postgresql_where=text("state = 'in_use'")),
)

# Every code that a stall, a pack or a sale ever carried, with the payable that it names: one code, one thing, for good.
code = Table(
    "code",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("payable_id", Uuid, nullable=False),
)

# A code for a round amount: a standing payable of its own, never paid, with the amount in its QR only.
pack_code = Table(
    "pack_code",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, ForeignKey("stall.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("create_time", TIME, nullable=False),
    UniqueConstraint("reference", name="pack_code_reference"),
    UniqueConstraint("stall_id", "amount", name="pack_code_amount"),
)

pairing = Table(
    "pairing",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, ForeignKey("stall.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("expire_time", TIME, nullable=False),
    Column("use_time", TIME),
)

device = Table(
    "device",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, ForeignKey("stall.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    words("user_agent"),
    Column("key_hash", LargeBinary, nullable=False),
    Column("pair_time", TIME, nullable=False),
    Column("expire_time", TIME, nullable=False),
    Column("revoke_time", TIME),
    Column("see_time", TIME, nullable=False),
    Column("unlock_until", TIME),
    Column("pin_failures", SmallInteger, nullable=False, server_default="0"),
    Column("pin_blocked_until", TIME),
    UniqueConstraint("key_hash", name="device_key_hash"),
    Index("device_stall", "stall_id"),
    CheckConstraint("role IN ('seller', 'listener')", name="device_role"),
)

# Tries of a PIN that were wrong, or are not decided yet: a try counts before its PIN is looked at.
pin_miss = Table(
    "pin_miss",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("stall_id", Uuid, nullable=False),
    Column("miss_time", TIME, nullable=False),
    Index("pin_miss_stall", "stall_id", "miss_time"),
)
