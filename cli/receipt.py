"""`xoai receipt`: is a printed receipt genuine, and the keys by which anybody can tell."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.files import content
from cli.jsonl import JsonObject, LineRefused, refusal_of
from cli.platform import here
from kit import audit, auth, clock
from kit.db import Database
from kit.errors import Error
from kit.money import format_vnd
from kit.signing import key_id
from services.documents.receipt_files import FILE_LIMIT, read_limited
from services.invoices.domain import statements
from services.invoices.domain.seals import mark
from services.invoices.domain.statements import Fault, PublicKey, Statement
from services.invoices.flows import checking
from services.invoices.store import keys as stored_keys

app = typer.Typer(help="Biên nhận: kiểm thật giả, khoá ký.", no_args_is_help=True)

_MOST_KEYS_BYTES: Final = 1 << 20
_WORDS: Final = {
    Fault.KEY_UNKNOWN: (
        "ký bằng khoá {key} mà nơi này không biết",
        "signed with key {key}, which is not known here",
    ),
    Fault.KEY_REVOKED: (
        "ký bằng khoá {key} đã bị thu hồi; xin in lại biên nhận",
        "signed with key {key}, which has been revoked; have the receipt printed again",
    ),
    Fault.SIGNATURE_WRONG: (
        "chữ ký không khớp: nội dung kèm theo đã bị sửa",
        "the signature does not fit: what is attached was changed",
    ),
    Fault.HASH_WRONG: (
        "nội dung không khớp với dấu của nó",
        "the content does not have the hash that it states",
    ),
    Fault.PAGE_CHANGED: (
        "trang giấy không phải trang đã ký: chữ hoặc hình trên trang đã bị sửa",
        "the page is not the one that was signed: something on it was changed",
    ),
    Fault.NOT_ISSUED: ("hệ thống chưa từng cấp số này", "this number was never issued"),
    Fault.OTHER_AT_PLACE: (
        "số này trong sổ là một biên nhận khác",
        "the book holds another receipt under this number",
    ),
    Fault.NEIGHBOUR_BROKEN: (
        "không nối được với số trước hoặc số sau trong quyển: xin chạy `xoai verify`",
        "it does not link to its neighbours in the book: run `xoai verify`",
    ),
    Fault.RECORD_CHANGED: (
        "sổ đã bị sửa sau khi niêm: xin chạy `xoai verify`",
        "the record was changed after it was sealed: run `xoai verify`",
    ),
    Fault.CANCELLED: ("biên nhận này đã huỷ: {reason}", "this receipt is cancelled: {reason}"),
}


@app.callback()
def receipt() -> None:
    """Receipts: whether one is genuine, and the keys that sign them."""


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="Biên nhận PDF, hoặc tệp JSON kèm trong đó.")],
    offline: Annotated[
        bool, typer.Option("--offline", help="Chỉ kiểm chữ ký và trang giấy, không hỏi hệ thống.")
    ] = False,
    key: Annotated[
        Path | None, typer.Option(help="Khoá công khai (tệp của `xoai receipt keys`); cần cho --offline.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In một đối tượng JSON.")] = False,
) -> None:
    """Kiểm một biên nhận: chữ ký, trang giấy, chỗ của nó trong quyển. Mã thoát 0: thật; 1: không chứng minh được."""
    try:
        if offline and key is None:
            raise LineRefused("KEY_MISSING", "--offline needs --key: a file made by `xoai receipt keys`")
        found = read_limited(content(file, FILE_LIMIT))
        statement = statements.read(found.attachment)
        page = found.page_digest.hex() if found.page_digest is not None else None
        given = _keys_in(key) if key is not None else None
        answer = _check(statement, page, given, is_offline=offline)
    except (Error, LineRefused) as error:
        _refuse(error, as_json=as_json)
    if as_json:
        typer.echo(json.dumps({"ok": True, **answer}, ensure_ascii=False))
    else:
        typer.echo(_said(statement, answer))
    raise typer.Exit(0 if answer["valid"] else 1)


@app.command("keys")
def keys_command() -> None:
    """In các khoá công khai đã ký biên nhận: đưa cho người cần kiểm mà không hỏi hệ thống."""
    database = Database(here.settings(), "invoices", pool_size=1)
    try:
        with database.begin() as session:
            found = stored_keys.every(session)
    finally:
        database.close()
    rows = [
        {
            "id": each.id,
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(each.raw).decode(),
            "create_time": each.create_time.isoformat(),
            "revoke_time": each.revoke_time.isoformat() if each.revoke_time else None,
        }
        for each in found
    ]
    typer.echo(json.dumps({"keys": rows}, indent=2))


@app.command("revoke-key")
def revoke_key(id: Annotated[str, typer.Argument(help="Mã khoá, xem `xoai receipt keys`.")]) -> None:
    """Thu hồi một khoá bị lộ: từ nay biên nhận ký bằng khoá đó không còn giá trị chứng minh, phải in lại."""
    database = Database(here.settings(), "invoices", pool_size=1)
    try:
        with database.begin() as session:
            is_known = stored_keys.revoke(session, id, clock.now())
            if is_known:
                audit.record(
                    session,
                    subject=auth.service("cli").label,
                    action="receipts.revoke_key",
                    object=f"receipt_key:{id}",
                    organisation_id=None,
                    detail={},
                )
    finally:
        database.close()
    if not is_known:
        typer.echo(f"Không có khoá {id} / there is no key {id}", err=True)
        raise typer.Exit(1)
    typer.echo(f"Đã thu hồi khoá {id} / key {id} is revoked")


def _check(
    statement: Statement, page: str | None, given: Mapping[str, PublicKey] | None, *, is_offline: bool
) -> JsonObject:
    """The checks in order; what cannot be trusted is not asked about further."""
    answer = checking.Answer([])
    if is_offline:
        faults = _own_faults(statement, page, given or {})
    else:
        database = Database(here.settings(), "invoices", pool_size=1)
        try:
            known = given if given is not None else database.run(checking.public_keys)
            faults = _own_faults(statement, page, known)
            if not faults:
                answer = database.run(lambda session: checking.check_place(session, statement))
                faults = answer.faults
        finally:
            database.close()
    values = {"key": statement.key, "reason": answer.cancel_reason}
    return {
        "valid": not faults,
        "checked": ["signature"] + (["page"] if page is not None else []) + ([] if is_offline else ["chain"]),
        "faults": [
            {"reason": fault.value.upper(), "vi": vi.format(**values), "en": en.format(**values)}
            for fault in faults
            for vi, en in [_WORDS[fault]]
        ],
        "cancel_time": answer.cancel_time.isoformat() if answer.cancel_time else None,
        # What was signed; worth nothing where the signature is not good.
        "receipt": _signed_facts(statement) if not {*faults} & _UNPROVEN else None,
    }


_UNPROVEN: Final = {Fault.KEY_UNKNOWN, Fault.KEY_REVOKED, Fault.SIGNATURE_WRONG}


def _own_faults(statement: Statement, page: str | None, known: Mapping[str, PublicKey]) -> list[Fault]:
    faults = statement.faults(known)
    if not faults and page is not None and page != statement.page:
        faults = [Fault.PAGE_CHANGED]
    return faults


def _signed_facts(statement: Statement) -> JsonObject:
    return {
        "unit": statement.unit,
        "series": statement.place.series,
        "year": statement.place.year,
        "number": f"{statement.number:08}",
        "payer": statement.payer,
        "title": statement.title,
        "reference": statement.reference,
        "amount": statement.amount,
        "issue_time": statement.issue_time,
        "mark": mark(statement.hash),
        "key": statement.key,
    }


def _said(statement: Statement, answer: JsonObject) -> str:
    """One clear answer, then what the receipt says by itself so that a person can compare it with the paper."""
    faults, checked = answer["faults"], answer["checked"]
    assert isinstance(faults, list)
    assert isinstance(checked, list)
    lines = []
    if not faults and "chain" in checked:
        lines.append("THẬT: biên nhận do hệ thống cấp, đang có hiệu lực / GENUINE: issued here and in force")
    elif not faults:
        lines.append(
            "CHỮ KÝ ĐÚNG. Chưa hỏi hệ thống nên không biết đã huỷ hay chưa"
            " / SIGNATURE GOOD. The installation was not asked: whether it is cancelled is not known"
        )
    elif faults[0]["reason"] == "CANCELLED":
        lines.append("ĐÃ HUỶ, không còn giá trị / CANCELLED, no longer in force")
    else:
        lines.append("KHÔNG CHỨNG MINH ĐƯỢC LÀ THẬT / NOT PROVED GENUINE")
    lines += [f"  - {fault['vi']} / {fault['en']}" for fault in faults]
    if "page" not in checked and not faults:
        lines.append(
            "  - không có trang giấy để so: chỉ kiểm nội dung JSON / there is no page to compare, only the JSON"
        )
    if answer["receipt"] is not None:
        lines.append(
            f"{statement.unit}, quyển/book {statement.place.series}/{statement.place.year}"
            f" số/no. {statement.number:08}, {format_vnd(statement.amount)}"
        )
        lines.append(f"{statement.payer}; {statement.title}; mã/reference {statement.reference}")
        lines.append(f"cấp lúc/issued {statement.issue_time}; dấu/mark {mark(statement.hash)}")
    return "\n".join(_printable(line) for line in lines)


def _printable(text: str) -> str:
    """No control characters of a stranger's file reach the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _keys_in(path: Path) -> dict[str, PublicKey]:
    """The keys of a file as `xoai receipt keys` prints it. Raises LineRefused."""
    try:
        rows = json.loads(content(path, _MOST_KEYS_BYTES))["keys"]
        found = [
            PublicKey(key_id(raw), raw, is_revoked=bool(row.get("revoke_time")))
            for row in rows
            for raw in [base64.b64decode(row["public_key"], validate=True)]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise LineRefused("KEYS_UNREADABLE", f"{path}: not what `xoai receipt keys` prints") from None
    # The id follows from the key itself: what the file says about it does not matter.
    return {key.id: key for key in found}


def _refuse(error: Error | LineRefused, *, as_json: bool) -> None:
    """A file that cannot be read at all: the reason, and exit code 1."""
    if as_json:
        typer.echo(json.dumps(refusal_of(error), ensure_ascii=False))
    elif isinstance(error, Error):
        typer.echo(f"{error.reason}: {error.text_vi} / {error.text_en}", err=True)
    else:
        typer.echo(str(error), err=True)
    raise typer.Exit(1)
