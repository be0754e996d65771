"""Payables of one organisation that a credit may be for: by near references, by amount, by words; each by an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString

from sqlalchemy.orm import Session

from kit.arrays import integers, plain, text_array
from kit.db import cursor
from services.reconciliation.domain.payable import Payable
from services.reconciliation.store.payables import COLUMN_COUNT, COLUMNS, Card, from_row, word_hash

MOST_BY_AMOUNT: Final = 60
MOST_BY_WORDS: Final = 60

_CARD: Final[LiteralString] = "c.title, c.payer_name, c.group_name, c.search_text"
_SELECT: Final[LiteralString] = (
    "SELECT " + COLUMNS + ", " + _CARD + " FROM payable p JOIN payable_card c ON c.payable_id = p.id"
)
_BY_REFERENCE: Final[LiteralString] = (
    _SELECT
    + " WHERE p.organisation_id = %(organisation)s::uuid AND p.reference = ANY(%(references)s::text[])"
)
_BY_ID: Final[LiteralString] = (
    _SELECT + " WHERE p.organisation_id = %(organisation)s::uuid AND p.id = ANY(%(ids)s::uuid[])"
)
_BY_VIRTUAL_ACCOUNT: Final[LiteralString] = (
    _SELECT
    + " WHERE p.organisation_id = %(organisation)s::uuid AND p.virtual_account <> ''"
    + " AND p.virtual_account = %(virtual_account)s AND NOT p.is_void LIMIT 60"
)
_BY_AMOUNT: Final[LiteralString] = (
    _SELECT
    + " WHERE p.organisation_id = %(organisation)s::uuid AND p.amount_due = %(amount)s AND p.applied = 0"
    + f" AND NOT p.is_void LIMIT {MOST_BY_AMOUNT}"
)
# Every word of one window must be there; the rarest word decides how much is read.
_BY_WORDS: Final[LiteralString] = (
    _SELECT
    + """ WHERE p.id IN (SELECT w.payable_id FROM payable_card w WHERE w.words @> %(words)s::bigint[]
          AND w.organisation_id = %(organisation)s::uuid LIMIT """
    + str(MOST_BY_WORDS)
    + ")"
)


def by_references(
    session: Session, organisation_id: str, references: Sequence[str]
) -> list[tuple[Payable, Card]]:
    """Payables with one of these references."""
    parameters = {"organisation": organisation_id, "references": text_array(references)}
    return _read(session, _BY_REFERENCE, parameters)


def by_ids(session: Session, organisation_id: str, ids: Sequence[str]) -> list[tuple[Payable, Card]]:
    """Payables by id."""
    return _read(session, _BY_ID, {"organisation": organisation_id, "ids": plain(ids)})


def by_virtual_account(
    session: Session, organisation_id: str, virtual_account: str
) -> list[tuple[Payable, Card]]:
    """Payables of a payer's virtual account."""
    parameters = {"organisation": organisation_id, "virtual_account": virtual_account}
    return _read(session, _BY_VIRTUAL_ACCOUNT, parameters)


def by_amount(session: Session, organisation_id: str, amount: int) -> list[tuple[Payable, Card]]:
    """Some payables with exactly this amount due and nothing paid."""
    return _read(session, _BY_AMOUNT, {"organisation": organisation_id, "amount": amount})


def by_words(session: Session, organisation_id: str, words: Sequence[str]) -> list[tuple[Payable, Card]]:
    """Some payables whose card holds all these folded words."""
    hashes = integers([word_hash(organisation_id, word) for word in words])
    return _read(session, _BY_WORDS, {"organisation": organisation_id, "words": hashes})


def _read(
    session: Session, statement: LiteralString, parameters: Mapping[str, str | int]
) -> list[tuple[Payable, Card]]:
    found = []
    for row in cursor(session).execute(statement, parameters, prepare=False):
        payable = from_row(row[:COLUMN_COUNT])
        title, payer_name, group_name, search_text = row[COLUMN_COUNT:]
        card = Card(payable.id, payable.organisation_id, title, payer_name, group_name, search_text, ())
        found.append((payable, card))
    return found
