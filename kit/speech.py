"""What a stall's phone says: sentences as sound clips in order, and the same in words.

A clip is a file `gateway/static/voice/NAME.mp3`. Nothing of a payer is ever said, and no sentence says that money is
there unless it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kit.money import AmountOutOfRange
from kit.words import amount_in_words

SPOKEN_MOST: Final = 10**12

# Clip name → what is heard. Where two words differ by their tone only, the name says which.
CLIPS: Final = {
    "khong": "không",
    "mot": "một",
    "mot-sac": "mốt",
    "hai": "hai",
    "ba": "ba",
    "bon": "bốn",
    "tu": "tư",
    "nam": "năm",
    "lam": "lăm",
    "sau": "sáu",
    "bay": "bảy",
    "tam": "tám",
    "chin": "chín",
    "muoi-huyen": "mười",
    "muoi": "mươi",
    "le": "lẻ",
    "tram": "trăm",
    "nghin": "nghìn",
    "trieu": "triệu",
    "ty": "tỷ",
    "dong": "đồng",
    "da-nhan": "đã nhận",
    "nhan-them": "nhận thêm",
    "con-thieu": "còn thiếu",
    "thua": "thừa",
    "chuyen-hai-lan": "chuyển hai lần",
    "tien-den-muon": "tiền đến muộn",
    "da-rut-lai": "đã rút lại",
    "da-lo": "đã lỡ",
    "khoan": "khoản",
    "co-phai-khach-nay": "có phải khách này",
    "chua-nhan-duoc-tien": "chưa nhận được tiền",
    "khong-xac-nhan-duoc": "không xác nhận được",
    "thu-loa": "thử loa",
}
_NAMES: Final = {word: name for name, word in CLIPS.items()}


@dataclass(frozen=True, slots=True)
class Speech:
    """One sentence: names of clips in the order in which they are heard, and the sentence in words."""

    clips: tuple[str, ...]
    text: str


def amount_clips(amount: int) -> list[str]:
    """An amount in đồng as clips, 0 to 10^12. Raises AmountOutOfRange."""
    if amount > SPOKEN_MOST:
        raise AmountOutOfRange(most=SPOKEN_MOST)
    return [_NAMES[word] for word in amount_in_words(amount).lower().split()]


def received(amount: int) -> Speech:
    """The full amount came, or any amount on a standing code."""
    return _say(["da-nhan", *amount_clips(amount)])


def short(amount: int, missing: int) -> Speech:
    """Less came than was asked: both numbers."""
    return _say(["da-nhan", *amount_clips(amount)], ["con-thieu", *amount_clips(missing)])


def over(amount: int, excess: int) -> Speech:
    """More came than was asked: both numbers."""
    return _say(["da-nhan", *amount_clips(amount)], ["thua", *amount_clips(excess)])


def again(amount: int) -> Speech:
    """A sale that was paid already got this much once more."""
    return _say(["chuyen-hai-lan"], ["nhan-them", *amount_clips(amount)])


def late(amount: int) -> Speech:
    """Money for a sale that was cancelled, settled or had expired."""
    return _say(["tien-den-muon"], ["da-nhan", *amount_clips(amount)])


def undone(amount: int) -> Speech:
    """A payment that was announced is no longer the stall's."""
    return _say(["da-rut-lai", *amount_clips(amount)])


def asked(amount: int) -> Speech:
    """Money without a code that fits the sale which waits."""
    return _say(["co-phai-khach-nay"], amount_clips(amount))


def missed(count: int, total: int) -> Speech:
    """What came while the phone was away: how many payments, and their sum in đồng."""
    return _say(["da-lo", *amount_clips(count)[:-1], "khoan"], amount_clips(total))


def not_received() -> Speech:
    """Nothing came for a sale in ninety seconds."""
    return _say(["chua-nhan-duoc-tien"])


def not_confirmed() -> Speech:
    """The phone has no connection: it cannot tell whether money came."""
    return _say(["khong-xac-nhan-duoc"])


def sound_check() -> Speech:
    """For setting the volume; it names no amount, so that nobody takes it for money."""
    return _say(["thu-loa"])


def _say(*phrases: Sequence[str]) -> Speech:
    text = ", ".join(" ".join(CLIPS[name] for name in phrase) for phrase in phrases)
    return Speech(tuple(name for phrase in phrases for name in phrase), text[0].upper() + text[1:])
