"""What begins a visit, and how long its bill is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kit.references.code import Kind, new_reference
from services.pilots.domain.errors_trust import ConsentMissing, VisitReferenceWrong
from services.pilots.domain.visits import SIGHT, Visit, consent_of, reference_of

MOMENT = datetime(2026, 11, 23, 3, 42, tzinfo=UTC)


def test_codes_are_read_as_people_say_them() -> None:
    """Blanks, dots, dashes and small letters are forgiven; a wrong letter is not."""
    reference = new_reference(Kind.INVOICE)
    spoken = f" {reference[:2].lower()} {reference[2:5]}-{reference[5:9]}. {reference[9:].lower()} "
    assert reference_of(spoken) == reference
    wrong = reference[:5] + ("2" if reference[5] != "2" else "3") + reference[6:]
    with pytest.raises(VisitReferenceWrong) as raised:
        reference_of(wrong)
    assert wrong in raised.value.text_vi


@pytest.mark.parametrize(("words", "yes"), [("Nói bằng lời", False), ("", True), (" \u200b ", True)])
def test_without_a_yes_and_without_words_there_is_no_consent(words: str, yes: bool) -> None:
    """Both are needed: that somebody agreed, and how."""
    with pytest.raises(ConsentMissing):
        consent_of(words, consented=yes)


def test_consent_is_kept_in_one_line() -> None:
    """What was typed is kept without what steers a screen."""
    assert consent_of("Bà Sáu\nđồng ý bằng lời", consented=True) == "Bà Sáu đồng ý bằng lời"
    assert len(consent_of("đ" * 900, consented=True)) == 300


def test_a_bill_is_seen_for_thirty_minutes() -> None:
    """At the thirtieth minute it is gone, whether a job has wiped the row or not."""
    visit = Visit(UUID(int=1), "person:1", "Lan", "XD…", "lời", MOMENT, MOMENT + SIGHT)
    assert visit.seen_at(MOMENT + SIGHT - timedelta(seconds=1)) == "XD…"
    assert visit.seen_at(MOMENT + SIGHT) == ""
