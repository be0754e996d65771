"""How well a payable fits a credit that waits, with the reasons, so that a person can judge for himself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kit.text import search_key
from services.reconciliation.domain.payable import Payable

# Points of what fits; a near reference alone outweighs an equal amount with a name.
_POINTS: Final = {
    "reference_near": 60,
    "virtual_account": 50,
    "code_in_memo": 40,
    "name_in_memo": 30,
    "amount_equal": 25,
    "class_in_memo": 10,
    "due": 5,
}
MOST: Final = 8


class Why(NamedTuple):
    """One reason for or against: a stable code, whether it fits, and what was compared."""

    code: str
    fits: bool
    detail: str


class Suggestion(NamedTuple):
    """A payable that a credit may be for; score from 0 to 100."""

    payable: Payable
    title: str
    payer_name: str
    group_name: str
    score: int
    reasons: tuple[Why, ...]
    memo_part: str


class Clues(NamedTuple):
    """What a credit tells about whom it is for."""

    amount: int
    memo: str
    virtual_account: str
    near_references: tuple[str, ...]


def rank(candidates: Sequence[tuple[Payable, str, str, str, str]], clues: Clues) -> list[Suggestion]:
    """Candidates (payable, title, payer, group, search text) that fit in any way, best first."""
    words = set(search_key(clues.memo).split())
    spaced = f" {search_key(clues.memo)} "
    found = [_judge(candidate, clues, words, spaced) for candidate in candidates]
    fitting = [each for each in found if each.score > 0]
    fitting.sort(key=lambda each: (-each.score, each.payable.definition.due_date, each.payable.id))
    return fitting[:MOST]


def _judge(
    candidate: tuple[Payable, str, str, str, str], clues: Clues, words: set[str], spaced: str
) -> Suggestion:
    payable, title, payer_name, group_name, search_text = candidate
    reference = payable.definition.reference
    name = search_key(payer_name)
    parts = name.split()
    codes = [word for word in search_key(search_text).split() if any(sign.isdigit() for sign in word)]
    group = search_key(group_name)
    code = next((word for word in codes if word in words and word != group), "")
    reasons = []
    is_near = reference in clues.near_references
    if is_near:
        reasons.append(Why("reference_near", True, reference))
    if clues.virtual_account:
        fits = payable.definition.virtual_account == clues.virtual_account
        reasons.append(Why("virtual_account", fits, payable.definition.virtual_account))
    is_equal = payable.open == clues.amount
    reasons.append(Why("amount_equal", is_equal, str(payable.open)))
    has_name = len(parts) > 1 and (f" {name} " in spaced or f" {' '.join(parts[-2:])} " in spaced)
    if payer_name:
        reasons.append(Why("name_in_memo", has_name, payer_name))
    if code:
        reasons.append(Why("code_in_memo", True, code))
    if group:
        reasons.append(Why("class_in_memo", f" {group} " in spaced, group_name))
    score = sum(_POINTS[why.code] for why in reasons if why.fits)
    if not payable.open and payable.definition.amount_due is not None:
        reasons.append(Why("due", False, "0"))
        score = score // 2
    return Suggestion(
        payable,
        title,
        payer_name,
        group_name,
        min(100, score),
        tuple(reasons),
        _resembling(clues.memo, reference) if is_near else "",
    )


def _resembling(memo: str, reference: str) -> str:
    """The run of the memo that shares most letters, in place, with the reference."""
    text = search_key(memo).replace(" ", "")
    length = len(reference)
    best, most = "", 0
    for start in range(max(1, len(text) - length + 1)):
        part = text[start : start + length]
        same = sum(a == b for a, b in zip(part, reference, strict=False))
        if same > most:
            best, most = part, same
    return best
