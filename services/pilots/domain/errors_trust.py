"""What may be wrong with a check, a report, an alarm or a visit, with reasons for programs and words for people."""

from __future__ import annotations

from kit.errors import FailedPrecondition, InvalidArgument, NotFound, ResourceExhausted


class BadTrustField(InvalidArgument):
    reason = "BAD_TRUST_FIELD"
    vi = "Mục “{field}” của yêu cầu không hợp lệ: “{value}”."
    en = "The field “{field}” of the request is not valid: “{value}”."


class NothingScanned(InvalidArgument):
    reason = "NOTHING_SCANNED"
    vi = "Chưa có nội dung mã. Xin quét bảng, hoặc dán dòng chữ đọc được từ mã."
    en = "There is no code to check. Scan the board, or paste the text that a scanner read from it."


class SaleCodeScanned(InvalidArgument):
    reason = "SALE_CODE_SCANNED"
    vi = "Đây là mã của một lần bán trên màn hình quầy {stall}, không phải bảng đứng. Xin quét mã in trên bảng."
    en = "This is the code of a single sale on the screen of stall {stall}, not its board. Scan the printed code."


class CheckedStallNotFound(NotFound):
    reason = "CHECKED_STALL_NOT_FOUND"
    vi = "Không có quầy này trong sổ đăng ký. Xin xem lại mã quầy in trên bảng."
    en = "There is no such stall in the register. Check the stall code printed on the board."


class BoardNotFound(NotFound):
    reason = "BOARD_NOT_FOUND"
    vi = "Không có chợ, tuyến phố hoặc hội chợ này."
    en = "There is no such market, street or fair."


class AlarmNotFound(NotFound):
    reason = "ALARM_NOT_FOUND"
    vi = "Không tìm thấy cảnh báo này."
    en = "There is no such alarm."


class AlarmClosedAlready(FailedPrecondition):
    reason = "ALARM_CLOSED_ALREADY"
    vi = "Cảnh báo này đã được {person} đóng."
    en = "This alarm was already closed by {person}."


class AlarmNoteMissing(InvalidArgument):
    reason = "ALARM_NOTE_MISSING"
    vi = "Xin ghi đã làm gì trước khi đóng cảnh báo (nhiều nhất {most} ký tự)."
    en = "Say what was done before closing the alarm (at most {most} characters)."


class ConsentMissing(InvalidArgument):
    reason = "CONSENT_MISSING"
    vi = "Chưa có sự đồng ý. Hỏi người được giúp, ghi ai đồng ý và đồng ý bằng cách nào, rồi mới mở phiếu."
    en = "Consent is missing. Ask the person you help, note who agreed and how, and only then open the bill."


class VisitReferenceWrong(InvalidArgument):
    reason = "VISIT_REFERENCE_WRONG"
    vi = "Mã “{reference}” không đúng. Xin đọc lại từng chữ của mã in dưới mã QR trên giấy (13 chữ và số, bắt đầu bằng XD hoặc XQ)."
    en = (
        "The code “{reference}” is not right. Read the code below the QR on the paper again, letter by letter"
        " (13 letters and digits, beginning with XD or XQ)."
    )


class VisitReferenceUnknown(NotFound):
    reason = "VISIT_REFERENCE_UNKNOWN"
    vi = "Không có phiếu nào mang mã {reference}. Xin so lại với tờ giấy, hoặc gọi nơi gửi giấy báo."
    en = "No bill has the code {reference}. Compare it with the paper, or call whoever sent it."


class VisitsUsedUp(ResourceExhausted):
    reason = "VISITS_USED_UP"
    vi = "Hôm nay bạn đã giúp đủ {most} lượt. Xin mời người cần giúp gặp bạn khác trong tổ, hoặc làm tiếp vào ngày mai."
    en = "You have helped {most} times today, which is the most. Ask a colleague of your group, or go on tomorrow."


class VisitNotFound(NotFound):
    reason = "VISIT_NOT_FOUND"
    vi = "Không tìm thấy lượt giúp này trong các lượt của bạn."
    en = "This visit is not among yours."


class VisitOver(FailedPrecondition):
    reason = "VISIT_OVER"
    vi = "Lượt giúp này đã quá {minutes} phút nên không xem và không in được nữa. Nếu người được giúp đồng ý, xin mở lượt mới."
    en = "This visit is more than {minutes} minutes old: nothing can be seen or printed any more. Open a new one if the person agrees."
