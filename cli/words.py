"""`xoai words`: an amount in Vietnamese words."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.jsonl import JsonObject, print_answer, run_jsonl, whole_field
from kit.words import amount_in_words

app = typer.Typer(help="Số tiền bằng chữ.")


@app.command()
def words(
    amount: Annotated[int | None, typer.Argument(help="Số tiền, đồng.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")] = False,
) -> None:
    """Viết số tiền bằng chữ: 1005000 → Một triệu không trăm lẻ năm nghìn đồng."""
    if jsonl:
        run_jsonl(words_line)
    elif amount is None:
        raise typer.BadParameter("cần số tiền, hoặc --jsonl")
    else:
        print_answer(words_line, {"amount": amount})


def words_line(line: JsonObject) -> JsonObject:
    """`{"amount"}` → `{"words"}`."""
    return {"words": amount_in_words(whole_field(line, "amount"))}
