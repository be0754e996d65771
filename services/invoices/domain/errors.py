"""What may be wrong with a request to this service, with reasons for programs and words for people."""

from __future__ import annotations

from kit.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)


class TooManyDrafts(InvalidArgument):
    reason = "TOO_MANY_DRAFTS"
    vi = "Mỗi lần phát từ 1 đến {most} phiếu; yêu cầu này có {count}."
    en = "One call issues 1 to {most} invoices; this one has {count}."


class NotYourSource(PermissionDenied):
    reason = "NOT_YOUR_SOURCE"
    vi = "Dịch vụ {caller} không được phát phiếu dưới tên {source}."
    en = "The service {caller} may not issue invoices under the name {source}."


class DraftRefused(InvalidArgument):
    """A draft that cannot become an invoice; the other drafts of its call go on."""

    reason = "DRAFT_REFUSED"
    vi = "Phiếu này chưa phát được."
    en = "This invoice could not be issued."


class MissingField(DraftRefused):
    reason = "MISSING_FIELD"
    vi = "Thiếu mục “{field}”."
    en = "The field “{field}” is missing."


class TextTooLong(DraftRefused):
    reason = "TEXT_TOO_LONG"
    vi = "Mục “{field}” dài quá {most} ký tự."
    en = "The field “{field}” is longer than {most} characters."


class MissingAccount(DraftRefused):
    reason = "MISSING_ACCOUNT"
    vi = "Phiếu thiếu tài khoản nhận tiền (mục “{field}”). Xin chọn tài khoản đã được duyệt của đơn vị."
    en = "The receiving account is missing (field “{field}”). Choose an approved account of the organisation."


class BadAccount(DraftRefused):
    reason = "BAD_ACCOUNT"
    vi = "Tài khoản nhận tiền không đúng dạng: {field} “{value}”."
    en = "The receiving account has the wrong form: {field} “{value}”."


class NoLines(DraftRefused):
    reason = "NO_LINES"
    vi = "Phiếu không có khoản thu nào."
    en = "The invoice has no lines."


class TooManyLines(DraftRefused):
    reason = "TOO_MANY_LINES"
    vi = "Phiếu có {count} khoản thu; nhiều nhất là {most}."
    en = "The invoice has {count} lines; {most} is the most."


class BadLine(DraftRefused):
    reason = "BAD_LINE"
    vi = "Khoản thu thứ {position}: {field} “{value}” không hợp lệ."
    en = "Line {position}: {field} “{value}” is not valid."


class RepeatedLine(DraftRefused):
    reason = "REPEATED_LINE"
    vi = "Mã khoản thu “{line_id}” xuất hiện hai lần trong một phiếu."
    en = "The line id “{line_id}” stands twice in one invoice."


class AmountNotPositive(DraftRefused):
    reason = "AMOUNT_NOT_POSITIVE"
    vi = "Tổng tiền của phiếu là {amount} đồng; phải lớn hơn 0."
    en = "The invoice amounts to {amount} đồng; it must be more than 0."


class AmountTooLarge(DraftRefused):
    reason = "AMOUNT_TOO_LARGE"
    vi = "Tổng tiền của phiếu là {amount} đồng; nhiều nhất là {most} đồng."
    en = "The invoice amounts to {amount} đồng; {most} đồng is the most."


class BadDate(DraftRefused):
    reason = "BAD_DATE"
    vi = "Hạn nộp “{value}” không phải là ngày dạng 2026-12-31."
    en = "The due date “{value}” is not a day of the form 2026-12-31."


class InvoiceNotFound(NotFound):
    reason = "INVOICE_NOT_FOUND"
    vi = "Không tìm thấy phiếu này."
    en = "There is no such invoice."


class InvoiceVoidAlready(FailedPrecondition):
    reason = "INVOICE_VOID_ALREADY"
    vi = "Phiếu {reference} đã huỷ từ trước. Nếu vẫn phải thu, xin phát phiếu mới."
    en = "Invoice {reference} is void already. Issue a new one if money is still owed."


class InvoiceHasPayment(FailedPrecondition):
    reason = "INVOICE_HAS_PAYMENT"
    vi = (
        "Phiếu {reference} đã nhận {amount_paid} đồng nên không sửa được."
        " Thu thêm: phát phiếu bổ sung. Thu sai: huỷ phiếu này rồi phát phiếu mới, tiền đã nhận sẽ chờ xử lý ở đối soát."
    )
    en = (
        "Invoice {reference} has received {amount_paid} đồng and cannot be changed."
        " To ask for more, issue a further invoice; if it was wrong, void it and issue a new one:"
        " the money received then waits at reconciliation."
    )


class NothingToChange(InvalidArgument):
    reason = "NOTHING_TO_CHANGE"
    vi = "Yêu cầu sửa không có khoản thu mới và không có hạn nộp mới."
    en = "The change names neither new lines nor a new due date."


class ReasonMissing(InvalidArgument):
    reason = "REASON_MISSING"
    vi = "Xin ghi lý do (nhiều nhất {most} ký tự)."
    en = "Give a reason (at most {most} characters)."


class ReferencesUsedUp(Aborted):
    reason = "REFERENCES_USED_UP"
    vi = "Chưa tạo được mã thanh toán mới. Xin thử lại."
    en = "No free payment reference was found. Try again."


class BillNotFound(NotFound):
    reason = "BILL_NOT_FOUND"
    vi = "Không có phiếu nào mang mã này. Xin so lại từng chữ với giấy báo."
    en = "No bill has this code. Compare it letter by letter with the notice."


class BillNotOpened(NotFound):
    """The same for an unknown bill and for a wrong second fact or link, so that neither is told from the other."""

    reason = "BILL_NOT_OPENED"
    vi = "Mã phiếu hoặc thông tin xác nhận không đúng. Xin so lại với giấy báo."
    en = "The bill code or the fact that goes with it is not right. Compare them with the notice."


class BillLooksUsedUp(ResourceExhausted):
    reason = "BILL_LOOKS_USED_UP"
    vi = "Phiếu này đã bị hỏi sai {most} lần trong hôm nay. Xin thử lại vào ngày mai, hoặc mở bằng đường dẫn của đơn vị thu."
    en = "This bill was asked for wrongly {most} times today. Try again tomorrow, or use the biller's own link."


class ReceiptNotFound(NotFound):
    reason = "RECEIPT_NOT_FOUND"
    vi = "Không tìm thấy biên nhận này."
    en = "There is no such receipt."


class ReceiptNotSealed(FailedPrecondition):
    reason = "RECEIPT_NOT_SEALED"
    vi = "Biên nhận số {number} chưa niêm được: một số trước nó trong quyển bị thiếu. Xin chạy `xoai verify`."
    en = "Receipt {number} cannot be sealed: a number before it in its book is missing. Run `xoai verify`."


class PrintingBusy(ResourceExhausted):
    reason = "PRINTING_BUSY"
    vi = "Đang in nhiều biên nhận cùng lúc. Xin thử lại sau vài giây."
    en = "Many receipts are being printed. Please try again in a few seconds."


class BadRequestField(InvalidArgument):
    reason = "BAD_REQUEST_FIELD"
    vi = "Mục “{field}” của yêu cầu không hợp lệ: “{value}”."
    en = "The field “{field}” of the request is not valid: “{value}”."
