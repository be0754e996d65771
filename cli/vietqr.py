"""`xoai vietqr`: VietQR texts written, and read strictly."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from cli.jsonl import FieldWrong, JsonObject, optional_text_field, print_answer, run_jsonl, text_field
from kit.money import AmountNotWhole
from services.vietqr.domain import AdditionalData, Code, Initiation, Service, decode, encode
from services.vietqr.domain.code import ADDITIONAL_TAGS
from services.vietqr.domain.encode import amount_of
from services.vietqr.domain.errors import BadInitiation, BadService

app = typer.Typer(help="Mã VietQR.", no_args_is_help=True)
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")]

_MERCHANT: Final = ("merchant_category", "merchant_name", "merchant_city", "postal_code")
# "ok" and "warnings" are let through, so that what `decode` wrote can be given to `encode` as it is.
_FIELDS: Final = frozenset(
    {"bin", "account", "service", "amount", "initiation", "additional", *_MERCHANT, "ok", "warnings"}
)


@app.command("encode")
def encode_command(
    code: Annotated[
        str | None, typer.Argument(help='Đối tượng JSON: {"bin", "account", "amount", …}.')
    ] = None,
    jsonl: Jsonl = False,
) -> None:
    """Viết nội dung mã VietQR."""
    if jsonl:
        run_jsonl(encode_line)
        return
    try:
        line = json.loads(code or "")
    except ValueError as error:
        raise typer.BadParameter("cần một đối tượng JSON, hoặc --jsonl") from error
    if not isinstance(line, dict):
        raise typer.BadParameter("cần một đối tượng JSON, hoặc --jsonl")
    print_answer(encode_line, line)


@app.command("decode")
def decode_command(
    payload: Annotated[str | None, typer.Argument(help="Nội dung mã.")] = None, jsonl: Jsonl = False
) -> None:
    """Đọc nội dung mã VietQR."""
    if jsonl:
        run_jsonl(decode_line)
    elif payload is None:
        raise typer.BadParameter("cần nội dung mã, hoặc --jsonl")
    else:
        print_answer(decode_line, {"payload": payload})


def encode_line(line: JsonObject) -> JsonObject:
    """`{"bin", "account", …}` → `{"payload"}`."""
    for field in line:
        if field not in _FIELDS:
            raise FieldWrong(field=field, expected="left out: there is no such field")
    code = Code(
        bin=text_field(line, "bin"),
        account=text_field(line, "account"),
        amount=_amount(line.get("amount")),
        additional=_additional(line.get("additional")),
        service=_service(optional_text_field(line, "service")),
        initiation=_initiation(optional_text_field(line, "initiation")),
        **{field: optional_text_field(line, field) for field in _MERCHANT},
    )
    return {"payload": encode(code)}


def decode_line(line: JsonObject) -> JsonObject:
    """`{"payload"}` → the fields of the code that it has, and `"warnings"`."""
    decoded = decode(text_field(line, "payload"))
    code = decoded.code
    additional = {field: getattr(code.additional, field) for field in ADDITIONAL_TAGS}
    fields: JsonObject = {
        "bin": code.bin,
        "account": code.account,
        "service": code.service,
        "amount": code.amount,
        "initiation": code.initiation,
        "additional": {field: value for field, value in additional.items() if value is not None} or None,
        **{field: getattr(code, field) for field in _MERCHANT},
    }
    found = {field: value for field, value in fields.items() if value is not None}
    return {**found, "warnings": list(decoded.warnings)}


def _amount(value: object) -> int | None:
    if value is None or type(value) is int:
        return value
    if isinstance(value, str):
        return amount_of(value)
    raise AmountNotWhole(text=str(value)[:60])


def _additional(value: object) -> AdditionalData:
    if value is None:
        return AdditionalData()
    if not isinstance(value, dict):
        raise FieldWrong(field="additional", expected="an object")
    for field in value:
        if field not in ADDITIONAL_TAGS:
            raise FieldWrong(field=f"additional.{field}", expected="left out: there is no such field")
    return AdditionalData(**{field: optional_text_field(value, field) for field in value})


def _service(value: str | None) -> Service:
    if value is None:
        return Service.ACCOUNT_TRANSFER
    try:
        return Service(value)
    except ValueError as error:
        raise BadService(service=value[:30]) from error


def _initiation(value: str | None) -> Initiation | None:
    if value is None:
        return None
    try:
        return Initiation(value)
    except ValueError as error:
        raise BadInitiation() from error
