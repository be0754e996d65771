"""From the content of a guide to what its template draws."""

from __future__ import annotations

from typing import Any

from kit import references
from services.documents import qr, wording
from services.documents.domain import GuideContent

NEVER_ASKED = (
    "Không ai được hỏi mật khẩu hay mã OTP của anh chị, dù là người giúp, ngân hàng hay cán bộ. "
    "Ai hỏi thì đừng đọc, và gọi số ở cuối tờ này."
)


def guide_sheet(guide: GuideContent) -> dict[str, Any]:
    """The texts of the page and its code."""
    payment = guide.payment
    address = payment.page_address.removeprefix("https://").removeprefix("http://")
    printed = f"{wording.city_time(guide.print_time)} {wording.long_date(wording.city_day(guide.print_time))}"
    return {
        "title": f"Cách nộp tiền cho {guide.biller_name}",
        "author": guide.biller_name,
        "biller": guide.biller_name,
        "payer": guide.payer_masked,
        "what": guide.title,
        "amount": wording.money(guide.amount),
        "words": guide.amount_words,
        "due": f"Hạn nộp {wording.short_date(guide.due_date)}" if guide.due_date else "",
        "code": qr.svg(payment.payload),
        "alt": f"Mã VietQR, nội dung {payment.memo}",
        "reference": references.group(guide.reference),
        "ways": _ways(guide, address),
        "facts": [
            ["Chủ tài khoản", payment.holder],
            ["Số tài khoản", wording.grouped_account(payment.account)],
            ["Ngân hàng", payment.bank],
            ["Nội dung", payment.memo],
        ],
        "never": NEVER_ASKED,
        "help": f"Cần giúp, xin gọi {guide.help_phone}" if guide.help_phone else "",
        "helper": f"Người giúp: {guide.helper_name}" if guide.helper_name else "",
        "printed": f"In lúc {printed}",
        "trial": wording.TRIAL if guide.is_trial else "",
    }


def _ways(guide: GuideContent, address: str) -> list[list[str]]:
    """Four ways, each a heading and what to do."""
    return [
        [
            "Nhờ điện thoại của người nhà",
            f"Đưa tờ này cho người nhà quét. Ở xa thì đọc mã bên trên qua điện thoại, người nhà mở {address}.",
        ],
        [
            "Ứng dụng ngân hàng",
            f"Quét mã vuông. Tên hiện trên máy phải là {guide.payment.holder}. Đừng sửa số tiền và nội dung.",
        ],
        [
            "Quầy ngân hàng",
            "Đưa tờ này cho giao dịch viên: chuyển vào tài khoản bên dưới, ghi đúng nội dung.",
        ],
        [
            "Tiền mặt",
            f"Hỏi {guide.biller_name} có nhận tiền mặt không. Nộp thì đọc mã bên trên và lấy biên nhận.",
        ],
    ]
