"""Two languages: Vietnamese is what the templates say, English is a catalogue read at start (no compiled files)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po

LOCALES: Final = ("vi", "en")
DEFAULT: Final = "vi"
FOLDER: Final = Path(__file__).parent / "locale"


class Catalogue:
    """The texts of one language. Vietnamese has no plural forms, so both forms of its texts are one."""

    def __init__(self, locale: str, single: dict[str, str], plural: dict[str, tuple[str, str]]) -> None:
        self.locale = locale
        self._single = single
        self._plural = plural

    def gettext(self, message: str) -> str:
        """The text in this language; the Vietnamese one where there is no other."""
        return self._single.get(message, message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The text that fits a count."""
        one, many = self._plural.get(singular, (singular, plural))
        return one if count == 1 else many

    def pgettext(self, context: str, message: str) -> str:
        """The text for a context; a catalogue key of its own where one word means two things."""
        return self._single.get(f"{context}\x04{message}", self.gettext(message))

    def npgettext(self, context: str, singular: str, plural: str, count: int) -> str:
        """The text for a context that fits a count."""
        return self.ngettext(singular, plural, count)

    def format(self, message: str, /, **values: Any) -> str:
        """The text with its `%(name)s` places filled in."""
        text = self.gettext(message)
        return text % values if values else text


def load(locale: str) -> Catalogue:
    """The catalogue of a language, from its .po file; Vietnamese needs none."""
    if locale == DEFAULT:
        return Catalogue(locale, {}, {})
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, str]] = {}
    with (FOLDER / f"{locale}.po").open("rb") as file:
        for message in read_po(file, locale=locale):
            if not message.id:
                continue
            if isinstance(message.id, tuple | list):
                one, many = (str(text) for text in message.string or ())
                plural[str(message.id[0])] = (one, many)
            else:
                key = f"{message.context}\x04{message.id}" if message.context else message.id
                single[key] = str(message.string)
    return Catalogue(locale, single, plural)


def of_request(query: str | None, cookie: str | None) -> str:
    """The language that a visitor asked for by the switch, now or before."""
    for wanted in (query, cookie):
        if wanted in LOCALES:
            return str(wanted)
    return DEFAULT


def of_header(accept_language: str) -> str:
    """The language for a program: English only if it is asked for before Vietnamese."""
    for part in accept_language.split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith("vi"):
            return "vi"
    return DEFAULT


Gettext = Callable[[str], str]
