"""Errors across gRPC: a status with ErrorInfo, the texts in both languages, and field violations; and back again."""

from __future__ import annotations

from typing import Any, Final

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from kit import errors

_DETAILS: Final = "grpc-status-details-bin"
_BY_STATUS: Final[dict[str, type[errors.Error]]] = {
    cls.grpc_status: cls
    for cls in (
        errors.InvalidArgument,
        errors.Unauthenticated,
        errors.PermissionDenied,
        errors.NotFound,
        errors.AlreadyExists,
        errors.FailedPrecondition,
        errors.Aborted,
        errors.ResourceExhausted,
        errors.Unavailable,
    )
}


def to_status(error: errors.Error, domain: str) -> status_pb2.Status:
    """The rich status of an error of ours; `domain` is `<service>.xoai`."""
    details: list[Any] = [
        error_details_pb2.ErrorInfo(
            reason=error.reason,
            domain=domain,
            metadata={**error.metadata, "http_status": str(error.http_status)},
        ),
        error_details_pb2.LocalizedMessage(locale="vi", message=error.text_vi),
        error_details_pb2.LocalizedMessage(locale="en", message=error.text_en),
    ]
    if error.violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=violation.field,
                        description=violation.en,
                        localized_message=error_details_pb2.LocalizedMessage(
                            locale="vi", message=violation.vi
                        ),
                    )
                    for violation in error.violations
                ]
            )
        )
    status = status_pb2.Status(code=code_pb2.Code.Value(error.grpc_status), message=error.text_en)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def abort(context: grpc.ServicerContext, error: errors.Error, domain: str) -> None:
    """End the call with the error."""
    status = to_status(error, domain)
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    context.abort(getattr(grpc.StatusCode, error.grpc_status), error.text_en)


def from_rpc_error(error: grpc.RpcError) -> errors.Error:
    """The error that a service raised, as one of ours; a call that never got there is Unavailable."""
    code = error.code() if hasattr(error, "code") else grpc.StatusCode.UNKNOWN
    trailing = error.trailing_metadata() if hasattr(error, "trailing_metadata") else ()
    pairs: Any = trailing or ()
    packed = next((value for name, value in pairs if name == _DETAILS), None)
    if packed is None:
        if code in (
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.CANCELLED,
        ):
            return errors.Unavailable()
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            return errors.ResourceExhausted()
        return errors.Error()
    status = status_pb2.Status.FromString(packed if isinstance(packed, bytes) else packed.encode("latin-1"))
    return _rebuild(status)


def _rebuild(status: status_pb2.Status) -> errors.Error:
    base = _BY_STATUS.get(code_pb2.Code.Name(status.code), errors.Error)
    reason, texts, metadata, violations = base.reason, {"vi": base.vi, "en": base.en}, {}, []
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(error_details_pb2.LocalizedMessage.DESCRIPTOR):
            message = error_details_pb2.LocalizedMessage()
            detail.Unpack(message)
            texts[message.locale] = message.message
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            request = error_details_pb2.BadRequest()
            detail.Unpack(request)
            violations = [
                errors.FieldViolation(item.field, item.localized_message.message, item.description)
                for item in request.field_violations
            ]
    http_status = int(metadata.pop("http_status", str(base.http_status)))
    escaped = {locale: message.replace("{", "{{").replace("}", "}}") for locale, message in texts.items()}
    # A class of its own, so that the error reads everywhere as if it had been raised in this process.
    remote = type(
        reason.title().replace("_", ""),
        (base,),
        {"reason": reason, "http_status": http_status, "vi": escaped["vi"], "en": escaped["en"]},
    )
    error: errors.Error = remote(violations=violations, **metadata)
    return error
