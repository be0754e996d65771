"""The form of a payment reference and the code that guards it.

    XD K7M4P9R T3HQ      13 characters
    │  │       └ 4 check characters, the last one a letter
    │  └ 7 random characters
    └ prefix: XD an invoice, XQ a stall

**Alphabet**, 19 characters: digits 2–9 and the letters D F H K M P Q R T V X. By eye no O/0, I/1/L/J, B/8, S/5,
Z/2, G/6, U/V, W; by ear no C (cờ, like K and Q), no N (like M, and like L in the North), no S (like X). There is
no vowel, so a reference never spells a word, and hardly a Vietnamese word looks like a piece of a reference.

**Code.** The 13 characters, prefix included, are a Reed-Solomon word over GF(19) with four check symbols
(MacWilliams and Sloane, chapter 10): two words differ in at least five places. Hence every change of one to four
characters and every swap of two is caught, and a random token of the form passes once in 130,321.

**What is never issued** beyond that: two equal neighbours (the usual victims of a slip), five digits in a row
(a phone number, a date, an account, a bank's trace), a prefix inside the body, FT before a digit, and any
reference from which one lost or one added character could lead to another valid one. 2.5 × 10^8 are left a kind.
"""

from __future__ import annotations

import re
import secrets
from enum import StrEnum
from itertools import product
from typing import Final

ALPHABET: Final = "23456789DFHKMPQRTVX"
LENGTH: Final = 13
CHECKS: Final = 4
_Q: Final = len(ALPHABET)
_HEAD: Final = LENGTH - CHECKS
_LANE: Final = 10  # bits: a lane sums at most 13 products below 19, far under 2**10
_MASK: Final = (1 << _LANE) - 1


class Kind(StrEnum):
    """What a reference names; the value is its prefix, fixed for ever."""

    INVOICE = "XD"
    STALL = "XQ"


PREFIXES: Final = tuple(kind.value for kind in Kind)
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}

_FORM: Final = re.compile(r"X[DQ][2-9DFHKMPQRTVX]{10}[DFHKMPQRTVX]")
# Equal neighbours, five digits in a row, a prefix inside, FT before a digit.
_NEVER: Final = re.compile(r"(.)\1|[2-9]{5}|.X[DQ]|FT[2-9]")


def _column(position: int) -> tuple[int, int, int, int]:
    """The powers 0 to 3 of the point of a position: one column of the parity matrix."""
    point = position + 1
    return (1, point % _Q, point**2 % _Q, point**3 % _Q)


def _pack(lanes: tuple[int, ...] | list[int]) -> int:
    return sum(lane % _Q << _LANE * index for index, lane in enumerate(lanes))


# _SYNDROME[position][character] is what that character adds to the four syndromes, packed into one integer.
_SYNDROME: Final = tuple(
    {character: _pack([value * power for power in _column(position)]) for character, value in _VALUE.items()}
    for position in range(LENGTH)
)


def syndromes(token: str) -> tuple[int, int, int, int]:
    """The four syndromes of 13 characters of the alphabet; all zero for a word of the code."""
    total = 0
    for contribution, character in zip(_SYNDROME, token, strict=True):
        total += contribution[character]
    return _unpack(total)


def _unpack(total: int) -> tuple[int, int, int, int]:
    return (
        (total & _MASK) % _Q,
        (total >> _LANE & _MASK) % _Q,
        (total >> 2 * _LANE & _MASK) % _Q,
        (total >> 3 * _LANE) % _Q,
    )


def solve(places: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...] | None:
    """The values at up to four `places` that bring the syndromes to zero, None if none do: GF(19) elimination."""
    rows = [[_column(place)[power] for place in places] + [-wanted[power] % _Q] for power in range(CHECKS)]
    for index in range(len(places)):
        pivot = next(row for row in range(index, CHECKS) if rows[row][index])
        rows[index], rows[pivot] = rows[pivot], rows[index]
        inverse = pow(rows[index][index], -1, _Q)
        rows[index] = [value * inverse % _Q for value in rows[index]]
        for row in range(CHECKS):
            if row != index and (factor := rows[row][index]):
                rows[row] = [(a - factor * b) % _Q for a, b in zip(rows[row], rows[index], strict=True)]
    if any(row[-1] for row in rows[len(places) :]):
        return None
    return tuple(rows[index][-1] for index in range(len(places)))


def _check_table() -> tuple[dict[str, int], ...]:
    """What each head character adds to the four check characters, packed."""
    tail = tuple(range(_HEAD, LENGTH))
    table = []
    for position in range(_HEAD):
        column = _column(position)
        row = {}
        for character, value in _VALUE.items():
            answer = solve(tail, tuple(value * power % _Q for power in column))
            if answer is None:
                raise AssertionError("four check symbols always exist")
            row[character] = _pack(answer)
        table.append(row)
    return tuple(table)


