"""Alarms and differences in words: what happened, who is to do what, and two texts letter by letter."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from gateway.page import Page
from xoai.pilots.v1 import trust_service_pb2 as pb

Kind = pb.Alarm
# Long strings in which one letter was changed; names differ as a whole.
_BY_LETTER = frozenset({"account", "reference"})


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """An alarm on a page. `pill` is the kind of its pill, `action` what is to be done and by whom."""

    title: str
    pill: str
    text: str
    action: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some letters of a text, marked where they are not those of the other text."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Sides:
    """A difference on a page: what it is about, and both texts letter by letter."""

    title: str
    registered: list[Piece]
    found: list[Piece]


def of_alarm(page: Page, alarm: pb.Alarm) -> AlarmWords:
    """What an alarm says."""
    _ = page.gettext
    title, pill, action = {
        Kind.KIND_CODE_DIFFERS: (
            _("Mã khác sổ đăng ký"),
            "problem",
            _(
                "Ban quản lý: đến quầy ngay, chụp lại, gỡ mã lạ; dán đè thì báo công an phường."
                " Người bán: không nhận bằng mã ấy, dựng lại bảng đúng."
            ),
        ),
        Kind.KIND_SILENT: (
            _("Quầy im tiếng"),
            "short",
            _(
                "Ban quản lý: ghé quầy, quét thử bảng mã. Người bán: xem điện thoại còn mạng và còn bật loa không."
            ),
        ),
        Kind.KIND_BANK_LATE: (
            _("Ngân hàng gửi tin chậm"),
            "waiting",
            _(
                "Ban quản lý: nhắc các quầy chờ máy báo, không giao hàng vì ảnh chụp màn hình."
                " Hết chậm thì cảnh báo tự đóng."
            ),
        ),
        Kind.KIND_REPORTED: (
            _("Có người báo mã lạ"),
            "short",
            _("Ban quản lý: đến quầy quét bảng. Đúng thì ghi lại rồi đóng; sai thì gỡ xuống."),
        ),
        Kind.KIND_RISK: (
            _("Dấu hiệu lừa người bán"),
            "short",
            _(
                "Ban quản lý: nhắc người bán chỉ giao hàng khi máy báo đủ tiền, và đối chiếu ba số trên hai máy."
            ),
        ),
    }.get(alarm.kind, (_("Cảnh báo"), "neutral", ""))
    text = alarm.text_en if page.locale == "en" else alarm.text
    return AlarmWords(title, pill, text, action)


def of_difference(page: Page, difference: pb.Difference) -> Sides:
    """A difference with both of its texts."""
    _ = page.gettext
    title = {
        "account": _("Số tài khoản"),
        "bank": _("Ngân hàng"),
        "holder": _("Tên trong mã"),
        "reference": _("Mã quầy"),
        "other_stall": _("Quầy"),
        "unreadable": _("Nội dung mã"),
    }.get(difference.what, difference.what)
    if difference.what in _BY_LETTER:
        return Sides(title, *letters(difference.registered, difference.found))
    return Sides(title, _whole(difference.registered), _whole(difference.found))


def of_note(page: Page, alarm: pb.Alarm) -> str:
    """Why an alarm was closed, by somebody's word or by itself."""
    _ = page.gettext
    return {
        "money_came": _("Tự đóng: quầy đã nhận tiền trở lại."),
        "closed_for_the_day": _("Tự đóng: hết giờ mở cửa."),
        "in_time_again": _("Tự đóng: ngân hàng lại gửi tin đúng giờ."),
    }.get(alarm.close_note, alarm.close_note)


def _whole(text: str) -> list[Piece]:
    return [Piece(text, is_marked=True)] if text else []


def letters(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Two texts in pieces; what the one has and the other has not at that place is marked."""
    if not left or not right:
        return [Piece(text, is_marked=False) for text in [left] if text], [
            Piece(text, is_marked=False) for text in [right] if text
        ]
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    one, other = [], []
    for change, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        if left_to > left_from:
            one.append(Piece(left[left_from:left_to], change != "equal"))
        if right_to > right_from:
            other.append(Piece(right[right_from:right_to], change != "equal"))
    return one, other
