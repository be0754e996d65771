"""`xoai money`: amounts of đồng as people write them."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.jsonl import JsonObject, print_answer, run_jsonl, text_field, whole_field
from kit.money import format_vnd, parse_vnd

app = typer.Typer(help="Viết và đọc số tiền.", no_args_is_help=True)
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")]


@app.command("format")
def format_command(
    amount: Annotated[int | None, typer.Argument(help="Số tiền, đồng.")] = None, jsonl: Jsonl = False
) -> None:
    """1250000 → 1.250.000 ₫."""
    if jsonl:
        run_jsonl(format_line)
    elif amount is None:
        raise typer.BadParameter("cần số tiền, hoặc --jsonl")
    else:
        print_answer(format_line, {"amount": amount})


@app.command("parse")
def parse_command(
    text: Annotated[str | None, typer.Argument(help="Số tiền như người ta viết.")] = None,
    jsonl: Jsonl = False,
) -> None:
    """1.250.000 đ, 1,250,000 hoặc 1 250 000 → 1250000."""
    if jsonl:
        run_jsonl(parse_line)
    elif text is None:
        raise typer.BadParameter("cần số tiền, hoặc --jsonl")
    else:
        print_answer(parse_line, {"text": text})


def format_line(line: JsonObject) -> JsonObject:
    """`{"amount"}` → `{"text"}`."""
    return {"text": format_vnd(whole_field(line, "amount"))}


def parse_line(line: JsonObject) -> JsonObject:
    """`{"text"}` → `{"amount"}`; takes back whatever `format` wrote, a minus sign too."""
    return {"amount": parse_vnd(text_field(line, "text"), signed=True)}
