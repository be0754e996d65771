"""Errors for those outside: problem+json (RFC 9457) for programs, and the same texts for pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kit import errors
from kit.errors import Error, FieldViolation, InvalidArgument

MEDIA_TYPE: Final = "application/problem+json"

# Title by HTTP status: what kind of thing went wrong, in a few words.
TITLES: Final[dict[int, tuple[str, str]]] = {
    400: ("Dữ liệu chưa đúng", "The request is not valid"),
    401: ("Cần đăng nhập", "Sign in first"),
    403: ("Chưa có quyền", "Not permitted"),
    404: ("Không tìm thấy", "Not found"),
    405: ("Cách gọi này không có", "This method is not available"),
    409: ("Trạng thái không cho phép", "The state does not allow this"),
    413: ("Quá lớn", "Too large"),
    422: ("Khoá đã dùng", "Key already used"),
    429: ("Quá nhiều yêu cầu", "Too many requests"),
    500: ("Lỗi hệ thống", "Internal error"),
    503: ("Dịch vụ tạm thời chưa trả lời", "Service not available at the moment"),
}


class MethodNotAllowed(InvalidArgument):
    reason = "METHOD_NOT_ALLOWED"
    http_status = 405
    vi = "Địa chỉ này không nhận cách gọi {method}."
    en = "This address does not answer to {method}."


class TooLarge(InvalidArgument):
    reason = "TOO_LARGE"
    http_status = 413
    vi = "Tệp hoặc dữ liệu gửi lên lớn hơn {limit}."
    en = "What was sent is larger than {limit}."


class FormExpired(errors.PermissionDenied):
    reason = "FORM_EXPIRED"
    vi = "Trang này mở đã lâu hoặc được mở từ nơi khác. Xin tải lại trang rồi làm lại."
    en = "This page was opened long ago or from somewhere else. Reload it and try again."


class WrongOrigin(errors.PermissionDenied):
    reason = "WRONG_ORIGIN"
    vi = "Yêu cầu đến từ một trang khác nên không được nhận."
    en = "The request came from another site and was refused."


# What pydantic says about a field, in Vietnamese; the rest is said in general.
_VIOLATIONS: Final = {
    "missing": "Thiếu mục này.",
    "extra_forbidden": "Không có mục này.",
    "int_parsing": "Cần một số nguyên.",
    "int_type": "Cần một số nguyên.",
    "int_from_float": "Cần một số nguyên.",
    "string_type": "Cần một đoạn chữ.",
    "string_too_short": "Ngắn quá.",
    "string_too_long": "Dài quá.",
    "string_pattern_mismatch": "Chưa đúng dạng.",
    "greater_than": "Nhỏ quá.",
    "greater_than_equal": "Nhỏ quá.",
    "less_than": "Lớn quá.",
    "less_than_equal": "Lớn quá.",
    "json_invalid": "Không đọc được JSON.",
    "date_from_datetime_parsing": "Cần một ngày dạng 2026-11-30.",
    "date_parsing": "Cần một ngày dạng 2026-11-30.",
    "literal_error": "Không phải một trong các giá trị được nhận.",
    "enum": "Không phải một trong các giá trị được nhận.",
    "too_long": "Nhiều quá.",
    "too_short": "Ít quá.",
}


def of_validation(details: Sequence[Any]) -> Error:
    """FastAPI's validation errors as one of ours, naming each field."""
    violations = []
    for detail in details:
        place = [str(part) for part in detail["loc"] if part not in ("body", "query", "path", "header")]
        violations.append(
            FieldViolation(
                field=".".join(place) or str(detail["loc"][0]),
                vi=_VIOLATIONS.get(str(detail["type"]), "Giá trị chưa đúng."),
                en=str(detail["msg"]),
            )
        )
    return InvalidArgument(violations=violations)


def of_status(status: int, *, method: str = "") -> Error:
    """The error for a status that the framework raised by itself."""
    if status == 405:
        return MethodNotAllowed(method=method)
    by_status: dict[int, type[Error]] = {
        400: errors.InvalidArgument,
        401: errors.Unauthenticated,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        413: TooLarge,
        429: errors.ResourceExhausted,
        503: errors.Unavailable,
    }
    return by_status.get(status, Error)()


def title(error: Error, locale: str) -> str:
    """A few words for the error's kind."""
    vi, en = TITLES.get(error.http_status, TITLES[500])
    return en if locale == "en" else vi


def detail(error: Error, locale: str) -> str:
    """What is wrong, and what to do."""
    return error.text_en if locale == "en" else error.text_vi


def to_json(error: Error, *, locale: str, trace_id: str, public_url: str) -> dict[str, Any]:
    """The problem document of an error."""
    document: dict[str, Any] = {
        "type": f"{public_url}/errors/{error.reason}",
        "title": title(error, locale),
        "status": error.http_status,
        "detail": detail(error, locale),
        "detail_en": error.text_en,
        "instance": f"urn:trace:{trace_id}",
        "reason": error.reason,
        "metadata": error.metadata,
    }
    if error.violations:
        document["violations"] = [
            {"field": item.field, "message": item.en if locale == "en" else item.vi, "message_en": item.en}
            for item in error.violations
        ]
    return document


def headers(error: Error) -> dict[str, str]:
    """Headers that tell a program when to come again, or how to sign in."""
    if error.http_status in (429, 503):
        return {"Retry-After": error.metadata.get("retry_after", "5" if error.http_status == 503 else "60")}
    if error.http_status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {}
