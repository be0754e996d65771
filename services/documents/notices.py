"""From the content of notices to the leaves that the template draws."""

from __future__ import annotations

from typing import Any

from services.documents import leaves, qr, wording
from services.documents.domain import NoticeContent, NoticeLine, PaymentDetails
from services.documents.leaves import (
    AIRY,
    BOX_HEIGHT,
    DENSE,
    Group,
    Leaf,
    Piece,
    Spacing,
    gap,
    line_count,
    text_height,
)

_HEADING = "Quét bằng ứng dụng ngân hàng bất kỳ"


def leaves_of(notice: NoticeContent, slack: float = 0.0) -> list[dict[str, Any]]:
    """The notice's leaves as the template wants them; close spacing where that saves a leaf."""
    notes, numbers = wording.footnotes(line for part in notice.parts for line in part.lines)
    foot, foot_height = _foot(notice, notes)
    room = leaves.PAGE_ROOM - _head_height(notice) - foot_height - 1.5 - slack
    tails = [_Tail(notice, i) for i in range(len(notice.parts))]
    found = _distributed(notice, tails, numbers, room, AIRY)
    if len(found) > 1:
        closer = _distributed(notice, tails, numbers, room, DENSE)
        found = closer if len(closer) < len(found) else found
    return [
        {"head": _head(notice, i + 1, len(found)), "pieces": leaf.pieces, "foot": foot}
        for i, leaf in enumerate(found)
    ]


def _distributed(
    notice: NoticeContent, tails: list[_Tail], numbers: dict[str, int], room: float, spacing: Spacing
) -> list[Leaf]:
    groups: list[Group] = []
    for part, tail in zip(notice.parts, tails, strict=True):
        rows = [_row(line, numbers) for line in part.lines]
        heights = [
            2 * spacing.row_inset + text_height(f"{r['title']} {r['note']}", 9, leaves.TITLE_WIDTH)
            for r in rows
        ]
        pieces: list[Piece] = [
            {"kind": "row", "row": row, "inset": spacing.row_inset, "last": row is rows[-1]} for row in rows
        ]
        # The last two rows stay with the sum and its payment box: a total never stands alone on a leaf.
        kept = max(len(rows) - 2, 0)
        singles = [
            Group([piece], height) for piece, height in zip(pieces[:kept], heights[:kept], strict=True)
        ]
        tail_pieces, tail_height = tail.laid(spacing)
        singles.append(Group(pieces[kept:] + tail_pieces, sum(heights[kept:]) + tail_height))
        singles[0].begins_part = True
        groups += singles
    return leaves.distribute(_opening(notice, spacing), groups, room, spacing)


class _Tail:
    """What follows the rows of one part: its sum, how to pay it, and on the last part total and safety sentence."""

    def __init__(self, notice: NoticeContent, index: int) -> None:
        part, count = notice.parts[index], len(notice.parts)
        alone, self.is_last = count == 1, index == count - 1
        due = f"Hạn nộp {wording.short_date(notice.due_date)}" if notice.amount_due else ""
        step = f"lần chuyển {index + 1} trên {count}"
        self.sum = _sum("Phải nộp", notice.amount_due, 17, notice.amount_words, due)
        if not alone:
            self.sum = _sum(step[0].upper() + step[1:], part.amount_due, 13, "", "")
        self.box: Piece = {
            "kind": "instead",
            "text": wording.PREVIEW if part.amount_due else wording.NOTHING_DUE,
        }
        self.box_height = 10 + text_height(str(self.box["text"]), 9, leaves.TEXT_WIDTH - 10)
        if part.payment and part.amount_due:
            self.box = _box(part.payment, _HEADING if alone else f"Mã cho {step}")
            self.box_height = _box_height(part.payment)
        self.total = (
            None
            if alone
            else _sum(f"Phải nộp cả {count} lần", notice.amount_due, 17, notice.amount_words, due)
        )
        self.safety = _safety(notice)

    def laid(self, spacing: Spacing) -> tuple[list[Piece], float]:
        """The pieces with their gaps, and their height."""
        before, between, after = spacing.tail
        pieces = [gap(before), self.sum, gap(between), self.box, gap(after)]
        height = before + _sum_height(self.sum) + between + self.box_height + after
        if self.is_last:
            if self.total is not None:
                pieces += [self.total, gap(after)]
                height += _sum_height(self.total) + after
            pieces.append(self.safety)
            height += text_height(f"{self.safety['safety']}{self.safety['ways']}", 9, leaves.TEXT_WIDTH)
        return pieces, height


def _head(notice: NoticeContent, number: int, count: int) -> dict[str, str]:
    """The head of a leaf; from the second on it names the pupil, so that parted leaves find each other."""
    return {
        "unit": notice.unit_name,
        "second": notice.unit_address if number == 1 else _pupil(notice),
        "year": f"Năm học {notice.school_year}",
        "leaf": f"{notice.round_name}, tờ {number}/{count}",
    }


