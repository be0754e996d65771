"""Both languages are whole: every text is in the catalogue, and no template shows one that is not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gateway import i18n
from gateway.icons import icon, mark, names

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "gateway/templates").rglob("*.html"))
# Names, and words that are the same in both languages.
SAME = {"Xoài", "Tiếng Việt", "English", "đ", "₫", "0 đ"}


def test_the_catalogue_is_whole() -> None:
    """No text is missing from it, none is stale, and places such as %(amount)s agree."""
    result = subprocess.run(
        [str(ROOT / "tools/translations"), "--check"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "gateway/templates"))
)
def test_no_template_shows_a_bare_text(path: Path) -> None:
    """Vietnamese letters stand only inside what is translated."""
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "\x00", source, flags=re.DOTALL)
    bare = [piece.strip(" \n–·") for piece in re.split(r"<[^>]*>|\x00|&nbsp;", source)]
    assert [piece for piece in bare if re.search(r"[^\x00-\x7f–·…×]", piece) and piece not in SAME] == []


def test_plural_and_places() -> None:
    """English has two forms; Vietnamese one."""
    english, vietnamese = i18n.load("en"), i18n.load("vi")
    text = "Còn %(num)s lần thử trong phút này."
    assert english.ngettext(text, text, 1) % {"num": 1} == "1 more try this minute."
    assert english.ngettext(text, text, 2) % {"num": 2} == "2 more tries this minute."
    assert vietnamese.ngettext(text, text, 1) == text
    assert english.format("Đã nhận đủ %(amount)s", amount="5 ₫") == "5 ₫ received in full"
    assert vietnamese.format("80 % đã nộp") == "80 % đã nộp"


@pytest.mark.parametrize(
    ("query", "cookie", "expected"),
    [(None, None, "vi"), ("en", None, "en"), ("vi", "en", "vi"), (None, "en", "en"), ("fr", "xx", "vi")],
)
def test_the_switch_decides(query: str | None, cookie: str | None, expected: str) -> None:
    """What is asked for now goes before what was asked for earlier; anything else is Vietnamese."""
    assert i18n.of_request(query, cookie) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "vi"), ("en-GB,vi;q=0.5", "en"), ("vi,en", "vi"), ("fr, en;q=0.2", "en"), ("*", "vi")],
)
def test_programs_ask_by_header(header: str, expected: str) -> None:
    assert i18n.of_header(header) == expected


def test_icons_are_drawn_and_hidden_from_readers() -> None:
    """Every icon is one path, decorative; an unknown name is an error and not an empty picture."""
    for name in names():
        assert 'aria-hidden="true"' in icon(name, 16)
    assert 'aria-hidden="true"' in mark()
    with pytest.raises(KeyError):
        icon("no such icon")
