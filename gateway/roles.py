"""Role codes in words."""

from __future__ import annotations

from collections.abc import Callable


def role_names(gettext: Callable[[str], str]) -> dict[str, str]:
    """The names of the roles in a language."""
    _ = gettext
    return {
        "school_accountant": _("Kế toán trường"),
        "class_teacher": _("Giáo viên chủ nhiệm"),
        "head_teacher": _("Hiệu trưởng"),
        "utility_clerk": _("Nhân viên điện, nước"),
        "tax_clerk": _("Cán bộ thuế"),
        "one_stop_clerk": _("Cán bộ một cửa"),
        "finance_clerk": _("Nhân viên tài chính"),
        "finance_head": _("Trưởng tài chính"),
        "merchant": _("Người bán"),
        "market_inspector": _("Quản lý chợ"),
        "helper": _("Người giúp"),
        "department_viewer": _("Người xem của phòng ban"),
        "city_viewer": _("Người xem của thành phố"),
        "administrator": _("Quản trị"),
    }