def _head_height(notice: NoticeContent) -> float:
    second = max(text_height(text, 8.5, leaves.HEAD_WIDTH) for text in (notice.unit_address, _pupil(notice)))
    return text_height(notice.unit_name, 11, leaves.HEAD_WIDTH) + 2.6 + second + 3


def _pupil(notice: NoticeContent) -> str:
    return f"{notice.pupil_name}, lớp {notice.class_name}"


def _opening(notice: NoticeContent, spacing: Spacing) -> Group:
    count = len(notice.parts)
    intro = f"Gồm {count} lần chuyển khoản, mỗi lần quét một mã." if count > 1 else ""
    piece: Piece = {
        "kind": "opening",
        "title": notice.title,
        "pupil": notice.pupil_name,
        "class": f", lớp {notice.class_name}",
        "code": f"Mã học sinh {notice.pupil_code}",
        "intro": intro,
        "dense": spacing.is_dense,
        "gap": spacing.opening,
    }
    height = text_height(notice.title, 16, leaves.TEXT_WIDTH) + spacing.opening
    height += text_height(_pupil(notice), 11, 88 if spacing.is_dense else leaves.TEXT_WIDTH)
    height += 0 if spacing.is_dense else 2.8 + 2.2
    height += 3 + 2.4 if intro else 0
    return Group([piece], height)


def _row(line: NoticeLine, numbers: dict[str, int]) -> dict[str, str]:
    note = wording.line_note(line)
    return {
        "title": line.title,
        "mark": str(numbers[note]) if note else "",
        "note": line.note,
        "quantity": wording.quantity(line),
        "price": "" if line.unit_price is None else wording.digits(line.unit_price),
        "amount": wording.digits(line.amount),
    }


def _sum(label: str, amount: int, size: int, words: str, due: str) -> Piece:
    shown = {"label": label, "amount": wording.money(amount), "words": words, "due": due}
    return {"kind": "sum", "label-size": 11 if size > 13 else 10, "size": size, **shown}


def _sum_height(piece: Piece) -> float:
    height = float(piece["size"]) * 0.251
    if piece["words"]:
        height += 2.6 + text_height(f"{piece['words']}  {piece['due']}", 9.5, leaves.TEXT_WIDTH)
    return height


def _box(payment: PaymentDetails, heading: str) -> Piece:
    return {
        "kind": "payment",
        "heading": heading,
        "code": qr.svg(payment.payload),
        "alt": f"Mã VietQR, nội dung {payment.memo}",
        "holder": payment.holder,
        "account": wording.grouped_account(payment.account),
        "bank": payment.bank,
        "memo": payment.memo,
        "page": payment.page_address.removeprefix("https://"),
        "fee": payment.fee_line,
    }


def _box_height(payment: PaymentDetails) -> float:
    texts = sum(text_height(text, 9, leaves.FACT_WIDTH) for text in (payment.holder, payment.bank))
    texts += text_height(payment.page_address, 8, 65) + text_height(payment.fee_line, 8, 65)
    return max(BOX_HEIGHT, texts + 41)


def _safety(notice: NoticeContent) -> Piece:
    ways = [wording.NO_PHONE, notice.other_ways] if notice.amount_due else []
    return {
        "kind": "safety",
        "safety": wording.SAFETY,
        "ways": f" {', '.join(way for way in ways if way)}." if ways else "",
    }


def _foot(notice: NoticeContent, notes: list[str]) -> tuple[dict[str, Any], float]:
    """The foot of every leaf and its height: footnotes left, whom to ask and when it was printed right."""
    printed = (
        f"{wording.short_date(wording.city_day(notice.print_time))} {wording.city_time(notice.print_time)}"
    )
    foot: dict[str, Any] = {
        "notes": [[str(number), f"\u00a0{note} "] for number, note in enumerate(notes, 1)],
        "closing": wording.NO_VOLUNTARY,
        "contact": f"Hỏi: {notice.contact}",
        "printed": f"In {printed}",
        "trial": wording.TRIAL if notice.is_trial else "",
    }
    left = "".join(f"{number} {note} " for number, note in enumerate(notes, 1)) + wording.NO_VOLUNTARY
    left_height = text_height(left, 7.5, leaves.FOOT_WIDTH, leading=0.56)
    sides = [text for text in (foot["contact"], foot["printed"], foot["trial"]) if text]
    side_lines = sum(line_count(text, 7.5, leaves.FOOT_SIDE_WIDTH) for text in sides)
    side_height = 1.9 + (side_lines - 1) * 3.4
    foot["filler"] = max(side_height - left_height, 0)
    return foot, 2.2 + max(left_height, side_height)
