"""What may be wrong with a request about programmes, stalls, stands and devices."""

from __future__ import annotations

from kit.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)


class BadStallField(InvalidArgument):
    reason = "BAD_STALL_FIELD"
    vi = "Mục “{field}” không hợp lệ: “{value}”."
    en = "The field “{field}” is not valid: “{value}”."


class ProgrammeHasNoSections(InvalidArgument):
    reason = "PROGRAMME_HAS_NO_SECTIONS"
    vi = "Chương trình cần ít nhất một dãy (khu) để đặt quầy."
    en = "A programme needs at least one section in which stalls stand."


class SectionTwice(InvalidArgument):
    reason = "SECTION_TWICE"
    vi = "Mã dãy “{code}” xuất hiện hai lần."
    en = "The section code “{code}” stands twice."


class SectionInUse(FailedPrecondition):
    reason = "SECTION_IN_USE"
    vi = (
        "Dãy “{code}” đang có quầy, hoặc có quầy đã thu hồi, nên không bỏ được."
        " Quầy đang bán thì chuyển sang dãy khác; quầy đã thu hồi thì ở lại, xin giữ dãy và đổi tên nếu cần."
    )
    en = (
        "Section “{code}” has stalls, or had some that were withdrawn, and cannot be removed."
        " Move standing stalls to another section; withdrawn ones stay, so keep the section and rename it if need be."
    )


class SectionNotFound(NotFound):
    reason = "SECTION_NOT_FOUND"
    vi = "Chương trình này không có dãy mang mã “{code}”."
    en = "This programme has no section with the code “{code}”."


class ProgrammeNotFound(NotFound):
    reason = "PROGRAMME_NOT_FOUND"
    vi = "Không tìm thấy chương trình “{id}”."
    en = "There is no programme “{id}”."


class ProgrammeCodeTaken(AlreadyExists):
    reason = "PROGRAMME_CODE_TAKEN"
    vi = "Mã chương trình “{code}” đã có. Xin chọn mã khác."
    en = "The programme code “{code}” is taken. Choose another one."


class ChangedMeanwhile(Aborted):
    reason = "CHANGED_MEANWHILE"
    vi = "Có người vừa sửa mục này. Xin tải lại để thấy bản mới rồi sửa tiếp."
    en = "Somebody changed this just now. Reload to see the new state, then change it."


class StallNotFound(NotFound):
    reason = "STALL_NOT_FOUND"
    vi = "Không có quầy nào mang mã này. Nếu mã lấy từ bảng QR, xin đừng trả tiền và báo ban quản lý chợ."
    en = "No stall has this code. If it stands on a QR board, do not pay and tell the market board."


class StallNumberTaken(AlreadyExists):
    reason = "STALL_NUMBER_TAKEN"
    vi = "Số quầy “{number}” trong chương trình này đã có quầy khác dùng."
    en = "The stall number “{number}” is used by another stall of this programme."


class StallWithdrawn(FailedPrecondition):
    reason = "STALL_WITHDRAWN"
    vi = "Quầy {number} đã ngừng hoạt động nên không làm việc này được nữa."
    en = "Stall {number} was withdrawn; this is no longer possible."


class StallWaitsForAccount(FailedPrecondition):
    reason = "STALL_WAITS_FOR_ACCOUNT"
    vi = (
        "Quầy {number} chưa có tài khoản nhận tiền đang hiệu lực."
        " Tài khoản cần hai người duyệt và chờ 24 giờ trước khi dùng được."
    )
    en = (
        "Stall {number} has no receiving account in force yet."
        " An account needs two persons and a wait of 24 hours before it can be used."
    )


class StallReasonMissing(InvalidArgument):
    reason = "STALL_REASON_MISSING"
    vi = "Xin ghi lý do (nhiều nhất {most} ký tự)."
    en = "Give a reason (at most {most} characters)."


class ConsentMissing(InvalidArgument):
    reason = "CONSENT_MISSING"
    vi = "Chủ tài khoản không phải chủ quầy: xin ghi quan hệ và lời đồng ý của chủ tài khoản."
    en = "The account is not the stall holder's own: record the relation and the owner's consent."


