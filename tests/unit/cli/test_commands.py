"""The commands keep the shapes that scripts rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from kit.references import Kind, check, kind_of, new_reference

REFERENCE = new_reference(Kind.INVOICE)
OTHER = new_reference(Kind.STALL)


def answers(command: str, *lines: object) -> list[Any]:
    """What a `--jsonl` command answers."""
    given = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    result = CliRunner().invoke(app, [*command.split(), "--jsonl"], input=given.encode())
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def reasons(found: list[Any]) -> list[str]:
    assert all(answer["ok"] is False and answer["error"]["detail"] for answer in found)
    return [answer["error"]["reason"] for answer in found]


def test_words() -> None:
    """Amounts in words."""
    assert answers("words", {"amount": 1_005_000}, {"amount": 0}) == [
        {"ok": True, "words": "Một triệu không trăm lẻ năm nghìn đồng"},
        {"ok": True, "words": "Không đồng"},
    ]
    wrong = [
        {"amount": -1},
        {"amount": 10**15 + 1},
        {"amount": 10**200},
        {"amount": 1.5},
        {"amount": "5"},
        {},
    ]
    assert reasons(answers("words", *wrong)) == ["AMOUNT_OUT_OF_RANGE"] * 3 + ["FIELD_WRONG"] * 2 + [
        "FIELD_MISSING"
    ]


def test_money() -> None:
    """Written with points and a no-break space; read in every form people use; the rest is no amount."""
    assert answers("money format", {"amount": 1_250_000}) == [{"ok": True, "text": "1.250.000\u00a0₫"}]
    assert reasons(answers("money format", {"amount": True}, {"amount": 1.0}, {"amount": 10**16})) == [
        "FIELD_WRONG",
        "FIELD_WRONG",
        "AMOUNT_OUT_OF_RANGE",
    ]
    texts = ["1250000", "1.250.000", "1,250,000", "1 250 000", "1.250.000\u00a0₫", "1.250.000 đồng"]
    assert (
        answers("money parse", *({"text": text} for text in texts)) == [{"ok": True, "amount": 1_250_000}] * 6
    )
    assert (
        reasons(answers("money parse", {"text": "1.234,5"}, {"text": "1.23"}, {"text": ""}))
        == ["AMOUNT_NOT_WHOLE"] * 3
    )
    assert reasons(answers("money parse", {"text": 5})) == ["FIELD_WRONG"]
    assert answers("money parse", {"text": "-5.000\u00a0₫"}) == [{"ok": True, "amount": -5000}]


def test_text() -> None:
    """Folding, comparing, ordering."""
    assert answers("text fold", {"text": "Đỗ Ân"}) == [{"ok": True, "ascii": "Do An", "ascii_upper": "DO AN"}]
    assert answers("text same", {"a": "Hoà", "b": "Hòa"}, {"a": "Hoa", "b": "Hòa"}, {"a": "A", "b": "B"}) == [
        {"ok": True, "same_person_key": True, "search_finds_both": True},
        {"ok": True, "same_person_key": False, "search_finds_both": True},
        {"ok": True, "same_person_key": False, "search_finds_both": False},
    ]
    assert answers("text sort-names", {"names": ["Trần Bình", "Lê Văn An", "Đỗ Ân"]}) == [
        {"ok": True, "sorted": ["Lê Văn An", "Đỗ Ân", "Trần Bình"]}
    ]
    assert answers("text sort-words", {"words": ["đa", "da", "e", "dạ"]}, {"words": []}) == [
        {"ok": True, "sorted": ["da", "dạ", "đa", "e"]},
        {"ok": True, "sorted": []},
    ]
    assert reasons(answers("text sort-words", {"words": "a"}, {"words": [1]}, {})) == [
        "FIELD_WRONG",
        "FIELD_WRONG",
        "FIELD_MISSING",
    ]


def test_references_found() -> None:
    """All four outcomes."""
    damaged = REFERENCE[:6] + REFERENCE[7:]
    memos = [f"nop {REFERENCE.lower()} lop 3A", "nop tien", f"{REFERENCE} {OTHER}", damaged]
    found = answers("reference find", *({"memo": memo} for memo in memos))
    assert found[0] == {"ok": True, "outcome": "match", "references": [REFERENCE]}
    assert found[1] == {"ok": True, "outcome": "none", "references": []}
    assert found[2] == {"ok": True, "outcome": "ambiguous", "references": [REFERENCE, OTHER]}
    assert found[3]["outcome"] == "suggest"
    assert REFERENCE in found[3]["references"]


def test_new_references() -> None:
    """One a line, all different, of the kind asked for."""
    printed = CliRunner().invoke(app, ["reference", "new", "-n", "200"]).stdout.splitlines()
    assert len(set(printed)) == len(printed) == 200
    assert all(check(reference) and kind_of(reference) is Kind.INVOICE for reference in printed)
    stalls = CliRunner().invoke(app, ["reference", "new", "--kind", "stall"]).stdout.split()
    assert [kind_of(reference) for reference in stalls] == [Kind.STALL]
    assert CliRunner().invoke(app, ["reference", "new", "-n", "0"]).exit_code == 2


CODE = {
    "bin": "970436",
    "account": "1234567890",
    "service": "QRIBFTTA",
    "amount": 450_000,
    "initiation": "12",
    "additional": {"bill_number": "HD1", "purpose": "XD2 hoc phi"},
}


def test_codes_written_and_read() -> None:
    """What is read is what was written, and can be written again as it was read."""
    (written,) = answers("vietqr encode", CODE)
    assert set(written) == {"ok", "payload"}
    (read,) = answers("vietqr decode", written)
    assert read == {"ok": True, **CODE, "warnings": []}
    assert answers("vietqr encode", read) == [written]


def test_defaults_of_a_code() -> None:
    """Service and initiation follow from what is there; an amount may be its decimal text; null is absent."""
    least = {"bin": "970436", "account": "12"}
    written = answers(
        "vietqr encode",
        least,
        {
            **least,
            "service": None,
            "amount": None,
            "initiation": None,
            "additional": None,
            "merchant_name": None,
        },
        {**least, "amount": "50000"},
        {**least, "amount": 50_000, "initiation": "12", "service": "QRIBFTTA", "additional": {}},
    )
    assert written[0] == written[1]
    assert written[2] == written[3]
    assert answers("vietqr decode", written[0], written[2]) == [
        {"ok": True, **least, "service": "QRIBFTTA", "initiation": "11", "warnings": []},
        {"ok": True, **least, "service": "QRIBFTTA", "amount": 50_000, "initiation": "12", "warnings": []},
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bin": 970436}, "FIELD_WRONG"),
        ({"bin": "97"}, "BAD_BIN"),
        ({"account": None}, "FIELD_WRONG"),
        ({"amount": 0}, "BAD_AMOUNT"),
        ({"amount": "0"}, "BAD_AMOUNT"),
        ({"amount": 50_000.0}, "AMOUNT_NOT_WHOLE"),
        ({"amount": "50000.0"}, "AMOUNT_NOT_WHOLE"),
        ({"amount": True}, "AMOUNT_NOT_WHOLE"),
        ({"amount": [1]}, "AMOUNT_NOT_WHOLE"),
        ({"service": "QRX"}, "BAD_SERVICE"),
        ({"initiation": "13"}, "BAD_INITIATION"),
        ({"initiation": "12", "amount": None}, "DYNAMIC_WITHOUT_AMOUNT"),
        ({"additional": []}, "FIELD_WRONG"),
        ({"additional": {"porpoise": "x"}}, "FIELD_WRONG"),
        ({"additional": {"purpose": 5}}, "FIELD_WRONG"),
        ({"additional": {"purpose": "x" * 26}}, "TEXT_TOO_LONG"),
        ({"ammount": 5}, "FIELD_WRONG"),
    ],
)
def test_codes_that_are_not_written(change: dict[str, object], reason: str) -> None:
    """A misspelt or wrong field never leaves a code that asks for something else."""
    assert reasons(answers("vietqr encode", {**CODE, **change})) == [reason]


def test_codes_that_are_not_read() -> None:
    """A refusal carries its reason, another scheme its name."""
    found = answers(
        "vietqr decode", {"payload": "hello"}, {"payload": 5}, {"payload": "00020126180010A000000775010000"}
    )
    assert reasons(found)[:2] == ["NOT_EMV", "FIELD_WRONG"]


def test_each_command_answers_one_value_of_the_command_line() -> None:
    """People may ask without JSON lines; neither value nor `--jsonl` is a usage error."""
    payload = answers("vietqr encode", CODE)[0]["payload"]
    asked = {
        ("words", "21"): "Hai mươi mốt đồng",
        ("money", "format", "5000"): "5.000\u00a0₫",
        ("money", "parse", "5.000 đ"): "5000",
        ("text", "fold", "Đỗ"): "Do",
        ("text", "same", "Hoà", "Hòa"): "true",
        ("text", "sort-names", "Lê B", "Lê A"): '["Lê A", "Lê B"]',
        ("text", "sort-words", "b", "a"): '["a", "b"]',
        ("reference", "find", f"nop {REFERENCE}"): "match",
        ("vietqr", "decode", payload): "450000",
        ("vietqr", "encode", json.dumps(CODE)): payload,
    }
    for arguments, expected in asked.items():
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == 0, result.output
        assert expected in result.stdout
        bare = [argument for argument in arguments[:2] if argument != "21"]
        assert CliRunner().invoke(app, bare).exit_code == 2
    assert CliRunner().invoke(app, ["vietqr", "encode", "[]"]).exit_code == 2


def test_check() -> None:
    """Whether a number is possible and what it tells; a merely wrong one is an answer."""
    found = answers(
        "check",
        {"kind": "mst", "value": "0100233488"},
        {"kind": "mst", "value": "070215001234", "as_of": "2025-01-01"},
        {"kind": "cccd", "value": "070215001234", "as_of": "2026-11-27", "sex": "nam"},
        {"kind": "phone", "value": "0912 345 678"},
        {"kind": "electricity_customer", "value": "PB0101 0012345"},
        {"kind": "phone", "value": "123"},
    )
    assert [answer["valid"] for answer in found] == [True, False, True, True, True, False]
    assert found[0] == {
        "ok": True,
        "valid": True,
        "normalised": "0100233488",
        "type": "enterprise",
        "warnings": [],
    }
    assert (found[2]["province"], found[2]["sex"], found[2]["birth_year"]) == ("Bình Phước", "nam", 2015)
    assert found[3]["normalised"] == "+84912345678"
    assert found[4]["unit"] == "PB0101"
    wrong = [
        {"kind": "x", "value": "1"},
        {"kind": "mst"},
        {"kind": "mst", "value": 100233488},
        {"kind": "cccd", "value": "070215001234", "as_of": "2026-02-30"},
        {"kind": "cccd", "value": "070215001234", "sex": "x"},
    ]
    assert reasons(answers("check", *wrong)) == [
        "FIELD_WRONG",
        "FIELD_MISSING",
        "FIELD_WRONG",
        "FIELD_WRONG",
        "FIELD_WRONG",
    ]
