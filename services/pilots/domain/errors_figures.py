"""What can be wrong with a question for the city's figures."""

from __future__ import annotations

from kit.errors import NotFound


class PeriodNotPublished(NotFound):
    reason = "PERIOD_NOT_PUBLISHED"
    vi = "Chưa có số liệu công bố cho kỳ kết thúc {period_to}. Xin chọn một kỳ trong danh sách."
    en = (
        "No figures were published for the period that ends on {period_to}. Choose one of the listed periods."
    )
