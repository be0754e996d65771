"""Lists of stalls from file to stall: judged row by row, applied once, through the directory's two persons."""

from __future__ import annotations

import pytest

from kit import errors, fault
from kit.testing.service import staff
from services.pilots.lists.reading import read as read_file
from tests.integration.services.pilot_enrolment.market import CITY, FIRST, SECOND, Market, Rows, key
from tests.support.stall_lists import stall_row, stall_xlsx, unit_rows
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

SPOUSE = {"relation": "vợ", "account_holder": "LE VAN CHONG", "consent": "Tôi đồng ý cho nhận tiền bán hàng"}


def outcomes(enrolment: pb.Enrolment) -> list[str]:
    return [Rows.Outcome.Name(row.outcome).removeprefix("OUTCOME_") for row in enrolment.enrolment_rows]


def fair() -> list[dict[str, object]]:
    """Thirty stalls of twenty-five units: five of them hold two."""
    rows = [stall_row(number) for number in range(1, 21)]
    for number in range(21, 26):
        rows += unit_rows(number, str(number), str(number + 5))
    return rows


def test_thirty_stalls_of_twenty_five_units_wait_for_the_second_person(market: Market) -> None:
    """The applying person proposes each unit's one account; another person's word makes the stalls sell."""
    programme = market.programme()
    enrolment = market.read(programme, fair())
    assert (enrolment.rows, enrolment.new, enrolment.wrong) == (30, 30, 0)
    done = market.apply(enrolment.id)
    assert (done.done, done.new) == (30, 0)
    assert all(row.account_waits and row.stall_id and row.organisation_id for row in done.enrolment_rows)
    stalls = market.stalls(programme)
    assert len(stalls) == 30
    assert {stall.state for stall in stalls} == {pb.Stall.STATE_WAITING}
    assert len({stall.organisation_id for stall in stalls}) == len(market.merchants()) == 25
    accounts = market.accounts()
    assert len(accounts) == 25
    assert {account.propose_person_id for account in accounts} == {f"person:{FIRST}"}
    assert {account.purpose for account in accounts} == {"Bán hàng"}
    with pytest.raises(errors.Error, match="second person"):
        market.approve(FIRST)
    market.approve(SECOND)
    assert {stall.state for stall in market.stalls(programme)} == {pb.Stall.STATE_ACTIVE}
    assert not any(row.account_waits for row in market.get(enrolment.id).enrolment_rows)


def test_good_rows_never_wait_for_bad_ones(market: Market) -> None:
    """Wrong rows stay, are corrected and go on by themselves; counts add up to the rows read all the time."""
    programme = market.programme()
    rows = [
        stall_row(1),
        stall_row(2, phone="12"),
        stall_row(3, bank="Sao Hoả", section_code="Z"),
        stall_row(4),
    ]
    enrolment = market.read(programme, rows)
    assert outcomes(enrolment) == ["NEW", "WRONG", "WRONG", "NEW"]
    assert [problem.column for problem in enrolment.enrolment_rows[2].problems] == ["Đoạn", "Ngân hàng"]
    assert outcomes(market.apply(enrolment.id)) == ["DONE", "WRONG", "WRONG", "DONE"]
    still = market.correct(enrolment.id, enrolment.enrolment_rows[2], bank="VCB")
    assert (still.outcome, [item.found for item in still.problems]) == (Rows.OUTCOME_WRONG, ["Z"])
    good = market.correct(enrolment.id, enrolment.enrolment_rows[1], phone="0912 345 678")
    assert (good.outcome, good.values.phone) == (Rows.OUTCOME_NEW, "+84912345678")
    done = market.apply(enrolment.id)
    assert outcomes(done) == ["DONE", "DONE", "WRONG", "DONE"]
    assert done.rows == done.wrong + done.new + done.changed + done.unchanged + done.done == 4
    assert len(market.stalls(programme)) == 3


def test_a_corrected_row_may_not_repeat_another(market: Market) -> None:
    programme = market.programme()
    enrolment = market.read(programme, [stall_row(1), stall_row(2, stall_number="")])
    row = market.correct(enrolment.id, enrolment.enrolment_rows[1], stall_number="1")
    assert (row.outcome, row.problems[0].column) == (Rows.OUTCOME_WRONG, "Số quầy")


