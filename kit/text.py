"""Vietnamese text: folding to ASCII, keys for search and order, names, and text that is safe to show.

The database runs in the C locale, so search and order go over keys made here and stored beside the text. All text is
kept in NFC. Order is that of CLDR for `vi`: letters a ă â b c d đ e ê … o ô ơ … u ư … first, then the tones ngang,
huyền, hỏi, ngã, sắc, nặng, then small before capital.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SPECIAL: Final = {
    # Đ has no decomposition; the Icelandic and African look-alikes come from old Vietnamese fonts.
    **dict.fromkeys("đðɖ₫", "d"),
    **dict.fromkeys("ĐÐƉ", "D"),
    **dict.fromkeys("‘’‚‛′´ʼʻ‹›", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("·•∙", "."),
    "⁄": "/", "×": "x", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "ı": "i",
}  # fmt: skip
_LETTER_MARKS: Final = {
    "a\u0306": "ă",
    "a\u0302": "â",
    "e\u0302": "ê",
    "o\u0302": "ô",
    "o\u031b": "ơ",
    "u\u031b": "ư",
}
_TONES: Final = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng
_LETTERS: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_SIGNS: Final = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"  # the order of the root collation
_PRIMARY: Final = {
    **{sign: chr(3 + place) for place, sign in enumerate(_SIGNS)},
    **{digit: digit for digit in "0123456789"},
    **{letter: chr(0x41 + place) for place, letter in enumerate(_LETTERS)},
}
_LEVEL: Final = "\x02"  # between the levels of a key, below every weight
_FIELD: Final = "\x01"  # between the keys of a name's parts, below the levels

_BLANKS: Final = re.compile(r"\s+")
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Z0-9]+")
_DIGITS: Final = re.compile(r"([0-9]+)")
_PILED_MARKS: Final = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]+")


def nfc(text: str) -> str:
    """The composed form in which all text is kept and compared."""
    return unicodedata.normalize("NFC", text)


class _Fold(dict[int, str]):
    """A table for str.translate, filled character by character as they are met."""

    def __init__(self, unknown: str) -> None:
        super().__init__()
        self.unknown = unknown

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", _special(chr(code)))
        self[code] = folded = "".join(self._one(part) for part in parts)
        return folded

    def _one(self, character: str) -> str:
        character = _special(character)
        if character.isascii():
            return character
        category = unicodedata.category(character)
        if category in ("Mn", "Me", "Cf"):
            return ""
        return " " if category in ("Zs", "Zl", "Zp") else self.unknown


def _special(character: str) -> str:
    return _SPECIAL.get(character, character)


_FOLDS: Final = {"": _Fold("")}


def fold(text: str, *, unknown: str = "") -> str:
    """The text in ASCII: accents off, Đ as D, letter case kept; what has no Latin form becomes `unknown`."""
    if text.isascii():
        return text
    table = _FOLDS.get(unknown)
    if table is None:
        table = _FOLDS[unknown] = _Fold(unknown)
    return text.translate(table)


def fold_upper(text: str) -> str:
    """The text in ASCII capitals."""
    return fold(text).upper()


def search_key(text: str) -> str:
    """What accent-less search compares: ASCII capitals and digits, one blank between words."""
    return _NOT_ALPHANUMERIC.sub(" ", fold_upper(text)).strip()


def _letters_and_marks(character: str) -> tuple[str, str]:
    """A character as its Vietnamese letter, lower case, and the marks that are left, tones among them."""
    decomposed = unicodedata.normalize("NFD", character.lower())
    base, rest = decomposed[0], []
    for mark in decomposed[1:]:
        letter = _LETTER_MARKS.get(base + mark)
        if letter is None:
            rest.append(mark)
        else:
            base = letter
    return base, "".join(rest)


def person_key(name: str) -> str:
    """What makes two spellings one name: letter case, blanks, composition, the place of the tone do not count.

    Accents do: Hòa and Hoà are one name, Hoa is another. The tones of each word stand at its end in the key.
    """
    words = clean_display(unicodedata.normalize("NFKC", name)).translate(_SAME_IN_NAMES).split()
    return " ".join([_person_word(word) for word in words])


# Names are made of few words: the caches of words hold nearly all of a city's.
@lru_cache(maxsize=8192)
def _person_word(word: str) -> str:
    parts = [_letters_and_marks(character) for character in word]
    return "".join([base for base, _ in parts] + [marks for _, marks in parts])


_SAME_IN_NAMES: Final = str.maketrans({**dict.fromkeys("‘’‛′´ʼ`", "'"), "Ð": "Đ", "ð": "đ"})


class _Weights(dict[str, tuple[str, str, str]]):
    """The weights of a character on the three levels, worked out once each."""

    def __missing__(self, character: str) -> tuple[str, str, str]:
        self[character] = weights = self._of(character)
        return weights

    @staticmethod
    def _of(character: str) -> tuple[str, str, str]:
        if unicodedata.category(character) in ("Cf", "Cc"):
            return ("", "", "")
        if unicodedata.combining(character):
            return ("", _mark_weight(character), "")
        base, marks = _letters_and_marks(" " if character.isspace() else character)
        primary = _PRIMARY.get(base) or _PRIMARY.get(fold(base).lower()) or base
        return (primary, "0" + "".join(map(_mark_weight, marks)), "1" if character.isupper() else "0")


def _mark_weight(mark: str) -> str:
    place = _TONES.find(mark)
    return str(place + 1) if place >= 0 else "6"


_WEIGHTS: Final = _Weights()


@lru_cache(maxsize=8192)
def _levels(text: str) -> tuple[str, str, str]:
    weights = [_WEIGHTS[character] for character in text]
    return (
        "".join([weight[0] for weight in weights]),
        "".join([weight[1] for weight in weights]).rstrip("0"),
        "".join([weight[2] for weight in weights]).rstrip("0"),
    )


def sort_key(text: str) -> str:
    """The key under which words stand in Vietnamese order; compare as text in the C locale."""
    return _LEVEL.join(_levels(_BLANKS.sub(" ", nfc(text).strip())))


def name_sort_key(name: str) -> str:
    """The key of a class list: given name first, then family name, then middle names."""
    words = nfc(name).split()
    parts = (words[-1:], words[:1] if len(words) > 1 else [], words[1:-1])
    levels = [_levels(" ".join(part)) for part in parts]
    fields = [_LEVEL.join(level[:2]) for level in levels]
    return _FIELD.join([*fields, *(level[2] for level in levels)])


def natural_key(text: str) -> str:
    """The key under which numbers in a text count as numbers: 6A2 before 6A10, Lá 2 before Lá 10."""
    primary: list[str] = []
    secondary: list[str] = []
    case: list[str] = []
    for piece in _DIGITS.split(_BLANKS.sub(" ", nfc(text).strip())):
        if piece.isascii() and piece.isdigit():
            digits = piece.lstrip("0")
            primary.append(f"0{min(len(digits), 999):03d}{digits}")
        else:
            levels = _levels(piece)
            primary.append(levels[0])
            secondary.append(levels[1])
            case.append(levels[2])
    return _LEVEL.join(["".join(primary), "".join(secondary), "".join(case)])


def mask_name(name: str) -> str:
    """A name for pages that anybody can open: initials and the given name, `N. N. B. Hân`."""
    words = clean_display(name).split()
    return " ".join([f"{word[0]}." for word in words[:-1]] + words[-1:])


def clean_display(text: str) -> str:
    """Text of strangers, safe to show: NFC, one line, no control, bidirectional or invisible characters.

    At most two combining marks stay on a letter, so that nobody's memo paints over its neighbours.
    """
    if text.isprintable():
        # Nothing to take out or to turn into a blank; most texts end here.
        return " ".join((text if text.isascii() else _PILED_MARKS.sub(r"\1", nfc(text))).split())
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Zs", "Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Cf", "Cs", "Co", "Cn"):
            kept.append(character)
    return " ".join(_PILED_MARKS.sub(r"\1", nfc("".join(kept))).split())
