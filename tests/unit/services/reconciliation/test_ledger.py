"""The books: an entry sums to zero or is never written; suggestions say why."""

from __future__ import annotations

from datetime import date

import pytest

from services.reconciliation.domain import ledger
from services.reconciliation.domain.ledger import Entry, EntryKind, Unbalanced, check
from services.reconciliation.domain.suggesting import Clues, rank
from services.reconciliation.domain.words import memo_words, name_windows, words_of
from tests.unit.services.reconciliation.test_payable import make_payable

DAY = date(2026, 9, 15)


def entry(**amounts: int) -> Entry:
    return Entry("e", "o", "c", EntryKind.ASSIGNED, DAY, DAY, amounts, "rule", "")


def test_an_unbalanced_entry_is_refused() -> None:
    """The last guard before the disk."""
    assert check(entry(bank=5, suspense=-5))
    with pytest.raises(Unbalanced):
        check(entry(bank=5, suspense=-4))


def test_names_of_accounts() -> None:
    """Stable: reports and the city's chart are made from them."""
    assert ledger.bank("970436", "1") == "bank:970436:1"
    assert ledger.collected("hoc_phi") == "collected:hoc_phi"
    assert ledger.payer_credit("p") == "payer_credit:p"


def test_words() -> None:
    """What every memo says names nobody; runs of letters may be a name."""
    assert words_of("ĐỖ Minh Châu HS42", "7B1") == ("7B1", "CHAU", "DO", "HS42", "MINH")
    assert memo_words("Chuyen tien hoc cho DO MINH CHAU lop 7B1") == ["DO", "MINH", "CHAU", "7B1"]
    # Thanh and Toàn are names unless they stand together.
    assert memo_words("Le Thanh Binh thanh toan tien hoc") == ["LE", "THANH", "BINH"]
    assert memo_words("NGUYEN VAN TOAN") == ["NGUYEN", "VAN", "TOAN"]
    assert name_windows(["DO", "MINH", "CHAU", "7B1"]) == [
        ("DO", "MINH", "CHAU"),
        ("DO", "MINH"),
        ("MINH", "CHAU"),
    ]


def test_nothing_in_common_is_no_suggestion() -> None:
    """A payable that fits in no way is left out; one that is paid already counts half."""
    own = make_payable()
    clues = Clues(7, "nop tien", "", ())
    assert rank([(own, "", "Lê An", "6A", "LE AN")], clues) == []
    fits = Clues(7, "le an", "", ())
    (open_,) = rank([(own, "", "Lê An", "6A", "LE AN")], fits)
    (paid,) = rank([(own._replace(applied=100), "", "Lê An", "6A", "LE AN")], fits)
    assert (open_.score, paid.score) == (30, 15)
