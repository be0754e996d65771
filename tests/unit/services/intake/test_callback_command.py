"""`xoai callback verify`: the adapters behind one line of JSON."""

from __future__ import annotations

import json
from typing import Any

import provider_signing as signing
import pytest
from provider_signing import KEY, NOW
from typer.testing import CliRunner

from cli.callback import verify_line
from cli.jsonl import FieldMissing, FieldWrong, LineRefused
from cli.main import app
from kit import clock
from services.intake.domain import BadSignature, TimestampOutsideWindow, UnknownProvider


def line(**changes: Any) -> dict[str, object]:
    body = signing.dump(signing.SEPAY)
    return {
        "provider": "sepay",
        "auth": "hmac",
        "secret": KEY,
        "headers": signing.sepay_headers(body),
        "raw_body": body.decode(),
        "now": NOW,
        **changes,
    }


def test_credits_and_warnings() -> None:
    """A proven callback gives its credits in the normalised form."""
    found = verify_line(line())
    assert found["warnings"] == []
    (credit,) = found["credits"]  # type: ignore[misc]
    assert (credit["amount"], credit["occur_time"]) == (2277000, "2025-11-22T07:02:37Z")  # type: ignore[index]


def test_two_secrets() -> None:
    """During a rotation the line may hold both secrets."""
    assert verify_line(line(secret=["moi", KEY]))["credits"]
    with pytest.raises(BadSignature):
        verify_line(line(secret=["moi", "cu"]))


def test_now_is_the_clock() -> None:
    """Without `now` the signed time is held against the clock."""
    body = signing.dump(signing.SEPAY)
    seconds = int(clock.now().timestamp())
    assert verify_line(line(headers=signing.sepay_headers(body, when=seconds), now=None))["credits"]
    with pytest.raises(TimestampOutsideWindow):
        verify_line(line(now=None))


@pytest.mark.parametrize(
    "amount", ["2277000.5", "1e999999", "-1", "9223372036854775808", '"2,277,000"', "null", "true"]
)
def test_an_amount_that_is_not_whole(amount: str) -> None:
    """One element that cannot be read makes the line not ok, with the element's reason."""
    body = signing.dump(signing.SEPAY).replace(b"2277000", amount.encode())
    with pytest.raises(LineRefused) as caught:
        verify_line(line(raw_body=body.decode(), headers=signing.sepay_headers(body)))
    assert caught.value.reason == "AMOUNT_NOT_WHOLE"


@pytest.mark.parametrize("field", ["provider", "secret", "raw_body"])
def test_missing_fields(field: str) -> None:
    """A line without a field it needs is told which."""
    lacking = line()
    del lacking[field]
    with pytest.raises(FieldMissing):
        verify_line(lacking)


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": []},
        {"headers": {"a": 1}},
        {"secret": [1]},
        {"secret": 5},
        {"auth": 1},
        {"raw_body": {}},
        {"now": "x"},
        {"now": True},
        {"now": float("inf")},
        {"now": -1},
        {"provider": 3},
    ],
)
def test_wrong_fields(changes: dict[str, Any]) -> None:
    """A field of a wrong kind is named."""
    with pytest.raises(FieldWrong):
        verify_line(line(**changes))


def test_unknown_provider() -> None:
    """A provider that is not there is an error with its name."""
    with pytest.raises(UnknownProvider):
        verify_line(line(provider="momo"))


def test_lines_in_lines_out(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Every line is answered in order, bad ones too."""
    lines = [line(), line(secret="x"), line(auth=None), line(provider="momo")]
    source = tmp_path / "lines"
    source.write_text("\n".join([json.dumps(one) for one in lines] + ["{"]))
    with source.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        with pytest.raises(SystemExit) as ended:
            app(["callback", "verify", "--jsonl"])
    assert ended.value.code == 0
    answers = [json.loads(one) for one in capfdbinary.readouterr().out.splitlines()]
    assert [answer["ok"] for answer in answers] == [True, False, False, False, False]
    assert [answer["error"]["reason"] for answer in answers[1:]] == [
        "BAD_SIGNATURE",
        "AUTH_MODE_REQUIRED",
        "UNKNOWN_PROVIDER",
        "BAD_JSON",
    ]


def test_help_without_lines() -> None:
    """Without --jsonl the command says what it needs."""
    assert CliRunner().invoke(app, ["callback", "verify"]).exit_code == 2
