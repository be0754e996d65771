"""`xoai text`: folding, comparing and ordering Vietnamese text."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.jsonl import JsonObject, print_answer, run_jsonl, text_field, texts_field
from kit.text import fold, fold_upper, name_sort_key, person_key, search_key, sort_key

app = typer.Typer(help="Chữ Việt: bỏ dấu, so sánh, sắp xếp.", no_args_is_help=True)
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")]
_NEEDS = "cần chữ, hoặc --jsonl"


@app.command("fold")
def fold_command(text: Annotated[str | None, typer.Argument()] = None, jsonl: Jsonl = False) -> None:
    """Bỏ dấu."""
    if jsonl:
        run_jsonl(fold_line)
    elif text is None:
        raise typer.BadParameter(_NEEDS)
    else:
        print_answer(fold_line, {"text": text})


@app.command("same")
def same_command(
    a: Annotated[str | None, typer.Argument()] = None,
    b: Annotated[str | None, typer.Argument()] = None,
    jsonl: Jsonl = False,
) -> None:
    """Hai cách viết có phải một tên, và tìm không dấu có thấy cả hai không."""
    if jsonl:
        run_jsonl(same_line)
    elif a is None or b is None:
        raise typer.BadParameter(_NEEDS)
    else:
        print_answer(same_line, {"a": a, "b": b})


@app.command("sort-names")
def sort_names_command(
    names: Annotated[list[str] | None, typer.Argument()] = None, jsonl: Jsonl = False
) -> None:
    """Xếp họ tên theo tên, họ, tên đệm."""
    if jsonl:
        run_jsonl(sort_names_line)
    elif not names:
        raise typer.BadParameter(_NEEDS)
    else:
        print_answer(sort_names_line, {"names": names})


@app.command("sort-words")
def sort_words_command(
    words: Annotated[list[str] | None, typer.Argument()] = None, jsonl: Jsonl = False
) -> None:
    """Xếp từ theo bảng chữ cái tiếng Việt."""
    if jsonl:
        run_jsonl(sort_words_line)
    elif not words:
        raise typer.BadParameter(_NEEDS)
    else:
        print_answer(sort_words_line, {"words": words})


def fold_line(line: JsonObject) -> JsonObject:
    """`{"text"}` → `{"ascii", "ascii_upper"}`."""
    text = text_field(line, "text")
    return {"ascii": fold(text), "ascii_upper": fold_upper(text)}


def same_line(line: JsonObject) -> JsonObject:
    """`{"a", "b"}` → `{"same_person_key", "search_finds_both"}`."""
    a, b = text_field(line, "a"), text_field(line, "b")
    return {
        "same_person_key": person_key(a) == person_key(b),
        "search_finds_both": search_key(a) == search_key(b),
    }


def sort_names_line(line: JsonObject) -> JsonObject:
    """`{"names"}` → `{"sorted"}`."""
    return {"sorted": sorted(texts_field(line, "names"), key=name_sort_key)}


def sort_words_line(line: JsonObject) -> JsonObject:
    """`{"words"}` → `{"sorted"}`."""
    return {"sorted": sorted(texts_field(line, "words"), key=sort_key)}
