"""What each published figure means: one table, from which `docs/indicators.md` and the API's list of definitions are made.

A definition that changes gets a new version and a new text; what was published under an older version stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Of the tables as a whole: rises with any change of what they hold or how they are suppressed.
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Definition:
    """One indicator. `unit`: count, dong, permille or milliseconds. `scope`: the places it is published for."""

    name: str
    version: int
    unit: str
    scope: str
    vi: str
    en: str


STALLS: Final = "stalls"
WITH_QR: Final = "stalls_with_qr"
ACTIVE: Final = "stalls_active_30_days"
TRANSFERS: Final = "transfers"
PAYMENTS: Final = "payments"
TAKINGS: Final = "takings"
SHARE: Final = "cashless_share"
TRANSFERS_DAY: Final = "transfers_day"
MEDIAN: Final = "median_confirmation"
TOLD: Final = "told_within_minute"
VISITS: Final = "helper_visits"

_PLACES: Final = "programme, ward, city"

DEFINITIONS: Final[tuple[Definition, ...]] = (
    Definition(
        STALLS,
        1,
        "count",
        _PLACES,
        "Số quầy đã đăng ký và chưa rút ở các tuyến phố, chợ, hội chợ mở trong tuần, lúc tổng hợp.",
        "Stalls registered and not withdrawn in the streets, markets and fairs that were open in the week, when it was rolled up.",
    ),
    Definition(
        WITH_QR,
        1,
        "count",
        _PLACES,
        "Trong số đó, quầy có bảng mã QR đang dùng. Có mã không phải là có dùng.",
        "Of those, stalls with a QR board in use. Having a code is not using it.",
    ),
    Definition(
        ACTIVE,
        1,
        "count",
        _PLACES,
        "Quầy nhận ít nhất một khoản chuyển khoản trong 30 ngày, tính đến chủ nhật của tuần. Ẩn khi nhóm có hoặc nhóm không"
        " có khoản nào thuộc ít hơn 5 chủ.",
        "Stalls that took at least one transfer in the 30 days up to the week's Sunday. Suppressed where those that did, or"
        " those that did not, belong to fewer than 5 owners.",
    ),
    Definition(
        TRANSFERS,
        1,
        "dong",
        _PLACES,
        "Tiền chuyển khoản của các ngày trong tuần, theo ngày bán của quầy, kể cả khoản về trễ đã đến trước lúc tổng hợp;"
        " không kể khoản chủ quầy đánh dấu là riêng. Tiền về sau khi đã công bố không vào số nào.",
        "Transfers of the week's days, by the stall's business day, late ones that came before the roll-up included; without"
        " what traders marked as private. Money that comes after publication is in no figure.",
    ),
    Definition(
        PAYMENTS,
        1,
        "count",
        _PLACES,
        "Số khoản chuyển khoản đã cộng vào tiền chuyển khoản.",
        "How many transfers the sum of transfers holds.",
    ),
    Definition(
        TAKINGS,
        1,
        "dong",
        _PLACES,
        "Tiền chuyển khoản cộng tiền mặt mà chủ quầy tự ghi. Chỉ công bố khi cả hai phần đều được công bố và ít nhất một nửa"
        " số chủ quầy có chuyển khoản cũng ghi tiền mặt.",
        "Transfers and the cash that traders entered themselves. Published only where both parts may be, and at least half of"
        " the owners who took transfers enter their cash.",
    ),
    Definition(
        SHARE,
        1,
        "permille",
        _PLACES,
        "Phần nghìn của doanh thu không phải tiền mặt, làm tròn xuống, công bố cùng điều kiện với doanh thu. Quầy không ghi"
        " tiền mặt làm tỷ trọng cao hơn thực tế.",
        "Thousandths of the takings that were not cash, rounded down, published where the takings are. Stalls that enter no"
        " cash make it higher than it is.",
    ),
    Definition(
        TRANSFERS_DAY,
        1,
        "dong",
        "city",
        "Tiền chuyển khoản của một ngày bán, cả thành phố; cùng cách tính với tuần.",
        "Transfers of one business day of the whole city; reckoned as those of the week.",
    ),
    Definition(
        MEDIAN,
        1,
        "milliseconds",
        "city",
        "Trung vị thời gian từ giờ ngân hàng ghi có đến lúc Xoài nhận tin, mọi khoản trong tuần.",
        "Median of the time from the bank's credit to its arrival at Xoài, over the credits of the week.",
    ),
    Definition(
        TOLD,
        1,
        "permille",
        "city",
        "Phần nghìn các khoản mà ngân hàng báo trong vòng một phút, làm tròn xuống.",
        "Thousandths of the credits that their bank told within a minute, rounded down.",
    ),
    Definition(
        VISITS,
        1,
        "count",
        "city",
        "Số lượt tổ công nghệ số cộng đồng giúp người dân trả tiền trong tuần; từ 1 đến 4 lượt thì ẩn.",
        "Visits in the week in which volunteers helped people to pay; suppressed from 1 to 4.",
    ),
)
BY_NAME: Final = {each.name: each for each in DEFINITIONS}
