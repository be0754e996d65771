"""Codes of reconciliation in the words of the desk: reasons, rules, chips of suggestions, kinds of entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.formats import figure, money
from kit.text import search_key
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

Gettext = Callable[..., str]


@dataclass(frozen=True, slots=True)
class State:
    """Where a credit stands: a pill (kind, icon, text), and a sentence on why the machine did not decide."""

    kind: str
    icon: str
    text: str
    why: str = ""


# The order of the filters: what a person settles quickest first.
REASONS: Final = (
    "NO_REFERENCE",
    "AMBIGUOUS_REFERENCE",
    "VOID",
    "WRONG_ACCOUNT",
    "POSSIBLE_DUPLICATE",
    "AWAITING_CONFIRMATION",
    "AWAITING_PAYABLE",
    "ASKED",
    "PAYER_MISMATCH",
    "UNDONE",
    "UNKNOWN_ACCOUNT",
    "TEST",
    "FOREIGN_CURRENCY",
)


def reasons(_: Gettext) -> dict[str, State]:
    """Every reason for which money waits."""
    return {
        "NO_REFERENCE": State(
            "neutral", "search", _("Không có mã"), _("Nội dung không có mã thanh toán nào đọc được.")
        ),
        "AMBIGUOUS_REFERENCE": State(
            "neutral", "split", _("Nhiều mã"), _("Nội dung có hơn một mã, máy không tự chia tiền.")
        ),
        "VOID": State("problem", "triangle", _("Phiếu đã huỷ"), _("Mã đúng nhưng phiếu ấy đã huỷ.")),
        "WRONG_ACCOUNT": State(
            "problem",
            "triangle",
            _("Sai tài khoản"),
            _("Mã là của đơn vị khác. Tiền đã vào tài khoản của đơn vị này nên chỉ ghi được cho đơn vị này."),
        ),
        "POSSIBLE_DUPLICATE": State(
            "short",
            "differs",
            _("Nghi báo trùng"),
            _("Hai nguồn báo giống nhau nhưng không ghép chắc được. Chưa ghi vào phiếu nào."),
        ),
        "AWAITING_CONFIRMATION": State(
            "waiting",
            "clock",
            _("Chờ xác nhận"),
            _(
                "Khoản lớn mà chỉ một nguồn báo, tin không có chữ ký. Chờ nguồn thứ hai hoặc một người xác nhận."
            ),
        ),
        "AWAITING_PAYABLE": State(
            "waiting",
            "clock",
            _("Chờ phiếu"),
            _("Mã đúng dạng nhưng chưa có phiếu nào mang mã ấy. Phiếu về thì máy tự ghi."),
        ),
        "ASKED": State(
            "waiting",
            "clock",
            _("Đang hỏi quầy"),
            _(
                "Không có mã, nhưng bằng đúng một lượt bán đang chờ. Quầy đang được hỏi có phải khách này không."
            ),
        ),
        "PAYER_MISMATCH": State(
            "short",
            "differs",
            _("Khác người nộp"),
            _("Tài khoản ảo và mã trong nội dung chỉ hai người nộp khác nhau."),
        ),
        "UNDONE": State("neutral", "undo", _("Đã hoàn tác"), _("Một người đã lấy khoản này ra khỏi phiếu.")),
        "UNKNOWN_ACCOUNT": State(
            "problem",
            "triangle",
            _("Tài khoản lạ"),
            _(
                "Chưa ghi được cho ai. Quản trị đăng ký tài khoản này cho một đơn vị thì tiền tự về đơn vị ấy."
            ),
        ),
        "TEST": State("neutral", "dash", _("Tin thử"), _("Tin thử của nhà cung cấp, không phải tiền.")),
        "FOREIGN_CURRENCY": State(
            "problem", "triangle", _("Ngoại tệ"), _("Không phải tiền đồng, chưa vào sổ cái.")
        ),
    }


def state_of(credit: pb.Credit, _: Gettext, *, has_near_reference: bool = False) -> State:
    """Where a credit stands now. `has_near_reference`: its memo holds what looks like a damaged reference."""
    if credit.merged_into_credit_id:
        return State("neutral", "copy", _("Trùng, đã gộp"))
    if credit.park_reason and credit.amount_suspense:
        return State("neutral", "park", _("Để lại"), _("Đã để lại: %(why)s", why=credit.park_reason))
    known = reasons(_)
    if credit.suspense_reason == "NO_REFERENCE" and has_near_reference:
        why = _("Mã bị cụt hoặc sai chữ nên máy không tự ghi.")
        return State("neutral", "search", _("Mã không đọc được"), why)
    if credit.suspense_reason in known:
        return known[credit.suspense_reason]
    if credit.amount_payer_credit and "DUPLICATE_PAYMENT" in credit.exceptions:
        return State("short", "differs", _("Nộp hai lần"))
    if credit.amount_payer_credit and "OVERPAID" in credit.exceptions:
        return State("short", "differs", _("Thừa %(amount)s", amount=figure(credit.amount_payer_credit)))
    if "UNDERPAID" in credit.exceptions:
        return State("short", "differs", _("Nộp thiếu"))
    if credit.amount_payer_credit:
        return State("neutral", "person", _("Giữ cho người nộp"))
    return State("received", "tick", _("Đã ghi"))


def sureness(score: int, _: Gettext) -> str:
    """How sure a suggestion is, in words."""
    return _("Rất chắc") if score >= 70 else _("Có thể") if score >= 35 else _("Khó")


@dataclass(frozen=True, slots=True)
class Chip:
    """One reason for or against a suggestion."""

    fits: bool
    text: str


def chips(suggestion: pb.Suggestion, amount: int, _: Gettext) -> list[Chip]:
    """The reasons of a suggestion for a credit of so many đồng."""
    texts = []
    for why in suggestion.reasons:
        text = _chip(why, suggestion, amount, _)
        if text:
            texts.append(Chip(why.fits, text))
    return sorted(texts, key=lambda chip: not chip.fits)


def _chip(why: pb.SuggestionReason, suggestion: pb.Suggestion, amount: int, _: Gettext) -> str:
    if why.code == "amount_equal":
        return _("Số tiền bằng nhau") if why.fits else _difference(suggestion.amount_open, amount, _)
    if why.code == "name_in_memo":
        name = search_key(suggestion.payer_name).split()
        return _("Tên %(name)s", name=" ".join(name[-2:])) if why.fits else _("Không thấy tên")
    group = suggestion.group_name
    fitting = {
        "reference_near": _("Mã gần giống"),
        "code_in_memo": _("Mã %(code)s", code=why.detail),
        "class_in_memo": _("Lớp %(group)s", group=group),
        "virtual_account": _("Đúng tài khoản ảo"),
    }
    against = {
        "virtual_account": _("Khác tài khoản ảo"),
        "due": _("Đã nộp đủ"),
    }
    return (fitting if why.fits else against).get(why.code, "")


def _difference(open_amount: int, amount: int, _: Gettext) -> str:
    if not open_amount:
        return ""
    if amount > open_amount:
        return _("Sẽ thừa %(amount)s", amount=figure(amount - open_amount))
    return _("Sẽ còn thiếu %(amount)s", amount=figure(open_amount - amount))


def rule(payment: pb.Payment, _: Gettext) -> str:
    """By what a payment was decided."""
    names = {
        "reference": _("Máy tự ghi: mã trong nội dung"),
        "virtual_account_reference": _("Máy tự ghi: tài khoản ảo và mã"),
        "virtual_account_amount": _("Máy tự ghi: tài khoản ảo, số tiền bằng nhau"),
        "virtual_account_oldest": _("Máy tự ghi: tài khoản ảo, phiếu đến hạn trước"),
        "account_default": _("Máy tự ghi: quầy nhận tiền không mã của tài khoản"),
        "person": _("Người ghi: %(why)s", why=payment.rule_detail),
        "payer_credit": _("Dùng tiền dư: %(why)s", why=payment.rule_detail),
    }
    return names.get(payment.rule, payment.rule)


def action(event: pb.CreditEvent, _: Gettext) -> str:
    """What a person decided, as the part of a sentence behind their name."""
    amount = money(event.amount)
    names = {
        "credit.assign": _("đã ghi %(amount)s vào phiếu", amount=amount),
        "credit.decline": _("đã trả lời: không phải khách của lượt bán ấy"),
        "payment.undo": _("đã hoàn tác %(amount)s", amount=amount),
        "credit.park": _("đã để lại"),
        "credit.unpark": _("đã lấy lại để xử lý"),
        "credit.keep_for_payer": _("đã giữ %(amount)s cho người nộp", amount=amount),
        "credit.confirm": _("đã xác nhận tiền có thật"),
        "credit.own_money": _("đã quyết định là tiền riêng"),
        "credit.same_money": _("đã quyết định là báo trùng"),
    }
    return names.get(event.action, event.action)


def _ledger_class(code: str, _: Gettext) -> str:
    names = {
        "hoc_phi": _("học phí"),
        "dich_vu": _("dịch vụ"),
        "thoa_thuan": _("thoả thuận"),
        "thu_ho": _("thu hộ"),
        "tu_nguyen": _("tự nguyện"),
        "unclassified": _("chưa phân loại"),
    }
    return names.get(code, code.replace("_", " "))


def ledger_account(account: str, _: Gettext) -> str:
    """A ledger account in words."""
    head, _colon, tail = account.partition(":")
    names = {
        "bank": _("Tiền ở ngân hàng, tài khoản %(number)s", number=tail.rpartition(":")[2]),
        "cash": _("Tiền mặt, quầy %(desk)s", desk=tail),
        "in_transit": _("Đang chuyển, %(collector)s", collector=tail),
        "suspense": _("Treo, chờ xử lý"),
        "collected": _("Đã thu, %(line)s", line=_ledger_class(tail, _)),
        "payer_credit": _("Tiền dư của người nộp"),
        "refund_due": _("Phải hoàn"),
        "fee": _("Phí"),
        "write_off": _("Xoá chênh lệch nhỏ"),
    }
    return names.get(head, account)
