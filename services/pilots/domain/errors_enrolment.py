"""What can be wrong with a request about an enrolment list as a whole."""

from __future__ import annotations

from kit.errors import Aborted, FailedPrecondition, NotFound


class EnrolmentNotFound(NotFound):
    reason = "ENROLMENT_NOT_FOUND"
    vi = "Không tìm thấy danh sách này."
    en = "This list could not be found."


class EnrolmentRowNotFound(NotFound):
    reason = "ENROLMENT_ROW_NOT_FOUND"
    vi = "Danh sách không có dòng {row}."
    en = "The list has no row {row}."


class EnrolmentRowDone(FailedPrecondition):
    reason = "ENROLMENT_ROW_DONE"
    vi = "Dòng {row} đã được đưa vào. Xin sửa ở trang của quầy."
    en = "Row {row} was applied already. Change the stall itself."


class EnrolmentHasNoWrongRows(FailedPrecondition):
    reason = "ENROLMENT_HAS_NO_WRONG_ROWS"
    vi = "Danh sách không có dòng nào cần sửa."
    en = "No row of the list has to be corrected."


class EnrolmentInWork(Aborted):
    reason = "ENROLMENT_IN_WORK"
    vi = "Một danh sách khác đang được đưa vào. Xin thử lại sau một phút."
    en = "Another list is being applied. Try again in a minute."