_CHECK: Final = _check_table()


def with_checks(head: str) -> str:
    """A head of 9 characters with its four check characters behind it."""
    total = 0
    for contribution, character in zip(_CHECK, head, strict=True):
        total += contribution[character]
    return head + "".join([ALPHABET[lane] for lane in _unpack(total)])


def _pairs(position: int) -> dict[str, int]:
    """What two characters from `position` on add to the syndromes, one lookup for both."""
    first, second = _SYNDROME[position], _SYNDROME[position + 1]
    return {a + b: _pack(_unpack(first[a] + second[b])) for a in ALPHABET for b in ALPHABET}


# The seven lookups of a check sum to at most 126 a lane; in these sums every lane is a multiple of 19.
_PAIRS: Final = tuple(_pairs(position) for position in range(0, LENGTH - 1, 2))
_ZEROS: Final = frozenset(
    sum(lane << _LANE * index for index, lane in enumerate(lanes))
    for lanes in product(range(0, 7 * (_Q - 1) + 1, _Q), repeat=CHECKS)
)


def check(text: str) -> bool:
    """Whether `text`, exactly as it stands, is a reference that may have been issued."""
    if _FORM.fullmatch(text) is None:
        return False
    a, b, c, d, e, f = _PAIRS
    total = a[text[:2]] + b[text[2:4]] + c[text[4:6]] + d[text[6:8]] + e[text[8:10]] + f[text[10:12]]
    return total + _SYNDROME[12][text[12]] in _ZEROS and _NEVER.search(text) is None


def value_at(place: int, wrong: tuple[int, int, int, int]) -> int | None:
    """The value that, added at `place`, brings syndromes `wrong` to zero; None if no single one does."""
    point = place + 1
    a, b, c, d = wrong
    if a * point % _Q == b and b * point % _Q == c and c * point % _Q == d:
        return -a % _Q
    return None


def kind_of(reference: str) -> Kind:
    """What a valid reference names."""
    return Kind(reference[:2])


def _is_multiple(total: int, position: int) -> bool:
    """Whether some one character at `position` could cancel the packed syndromes `total`."""
    # The first two syndromes alone say no to eighteen of nineteen.
    if ((total & _MASK) * (position + 1) - (total >> _LANE & _MASK)) % _Q:
        return False
    return value_at(position, _unpack(total)) is not None


def is_isolated(reference: str) -> bool:
    """Whether no loss of one character (whatever follows moves in) and no added one leads to another word.

    Losing or adding at the last four places changes at most four characters, which the code catches by itself,
    so only the places before them are looked at.
    """
    own = [table[character] for table, character in zip(_SYNDROME, reference, strict=True)]
    lost = [_SYNDROME[place][reference[place + 1]] for place in range(LENGTH - 1)]
    added = [_SYNDROME[place + 1][reference[place]] for place in range(LENGTH - 1)]
    before, lost_after, added_after = 0, sum(lost), sum(added)
    for place in range(_HEAD):
        if _is_multiple(before + lost_after, LENGTH - 1) or _is_multiple(before + added_after, place):
            return False
        before += own[place]
        lost_after -= lost[place]
        added_after -= added[place]
    return True


def new_reference(kind: Kind) -> str:
    """A new random reference; whether it is free is for the owner's unique constraint to say."""
    return new_references(kind, 1)[0]


def new_references(kind: Kind, count: int) -> list[str]:
    """As many different random references; which of them are free is for the owner's unique constraint to say."""
    made: dict[str, None] = {}
    while len(made) < count:
        # Drawn by the hundred: each call of the system's source is a chance to lose the interpreter to another thread.
        drawn = secrets.token_bytes(_DRAW_BYTES * _DRAWS_EACH * (count - len(made)))
        for start in range(0, len(drawn), _DRAW_BYTES):
            head = kind.value + _body(int.from_bytes(drawn[start : start + _DRAW_BYTES]))
            if _NEVER.search(head) is None:
                reference = with_checks(head)
                if check(reference) and is_isolated(reference):
                    made[reference] = None
                    if len(made) == count:
                        break
    return list(made)


# 64 random bits for seven characters of nineteen; about one draw in four is a reference.
_DRAW_BYTES: Final = 8
_DRAWS_EACH: Final = 4
_TWO: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)


def _body(number: int) -> str:
    """The random characters of a reference, by a number drawn."""
    number, first = divmod(number, _Q**2)
    number, second = divmod(number, _Q**2)
    number, third = divmod(number, _Q**2)
    return _TWO[first] + _TWO[second] + _TWO[third] + ALPHABET[number % _Q]
