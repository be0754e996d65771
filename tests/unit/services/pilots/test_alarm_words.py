"""What alarms say, what is left of a stranger's words, and which amounts are suspiciously near."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pilots.domain.alarms import MOST_REPORT, Alarm, Kind, clean_report
from services.pilots.domain.risks import Signs, is_near_miss

MOMENT = datetime(2026, 11, 23, 3, 42, tzinfo=UTC)


def alarm(kind: Kind, **detail: Any) -> Alarm:
    """An open alarm of a kind."""
    return Alarm(
        id=UUID(int=1),
        kind=kind,
        object="970405",
        programme_id=None,
        programme_name="",
        stall_id=None,
        stall_number="",
        stall_name="",
        detail=detail,
        count=1,
        create_time=MOMENT,
        change_time=MOMENT,
    )


def test_a_late_bank_is_named_with_its_hour() -> None:
    """The hour is the city's."""
    vi, en = alarm(Kind.BANK_LATE, since=MOMENT.isoformat()).words("Agribank")
    assert vi == "Agribank đang gửi tin chậm, từ 10:42."
    assert "since 10:42" in en
    assert alarm(Kind.BANK_LATE).bin == "970405"
    assert alarm(Kind.SILENT).bin == ""


def test_silence_says_since_when_and_beside_whom() -> None:
    """No sum and no count of the stall's own is in it."""
    vi, en = alarm(Kind.SILENT, since=MOMENT.isoformat(), neighbours=4).words("")
    assert "từ 10:42" in vi
    assert "4 quầy quanh đó" in vi
    assert "4 stalls around it" in en


def test_the_other_kinds_have_words_in_both_languages() -> None:
    """A difference tells what its check told; a report and signs of fraud say what was seen."""
    assert alarm(Kind.CODE_DIFFERS, vi="khác", en="other").words("") == ("khác", "other")
    assert "trông lạ" in alarm(Kind.REPORTED).words("")[0]
    vi, en = alarm(Kind.RISK, reversed=2, near_misses=0).words("")
    assert "2 khoản" in vi
    assert "2 payments" in en


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Mã bị dán đè", "Mã bị dán đè"),
        ("xem http://lua-dao.example/x?y=1 nhé", "xem nhé"),
        ("vào lua-dao.com/qr ngay", "vào ngay"),
        ("www.abc.vn", ""),
        ("dòng một\ndòng hai\u202e\u200bđảo", "dòng một dòng haiđảo"),
        ("giá 12.500 đồng. Xong", "giá 12.500 đồng. Xong"),
        ("javascript://%0aalert(1)", ""),
    ],
)
def test_reports_lose_links_and_control_characters(written: str, kept: str) -> None:
    """Plain words stay, also amounts with dots; what leads elsewhere or steers a screen goes."""
    assert clean_report(written) == kept


@given(st.text())
def test_a_report_is_one_short_line(written: str) -> None:
    """Whatever somebody sends is one printable line of limited length without an address."""
    kept = clean_report(written)
    assert len(kept) <= MOST_REPORT
    assert kept.isprintable()
    assert "://" not in kept or not kept.split("://")[0][-1:].isalpha()


@pytest.mark.parametrize(
    ("asked", "paid", "near"),
    [
        (50_000, 5_000, True),
        (500_000, 5_000, True),
        (50_000, 45_000, True),
        (50_000, 44_999, False),
        (50_000, 50_000, False),
        (50_000, 500_000, False),
        (50_000, 20_000, False),
        (0, 20_000, False),
    ],
)
def test_near_misses(asked: int, paid: int, near: bool) -> None:
    """A nought too few or a tenth too little looks right on somebody's screen; half the price does not."""
    assert is_near_miss(asked, paid) is near


def test_one_sign_is_no_risk() -> None:
    """A slip happens; two payments taken back or three near misses in a day do not happen by themselves."""
    stall, street = UUID(int=1), UUID(int=2)
    assert not Signs(stall, street, 1, 2).is_risk
    assert Signs(stall, street, 2, 0).is_risk
    assert Signs(stall, street, 0, 3).is_risk
