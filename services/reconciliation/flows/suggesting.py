"""Suggestions to a person: payables of the receiving organisation alone, ranked, with reasons."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from kit.references import Outcome, find, normalise
from kit.text import search_key
from services.reconciliation.domain import errors
from services.reconciliation.domain.credit import Sight
from services.reconciliation.domain.payable import Payable
from services.reconciliation.domain.suggesting import MOST, Clues, Suggestion, rank
from services.reconciliation.domain.words import memo_words, name_windows
from services.reconciliation.store import credit as credit_rows
from services.reconciliation.store import lists, suggesting
from services.reconciliation.store.payables import Card

_MOST_WINDOWS = 8


def suggest(session: Session, credit_id: str, sight: Sight) -> list[Suggestion]:
    """Payables that a waiting credit may be for, best first; none of a trader's. Raises CreditNotFound."""
    credit = credit_rows.read(session, [credit_id], sight).get(credit_id)
    if credit is None:
        raise errors.CreditNotFound(credit=credit_id)
    if credit.is_merchant and sight is not Sight.ALL:
        return []
    found = find(credit.memo)
    amount = credit.amount_suspense or credit.amount
    near = found.references if found.outcome is not Outcome.NONE else ()
    organisation_id = credit.organisation_id
    candidates: dict[str, tuple[Payable, Card]] = {}

    def take(rows: Iterable[tuple[Payable, Card]]) -> None:
        for payable, card in rows:
            candidates.setdefault(payable.id, (payable, card))

    if near:
        take(suggesting.by_references(session, organisation_id, near))
    if credit.virtual_account:
        take(suggesting.by_virtual_account(session, organisation_id, credit.virtual_account))
    words = memo_words(credit.memo)
    for code in [word for word in words if any(sign.isdigit() for sign in word) and len(word) > 3][:5]:
        take(suggesting.by_words(session, organisation_id, [code]))
    for window in name_windows(words)[:_MOST_WINDOWS]:
        take(suggesting.by_words(session, organisation_id, window))
    take(suggesting.by_amount(session, organisation_id, amount))
    clues = Clues(amount, credit.memo, credit.virtual_account, near)
    rows = [
        (payable, card.title, card.payer_name, card.group_name, card.search_text)
        for payable, card in candidates.values()
        if not payable.definition.is_void
    ]
    return rank(rows, clues)


def search(session: Session, organisation_id: str, text: str, *, without_merchants: bool) -> list[Suggestion]:
    """Payables of an organisation by what a person types: a reference, or words of name, code and class."""
    if without_merchants and lists.is_merchant(session, organisation_id):
        return []
    rows = suggesting.by_references(session, organisation_id, [normalise(text)])
    words = search_key(text).split()
    if words:
        rows = [*rows, *suggesting.by_words(session, organisation_id, words)]
    seen: dict[str, Suggestion] = {}
    for payable, card in rows:
        seen.setdefault(
            payable.id, Suggestion(payable, card.title, card.payer_name, card.group_name, 0, (), "")
        )
    ordered = sorted(
        seen.values(), key=lambda each: (not each.payable.open, each.payer_name, each.payable.id)
    )
    return ordered[: 3 * MOST]
