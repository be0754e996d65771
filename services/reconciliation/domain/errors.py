"""What reconciliation refuses, with what happened instead."""

from __future__ import annotations

from kit.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound


class CreditNotFound(NotFound):
    reason = "CREDIT_NOT_FOUND"
    vi = "Không tìm thấy khoản tiền này."
    en = "This credit could not be found."


class PayableNotFound(NotFound):
    reason = "PAYABLE_NOT_FOUND"
    vi = "Không tìm thấy khoản phải thu này trong đơn vị đã nhận tiền."
    en = "The organisation that received the money has no such payable."


class PayerMissing(InvalidArgument):
    reason = "PAYER_MISSING"
    vi = "Xin chọn người nộp để giữ tiền."
    en = "Choose the payer for whom the money is kept."


class PaymentNotFound(NotFound):
    reason = "PAYMENT_NOT_FOUND"
    vi = "Không tìm thấy lần gán tiền này."
    en = "This payment could not be found."


class CreditMoved(Aborted):
    reason = "CREDIT_MOVED"
    vi = "Khoản tiền này vừa được xử lý: {happened}. Xin tải lại rồi xem tiếp."
    en = "This credit was dealt with just now: {happened}. Reload and look again."


class NothingInSuspense(FailedPrecondition):
    reason = "NOTHING_IN_SUSPENSE"
    vi = "Khoản tiền này chỉ còn {left} đ chờ xử lý, không đủ {wanted} đ."
    en = "Only {left} đồng of this credit wait for a decision, not {wanted}."


class AmountAboveOpen(FailedPrecondition):
    reason = "AMOUNT_ABOVE_OPEN"
    vi = "Khoản phải thu {reference} chỉ còn {open} đ, không thể gán {wanted} đ."
    en = "The payable {reference} has only {open} đồng open; {wanted} cannot be assigned."


class PayableIsVoid(FailedPrecondition):
    reason = "PAYABLE_IS_VOID"
    vi = "Khoản phải thu {reference} đã huỷ."
    en = "The payable {reference} is void."


class MustBeDecidedFirst(FailedPrecondition):
    reason = "CREDIT_MUST_BE_DECIDED_FIRST"
    vi = "Khoản tiền đang ở trạng thái {state}; xin xác nhận hoặc quyết định việc đó trước."
    en = "The credit is held as {state}; confirm or decide that first."


class AlreadyUndone(FailedPrecondition):
    reason = "PAYMENT_ALREADY_UNDONE"
    vi = "Lần gán tiền này đã được huỷ lúc {time}: {why}."
    en = "This payment was undone at {time}: {why}."


class LaterPaymentsStand(FailedPrecondition):
    reason = "LATER_PAYMENTS_STAND"
    vi = "Phải huỷ trước các lần gán tiền sau đó: {payments}."
    en = "Later payments stand on this one; undo these first: {payments}."


class PayerCreditTooSmall(FailedPrecondition):
    reason = "PAYER_CREDIT_TOO_SMALL"
    vi = "Tiền dư của người nộp chỉ còn {left} đ, không đủ {wanted} đ."
    en = "The payer's credit holds only {left} đồng, not {wanted}."


class KeptForAnother(FailedPrecondition):
    reason = "CREDIT_KEPT_FOR_ANOTHER_PAYER"
    vi = "Một phần khoản tiền này đã được giữ cho người nộp khác."
    en = "A part of this credit is kept for another payer already."


class NotTheSameMoney(FailedPrecondition):
    reason = "NOT_THE_SAME_MONEY"
    vi = "Hai khoản không thể là một: khác tài khoản nhận, khác số tiền, hoặc do cùng một nguồn báo."
    en = "These cannot be one credit: another account or amount, or told by the same source."


class ReasonMissing(InvalidArgument):
    reason = "REASON_MISSING"
    vi = "Xin ghi lý do."
    en = "Say why."


class BadAmount(InvalidArgument):
    reason = "BAD_ALLOCATION"
    vi = "Mỗi khoản gán phải là số đồng nguyên dương và mỗi khoản phải thu chỉ được nêu một lần."
    en = "Each allocation is a positive whole number of đồng, and each payable is named once."
