"""What may be wrong with a school's request."""

from __future__ import annotations

from kit import errors


class BadField(errors.InvalidArgument):
    reason = "BAD_FIELD"
    vi = "{what_vi}"
    en = "{what_en}"


class RoundNotFound(errors.NotFound):
    reason = "ROUND_NOT_FOUND"
    vi = "Không tìm thấy đợt thu này."
    en = "This collection round could not be found."


class RoundChanged(errors.Aborted):
    reason = "ROUND_CHANGED"
    vi = "Có người vừa sửa đợt thu này. Xin tải lại rồi sửa."
    en = "Somebody changed this round just now. Reload, then edit."


class ItemInUse(errors.FailedPrecondition):
    reason = "FEE_ITEM_IN_USE"
    vi = "Khoản “{title}” đã có trên phiếu. Xin huỷ phiếu đã phát trước khi bỏ khoản này."
    en = "The item “{title}” stands on issued notices. Void those before removing it."


class ItemKnown(errors.AlreadyExists):
    reason = "FEE_ITEM_KNOWN"
    vi = "Đợt thu này đã có khoản “{title}”."
    en = "This round has an item “{title}” already."


class ItemNotFound(errors.NotFound):
    reason = "FEE_ITEM_NOT_FOUND"
    vi = "Không tìm thấy khoản thu này trong đợt."
    en = "This fee item could not be found in the round."


class UnknownFeeKind(errors.InvalidArgument):
    reason = "UNKNOWN_FEE_KIND"
    vi = "Không có loại khoản thu “{code}”."
    en = "There is no kind of fee “{code}”."


class AccountUnusable(errors.FailedPrecondition):
    reason = "ACCOUNT_UNUSABLE"
    vi = "Tài khoản nhận tiền này chưa có hiệu lực hoặc không phải của trường."
    en = "This receiving account is not in force or is not the school's."


class ImportNotFound(errors.NotFound):
    reason = "IMPORT_NOT_FOUND"
    vi = "Không tìm thấy lần nhập danh sách này."
    en = "This import could not be found."


class ImportApplied(errors.FailedPrecondition):
    reason = "IMPORT_APPLIED"
    vi = "Danh sách này đã nhập xong; muốn sửa thì tải danh sách mới lên."
    en = "This list was applied already; upload a new one to make changes."


class RowNotFound(errors.NotFound):
    reason = "ROW_NOT_FOUND"
    vi = "Danh sách không có dòng {row}."
    en = "The list has no row {row}."


class UnknownItemColumns(errors.FailedPrecondition):
    reason = "UNKNOWN_ITEM_COLUMNS"
    vi = "Các cột {columns} chưa có trong đợt thu. Thêm khoản vào đợt thu, hoặc bỏ cột khỏi danh sách."
    en = "The columns {columns} are not items of the round. Add them to the round, or take them off the list."


class PupilNotFound(errors.NotFound):
    reason = "PUPIL_NOT_FOUND"
    vi = "Không tìm thấy học sinh này."
    en = "This pupil could not be found."


class PupilKnown(errors.AlreadyExists):
    reason = "PUPIL_KNOWN"
    vi = "Mã học sinh {code} đã có."
    en = "The pupil code {code} is known already."


class PreviewOutdated(errors.FailedPrecondition):
    reason = "PREVIEW_OUTDATED"
    vi = "Số liệu đã đổi từ lúc xem trước: nay là {pupils} học sinh, {amount} đ. Xin xem lại rồi phát hành."
    en = "The figures have changed since the preview: now {pupils} pupils, {amount} đồng. Look again, then release."


class NothingToIssue(errors.FailedPrecondition):
    reason = "NOTHING_TO_ISSUE"
    vi = "Đợt thu này không có khoản nào còn phải phát hành."
    en = "Nothing in this round is left to be issued."


class ExemptionTooLarge(errors.InvalidArgument):
    reason = "EXEMPTION_TOO_LARGE"
    vi = "Miễn giảm phải từ 0 đến 100 %, hoặc một số tiền không âm; chỉ chọn một trong hai."
    en = "An exemption is 0 to 100 per cent, or an amount of at least zero; only one of the two."


class PupilWithdrawn(errors.FailedPrecondition):
    reason = "PUPIL_WITHDRAWN"
    vi = "Học sinh này đã thôi học từ {date}."
    en = "This pupil left school on {date}."


class WithdrawalReasonMissing(errors.InvalidArgument):
    reason = "WITHDRAWAL_REASON_MISSING"
    vi = "Xin ghi lý do thôi học (tới 200 ký tự); lý do này đứng trên phiếu bị huỷ."
    en = "Give the reason of the withdrawal (up to 200 characters); it stands on the voided notices."


class NotAField(errors.InvalidArgument):
    reason = "NOT_A_FIELD"
    vi = "Danh sách không có cột “{field}” để sửa."
    en = "The list has no column “{field}” to correct."


class NoWrongRows(errors.FailedPrecondition):
    reason = "NO_WRONG_ROWS"
    vi = "Danh sách không còn dòng nào sai."
    en = "The list has no wrong rows left."


class ClassNotFound(errors.InvalidArgument):
    reason = "CLASS_NOT_FOUND"
    vi = "Năm học này chưa có lớp “{class_name}”."
    en = "This school year has no class “{class_name}”."


class RoundReleased(errors.FailedPrecondition):
    reason = "ROUND_RELEASED"
    vi = "Đợt thu đã phát hành: tên, kỳ thu và năm học đã in trên phiếu, không sửa được nữa."
    en = "The round is released: its name, period and school year stand on notices and can no longer change."
