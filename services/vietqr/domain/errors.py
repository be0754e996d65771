"""What can be wrong with a VietQR text, each with a stable reason.

`tag` in the metadata is the path of the object, such as 38-01-00; `field` the name of a value to be written.
"""

from __future__ import annotations

from kit.errors import InvalidArgument, NotFound


class BadCode(InvalidArgument):
    """Base of all refusals of a code that was read, or of values for one to be written."""

    reason = "BAD_CODE"
    vi = "Mã QR này không dùng được."
    en = "This code cannot be used."


class NotEmv(BadCode):
    reason = "NOT_EMV"
    vi = "Đây không phải mã thanh toán theo chuẩn EMVCo."
    en = "This is not a payment code of the EMVCo form."


class PayloadTooLong(BadCode):
    reason = "PAYLOAD_TOO_LONG"
    vi = "Nội dung mã dài quá {most} ký tự."
    en = "The code holds more than {most} characters."


class ControlCharacter(BadCode):
    reason = "CONTROL_CHARACTER"
    vi = "Mã có ký tự điều khiển."
    en = "The code holds a control character."


class BadTag(BadCode):
    reason = "BAD_TAG"
    vi = "Cấu trúc mã hỏng trong mục {tag}: mã mục phải là hai chữ số."
    en = "Broken structure in {tag}: an object's id must be two digits."


class BadLength(BadCode):
    reason = "BAD_LENGTH"
    vi = "Độ dài của mục {tag} không đúng."
    en = "The length of object {tag} is wrong."


class DuplicateTag(BadCode):
    reason = "DUPLICATE_TAG"
    vi = "Mục {tag} có hai lần: mã có thể đã bị sửa."
    en = "Object {tag} stands twice: the code may have been tampered with."


class FormatNotFirst(BadCode):
    reason = "FORMAT_NOT_FIRST"
    vi = "Mục 00 không đứng đầu."
    en = "Object 00 is not the first."


class BadFormat(BadCode):
    reason = "BAD_FORMAT"
    vi = "Phiên bản mã (mục 00) không phải 01."
    en = "The payload format (object 00) is not 01."


class CrcNotLast(BadCode):
    reason = "CRC_NOT_LAST"
    vi = "Có nội dung sau mã kiểm tra (mục 63)."
    en = "There is text behind the checksum (object 63)."


class BadCrc(BadCode):
    reason = "BAD_CRC"
    vi = "Mã kiểm tra không khớp: mã bị hỏng hoặc bị sửa."
    en = "The checksum does not fit: the code is damaged or changed."


class MissingTag(BadCode):
    reason = "MISSING_TAG"
    vi = "Thiếu mục {tag}."
    en = "Object {tag} is missing."


class BadCurrency(BadCode):
    reason = "BAD_CURRENCY"
    vi = "Loại tiền không phải đồng Việt Nam (704)."
    en = "The currency is not the Vietnamese đồng (704)."


class BadCountry(BadCode):
    reason = "BAD_COUNTRY"
    vi = "Nước không phải Việt Nam (VN)."
    en = "The country is not Viet Nam (VN)."


class BadInitiation(BadCode):
    reason = "BAD_INITIATION"
    vi = "Kiểu mã (mục 01) phải là 11 hoặc 12."
    en = "The initiation method (object 01) must be 11 or 12."


class OtherScheme(BadCode):
    reason = "OTHER_SCHEME"
    vi = "Đây là mã của {scheme}, không phải VietQR."
    en = "This is a code of {scheme}, not VietQR."


class NoAccountTemplate(BadCode):
    reason = "NO_ACCOUNT_TEMPLATE"
    vi = "Mã không có mục 38 của VietQR."
    en = "The code has no object 38 of VietQR."


class BadGuid(BadCode):
    reason = "BAD_GUID"
    vi = "Mục 38 không mang dấu hiệu A000000727 của NAPAS."
    en = "Object 38 does not carry the NAPAS identifier A000000727."


class BadService(BadCode):
    reason = "BAD_SERVICE"
    vi = "Dịch vụ “{service}” không có trong VietQR."
    en = "There is no service “{service}” in VietQR."


class BadBin(BadCode):
    reason = "BAD_BIN"
    vi = "Mã ngân hàng (BIN) phải là 6 chữ số."
    en = "The bank's BIN must be 6 digits."


class BadAccount(BadCode):
    reason = "BAD_ACCOUNT"
    vi = "Số tài khoản phải có 1–19 chữ hoặc số, không dấu, không khoảng trắng."
    en = "The account must have 1–19 letters and digits, without accents or blanks."


class BadAmount(BadCode):
    reason = "BAD_AMOUNT"
    vi = "Số tiền phải từ 1 đến {most} đồng."
    en = "The amount must be 1 to {most} đồng."


class BadMerchantCategory(BadCode):
    reason = "BAD_MERCHANT_CATEGORY"
    vi = "Mã ngành hàng (mục 52) phải là 4 chữ số."
    en = "The merchant category (object 52) must be 4 digits."


class BadConsumerRequest(BadCode):
    reason = "BAD_CONSUMER_REQUEST"
    vi = "Yêu cầu dữ liệu khách (62-09) chỉ gồm các chữ A, M, E."
    en = "The consumer data request (62-09) is made of the letters A, M, E."


class DynamicWithoutAmount(BadCode):
    reason = "DYNAMIC_WITHOUT_AMOUNT"
    vi = "Mã dùng một lần (12) phải có số tiền."
    en = "A code for one transaction (12) must have an amount."


class MissingField(BadCode):
    reason = "MISSING_FIELD"
    vi = "Thiếu {field}."
    en = "{field} is missing."


class BadText(BadCode):
    reason = "BAD_TEXT"
    vi = "{field} có ký tự không ghi được bằng chữ không dấu."
    en = "{field} has a character that cannot be written in plain Latin letters."


class TextTooLong(BadCode):
    reason = "TEXT_TOO_LONG"
    vi = "{field} dài {length} ký tự, nhiều nhất là {most}."
    en = "{field} has {length} characters, at most {most} fit."


class UnknownBank(NotFound):
    reason = "UNKNOWN_BANK"
    vi = "Không có ngân hàng nào mang mã {bank} trong danh sách."
    en = "No bank of the list has the code {bank}."
