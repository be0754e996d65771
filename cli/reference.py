"""`xoai reference`: payment references made, and found in memos."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.jsonl import JsonObject, print_answer, run_jsonl, text_field
from kit.references import Kind, find, new_references

app = typer.Typer(help="Mã thanh toán.", no_args_is_help=True)


class KindName(StrEnum):
    """The kinds under the names used on the command line."""

    INVOICE = "invoice"
    STALL = "stall"


@app.command("new")
def new_command(
    count: Annotated[int, typer.Option("-n", min=1, max=1_000_000, help="Bao nhiêu mã.")] = 1,
    kind: Annotated[KindName, typer.Option(help="Phiếu hay quầy.")] = KindName.INVOICE,
) -> None:
    """In mã mới, mỗi dòng một mã, không mã nào trùng nhau trong một lần in."""
    typer.echo("\n".join(new_references(Kind[kind.name], count)))


@app.command("find")
def find_command(
    memo: Annotated[str | None, typer.Argument(help="Nội dung chuyển khoản.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")] = False,
) -> None:
    """Tìm mã thanh toán trong nội dung chuyển khoản."""
    if jsonl:
        run_jsonl(find_line)
    elif memo is None:
        raise typer.BadParameter("cần nội dung chuyển khoản, hoặc --jsonl")
    else:
        print_answer(find_line, {"memo": memo})


def find_line(line: JsonObject) -> JsonObject:
    """`{"memo"}` → `{"outcome", "references"}`."""
    found = find(text_field(line, "memo"))
    return {"outcome": found.outcome.value, "references": list(found.references)}
