"""The one tree of errors that may leave a service.

A subclass names its `reason` (stable, upper case, for programs) and says in Vietnamese and English what is wrong,
where, and what to do; `{name}` in the texts is filled from the metadata. The bases decide the gRPC and HTTP status:

    Error
    ├── InvalidArgument      INVALID_ARGUMENT     400   bad input whatever the state (422 for a reused idempotency key)
    ├── Unauthenticated      UNAUTHENTICATED      401
    ├── PermissionDenied     PERMISSION_DENIED    403   checked before existence
    ├── NotFound             NOT_FOUND            404
    ├── AlreadyExists        ALREADY_EXISTS       409
    ├── FailedPrecondition   FAILED_PRECONDITION  409   the state forbids it: do not repeat unchanged
    ├── Aborted              ABORTED              409   a lost race: repeat
    ├── ResourceExhausted    RESOURCE_EXHAUSTED   429   a limit
    └── Unavailable          UNAVAILABLE          503   repeat later

Any other exception is INTERNAL: logged with its trace, its text never leaves the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field of a request: its path, and what is wrong in Vietnamese and English."""

    field: str
    vi: str
    en: str


class Error(Exception):
    """Base of all errors with a reason. Subclasses set `reason`, `vi` and `en`; metadata values are kept as text."""

    reason: ClassVar[str] = "INTERNAL"
    grpc_status: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    vi: ClassVar[str] = "Có lỗi trong hệ thống. Xin thử lại sau ít phút."
    en: ClassVar[str] = "Something went wrong. Please try again in a few minutes."

    def __init__(self, *, violations: Sequence[FieldViolation] = (), **metadata: object) -> None:
        self.metadata: dict[str, str] = {name: str(value) for name, value in metadata.items()}
        self.violations = tuple(violations)
        super().__init__(self.text_en)

    @property
    def text_vi(self) -> str:
        """The Vietnamese text with the metadata filled in."""
        return self.vi.format_map(_Blank(self.metadata))

    @property
    def text_en(self) -> str:
        """The English text with the metadata filled in."""
        return self.en.format_map(_Blank(self.metadata))


class _Blank(dict[str, str]):
    """A template field without a value shows as "…" instead of hiding the error behind a KeyError."""

    def __missing__(self, key: str) -> str:
        return "…"


class InvalidArgument(Error):
    reason = "INVALID_ARGUMENT"
    grpc_status = "INVALID_ARGUMENT"
    http_status = 400
    vi = "Dữ liệu gửi lên chưa đúng. Xin xem các mục được đánh dấu."
    en = "The request is not valid. See the fields listed."


class Unauthenticated(Error):
    reason = "UNAUTHENTICATED"
    grpc_status = "UNAUTHENTICATED"
    http_status = 401
    vi = "Bạn cần đăng nhập để làm việc này."
    en = "Sign in to do this."


class PermissionDenied(Error):
    reason = "PERMISSION_DENIED"
    grpc_status = "PERMISSION_DENIED"
    http_status = 403
    vi = "Bạn chưa được giao quyền làm việc này. Xin hỏi quản trị của đơn vị."
    en = "You do not have permission to do this. Ask your organisation's administrator."


class NotFound(Error):
    reason = "NOT_FOUND"
    grpc_status = "NOT_FOUND"
    http_status = 404
    vi = "Không tìm thấy mục này."
    en = "This could not be found."


class AlreadyExists(Error):
    reason = "ALREADY_EXISTS"
    grpc_status = "ALREADY_EXISTS"
    http_status = 409
    vi = "Mục này đã có."
    en = "This exists already."


class FailedPrecondition(Error):
    reason = "FAILED_PRECONDITION"
    grpc_status = "FAILED_PRECONDITION"
    http_status = 409
    vi = "Trạng thái hiện tại không cho phép việc này."
    en = "The present state does not allow this."


class Aborted(Error):
    reason = "ABORTED"
    grpc_status = "ABORTED"
    http_status = 409
    vi = "Có người vừa sửa mục này. Xin tải lại rồi làm lại."
    en = "Somebody changed this just now. Reload and try again."


class ResourceExhausted(Error):
    reason = "RESOURCE_EXHAUSTED"
    grpc_status = "RESOURCE_EXHAUSTED"
    http_status = 429
    vi = "Quá nhiều yêu cầu. Xin đợi một lát rồi thử lại."
    en = "Too many requests. Wait a moment and try again."


class Unavailable(Error):
    reason = "UNAVAILABLE"
    grpc_status = "UNAVAILABLE"
    http_status = 503
    vi = "Dịch vụ tạm thời chưa trả lời. Xin thử lại sau ít phút."
    en = "The service does not answer at the moment. Please try again in a few minutes."


class IdempotencyKeyMissing(InvalidArgument):
    reason = "IDEMPOTENCY_KEY_MISSING"
    vi = "Thiếu Idempotency-Key. Xin gửi một khoá riêng cho mỗi lần tạo hoặc chuyển."
    en = "Idempotency-Key is missing. Send a key of its own with every request that creates or moves something."


class IdempotencyKeyReused(InvalidArgument):
    reason = "IDEMPOTENCY_KEY_REUSED"
    http_status = 422
    vi = "Idempotency-Key này đã dùng cho một yêu cầu có nội dung khác."
    en = "This Idempotency-Key was used for a request with another content."
