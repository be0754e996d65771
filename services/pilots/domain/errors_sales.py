"""What may be wrong with selling and with a stall's day, with reasons for programs and words for people."""

from __future__ import annotations

from kit.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied


class SaleNotFound(NotFound):
    reason = "SALE_NOT_FOUND"
    vi = "Không có mã bán hàng này. Xin quét lại mã hoặc hỏi người bán."
    en = "There is no such sale. Scan the code again or ask the seller."


class AmountMissing(InvalidArgument):
    reason = "SALE_AMOUNT_MISSING"
    vi = "Số tiền phải từ 1 đồng trở lên. Xin bấm số tiền rồi làm lại."
    en = "The amount must be 1 đồng or more. Type the amount and try again."


class AmountOverLimit(InvalidArgument):
    reason = "SALE_AMOUNT_OVER_LIMIT"
    vi = (
        "{amount} vượt quá mức của một lần chuyển nhanh: NAPAS 247 chỉ chuyển dưới 500.000.000 ₫ mỗi lần."
        " Xin chia thành nhiều mã nhỏ hơn."
    )
    en = (
        "{amount} is more than one instant transfer carries: NAPAS 247 moves less than 500,000,000 ₫ at a time."
        " Split it into several smaller codes."
    )


class CashOutOfRange(InvalidArgument):
    reason = "CASH_OUT_OF_RANGE"
    vi = "Tiền mặt ghi mỗi lần từ 1 đến {most} đồng. Xin xem lại số đã bấm."
    en = "One cash entry is 1 to {most} đồng. Check the amount."


class StallNotSelling(FailedPrecondition):
    reason = "STALL_NOT_SELLING"
    vi = "Quầy {number} chưa bán được: {cause}"
    en = "Stall {number} cannot sell: {cause_en}"


class SaleNotWaiting(FailedPrecondition):
    reason = "SALE_NOT_WAITING"
    vi = "Mã {reference} không còn chờ tiền: {state}. Xin xem lại màn hình quầy."
    en = "Sale {reference} waits for no money: {state_en}. Look at the stall's screen again."


class SaleHasMoney(FailedPrecondition):
    reason = "SALE_HAS_MONEY"
    vi = (
        "Mã {reference} đã nhận {amount_paid} nên không huỷ được. Xin chọn “nhận bớt”, “phần còn lại tiền mặt”"
        " hoặc lập mã cho phần còn thiếu."
    )
    en = (
        "Sale {reference} has received {amount_paid} and cannot be cancelled. Take less, take the rest in cash,"
        " or make a code for what is missing."
    )


class NothingReceived(FailedPrecondition):
    reason = "NOTHING_RECEIVED"
    vi = "Mã {reference} chưa nhận được đồng nào. Nếu khách không mua nữa, xin huỷ mã."
    en = "Sale {reference} has received nothing. If the customer does not buy, cancel it."


class RestDiffers(InvalidArgument):
    reason = "REST_DIFFERS"
    vi = "Phần còn thiếu của mã {reference} là {missing}; mã cho phần còn thiếu phải đúng số này."
    en = "What is missing of sale {reference} is {missing}; the code for the rest must ask exactly this."


class AccountChangedMeanwhile(Aborted):
    reason = "ACCOUNT_CHANGED_MEANWHILE"
    vi = "Tài khoản nhận tiền của quầy vừa đổi. Xin lập lại mã."
    en = "The stall's receiving account has just changed. Make the code again."


class ReferenceTaken(Aborted):
    reason = "REFERENCE_TAKEN"
    vi = "Chưa lập được mã mới. Xin bấm lại."
    en = "No free code was found. Try again."


class DayNotYet(InvalidArgument):
    reason = "DAY_NOT_YET"
    vi = "Ngày {day} chưa tới."
    en = "The day {day} has not come."


class DayNotOver(FailedPrecondition):
    reason = "DAY_NOT_OVER"
    vi = "Sổ ngày {day} chốt được từ {time}."
    en = "The day {day} can be closed from {time} on."


class DayClosed(FailedPrecondition):
    reason = "DAY_CLOSED"
    vi = "Sổ ngày {day} đã chốt, không ghi thêm hay bỏ tiền mặt được. Ngày mới bắt đầu lúc {time}."
    en = "The day {day} is closed: no cash is entered or taken back. The next one begins at {time}."


class CashNotFound(NotFound):
    reason = "CASH_NOT_FOUND"
    vi = "Không có khoản tiền mặt này."
    en = "There is no such cash entry."


class TakingNotFound(NotFound):
    reason = "TAKING_NOT_FOUND"
    vi = "Không có khoản tiền này ở quầy."
    en = "There is no such payment at the stall."


class TakingReversed(FailedPrecondition):
    reason = "TAKING_REVERSED"
    vi = "Khoản này đã bị rút lại, không còn trong sổ."
    en = "This payment was taken back; it is in no sum any more."


class QuestionGone(FailedPrecondition):
    reason = "QUESTION_GONE"
    vi = "Khoản này đã được trả lời hoặc đã vào nơi khác. Xin xem lại màn hình quầy."
    en = "This money was answered for or went elsewhere. Look at the stall's screen again."


class CreditNotUnassigned(FailedPrecondition):
    reason = "CREDIT_NOT_UNASSIGNED"
    vi = "Khoản này không còn trong danh sách chưa rõ quầy. Xin tải lại danh sách."
    en = "This money is no longer in the list of money without a stall. Reload the list."


class CreditNotHeld(FailedPrecondition):
    reason = "CREDIT_NOT_HELD"
    vi = "Khoản này đã được quyết định hoặc vừa đổi. Xin tải lại danh sách."
    en = "This money was decided already, or has just changed. Reload the list."


class OwnerOnly(PermissionDenied):
    reason = "OWNER_ONLY"
    vi = "Việc này chỉ chủ quầy làm được, bằng tài khoản của mình."
    en = "Only the stall's owner may do this, signed in."


class BadSaleField(InvalidArgument):
    reason = "BAD_SALE_FIELD"
    vi = "Mục “{field}” không đúng: “{value}”."
    en = "The field “{field}” is not right: “{value}”."
