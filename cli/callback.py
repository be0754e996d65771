"""`xoai callback verify --jsonl`: what a provider's callback tells, by the same adapters as the service.

Input `{"provider","auth"?,"secret","headers","raw_body","now"?}`, output `{"credits","warnings"}`. A body that is not
proven, cannot be read, or tells of an amount that is no whole number of đồng is `"ok":false` with its reason.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.jsonl import (
    FieldWrong,
    JsonObject,
    LineRefused,
    optional_text_field,
    run_jsonl,
    text_field,
    texts_field,
)
from kit import clock
from services.intake.adapters import adapter_of
from services.intake.domain import Headers

app = typer.Typer(help="Callback của ngân hàng và nhà cung cấp.", no_args_is_help=True)

_LATEST = 10**11  # Unix seconds


@app.callback()
def callback() -> None:
    """Callback của ngân hàng và nhà cung cấp."""


@app.command("verify")
def verify_command(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")] = False,
) -> None:
    """Kiểm tra người gửi và đọc callback, mỗi dòng một callback."""
    if not jsonl:
        raise typer.BadParameter("cần --jsonl")
    run_jsonl(verify_line)


def verify_line(line: JsonObject) -> JsonObject:
    """The credits and warnings of one callback. Raises the adapters' errors, FieldMissing, FieldWrong, LineRefused."""
    adapter = adapter_of(text_field(line, "provider"))
    raw_body = text_field(line, "raw_body").encode()
    verified = adapter.verify(
        _secrets(line), _headers(line), raw_body, _now(line), optional_text_field(line, "auth")
    )
    reading = adapter.read(verified)
    if reading.unreadable:
        first = reading.unreadable[0]
        raise LineRefused(first.reason, first.detail)
    return {"credits": [credit.to_json() for credit in reading.credits], "warnings": list(reading.warnings)}


def _secrets(line: JsonObject) -> list[str]:
    """One secret, or the list of those in force during a rotation."""
    return (
        texts_field(line, "secret") if isinstance(line.get("secret"), list) else [text_field(line, "secret")]
    )


def _headers(line: JsonObject) -> Headers:
    headers = line.get("headers")
    if headers is None:
        return Headers()
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise FieldWrong(field="headers", expected="an object of texts")
    return Headers.of(headers)


def _now(line: JsonObject) -> int:
    now = line.get("now")
    if now is None:
        return int(clock.now().timestamp())
    if isinstance(now, bool) or not isinstance(now, int | float) or not 0 <= now <= _LATEST:
        raise FieldWrong(field="now", expected="Unix seconds")
    return int(now)
