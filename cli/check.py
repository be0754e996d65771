"""`xoai check --jsonl`: is a tax code, personal number, telephone number or customer code possible, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Final

import typer

from cli.jsonl import (
    FieldWrong,
    JsonObject,
    optional_text_field,
    print_answer,
    run_jsonl,
    text_field,
)
from kit import clock
from kit.identifiers import (
    Checked,
    check_electricity_customer,
    check_personal_number,
    check_phone,
    check_tax_code,
)

app = typer.Typer(help="Kiểm tra mã số thuế, số định danh, số điện thoại, mã khách hàng điện.")

_SEXES: Final = ("nam", "nữ")


@app.command()
def check(
    kind: Annotated[str | None, typer.Argument(help="mst, cccd, phone, electricity_customer")] = None,
    value: Annotated[str | None, typer.Argument(help="Số cần kiểm tra.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Một đối tượng JSON mỗi dòng, vào và ra.")] = False,
) -> None:
    """Số này có thể có không, và nó cho biết gì."""
    if jsonl:
        run_jsonl(check_line)
    elif kind is None or value is None:
        raise typer.BadParameter("cần loại và số, hoặc --jsonl")
    else:
        print_answer(check_line, {"kind": kind, "value": value})


def check_line(line: JsonObject) -> JsonObject:
    """`{"kind", "value", "as_of"?, "birth_date"?, "sex"?}` → `{"valid", "normalised"?, …, "warnings"}`."""
    kind = text_field(line, "kind")
    if kind not in _CHECKS:
        raise FieldWrong(field="kind", expected=f"one of {', '.join(_CHECKS)}")
    found = _CHECKS[kind](text_field(line, "value"), line)
    answer: JsonObject = {"valid": found.is_valid}
    if found.normalised is not None:
        answer["normalised"] = found.normalised
    return {**answer, **found.told, "warnings": list(found.warnings)}


def _personal_number(value: str, line: JsonObject) -> Checked:
    return check_personal_number(value, _as_of(line), birth_date=_day(line, "birth_date"), sex=_sex(line))


_CHECKS: Final[dict[str, Callable[[str, JsonObject], Checked]]] = {
    "mst": lambda value, line: check_tax_code(value, _as_of(line)),
    "cccd": _personal_number,
    "phone": lambda value, _: check_phone(value),
    "electricity_customer": lambda value, _: check_electricity_customer(value),
}


def _as_of(line: JsonObject) -> date:
    return _day(line, "as_of") or clock.today()


def _day(line: JsonObject, field: str) -> date | None:
    text = optional_text_field(line, field)
    if text is None:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise FieldWrong(field=field, expected="a day as YYYY-MM-DD") from None


def _sex(line: JsonObject) -> str | None:
    text = optional_text_field(line, "sex")
    if text is not None and text not in _SEXES:
        raise FieldWrong(field="sex", expected="nam or nữ")
    return text
