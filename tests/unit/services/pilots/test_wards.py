"""Wards by dated lists."""

from __future__ import annotations

from datetime import date

from services.pilots.domain.wards import ward_at, ward_now, wards


def test_a_ward_code_alone_names_no_ward() -> None:
    """25195 was Tân Phú and is Bình Phước since July 2025."""
    was, now = ward_at("25195", date(2025, 6, 30)), ward_at("25195", date(2025, 7, 1))
    assert was is not None
    assert now is not None
    assert (was.name, was.ward_set, now.name, now.ward_set) == (
        "Phường Tân Phú",
        "2023",
        "Phường Bình Phước",
        "2025",
    )
    assert ward_now("25195") == now
    assert ward_now("25198") is None
    assert ward_at("99999", date(2026, 1, 1)) is None


def test_every_older_ward_lies_in_one_of_todays() -> None:
    """Eight names of 2023, two of 2025, on no day two of one code."""
    old = [ward for ward in wards() if ward.ward_set == "2023"]
    assert len(old) == 8
    assert {ward.now_code for ward in old} == {ward.code for ward in wards() if ward.ward_set == "2025"}
    assert len({(ward.code, ward.valid_from) for ward in wards()}) == len(wards())
