"""The REST API against its own description: whatever is sent, no 500, and every answer has the described form."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.fake_directory import API_KEY

ROOT: Final = Path(__file__).resolve().parents[3]
# What the fake services answer; the rest is proven on the real ones.
_FAKED: Final = {
    "GET /v1/indicators",
    "POST /v1/oauth/token",
    "GET /v1/invoices",
    "POST /v1/invoices",
    "GET /v1/invoices/{invoice_id}",
    "POST /v1/invoices/{invoice_id}:void",
}
_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def operations() -> list[Any]:
    """Every operation whose services are faked, as the committed description has it."""
    schema = schemathesis.openapi.from_path(str(ROOT / "docs" / "openapi.json"))
    found = [result.ok() for result in schema.get_all_operations()]
    return [each for each in found if f"{each.method.upper()} {each.path}" in _FAKED]


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda each: each.value)
@pytest.mark.parametrize("operation", operations(), ids=lambda each: f"{each.method} {each.path}")
def test_an_operation_keeps_to_its_description(
    operation: Any, mode: schemathesis.GenerationMode, address: str
) -> None:
    """Generated requests, right and wrong ones, get an answer of the described form; none breaks the gateway."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        headers = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": "fuzz"}
        case.call_and_validate(base_url=address, headers=headers, checks=_CHECKS)

    check()


def test_every_faked_operation_is_tried() -> None:
    """The list above names operations that exist."""
    assert {f"{each.method.upper()} {each.path}" for each in operations()} == _FAKED