def test_a_corrected_row_may_not_take_anothers_account(market: Market) -> None:
    """It is judged beside the rows of its list that name the same account, and those of the same unit."""
    programme = market.programme()
    rows = [stall_row(1), stall_row(2, phone="12"), stall_row(3, account_number="không rõ")]
    enrolment = market.read(programme, rows)
    account = str(stall_row(1)["account_number"])
    row = market.correct(enrolment.id, enrolment.enrolment_rows[2], account_number=account)
    assert [problem.column for problem in row.problems] == ["Số tài khoản"]
    assert "dòng" in row.problems[0].expected
    same_unit = {
        name: str(stall_row(1)[name]) for name in ("unit_name", "phone", "holder_name", "account_holder")
    }
    row = market.correct(enrolment.id, enrolment.enrolment_rows[1], **same_unit)
    assert [(problem.column, problem.suggestion) for problem in row.problems] == [("Số tài khoản", account)]


def test_a_block_that_went_before_the_list_was_applied(market: Market) -> None:
    """Its rows become wrong, with what is asked; the others go on, and the corrected ones after them."""
    programme = market.programme("A", "B-2")
    enrolment = market.read(programme, [stall_row(1), stall_row(2, section_code="B-2")])
    assert outcomes(enrolment) == ["NEW", "NEW"]
    del programme.sections[1]
    market.desk.UpdateProgramme(pb.UpdateProgrammeRequest(request_id=key(), programme=programme))
    done = market.apply(enrolment.id)
    assert outcomes(done) == ["DONE", "WRONG"]
    assert [problem.column for problem in done.enrolment_rows[1].problems] == ["Đoạn"]
    market.correct(enrolment.id, done.enrolment_rows[1], section_code="A")
    assert outcomes(market.apply(enrolment.id)) == ["DONE", "DONE"]


def test_a_done_row_is_not_corrected_any_more(market: Market) -> None:
    programme = market.programme()
    done = market.enrol(programme, [stall_row(1)])
    with pytest.raises(errors.FailedPrecondition) as caught:
        market.correct(done.id, done.enrolment_rows[0], goods="Cá")
    assert caught.value.reason == "ENROLMENT_ROW_DONE"
    with pytest.raises(errors.NotFound):
        market.correct(done.id, Rows(row=99), goods="Cá")


def test_the_same_list_again_changes_nothing(market: Market) -> None:
    """A list read while its accounts wait, or once they are in force, is unchanged; applying it makes nothing."""
    programme = market.programme()
    market.enrol(programme, fair())
    for _ in range(2):
        again = market.read(programme, fair())
        assert set(outcomes(again)) == {"UNCHANGED"}
        assert market.apply(again.id).unchanged == 30
        assert len(market.stalls(programme)) == 30
        assert len(market.accounts()) == 25
        market.approve()


def test_changed_rows_change_their_stall_and_ask_for_another_account(market: Market) -> None:
    """Another account is a proposal in the place of the one in force, which the two persons decide."""
    programme = market.programme()
    market.enrol(programme, [stall_row(1), stall_row(2)])
    market.approve()
    (first, _) = market.stalls(programme)
    again = market.read(
        programme,
        [
            stall_row(1, goods="Trái cây", section_code="B-2", account_number="0071999999999"),
            stall_row(2),
        ],
    )
    assert outcomes(again) == ["CHANGED", "UNCHANGED"]
    assert market.apply(again.id).enrolment_rows[0].account_waits
    changed = next(stall for stall in market.stalls(programme) if stall.id == first.id)
    assert (changed.goods, changed.section_code, changed.number) == ("Trái cây", "B-2", "1")
    assert changed.account_number == first.account_number
    (proposed,) = [item for item in market.accounts() if item.state == directory_pb.Account.STATE_PROPOSED]
    assert proposed.replaces_account_id == first.account_id


def test_stalls_and_accounts_of_other_units_are_refused(market: Market) -> None:
    programme = market.programme()
    market.enrol(programme, [stall_row(1)])
    market.approve()
    found = market.read(
        programme, [stall_row(2, stall_number="1"), stall_row(3, account_number="0071000000001")]
    )
    assert outcomes(found) == ["WRONG", "WRONG"]
    assert [row.problems[0].column for row in found.enrolment_rows] == ["Số quầy", "Số tài khoản"]


