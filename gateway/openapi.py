"""The API's description: FastAPI's own, with our errors, keys and permissions said in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI

from gateway.access_tokens import SCOPE

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `reason` is stable and for programs; `detail` is for people.",
    "required": ["type", "title", "status", "detail", "detail_en", "instance", "reason", "metadata"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "detail_en": {"type": "string"},
        "instance": {"type": "string"},
        "reason": {"type": "string"},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "violations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "message_en"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "message_en": {"type": "string"},
                },
            },
        },
    },
}
_ANSWER: Final = {
    "description": "A problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
DESCRIPTION: Final = """Bills, payments and receipts of the units that collect through Xoài.

Amounts are whole đồng (JSON integers). Times are UTC (RFC 3339), days are `YYYY-MM-DD` in Viet Nam. Ids have a prefix that
says what they name. Lists have `page_size` (at most 200) and `page_token`. Every POST that creates or moves something needs an
`Idempotency-Key`: sent again with the same content it gives the first answer, with other content 422.
Errors are `application/problem+json`; `Accept-Language: en` makes `detail` English."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, for the documentation page."""

    method: str
    path: str
    summary: str
    description: str
    access: str
    parameters: list[dict[str, Any]]
    body: str


class Gateway(FastAPI):
    """FastAPI whose description of itself says what ours says."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _describe(super().openapi())
        return self.openapi_schema


def _describe(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key of a unit"},
        "oauth": {
            "type": "oauth2",
            "description": "Client credentials: id and secret of an API key with indicators.read",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/v1/oauth/token",
                    "scopes": {SCOPE: "Figures for the operation centre"},
                }
            },
        },
        "session": {"type": "apiKey", "in": "cookie", "name": "xoai", "description": "A person's session"},
        "phone": {
            "type": "apiKey",
            "in": "cookie",
            "name": "xoai-stall",
            "description": "A stall's paired phone",
        },
    }
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            responses.pop("422", None)
            responses["default"] = _ANSWER
            if operation.get("x-access") == "stall phone":
                operation["security"] = [{"phone": []}]
            elif operation.get("x-access") == SCOPE:
                operation["security"] = [{"oauth": [SCOPE]}, {"key": []}]
            elif operation.get("x-access") != "public":
                operation["security"] = [{"key": []}, {"session": []}]
    return document


def operations(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """The operations under their headings."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method == "head":
                continue
            groups.setdefault(operation.get("tags", ["/"])[0], []).append(
                Operation(
                    method.upper(),
                    path,
                    operation.get("summary", ""),
                    operation.get("description", ""),
                    operation.get("x-access", ""),
                    operation.get("parameters", []),
                    _body_name(operation),
                )
            )
    return groups


def _body_name(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    reference = str(content.get("application/json", {}).get("schema", {}).get("$ref", ""))
    return reference.rpartition("/")[2]
