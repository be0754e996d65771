"""Why a callback, an element of it or a pull is not taken; one class per reason."""

from __future__ import annotations

from kit import money
from kit.errors import FailedPrecondition, InvalidArgument, Unauthenticated, Unavailable

# Refusals: raised by an adapter's `verify`, nothing of the body is kept.


class UnknownProvider(InvalidArgument):
    reason = "UNKNOWN_PROVIDER"
    vi = "Không có nhà cung cấp tên «{provider}»."
    en = "There is no provider named “{provider}”."


class AuthModeRequired(InvalidArgument):
    reason = "AUTH_MODE_REQUIRED"
    vi = "Kết nối SePay phải ghi rõ cách xác thực: hmac hoặc api_key."
    en = "A SePay connection has to say how it is authenticated: hmac or api_key."


class SecretMissing(FailedPrecondition):
    reason = "SECRET_MISSING"
    vi = "Kết nối chưa có khoá bí mật còn hiệu lực. Xin nhập khoá ở trang quản trị."
    en = "The connection has no secret in force. Enter one on the administration page."


class SignatureMissing(Unauthenticated):
    reason = "SIGNATURE_MISSING"
    vi = "Thiếu phần xác thực «{header}»."
    en = "The authentication “{header}” is missing."


class BadSignature(Unauthenticated):
    reason = "BAD_SIGNATURE"
    vi = "Chữ ký hoặc khoá không đúng."
    en = "The signature or key is wrong."


class TimestampOutsideWindow(Unauthenticated):
    reason = "TIMESTAMP_OUTSIDE_WINDOW"
    vi = "Thời điểm ký lệch quá {seconds} giây."
    en = "The signed time is more than {seconds} seconds away."


class BodyTooLarge(InvalidArgument):
    reason = "BODY_TOO_LARGE"
    http_status = 413
    vi = "Nội dung dài {size} byte, nhiều nhất được {limit}."
    en = "The body has {size} bytes, at most {limit} are taken."


# Forms that cannot be read: refusals where the proof needs the parsed body, else an exception for a person.


class BodyUnreadable(InvalidArgument):
    """Base of what makes a whole body unreadable."""

    reason = "BODY_UNREADABLE"
    vi = "Không đọc được nội dung: {detail}"
    en = "The body cannot be read: {detail}"


class BodyNotJson(BodyUnreadable):
    reason = "BODY_NOT_JSON"


class BodyTooDeep(BodyUnreadable):
    reason = "BODY_TOO_DEEP"
    vi = "Nội dung lồng quá {limit} tầng."
    en = "The body is nested more than {limit} levels deep."


class BodyTooManyValues(BodyUnreadable):
    reason = "BODY_TOO_MANY_VALUES"
    vi = "Nội dung có quá {limit} giá trị."
    en = "The body has more than {limit} values."


class DuplicateKey(BodyUnreadable):
    reason = "DUPLICATE_KEY"
    vi = "Khoá «{key}» có hai lần."
    en = "The key “{key}” stands twice."


class BodyFormUnknown(BodyUnreadable):
    reason = "BODY_FORM_UNKNOWN"


class SignedTextAmbiguous(BodyUnreadable):
    """The signed text can be cut into fields in more than one way, so the signature does not prove the fields."""

    reason = "SIGNED_TEXT_AMBIGUOUS"
    vi = "Nội dung đã ký có thể hiểu theo nhiều cách."
    en = "The signed text can be understood in more than one way."


class AmountNotWhole(money.AmountNotWhole):
    vi = "Số tiền «{found}» không phải số đồng nguyên dùng được: {detail}"
    en = "The amount “{found}” is no usable whole number of đồng: {detail}"


# Pulls.


class PullFailed(Unavailable):
    reason = "PULL_FAILED"
    vi = "Không lấy được danh sách giao dịch: {detail}"
    en = "The list of transactions could not be fetched: {detail}"


class PullRefused(FailedPrecondition):
    reason = "PULL_REFUSED"
    vi = "Nhà cung cấp từ chối khoá lấy giao dịch (HTTP {status})."
    en = "The provider refuses the key for the list of transactions (HTTP {status})."


class PullIncomplete(FailedPrecondition):
    reason = "PULL_INCOMPLETE"
    vi = "Ngày {day} có nhiều giao dịch hơn mức một lần lấy ({limit}); xin nhập sao kê của ngày đó."
    en = "{day} has more transactions than one fetch gives ({limit}); import that day's statement."