def test_an_account_that_a_school_has_registered_makes_its_rows_wrong_when_they_are_applied(
    market: Market,
) -> None:
    """Only the directory knows it; the rest of the list goes on."""
    desk = market.directory_desk()
    school = desk.CreateOrganisation(
        directory_pb.CreateOrganisationRequest(
            request_id=key(),
            organisation=directory_pb.Organisation(
                kind=directory_pb.Organisation.KIND_SCHOOL, name="Trường A", code="truong-a"
            ),
        )
    )
    desk.ProposeAccount(
        directory_pb.ProposeAccountRequest(
            request_id=key(),
            organisation_id=school.id,
            bin="970436",
            account_number="0071000000001",
            holder_name="TRUONG A",
        )
    )
    programme = market.programme()
    done = market.enrol(programme, [stall_row(1), stall_row(2)])
    assert outcomes(done) == ["WRONG", "DONE"]
    assert done.enrolment_rows[0].problems[0].column == "Số tài khoản"
    market.correct(done.id, done.enrolment_rows[0], account_number="0071999999999")
    assert outcomes(market.apply(done.id)) == ["DONE", "DONE"]
    assert len(market.merchants()) == 2


@pytest.mark.parametrize("point", ["enrolment.opened", "enrolment.settled"])
def test_a_crash_between_the_calls_goes_on_where_it_stopped(market: Market, point: str) -> None:
    """What the directory did is found again, also by another person: no unit, account or stall twice."""
    programme = market.programme()
    enrolment = market.read(programme, fair())
    fault.install(fault.parse(f"{point}=fail@1"))
    with pytest.raises(errors.Error):
        market.apply(enrolment.id)
    fault.install(None)
    assert len(market.merchants()) == 20
    assert len(market.stalls(programme)) == (0 if point == "enrolment.opened" else 20)
    done = market.apply(enrolment.id, SECOND)
    assert done.done == 30
    assert (len(market.merchants()), len(market.accounts()), len(market.stalls(programme))) == (25, 25, 30)
    assert market.apply(enrolment.id).done == 30
    assert market.count("SELECT count(*) FROM unit") == 25


def test_one_list_is_applied_at_a_time(market: Market) -> None:
    programme = market.programme()
    enrolment = market.read(programme, [stall_row(1)])
    seen: list[errors.Error] = []

    def meanwhile(point: str) -> None:
        if point == "enrolment.opened":
            with pytest.raises(errors.Aborted) as caught:
                market.apply(enrolment.id)
            seen.append(caught.value)

    fault.install(meanwhile)
    assert market.apply(enrolment.id).done == 1
    assert [error.reason for error in seen] == ["ENROLMENT_IN_WORK"]


def test_what_a_short_deadline_leaves_goes_on_with_the_next_call(market: Market) -> None:
    programme = market.programme()
    enrolment = market.read(programme, fair())
    first = market.apply(enrolment.id, timeout=5)
    assert (first.done, first.new) == (20, 10)
    assert market.apply(enrolment.id).done == 30


def test_somebody_elses_account_is_kept_with_relation_and_consent_and_a_notice(market: Market) -> None:
    programme = market.programme()
    done = market.enrol(programme, [stall_row(1, **SPOUSE), stall_row(2)])
    (first, second) = done.enrolment_rows
    assert "NĐ 68/2026" in first.notices[0].legal
    assert "cơ quan thuế" in first.notices[0].text
    assert not second.notices
    stall = next(stall for stall in market.stalls(programme) if stall.number == "1")
    assert (stall.relation, stall.consent) == ("spouse", SPOUSE["consent"])


def test_a_repeated_upload_is_one_list_and_lists_are_found_by_programme(market: Market) -> None:
    programme, other = market.programme(), market.programme()
    content = stall_xlsx([stall_row(1), stall_row(2, phone="")])
    first = market.read(programme, [], content=content, request_id="upload-1")
    assert market.read(programme, [], content=content, request_id="upload-1").id == first.id
    (listed,) = market.desk.ListEnrolments(pb.ListEnrolmentsRequest(programme_id=programme.id)).enrolments
    assert (listed.id, listed.rows, listed.wrong, listed.person_name) == (first.id, 2, 1, "Người thử")
    assert not listed.enrolment_rows
    assert not market.desk.ListEnrolments(pb.ListEnrolmentsRequest(programme_id=other.id)).enrolments


