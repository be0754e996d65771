"""Which rows stand on which leaf."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.documents.domain import NoticeLine
from services.documents.leaves import line_count, text_height
from services.documents.notices import leaves_of
from tests.support.documents import INSURANCE, LONG_NAME, make_notice, make_part, many_lines


def kinds(leaf: dict[str, Any]) -> list[str]:
    return [piece["kind"] for piece in leaf["pieces"] if piece["kind"] != "gap"]


def test_nine_rows_and_the_box_share_one_leaf() -> None:
    """Nine items, the payment box and the safety sentence fit an A5 leaf, with closer rows."""
    (leaf,) = leaves_of(make_notice(parts=(make_part(many_lines(9)),)))
    assert kinds(leaf) == ["opening", "table-head", *["row"] * 9, "sum", "payment", "safety"]
    assert leaf["head"]["leaf"] == "Đợt tháng 11, tờ 1/1"


def test_more_rows_flow_to_a_second_leaf_with_the_total() -> None:
    """The total never stands alone: at least two rows go with it, under a table head of their own."""
    first, second = leaves_of(make_notice(parts=(make_part(many_lines(14)),)))
    assert kinds(first)[:2] == ["opening", "table-head"]
    assert "sum" not in kinds(first)
    assert kinds(second)[:3] == ["table-head", "row", "row"]
    assert kinds(second)[-3:] == ["sum", "payment", "safety"]
    assert [leaf["head"]["leaf"] for leaf in (first, second)] == [
        "Đợt tháng 11, tờ 1/2",
        "Đợt tháng 11, tờ 2/2",
    ]
    assert first["head"]["second"] == "12 đường Mẫu, Phường Bình Phước, TP. Đồng Nai"
    assert second["head"]["second"] == "Nguyễn Ngọc Bảo Hân, lớp 3A"


def test_each_account_has_its_rows_sum_and_code() -> None:
    """Two receiving accounts: two sums with a code each, one total at the end, and the reader is told at the top."""
    insurance = make_part((NoticeLine("Bảo hiểm y tế", 1_366_200, INSURANCE),), memo="XDZ4P8WQ7M")
    leaves = leaves_of(make_notice(parts=(make_part(), insurance)))
    pieces = [piece for leaf in leaves for piece in leaf["pieces"]]
    sums = [(piece["label"], piece["amount"]) for piece in pieces if piece["kind"] == "sum"]
    assert sums == [
        ("Lần chuyển 1 trên 2", "936.000\u00a0₫"),
        ("Lần chuyển 2 trên 2", "1.366.200\u00a0₫"),
        ("Phải nộp cả 2 lần", "2.302.200\u00a0₫"),
    ]
    boxes = [(piece["heading"], piece["memo"]) for piece in pieces if piece["kind"] == "payment"]
    assert boxes == [
        ("Mã cho lần chuyển 1 trên 2", "XDK7M4PQ9R"),
        ("Mã cho lần chuyển 2 trên 2", "XDZ4P8WQ7M"),
    ]
    assert pieces[1]["intro"] == "Gồm 2 lần chuyển khoản, mỗi lần quét một mã."


def test_nothing_due_has_no_code() -> None:
    """A pupil who owes nothing gets no code, no due date and no ways to pay."""
    free = make_part((NoticeLine("Học phí", 0, note="Nhà nước miễn"),))
    (leaf,) = leaves_of(make_notice(parts=(free,), amount_words="Không đồng"))
    assert kinds(leaf) == ["opening", "table-head", "row", "sum", "instead", "safety"]
    assert [piece["due"] for piece in leaf["pieces"] if piece["kind"] == "sum"] == [""]
    assert leaf["pieces"][-1]["ways"] == ""


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    title=st.sampled_from(["Khoản {}", "Khoản {} " + "có tên khá dài để xem chữ xuống dòng " * 3]),
    slack=st.sampled_from([0.0, 15.0, 45.0]),
    name=st.sampled_from(["Lê An", LONG_NAME]),
)
def test_every_row_stands_once_in_order_under_a_head(
    counts: list[int], title: str, slack: float, name: str
) -> None:
    """However rows are spread: none lost or doubled, each leaf with rows has a head, each sum follows its own row."""
    parts = tuple(make_part(many_lines(count, title), memo=f"XDK7M4PQ{i}") for i, count in enumerate(counts))
    leaves = leaves_of(make_notice(parts=parts, pupil_name=name), slack)
    pieces = [piece for leaf in leaves for piece in leaf["pieces"]]
    printed = [piece["row"]["title"] for piece in pieces if piece["kind"] == "row"]
    assert printed == [line.title for part in parts for line in part.lines]
    for leaf in leaves:
        found = kinds(leaf)
        assert found[0] in ("opening", "table-head")
        assert "row" not in found[: found.index("table-head")]
        assert found.index("sum") > found.index("row") if "sum" in found else found[-1] == "row"
    assert kinds(leaves[-1])[-1] == "safety"
    assert [kind for piece in pieces if (kind := piece["kind"]) == "payment"] == ["payment"] * len(parts)


def test_lines_are_reckoned_from_the_fonts_widths() -> None:
    """A word longer than the line is broken; heights grow by whole lines."""
    assert line_count("Chăm sóc bán trú", 9, 66) == 1
    assert line_count("Chăm sóc bán trú " * 6, 9, 66) > 2
    assert line_count("M" * 60, 9, 66) > 2
    one, two = text_height("Lê", 9, 66), text_height("Lê " * 30, 9, 66)
    assert two > one > 2