class StallReferencesUsedUp(Aborted):
    reason = "STALL_REFERENCES_USED_UP"
    vi = "Chưa tạo được mã quầy mới. Xin thử lại."
    en = "No free stall code was found. Try again."


class BadPackAmount(InvalidArgument):
    reason = "BAD_PACK_AMOUNT"
    vi = "Số tiền “{amount}” không dùng được: mỗi mã từ 1 đến {most} đồng (hạn mức chuyển nhanh NAPAS 247)."
    en = "The amount “{amount}” cannot be used: a code asks 1 to {most} đồng (the limit of NAPAS 247)."


class TooManyPackCodes(ResourceExhausted):
    reason = "TOO_MANY_PACK_CODES"
    vi = "Mỗi quầy có nhiều nhất {most} mã số tiền tròn."
    en = "A stall has at most {most} codes for round amounts."


class BadPairingCode(NotFound):
    """The same for a code that never was, was used, or is too old."""

    reason = "BAD_PAIRING_CODE"
    vi = "Mã ghép máy không đúng, đã dùng hoặc đã quá 10 phút. Xin nhờ chủ quầy tạo mã mới."
    en = "The pairing code is wrong, used, or older than 10 minutes. Ask the stall's owner for a new one."


class TooManyDevices(ResourceExhausted):
    reason = "TOO_MANY_DEVICES"
    vi = "Quầy đã có {most} máy. Xin gỡ bớt một máy trước."
    en = "The stall has {most} devices. Remove one first."


class DeviceNotFound(NotFound):
    reason = "DEVICE_NOT_FOUND"
    vi = "Không tìm thấy máy này."
    en = "There is no such device."


class DeviceEnded(Unauthenticated):
    reason = "DEVICE_ENDED"
    vi = "Máy này đã bị gỡ khỏi quầy hoặc đã hết hạn 90 ngày. Xin nhờ chủ quầy ghép lại."
    en = "This device was removed from the stall or its 90 days are over. Ask the owner to pair it again."


class OtherStall(PermissionDenied):
    reason = "OTHER_STALL"
    vi = "Máy này chỉ dùng cho quầy đã ghép."
    en = "This device serves only the stall that it was paired with."


class DeviceLocked(PermissionDenied):
    reason = "DEVICE_LOCKED"
    vi = "Máy đang khoá bán hàng. Xin nhập mã PIN của quầy."
    en = "Selling is locked on this device. Enter the stall's PIN."


class ListenerCannotSell(FailedPrecondition):
    reason = "LISTENER_CANNOT_SELL"
    vi = "Máy này chỉ để nghe và xem, không bán được."
    en = "This device hears and sees only; it cannot sell."


class BadPin(InvalidArgument):
    reason = "BAD_PIN"
    vi = "Mã PIN gồm đúng 4 chữ số."
    en = "A PIN is exactly four digits."


class PinTooPlain(InvalidArgument):
    reason = "PIN_TOO_PLAIN"
    vi = "Mã PIN này quá dễ đoán. Xin tránh 4 số giống nhau hoặc liền nhau."
    en = "This PIN is too easy to guess. Avoid four equal digits or a plain row."


class NoPin(FailedPrecondition):
    reason = "NO_PIN"
    vi = "Quầy chưa đặt mã PIN. Chủ quầy đặt trong trang quản lý quầy."
    en = "The stall has no PIN yet. Its owner sets one on the stall's page."


class WrongPin(PermissionDenied):
    reason = "WRONG_PIN"
    vi = "Mã PIN chưa đúng. Còn {left} lần thử."
    en = "The PIN is wrong. {left} tries are left."


class PinBlocked(ResourceExhausted):
    reason = "PIN_BLOCKED"
    vi = "Nhập sai mã PIN quá nhiều lần. Xin đợi đến {until} rồi thử lại."
    en = "The PIN was wrong too often. Wait until {until} and try again."
