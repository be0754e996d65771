"""Why a whole enrolment list is refused; each says what to do next."""

from __future__ import annotations

from kit.errors import InvalidArgument


class EnrolmentRefused(InvalidArgument):
    """Base of all refusals of a whole list."""

    reason = "ENROLMENT_REFUSED"
    vi = "Không đọc được tệp này."
    en = "This file cannot be read."


class EnrolmentEmpty(EnrolmentRefused):
    reason = "ENROLMENT_EMPTY"
    vi = "Tệp không có dòng nào dưới dòng tiêu đề. Xin điền rồi chọn lại tệp."
    en = "The file has no row below its heading. Fill it in and choose it again."


class EnrolmentTooLarge(EnrolmentRefused):
    reason = "ENROLMENT_TOO_LARGE"
    vi = "Tệp lớn quá {limit_mb} MB. Xin bỏ hình ảnh, trang thừa, hoặc chia thành nhiều tệp."
    en = "The file is larger than {limit_mb} MB. Remove pictures and spare sheets, or split it into several files."


class EnrolmentUnpacksTooLarge(EnrolmentRefused):
    reason = "ENROLMENT_UNPACKS_TOO_LARGE"
    vi = "Nội dung tệp khi mở ra lớn quá {limit_mb} MB nên không được mở. Xin lưu riêng trang danh sách."
    en = "The file unpacks to more than {limit_mb} MB and was not opened. Save the sheet with the list on its own."


class EnrolmentTooManyRows(EnrolmentRefused):
    reason = "ENROLMENT_TOO_MANY_ROWS"
    vi = "Danh sách có quá {limit_rows} dòng. Xin chia thành nhiều tệp, mỗi tệp tới {limit_rows} quầy."
    en = "The list has more than {limit_rows} rows. Split it into files of up to {limit_rows} stalls each."


class EnrolmentNotSpreadsheet(EnrolmentRefused):
    reason = "ENROLMENT_NOT_A_SPREADSHEET"
    vi = "Tệp này là {kind_vi}, không đọc được. Xin mở bằng Excel và lưu thành .xlsx hoặc .csv."
    en = "This file is {kind_en} and cannot be read. Open it in Excel and save it as .xlsx or .csv."


class EnrolmentHasMacros(EnrolmentRefused):
    reason = "ENROLMENT_HAS_MACROS"
    vi = "Tệp có macro nên không được nhận. Xin lưu lại dạng .xlsx (không macro)."
    en = "The file has macros and is not accepted. Save it as .xlsx (without macros)."


class EnrolmentHasLinks(EnrolmentRefused):
    reason = "ENROLMENT_HAS_LINKS"
    vi = "Tệp lấy số liệu từ tệp hoặc nguồn khác nên không được nhận. Xin ngắt liên kết rồi lưu lại."
    en = "The file takes data from other files or sources and is not accepted. Break the links and save it again."


class EnrolmentDamaged(EnrolmentRefused):
    reason = "ENROLMENT_DAMAGED"
    vi = "Tệp bị hỏng hoặc có phần không an toàn ({place}). Xin mở bằng Excel và lưu lại."
    en = "The file is damaged or has an unsafe part ({place}). Open it in Excel and save it again."


class EnrolmentTooHeavy(EnrolmentRefused):
    reason = "ENROLMENT_TOO_HEAVY"
    vi = "Đọc tệp này tốn quá nhiều thời gian hoặc bộ nhớ nên đã dừng. Xin lưu riêng trang danh sách rồi nhập lại."
    en = "Reading this file took too much time or memory and was stopped. Save the sheet with the list on its own."


class EnrolmentNoHeading(EnrolmentRefused):
    reason = "ENROLMENT_NO_HEADING"
    vi = "Không thấy dòng tiêu đề có “Số quầy”, “Tên đơn vị” và các cột kia. Có thể tải tệp mẫu để điền."
    en = "No heading row with “Số quầy”, “Tên đơn vị” and the other columns was found. A template can be downloaded."


class EnrolmentColumnsMissing(EnrolmentRefused):
    reason = "ENROLMENT_COLUMNS_MISSING"
    vi = "Danh sách thiếu cột {columns} (dòng tiêu đề là dòng {row}). Xin thêm cột, hoặc tải tệp mẫu để điền."
    en = (
        "The list lacks the columns {columns} (its heading is row {row}). Add them, or download the template."
    )


class EnrolmentColumnTwice(EnrolmentRefused):
    reason = "ENROLMENT_COLUMN_TWICE"
    vi = "Hai cột cùng nghĩa “{column}”: “{one}” và “{other}”. Xin bỏ một cột."
    en = "Two columns mean “{column}”: “{one}” and “{other}”. Remove one."


REFUSALS: dict[str, type[EnrolmentRefused]] = {
    refusal.reason: refusal
    for refusal in (
        EnrolmentRefused,
        EnrolmentEmpty,
        EnrolmentTooLarge,
        EnrolmentUnpacksTooLarge,
        EnrolmentTooManyRows,
        EnrolmentNotSpreadsheet,
        EnrolmentHasMacros,
        EnrolmentHasLinks,
        EnrolmentDamaged,
        EnrolmentTooHeavy,
        EnrolmentNoHeading,
        EnrolmentColumnsMissing,
        EnrolmentColumnTwice,
    )
}
