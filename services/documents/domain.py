"""What papers hold, before anything is laid out: notices, receipts, stalls' boards and packs, guides.

Amounts are whole đồng. The classes refuse a paper that could mislead a family: rows that do not add up, a sum without
a way to pay it, a voluntary item shown as a duty, a receipt that carries a payment code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from kit.errors import FailedPrecondition, InvalidArgument

PACK_MOST: Final = 12


class NoticeSumsDiffer(InvalidArgument):
    reason = "NOTICE_SUMS_DIFFER"
    vi = "Phiếu của {pupil}: các dòng cộng lại {lines} đ, nhưng số phải nộp là {due} đ."
    en = "Notice of {pupil}: the lines add up to {lines} đồng but the amount due is {due}."


class NoticeLineDiffers(InvalidArgument):
    reason = "NOTICE_LINE_DIFFERS"
    vi = "Khoản “{title}”: số lượng nhân đơn giá không ra {amount} đ."
    en = "Item “{title}”: quantity times price is not {amount} đồng."


class VoluntaryItemOnNotice(InvalidArgument):
    reason = "VOLUNTARY_ITEM_ON_NOTICE"
    vi = "Khoản tự nguyện “{title}” không được ghi trên thông báo thu tiền."
    en = "The voluntary item “{title}” must not stand on a fee notice."


class PaymentDetailsMissing(InvalidArgument):
    reason = "PAYMENT_DETAILS_MISSING"
    vi = "Phiếu của {pupil} có số phải nộp {due} đ nhưng không có mã thanh toán."
    en = "Notice of {pupil}: {due} đồng are due but there is no way to pay them."


class PaymentCodeOnReceipt(InvalidArgument):
    reason = "PAYMENT_CODE_ON_RECEIPT"
    vi = "Mã kiểm tra trên biên nhận phải là một địa chỉ trang, không phải mã thanh toán."
    en = "The checking code of a receipt must be a page address, not a payment code."


class ReceiptNumberOutOfRange(InvalidArgument):
    reason = "RECEIPT_NUMBER_OUT_OF_RANGE"
    vi = "Số biên nhận {number} không nằm trong khoảng 1 đến 99.999.999."
    en = "Receipt number {number} is not between 1 and 99,999,999."


class ReceiptAmountNotPositive(InvalidArgument):
    reason = "RECEIPT_AMOUNT_NOT_POSITIVE"
    vi = "Số tiền trên biên nhận phải lớn hơn 0."
    en = "The amount of a receipt must be above zero."


class StandWithoutCode(FailedPrecondition):
    reason = "STAND_WITHOUT_CODE"
    vi = "Quầy {stall} chưa có tài khoản đang dùng nên chưa in được bảng mã."
    en = "Stall {stall} has no account in force yet, so its board cannot be printed."


class TooManyPackCodes(InvalidArgument):
    reason = "TOO_MANY_PACK_CODES"
    vi = "Một tờ có nhiều nhất {most} mã, đây là {count}. Xin bỏ bớt mức tiền."
    en = "A sheet holds at most {most} codes and this is {count}. Leave some amounts out."


class UndrawableText(FailedPrecondition):
    reason = "UNDRAWABLE_TEXT"
    vi = "Phông chữ in không vẽ được chữ “{text}”. Xin sửa tên hoặc nội dung rồi in lại."
    en = "The printing font cannot draw “{text}”. Correct the name or text and print again."


class ItemKind(StrEnum):
    """The legal kinds of school collections (NĐ 238/2025, TT 24/2024, TT 55/2011)."""

    TUITION = "tuition"
    SERVICE = "service"
    AGREED = "agreed"
    PASS_THROUGH = "pass_through"
    VOLUNTARY = "voluntary"


@dataclass(frozen=True, slots=True)
class Basis:
    """Why an item may be collected, told by a footnote; `is_confirmed` is False until somebody has read the source."""

    kind: ItemKind
    ceiling: int | None = None
    ceiling_unit: str = "tháng"
    source: str = ""
    agreed_date: date | None = None
    recipient: str = ""
    is_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One row: an item, or without `basis` an exemption, a deduction or an amount carried from the last round.

    `note` says the reason (of an exemption, of a deduction). Amounts of deductions are negative.
    """

    title: str
    amount: int
    basis: Basis | None = None
    note: str = ""
    quantity: Decimal | int | None = None
    unit: str = ""
    unit_price: int | None = None

    def __post_init__(self) -> None:
        if self.basis is not None and self.basis.kind is ItemKind.VOLUNTARY:
            raise VoluntaryItemOnNotice(title=self.title)
        if self.quantity is None or self.unit_price is None:
            return
        if abs(self.quantity * self.unit_price) != abs(self.amount):
            raise NoticeLineDiffers(title=self.title, amount=self.amount)


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """How one sum is paid: the VietQR payload and the same facts for those who type them."""

    payload: str
    holder: str
    account: str
    bank: str
    memo: str
    page_address: str
    fee_line: str = "Phí chuyển khoản và phí nộp tiền mặt: 0 đ."


