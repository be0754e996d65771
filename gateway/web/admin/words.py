"""What the audit trail holds, in words."""

from __future__ import annotations

from typing import Any, Final

from gateway import formats
from gateway.page import Page
from gateway.roles import role_names
from kit.text import clean_display

_LONGEST: Final = 120


def action_words(page: Page, action: str, name: str) -> str:
    """An action as a sentence; `name` is the person's or key's it was done to."""
    _ = page.gettext
    by_themselves = {
        "password.change": _("Đổi mật khẩu"),
        "invitation.accept": _("Nhận lời mời và đặt mật khẩu"),
        "second_factor.enrol": _("Đăng ký ứng dụng xác thực"),
    }
    if action in by_themselves:
        return by_themselves[action]
    words = {
        "organisation.create": _("Thêm đơn vị"),
        "organisation.edit": _("Sửa đơn vị"),
        "account.propose": _("Đề nghị tài khoản nhận tiền"),
        "account.approve": _("Duyệt tài khoản nhận tiền"),
        "account.reject": _("Từ chối tài khoản nhận tiền"),
        "account.activate": _("Tài khoản nhận tiền có hiệu lực"),
        "account.retire": _("Ngừng tài khoản nhận tiền"),
        "person.invite": _("Mời"),
        "person.reset_password": _("Đặt lại mật khẩu của"),
        "person.disable": _("Ngừng"),
        "person.enable": _("Mở lại cho"),
        "membership.grant": _("Giao vai trò cho"),
        "membership.revoke": _("Thu hồi vai trò của"),
        "second_factor.reset": _("Đặt lại bước xác thực của"),
        "api_key.create": _("Tạo khoá API"),
        "api_key.revoke": _("Thu hồi khoá API"),
        "connection.create": _("Thêm kết nối ngân hàng"),
        "connection.add_secret": _("Thêm khoá của kết nối"),
        "connection.remove_secret": _("Bỏ khoá của kết nối"),
        "connection.virtual_accounts": _("Thay bảng tài khoản ảo"),
        "connection.confirm_above": _("Đổi mức cần xác nhận"),
        "connection.disable": _("Ngừng kết nối"),
        "intake_exception.close": _("Đóng việc cần xem"),
        "programme.create": _("Thêm chương trình"),
        "programme.update": _("Sửa chương trình"),
        "enrolment.read": _("Đọc danh sách quầy"),
        "enrolment.correct": _("Sửa một dòng của danh sách quầy"),
        "enrolment.apply": _("Ghi danh sách quầy vào sổ"),
        "stall.create": _("Đăng ký quầy"),
        "stall.update": _("Sửa quầy"),
        "stall.withdraw": _("Rút quầy"),
        "stall.account": _("Quầy đổi tài khoản nhận tiền"),
        "stall.pin": _("Đặt PIN của quầy"),
        "stand.issue": _("Cấp bảng mã"),
        "device.invite": _("Mở mã ghép máy"),
        "device.pair": _("Ghép máy với quầy"),
        "device.revoke": _("Gỡ máy khỏi quầy"),
        "alarm.close": _("Đóng cảnh báo"),
        "visit.begin": _("Bắt đầu giúp một người"),
        "visit.print": _("In hướng dẫn cho người được giúp"),
        "events.replay": _("Xử lý lại tin bị dừng"),
        "clock.move": _("Dời đồng hồ của bản thử"),
    }
    said = words.get(action, action)
    return f"{said} {name}" if name else said


def detail_words(page: Page, detail: dict[str, Any]) -> list[str]:
    """The details, one phrase each; what has no words of its own is left out."""
    _ = page.gettext
    names = {
        "name": _("tên"),
        "code": _("mã"),
        "role": _("vai trò"),
        "reason": _("lý do"),
        "last_four": _("đuôi"),
        "provider": _("nhà cung cấp"),
        "count": _("số dòng"),
        "rows": _("số dòng"),
        "times": _("số lần"),
        "number": _("số quầy"),
        "programme": _("chương trình"),
        "issue_number": _("bản số"),
        "note": _("ghi chú"),
        "before": _("trước"),
        "after": _("sau"),
        "address": _("địa chỉ"),
        "phone": _("điện thoại"),
        "disabled": _("ngừng"),
        "permissions": _("quyền"),
    }
    return [
        f"{names[key]}: {_value(page, key, value)}"
        for key, value in detail.items()
        if key in names and value not in ("", None, [])
    ]


def exception_words(page: Page, reason: str) -> str:
    """Why a callback waits for a person."""
    _ = page.gettext
    words = {
        "CONFLICTING_REPEAT": _("Tin lặp nhưng số tiền khác lần trước"),
        "UNREADABLE": _("Tin không đọc được"),
        "AMOUNT_NOT_WHOLE": _("Số tiền không tròn đồng"),
        "UNKNOWN_ACCOUNT": _("Tin cho tài khoản không thuộc kết nối"),
    }
    return words.get(reason, reason)


def outcome_words(page: Page, outcome: str) -> str:
    """What became of a callback."""
    _ = page.gettext
    words = {
        "reported": _("đã báo"),
        "repeat": _("tin lặp, đã bỏ qua"),
        "ignored": _("không có khoản nhận"),
        "exception": _("cần người xem"),
    }
    return words.get(outcome, outcome)


def _value(page: Page, key: str, value: Any) -> str:
    if key == "role":
        phones = {"seller": page.gettext("máy bán hàng"), "listener": page.gettext("máy nghe")}
        return (role_names(page.gettext) | phones).get(value, str(value))
    if key in ("before", "after"):
        return formats.money(int(value))
    if isinstance(value, list):
        return (" → " if key not in ("permissions",) else ", ").join(_text(page, item) for item in value)
    return _text(page, value)


def _text(page: Page, value: Any) -> str:
    if isinstance(value, bool):
        return page.gettext("có") if value else page.gettext("không")
    return clean_display(str(value))[:_LONGEST] or "–"
