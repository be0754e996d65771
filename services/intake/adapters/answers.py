"""HTTP answers with a JSON body, made once where they never change."""

from __future__ import annotations

import json

from services.intake.domain import Answer, Outcome, Verdict

_JSON = ("content-type", "application/json; charset=utf-8")


def json_answer(status: int, body: dict[str, object], retry_after_seconds: int = 0) -> Answer:
    """An answer with this JSON body, and Retry-After if the sender should come back."""
    headers = (_JSON, ("retry-after", str(retry_after_seconds))) if retry_after_seconds else (_JSON,)
    return Answer(status, headers, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


SUCCESS_TRUE = json_answer(200, {"success": True})


def success_answer(outcome: Outcome) -> Answer:
    """`{"success": true}`, or false with the reason: the form of SePay, Casso and payOS."""
    if outcome.verdict is Verdict.ACCEPTED:
        return SUCCESS_TRUE
    body: dict[str, object] = {"success": False, "message": outcome.reason}
    return json_answer(outcome.http_status, body, outcome.retry_after_seconds)