@dataclass(frozen=True, slots=True)
class NoticePart:
    """The lines that go to one receiving account by one transfer, and how to pay them (None: nothing to pay)."""

    lines: tuple[NoticeLine, ...]
    amount_due: int
    payment: PaymentDetails | None


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """One pupil's notice. `amount_words` is the whole sum in words; `is_preview` allows a sum without payment details."""

    unit_name: str
    unit_address: str
    school_year: str
    round_name: str
    title: str
    pupil_name: str
    class_name: str
    pupil_code: str
    parts: tuple[NoticePart, ...]
    amount_words: str
    due_date: date
    contact: str
    print_time: datetime
    other_ways: str = ""
    is_preview: bool = False
    is_trial: bool = False

    def __post_init__(self) -> None:
        if not self.parts:
            raise InvalidArgument(field="parts")
        for part in self.parts:
            lines = sum(line.amount for line in part.lines)
            if lines != part.amount_due or part.amount_due < 0 or not part.lines:
                raise NoticeSumsDiffer(pupil=self.pupil_name, lines=lines, due=part.amount_due)
            if part.amount_due > 0 and part.payment is None and not self.is_preview:
                raise PaymentDetailsMissing(pupil=self.pupil_name, due=part.amount_due)

    @property
    def amount_due(self) -> int:
        """The sum of all parts, in đồng."""
        return sum(part.amount_due for part in self.parts)


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A labelled fact on a receipt: who paid, for whom, for what, by which way."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """One receipt. Without `key_id` it is marked "Bản chưa ký"; `cancel_reason` marks a cancelled number.

    `check_address` is the page that shows whether the receipt is genuine; it is also drawn as a QR code.
    `chain_mark` is the receipt's own mark and `previous_number` the number it follows in its book.
    `attachment` is the signed statement that travels in the file, a text.
    """

    unit_name: str
    budget_code: str
    book: str
    number: int
    issue_time: datetime
    rows: tuple[ReceiptRow, ...]
    amount: int
    amount_words: str
    check_address: str
    title: str = "Biên nhận thu tiền"
    key_id: str = ""
    chain_mark: str = ""
    previous_number: int | None = None
    cancel_reason: str = ""
    is_trial: bool = False
    attachment: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 99_999_999:
            raise ReceiptNumberOutOfRange(number=self.number)
        if self.amount <= 0:
            raise ReceiptAmountNotPositive()
        if not self.check_address.startswith(("https://", "http://")):
            raise PaymentCodeOnReceipt()


@dataclass(frozen=True, slots=True)
class StandContent:
    """The board of one stall. `check_code` and `check_address` let anybody see whether the board is the one in use."""

    account_holder: str
    account_last_four: str
    bank_name: str
    stall_number: str
    stall_name: str
    programme_name: str
    issue_number: int
    issue_date: date
    check_code: str
    check_address: str
    payload: str

    def __post_init__(self) -> None:
        if not self.payload or not self.account_holder:
            raise StandWithoutCode(stall=self.stall_number)


@dataclass(frozen=True, slots=True)
class PackEntry:
    """One code with its amount in đồng."""

    amount: int
    payload: str
    reference: str


@dataclass(frozen=True, slots=True)
class PackContent:
    """One sheet of codes for round amounts, of a stall."""

    stand: StandContent
    entries: tuple[PackEntry, ...]
    is_trial: bool = False

    def __post_init__(self) -> None:
        if len(self.entries) > PACK_MOST:
            raise TooManyPackCodes(count=len(self.entries), most=PACK_MOST)


@dataclass(frozen=True, slots=True)
class GuideContent:
    """How somebody without a smartphone pays one bill."""

    biller_name: str
    payer_masked: str
    title: str
    amount: int
    amount_words: str
    due_date: date | None
    reference: str
    payment: PaymentDetails
    help_phone: str
    helper_name: str
    print_time: datetime
    is_trial: bool = False
