"""What fills a school in memory: pupils in classes, a month's round, families that paid, the list as a file with seven mistakes."""

from __future__ import annotations

import io
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import xlsxwriter

from kit import clock
from tests.support.fake_bills import ACCOUNT, due, stamp
from tests.support.fake_school_city import SECOND_ACCOUNT, SchoolPlatform
from xoai.schools.v1 import schools_service_pb2 as pb

CLASSES = ("1A", "1B", "1C", "2A", "2B", "2C", "3A", "3B", "3C", "4A", "4B", "5A", "5B")
ITEMS = ("Tiền ăn bán trú", "Chăm sóc bán trú", "Nước uống", "Câu lạc bộ kỹ năng")
_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hồ", "Đặng", "Bùi", "Đỗ", "Ngô", "Lý", "Võ", "Trương")
_MIDDLE = ("Ngọc", "Gia", "Minh", "Khánh", "Thị Mỹ", "Hoàng", "Đức", "Bảo", "Quốc", "Anh")
_GIVEN = (
    "Hân",
    "Khang",
    "Yến",
    "Huy",
    "Trâm",
    "Hoa",
    "Đạt",
    "Thư",
    "Quân",
    "Uyên",
    "Ánh",
    "Bảo",
    "Lệ",
    "Ổn",
    "Ễnh",
)


def fill(platform: SchoolPlatform, *, per_class: int = 8, seed: int = 7) -> None:
    """Pupils in every class, the same for the same seed."""
    dice = random.Random(seed)
    for class_name in CLASSES:
        for _ in range(per_class):
            name = f"{dice.choice(_FAMILY)} {dice.choice(_MIDDLE)} {dice.choice(_GIVEN)}"
            born = date(2026 - 5 - int(class_name[0]), dice.randint(1, 12), dice.randint(1, 28))
            platform.schools.add_pupil(
                name,
                class_name,
                birth_date=born.isoformat(),
                sex=dice.choice(("nam", "nữ")),
                pupil_code=f"HM{len(platform.schools.pupils) + 1:05d}",
            )


def month(platform: SchoolPlatform, title: str = "Khoản thu tháng 11/2026", **facts: Any) -> pb.Round:
    """A round in draft with four items, one of them by the list and one into the second account."""
    kinds = ("AN", "BT", "NU", "TA")
    prices = ((28_000, 21_000, "ngày"), (280_000, 1000, ""), (12_000, 1000, ""), (84_000, 1000, ""))
    items = [
        pb.FeeItem(
            title=heading,
            fee_kind=kind,
            legal_kind="dich_vu" if kind == "BT" else "thoa_thuan",
            unit_price=0 if kind == "AN" else price,
            quantity_milli=0 if kind == "AN" else quantity,
            unit=unit,
            per_pupil=kind == "AN",
            account_id=SECOND_ACCOUNT if kind == "TA" else ACCOUNT,
        )
        for heading, kind, (price, quantity, unit) in zip(ITEMS, kinds, prices, strict=True)
    ]
    return platform.schools.add_round(
        title, period="Tháng 11/2026", due_date=due(8), fee_items=items, **facts
    )


def released(platform: SchoolPlatform, round_: pb.Round, *, paid: float = 0.8, short: int = 2) -> None:
    """Issue a round and let most families pay; a few pay too little."""
    dice = random.Random(11)
    for pupil in platform.schools.pupils.values():
        platform.schools.amounts[round_.id, pupil.id, round_.fee_items[0].id] = 588_000
    round_.state = pb.Round.STATE_RELEASED
    round_.release_time.CopyFrom(stamp(datetime(2026, 11, 2, 1, 0, tzinfo=UTC)))
    job = pb.IssueJob(id=str(uuid.uuid4()), round_id=round_.id, total=len(platform.schools.waiting(round_)))
    platform.schools.jobs[round_.id] = job
    platform.schools.work(round_, job, job.total)
    start = clock.now() - timedelta(hours=28)
    for place, bill in enumerate(platform.of_round(round_.id)):
        if dice.random() >= paid:
            continue
        amount = bill.amount_due - 1_000 if place % 40 == 0 and short else bill.amount_due
        platform.pay(bill, amount, announce=False)
        bill.payments[-1].bank_time.CopyFrom(stamp(start + timedelta(minutes=place * 2)))


def list_file(platform: SchoolPlatform, *, mistakes: bool = True) -> bytes:
    """An XLSX list as a school keeps it: a title, the heading in its own order, amounts as text; seven mistakes."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Danh sách")
        sheet.write(0, 0, "TRƯỜNG TIỂU HỌC HOA MAI")
        sheet.write(1, 0, "DANH SÁCH THU THÁNG 11/2026")
        headings = (
            "STT",
            "Họ và tên",
            "Ngày sinh",
            "Lớp",
            "Mã học sinh",
            "Mã định danh Bộ GD&ĐT",
            *ITEMS[:1],
        )
        for column, heading in enumerate(headings):
            sheet.write(3, column, heading)
        pupils = platform.schools.in_order(
            [pupil for pupil in platform.schools.pupils.values() if pupil.birth_date]
        )
        rows = [
            [
                pupil.full_name,
                date.fromisoformat(pupil.birth_date).strftime("%d/%m/%Y"),
                pupil.class_name,
                pupil.identifiers[0].value,
                "",
                "588.000",
            ]
            for pupil in pupils
        ]
        if mistakes:
            wrong = ((2, 1, "31/02/2020"), (9, 2, ""), (15, 5, "28.000,5"), (21, 4, "7525 0912"))
            for row, column, value in (*wrong, (30, 5, "-5.000"), (37, 1, "ngày 5"), (44, 4, "7525091268x")):
                rows[row][column] = value
        for line, cells in enumerate(rows, start=4):
            sheet.write(line, 0, line - 3)
            for column, cell in enumerate(cells, start=1):
                sheet.write_string(line, column, cell)
    return content.getvalue()
