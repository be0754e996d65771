"""The demo city's streets and fair: as many stalls and traders as promised, the same from the same seed."""

from __future__ import annotations

from datetime import date

from sandbox.city.stall_lists import stall_list, wrong_rows
from sandbox.city.stalls import LATE_BIN, MadeUpProgramme, make_programmes
from services.pilots.domain.bank_names import TRIAL_BANKS, BankNames
from services.pilots.domain.enrolment import Known, Outcome, judge
from services.pilots.lists.reading import read

TODAY, FAIR_FROM = date(2026, 11, 28), date(2026, 11, 19)


def made(seed: int = 1) -> list[MadeUpProgramme]:
    return make_programmes(seed, TODAY, FAIR_FROM)


def test_two_streets_and_a_fair() -> None:
    """64 and 56 stalls of a trader each; 30 stalls of 25 units, ten of which also have a stall on a street."""
    hung_vuong, le_duan, fair = made()
    assert [len(item.stalls) for item in (hung_vuong, le_duan, fair)] == [64, 56, 30]
    streets = {stall.trader for stall in (*hung_vuong.stalls, *le_duan.stalls)}
    at_fair = {stall.trader for stall in fair.stalls}
    assert (len(streets), len(at_fair), len(streets & at_fair)) == (120, 25, 10)
    assert len({trader.account for trader in streets | at_fair}) == 135
    assert (fair.start_date, fair.start_date < TODAY < (fair.end_date or TODAY)) == (FAIR_FROM, True)


def test_some_blocks_are_too_small_to_tell_of_and_one_bank_is_late() -> None:
    for street in made()[:2]:
        sizes = [section.stalls for section in street.sections]
        assert min(sizes) < 5 <= sorted(sizes)[1]
        assert sum(sizes) == len(street.stalls)
    assert {stall.trader.bin for stall in made()[1].stalls} == {LATE_BIN, "970499"}
    assert any(stall.custom == 0 for stall in made()[0].stalls)


def test_blocks_do_not_cover_each_other() -> None:
    for programme in made():
        for place, one in enumerate(programme.sections):
            assert one.x + one.width <= 1_000
            assert one.y + one.height <= 1_000
            for other in programme.sections[place + 1 :]:
                is_beside = one.x + one.width <= other.x or other.x + other.width <= one.x
                assert is_beside or one.y + one.height <= other.y


def test_the_same_seed_makes_the_same_city() -> None:
    assert made(7) == made(7)
    assert made(7) != made(8)


def test_the_lists_are_read_with_the_rows_that_were_spoilt_and_no_other_wrong() -> None:
    """Each list has its own words; accounts of relatives come with consent."""
    banks = BankNames.of(TRIAL_BANKS)
    for programme in made():
        sections = {section.code: section.name for section in programme.sections}
        rows = judge(read(stall_list(programme)), sections, banks, Known())
        wrong = [row for row in rows if row.outcome is Outcome.WRONG]
        assert len(wrong) == wrong_rows(programme)
        assert len(rows) - len(wrong) == len(programme.stalls)
        units = {row.match_key for row in rows if row.outcome is Outcome.NEW}
        assert len(units) == len({stall.trader for stall in programme.stalls})
    others = [row.values for row in rows if row.values.relation != "self"]
    assert others
    assert all(values.consent for values in others)