def test_sheets_are_given_out_empty_and_with_what_to_correct(market: Market) -> None:
    """The wrong rows come back in the same layout; corrected there, they are read again."""
    programme = market.programme()
    empty = market.desk.WriteEnrolmentSheet(pb.WriteEnrolmentSheetRequest(programme_id=programme.id))
    assert empty.file_name == f"{programme.code}-mau.xlsx"
    with pytest.raises(errors.InvalidArgument) as caught:
        market.read(programme, [], content=empty.content)
    assert caught.value.reason == "ENROLMENT_EMPTY"
    enrolment = market.read(programme, [stall_row(1), stall_row(2, holder_name="=1+1", phone="09")])
    sheet = market.desk.WriteEnrolmentSheet(pb.WriteEnrolmentSheetRequest(enrolment_id=enrolment.id))
    assert sheet.file_name == "quay-can-sua.xlsx"
    (line,) = read_file(sheet.content)
    assert (line.values.stall_number, line.values.holder_name, line.values.phone) == ("2", "=1+1", "09")
    assert outcomes(market.read(programme, [], content=sheet.content)) == ["WRONG"]
    clean = market.read(programme, [stall_row(3)])
    with pytest.raises(errors.FailedPrecondition):
        market.desk.WriteEnrolmentSheet(pb.WriteEnrolmentSheetRequest(enrolment_id=clean.id))


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"", b"x" * (2 * 1024 * 1024 + 1)])
def test_files_that_are_no_list_are_refused_and_keep_nothing(market: Market, content: bytes) -> None:
    programme = market.programme()
    with pytest.raises(errors.InvalidArgument) as caught:
        market.desk.ReadEnrolment(
            pb.ReadEnrolmentRequest(request_id=key(), programme_id=programme.id, content=content)
        )
    assert caught.value.reason.startswith("ENROLMENT_")
    assert market.count("SELECT count(*) FROM enrolment") == 0


@pytest.mark.parametrize("organisation", ["", f"{'0' * 8}-0000-7000-8000-000000000009"])
def test_only_the_city_enrols(market: Market, organisation: str) -> None:
    """A merchant, and somebody who manages one organisation alone, may not touch lists."""
    programme = market.programme()
    subject = (
        staff(*CITY, organisation=organisation) if organisation else staff("stalls.manage", "pilots.inspect")
    )
    for method, request in (
        ("ReadEnrolment", pb.ReadEnrolmentRequest(request_id=key(), programme_id=programme.id)),
        ("ListEnrolments", pb.ListEnrolmentsRequest(programme_id=programme.id)),
        ("WriteEnrolmentSheet", pb.WriteEnrolmentSheetRequest(programme_id=programme.id)),
        ("ApplyEnrolment", pb.ApplyEnrolmentRequest(request_id=key(), id=programme.id)),
        ("GetEnrolment", pb.GetEnrolmentRequest(id=programme.id)),
        ("CorrectEnrolmentRow", pb.CorrectEnrolmentRowRequest(request_id=key(), enrolment_id=programme.id)),
    ):
        with pytest.raises(errors.PermissionDenied):
            getattr(market.as_(subject), method)(request)


def test_a_list_of_two_thousand_rows_is_judged_and_applied(market: Market) -> None:
    """At its limit: five hundred units of four stalls each, and twenty wrong rows between them."""
    programme = market.programme()
    rows = [
        row for unit in range(1, 501) for row in unit_rows(unit, *(f"{unit}-{place}" for place in range(4)))
    ]
    for place in range(0, 2_000, 100):
        rows[place] = {**rows[place], "phone": "12"}
    enrolment = market.read(programme, rows)
    assert (enrolment.rows, enrolment.wrong, enrolment.new) == (2_000, 20, 1_980)
    # A call that runs out of time leaves the rest for the next one: here a slow machine gets enough of it.
    done = market.apply(enrolment.id, timeout=300)
    assert (done.done, done.wrong) == (1_980, 20)
    assert market.count("SELECT count(*) FROM stall") == 1_980
    assert market.count("SELECT count(*) FROM unit") == 500
