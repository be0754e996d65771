"""Why a whole file is refused; each says what to do next."""

from __future__ import annotations

from kit.errors import InvalidArgument


class RosterRefused(InvalidArgument):
    """Base of all refusals of a whole list."""

    reason = "ROSTER_REFUSED"
    vi = "Không đọc được tệp này."
    en = "This file cannot be read."


class RosterEmpty(RosterRefused):
    reason = "ROSTER_EMPTY"
    vi = "Tệp không có nội dung. Xin chọn lại tệp."
    en = "The file is empty. Choose another file."


class RosterTooLarge(RosterRefused):
    reason = "ROSTER_TOO_LARGE"
    vi = "Tệp lớn quá {limit_mb} MB. Xin bỏ hình ảnh, trang thừa, hoặc chia thành nhiều tệp."
    en = "The file is larger than {limit_mb} MB. Remove pictures and spare sheets, or split it into several files."


class RosterTooManyRows(RosterRefused):
    reason = "ROSTER_TOO_MANY_ROWS"
    vi = "Trang “{sheet}” có quá {limit_rows} dòng. Xin xoá các dòng thừa ở cuối hoặc chia thành nhiều tệp."
    en = "Sheet “{sheet}” has more than {limit_rows} rows. Delete spare rows at its end or split the file."


class RosterTooManyCells(RosterRefused):
    reason = "ROSTER_TOO_MANY_CELLS"
    vi = "Trang “{sheet}” trải ra quá rộng (quá {limit_columns} cột hoặc {limit_cells} ô). Xin xoá các ô thừa xa bảng."
    en = "Sheet “{sheet}” reaches too far (over {limit_columns} columns or {limit_cells} cells). Delete stray cells."


class RosterTooManyErrors(RosterRefused):
    reason = "ROSTER_TOO_MANY_ERRORS"
    vi = "Trang “{sheet}” có quá {limit_cells} ô báo lỗi hoặc công thức chưa tính. Xin mở bằng Excel, sửa và lưu lại."
    en = "Sheet “{sheet}” has over {limit_cells} cells in error or not computed. Open it in Excel, correct and save it."


class RosterUnpacksTooLarge(RosterRefused):
    reason = "ROSTER_UNPACKS_TOO_LARGE"
    vi = "Nội dung tệp khi mở ra lớn quá {limit_mb} MB nên không được mở. Xin lưu lại riêng trang danh sách."
    en = "The file unpacks to more than {limit_mb} MB and was not opened. Save the sheet with the list on its own."


class RosterNotSpreadsheet(RosterRefused):
    reason = "ROSTER_NOT_A_SPREADSHEET"
    vi = "Tệp này là {kind_vi}, không phải bảng tính. Xin mở bằng Excel và lưu thành .xlsx hoặc .csv."
    en = "This file is {kind_en}, not a spreadsheet. Open it in Excel and save it as .xlsx or .csv."


class RosterEncrypted(RosterRefused):
    reason = "ROSTER_ENCRYPTED"
    vi = "Tệp có mật khẩu. Xin mở bằng Excel, bỏ mật khẩu rồi lưu lại."
    en = "The file has a password. Open it in Excel, remove the password and save it again."


class RosterHasMacros(RosterRefused):
    reason = "ROSTER_HAS_MACROS"
    vi = "Tệp có macro nên không được nhận. Xin lưu lại dạng .xlsx (không macro)."
    en = "The file has macros and is not accepted. Save it as .xlsx (without macros)."


class RosterHasLinks(RosterRefused):
    reason = "ROSTER_HAS_LINKS"
    vi = "Tệp lấy số liệu từ tệp hoặc nguồn khác nên không được nhận. Xin ngắt liên kết (Dữ liệu → Sửa liên kết → Ngắt liên kết) rồi lưu lại."
    en = "The file takes data from other files or sources and is not accepted. Break the links (Data → Edit Links) and save it again."


class RosterDamaged(RosterRefused):
    reason = "ROSTER_DAMAGED"
    vi = "Tệp bị hỏng ở {place}. Xin mở bằng Excel và lưu lại."
    en = "The file is damaged at {place}. Open it in Excel and save it again."


class RosterUnsafeContent(RosterRefused):
    reason = "ROSTER_UNSAFE_CONTENT"
    vi = "Tệp chứa khai báo XML không an toàn ({place}). Xin mở bằng Excel và lưu lại."
    en = "The file holds unsafe XML declarations ({place}). Open it in Excel and save it again."


class RosterTooHeavy(RosterRefused):
    reason = "ROSTER_TOO_HEAVY"
    vi = "Đọc tệp này tốn quá nhiều thời gian hoặc bộ nhớ nên đã dừng. Xin lưu riêng trang danh sách rồi nhập lại."
    en = "Reading this file took too much time or memory and was stopped. Save the sheet with the list on its own."


class RosterSheetUnknown(RosterRefused):
    reason = "ROSTER_SHEET_UNKNOWN"
    vi = "Tệp không có trang “{sheet}”. Các trang có: {sheets}."
    en = "The file has no sheet “{sheet}”. Its sheets: {sheets}."


class RosterNoHeading(RosterRefused):
    reason = "ROSTER_NO_HEADING"
    vi = (
        "Không thấy dòng tiêu đề có “Họ và tên” cùng ít nhất một cột nữa như “Lớp”, “Ngày sinh”, “Mã học sinh”. "
        "Nếu chữ hiện sai dấu, xin lưu lại bằng phông Unicode. Có thể tải tệp mẫu để điền."
    )
    en = (
        "No heading row with “Họ và tên” (full name) and one more column such as “Lớp”, “Ngày sinh”, “Mã học sinh” was found. "
        "If letters look wrong, save the file in Unicode. A template can be downloaded."
    )


REFUSALS: dict[str, type[RosterRefused]] = {
    refusal.reason: refusal
    for refusal in (
        RosterRefused,
        RosterEmpty,
        RosterTooLarge,
        RosterTooManyRows,
        RosterTooManyCells,
        RosterTooManyErrors,
        RosterUnpacksTooLarge,
        RosterNotSpreadsheet,
        RosterEncrypted,
        RosterHasMacros,
        RosterHasLinks,
        RosterDamaged,
        RosterUnsafeContent,
        RosterTooHeavy,
        RosterSheetUnknown,
        RosterNoHeading,
    )
}
