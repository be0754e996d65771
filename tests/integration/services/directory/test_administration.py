"""What administrators may do to people and organisations, and what members are told, over real gRPC and PostgreSQL."""

from __future__ import annotations

import time
from datetime import timedelta

import grpc
import pytest
from sqlalchemy import text

from kit import auth, clock, errors
from kit.db import Database
from kit.testing.service import SUBJECT_KEY
from services.directory import bootstrap, jobs
from services.directory.domain import NoticeKind
from tests.integration.services.directory.offices import (
    EVERYTHING,
    PASSWORD,
    as_person,
    caller,
    enrol,
    first_administrator,
    invite,
    key,
    log_in,
    make_school,
    member,
    resolve,
    visitor,
)
from xoai.directory.v1 import directory_service_pb2 as pb

Kinds = pb.Notice


def propose(channel: grpc.Channel, school: str, number: str, **fields: str) -> pb.Account:
    request = pb.ProposeAccountRequest(
        request_id=key(),
        organisation_id=school,
        bin="970436",
        account_number=number,
        holder_name="TRUONG TIEU HOC",
        **fields,
    )
    return caller(channel, "accounts.propose", id="1").ProposeAccount(request)


def approve(channel: grpc.Channel, account: str) -> pb.Account:
    request = pb.ApproveAccountRequest(request_id=key(), id=account)
    return caller(channel, "accounts.approve", id="2").ApproveAccount(request)


def test_every_member_is_told_until_each_has_read(channel: grpc.Channel) -> None:
    """A change of an account reaches all members with the change itself; reading is each member's own."""
    school = make_school(channel).id
    accountant = member(channel, school, "ke.toan@truong.vn", "school_accountant")
    teacher = member(channel, school, "giao.vien@truong.vn", "class_teacher")
    stranger = member(channel, make_school(channel).id, "nguoi.khac@truong.vn", "school_accountant")
    account = propose(channel, school, "1111")
    approve(channel, account.id)
    for session, count in ((accountant, 2), (teacher, 2), (stranger, 0)):
        assert resolve(channel, session.session_token).unread_notices == count
    desk = as_person(channel, accountant, SUBJECT_KEY)
    told = desk.ListNotices(pb.ListNoticesRequest()).notices
    assert [item.kind for item in told] == [Kinds.KIND_ACCOUNT_APPROVED, Kinds.KIND_ACCOUNT_PROPOSED]
    assert told[0].account.account_number == "1111"
    assert told[0].organisation_id == school
    as_person(channel, stranger, SUBJECT_KEY).ReadNotices(
        pb.ReadNoticesRequest(ids=[item.id for item in told])
    )
    desk.ReadNotices(pb.ReadNoticesRequest(ids=[told[0].id]))
    desk.ReadNotices(pb.ReadNoticesRequest(ids=[told[0].id]))
    assert resolve(channel, accountant.session_token).unread_notices == 1
    assert resolve(channel, teacher.session_token).unread_notices == 2
    assert len(desk.ListNotices(pb.ListNoticesRequest(with_read=True)).notices) == 2


def test_who_comes_later_is_not_told_of_before(channel: grpc.Channel) -> None:
    """A new member hears of what happens from now on, not of old changes."""
    school = make_school(channel).id
    propose(channel, school, "2222")
    later = member(channel, school, "moi.vao@truong.vn", "school_accountant")
    assert later.unread_notices == 0


def test_each_step_of_an_account_is_told(channel: grpc.Channel, database: Database) -> None:
    """Proposed, approved, in force, the old one retired, another one refused: five kinds, each once, in order."""
    school = make_school(channel).id
    first = approve(channel, propose(channel, school, "3331").id)
    session = member(channel, school, "ke.toan@truong.vn", "school_accountant")
    second = propose(channel, school, "3332", replaces_account_id=first.id)
    approve(channel, second.id)
    third = propose(channel, school, "3333")
    caller(channel, "accounts.approve", id="2").RejectAccount(
        pb.RejectAccountRequest(request_id=key(), id=third.id, reason="Sai tên")
    )
    clock.set_offset(timedelta(hours=24, minutes=1))
    jobs.end_cooling_off(database)
    desk = as_person(channel, log_in(channel, "ke.toan@truong.vn"), SUBJECT_KEY)
    told = list(desk.ListNotices(pb.ListNoticesRequest()).notices)[::-1]
    assert [(item.kind, item.account.account_number) for item in told] == [
        (Kinds.KIND_ACCOUNT_PROPOSED, "3332"),
        (Kinds.KIND_ACCOUNT_APPROVED, "3332"),
        (Kinds.KIND_ACCOUNT_PROPOSED, "3333"),
        (Kinds.KIND_ACCOUNT_REJECTED, "3333"),
        (Kinds.KIND_ACCOUNT_IN_FORCE, "3332"),
        (Kinds.KIND_ACCOUNT_RETIRED, "3331"),
    ]
    assert session.person.id
    with database.begin() as connection:
        kinds = set(connection.execute(text("SELECT DISTINCT kind FROM notice")).scalars())
    assert kinds == {kind.value for kind in NoticeKind}


def test_a_change_that_fails_tells_nobody(channel: grpc.Channel, database: Database) -> None:
    """Notice and change are one transaction: who approves the own proposal changes nothing and tells nothing."""
    account = propose(channel, make_school(channel).id, "4444")
    with pytest.raises(errors.FailedPrecondition):
        caller(channel, "accounts.approve", id="1").ApproveAccount(
            pb.ApproveAccountRequest(request_id=key(), id=account.id)
        )
    with database.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM notice")).scalar_one() == 1


def test_stopping_a_person_ends_every_session_at_once(channel: grpc.Channel) -> None:
    """Two open sessions are dead with the answer; letting the person in again does not wake them."""
    school = make_school(channel).id
    first = member(channel, school, "nghi.viec@truong.vn", "school_accountant")
    second = log_in(channel, "nghi.viec@truong.vn")
    admin = caller(channel, *EVERYTHING)
    admin.DisablePerson(pb.DisablePersonRequest(request_id=key(), person_id=first.person.id))
    for session in (first, second):
        with pytest.raises(errors.Unauthenticated):
            resolve(channel, session.session_token)
    with pytest.raises(errors.Unauthenticated):
        log_in(channel, "nghi.viec@truong.vn")
    admin.EnablePerson(pb.EnablePersonRequest(request_id=key(), person_id=first.person.id))
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, second.session_token)
    assert log_in(channel, "nghi.viec@truong.vn").session_token


def test_a_reset_ends_open_sessions_before_the_new_password(channel: grpc.Channel) -> None:
    """A thief with an open session is out when the administrator presses the button, not when the owner comes back."""
    school = make_school(channel).id
    session = member(channel, school, "bi.mat@truong.vn", "school_accountant")
    reset = caller(channel, *EVERYTHING).ResetPassword(
        pb.ResetPasswordRequest(request_id=key(), person_id=session.person.id)
    )
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, session.session_token)
    accept = pb.AcceptInvitationRequest(token=reset.token, password=PASSWORD)
    assert visitor(channel).AcceptInvitation(accept).session_token
    with pytest.raises(errors.FailedPrecondition):
        visitor(channel).AcceptInvitation(accept)


def test_secrets_are_in_the_first_answer_only(channel: grpc.Channel, database: Database) -> None:
    """A repeated request gets its answer without the secret, and no table holds it."""
    school = make_school(channel).id
    admin = caller(channel, *EVERYTHING)
    ask_key = pb.CreateApiKeyRequest(
        request_id=key(), organisation_id=school, name="Phần mềm", permissions=["invoices.read"]
    )
    ask_person = pb.InvitePersonRequest(
        request_id=key(),
        name="Nguyễn Lan",
        login="lan@truong.vn",
        organisation_id=school,
        role="school_accountant",
    )
    made_key, made_person = admin.CreateApiKey(ask_key), admin.InvitePerson(ask_person)
    assert made_key.secret
    assert made_person.token
    again_key, again_person = admin.CreateApiKey(ask_key), admin.InvitePerson(ask_person)
    assert (again_key.id, again_key.secret) == (made_key.id, "")
    assert (again_person.id, again_person.token) == (made_person.id, "")
    with database.begin() as connection:
        for table in ("idempotency_key", "api_key", "invitation", "audit"):
            rows = connection.execute(text(f"SELECT t::text FROM {table} t")).scalars().all()
            for secret in (made_key.secret, made_person.token):
                assert all(secret not in row and secret.encode().hex() not in row for row in rows), table


def test_an_invitation_is_no_way_into_somebody_elses_account(channel: grpc.Channel) -> None:
    """Who has a password gets the role and no token: the inviter could set another password with it."""
    first, second = make_school(channel).id, make_school(channel).id
    session = member(channel, first, "hai.truong@truong.vn", "school_accountant")
    assert invite(channel, second, "hai.truong@truong.vn", "school_accountant") == ""
    assert log_in(channel, "hai.truong@truong.vn").person.id == session.person.id
    places = {row.organisation_id for row in log_in(channel, "hai.truong@truong.vn").person.memberships}
    assert places == {first, second}


def test_an_organisations_administrator_cannot_take_over_who_works_elsewhere_too(
    channel: grpc.Channel,
) -> None:
    """Password, second factor and login of somebody with other work are the city's business."""
    own, other = make_school(channel).id, make_school(channel).id
    session = member(channel, own, "ca.hai@truong.vn", "school_accountant")
    invite(channel, other, "ca.hai@truong.vn", "head_teacher")
    local = caller(channel, "people.manage", organisation=own)
    person = session.person.id
    for refused in (
        lambda: local.ResetPassword(pb.ResetPasswordRequest(request_id=key(), person_id=person)),
        lambda: local.DisablePerson(pb.DisablePersonRequest(request_id=key(), person_id=person)),
        lambda: local.ResetSecondFactor(pb.ResetSecondFactorRequest(request_id=key(), person_id=person)),
    ):
        with pytest.raises(errors.PermissionDenied) as error:
            refused()
        assert error.value.reason == "PERSON_BELONGS_ELSEWHERE"
    assert resolve(channel, session.session_token).person.id == person
    shown = local.GetPerson(pb.GetPersonRequest(id=person))
    assert {row.organisation_id for row in shown.memberships} == {own}
    stranger = caller(channel, "people.manage", organisation=make_school(channel).id)
    with pytest.raises(errors.NotFound):
        stranger.GetPerson(pb.GetPersonRequest(id=person))


def test_the_machines_owner_can_always_get_in_again(channel: grpc.Channel, database: Database) -> None:
    """`xoai admin create` for the only administrator, phone and password lost: both start anew, sessions end."""
    session = first_administrator(channel, database)
    enrol(channel, session.session_token)
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="admin@city.vn", city_name="Thành phố Đồng Xoài"
    )
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, session.session_token)
    again = visitor(channel).AcceptInvitation(
        pb.AcceptInvitationRequest(token=token, password="mười hai con giáp mới")
    )
    assert again.person.id == session.person.id
    assert again.second_factor == pb.Session.SECOND_FACTOR_TO_ENROL


@pytest.mark.parametrize("query", ["hoa mai", "HOA", "tieu hoc mai", "th-truong"])
def test_organisations_and_people_are_found_without_accents(channel: grpc.Channel, query: str) -> None:
    """Beginnings of words are enough, in any order; another name is not found."""
    wanted = make_school(channel, "Trường Tiểu học Hoa Mai")
    other = make_school(channel, "Trường THCS Bình Minh")
    admin = caller(channel, *EVERYTHING)
    found = [
        row.id for row in admin.ListOrganisations(pb.ListOrganisationsRequest(query=query)).organisations
    ]
    assert wanted.id in found
    assert (other.id in found) == query.startswith("th-")
    person = member(channel, wanted.id, "an@truong.vn", "school_accountant", "Đỗ Thị Lan Chi").person.id
    assert [row.id for row in admin.ListPeople(pb.ListPeopleRequest(query="lan do")).people] == [person]
    assert list(admin.ListPeople(pb.ListPeopleRequest(query="an chi xa")).people) == []


def test_the_trail_is_filtered_and_whole(channel: grpc.Channel) -> None:
    """By organisation, by person, by day; who sees a part of it cannot ask whether it is whole."""
    first, second = make_school(channel).id, make_school(channel).id
    admin = caller(channel, *EVERYTHING)
    assert admin.VerifyAudit(pb.VerifyAuditRequest()).broken_id == 0
    entries = admin.ListAuditEntries(pb.ListAuditEntriesRequest(organisation_id=first)).entries
    assert {row.organisation_id for row in entries} == {first}
    mine = admin.ListAuditEntries(pb.ListAuditEntriesRequest(subject="person:1")).entries
    assert {row.organisation_id for row in mine} == {first, second}
    today, before = clock.today(), clock.today() - timedelta(days=1)
    assert admin.ListAuditEntries(pb.ListAuditEntriesRequest(date=today.isoformat())).entries
    assert not admin.ListAuditEntries(pb.ListAuditEntriesRequest(date=before.isoformat())).entries
    with pytest.raises(errors.InvalidArgument):
        admin.ListAuditEntries(pb.ListAuditEntriesRequest(date="30/2/2026"))
    local = caller(channel, "audit.read", organisation=first)
    assert {row.organisation_id for row in local.ListAuditEntries(pb.ListAuditEntriesRequest()).entries} == {
        first
    }
    with pytest.raises(errors.PermissionDenied):
        local.VerifyAudit(pb.VerifyAuditRequest())


def test_people_who_did_something_are_named(channel: grpc.Channel) -> None:
    """Accounts say by name who proposed and who approved."""
    school = make_school(channel).id
    head = member(channel, school, "hieu.truong@truong.vn", "head_teacher", "Vũ Hiệu Trưởng").person.id
    request = pb.ProposeAccountRequest(
        request_id=key(), organisation_id=school, bin="970436", account_number="55", holder_name="A"
    )
    caller(channel, "accounts.propose", id=head).ProposeAccount(request)
    listed = caller(channel, "directory.read").ListAccounts(pb.ListAccountsRequest(only_waiting=True))
    assert [row.propose_person_name for row in listed.accounts] == ["Vũ Hiệu Trưởng"]


@pytest.mark.parametrize(("role", "idle_minutes"), [("school_accountant", 15), ("class_teacher", 8 * 60)])
def test_sessions_end_by_role(channel: grpc.Channel, role: str, idle_minutes: int) -> None:
    """Money roles after fifteen idle minutes, viewers after eight hours, everybody twelve hours after the login."""
    session = member(channel, make_school(channel).id, "ai@truong.vn", role)
    assert session.idle_seconds == idle_minutes * 60
    clock.set_offset(timedelta(minutes=idle_minutes - 1))
    resolve(channel, session.session_token)
    clock.set_offset(timedelta(minutes=2 * idle_minutes + 1))
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, session.session_token)
    clock.set_offset(timedelta())
    busy = log_in(channel, "ai@truong.vn")
    for minutes in range(10, 12 * 60, 10):
        clock.set_offset(timedelta(minutes=minutes))
        resolve(channel, busy.session_token)
    clock.set_offset(timedelta(hours=12, minutes=1))
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, busy.session_token)


def test_unknown_names_take_as_long_as_wrong_passwords(channel: grpc.Channel, database: Database) -> None:
    """Same words, and a name that nobody has costs a whole check of a password too.

    Time of the processor is compared, and the shortest: what else the machine does hardly changes it.
    """
    member(channel, make_school(channel).id, "co.that@truong.vn", "class_teacher")
    times: dict[str, list[float]] = {"co.that@truong.vn": [], "khong.co@truong.vn": []}
    words = set()
    for _ in range(9):
        for login, taken in times.items():
            with database.begin() as session:
                session.execute(text("DELETE FROM login_failure"))
            start = time.process_time()
            with pytest.raises(errors.Unauthenticated) as refused:
                visitor(channel).Login(
                    pb.LoginRequest(login=login, password="sai mất rồi nhé", address="10.1.1.1")
                )
            taken.append(time.process_time() - start)
            words.add(refused.value.text_vi)
    assert len(words) == 1
    known, unknown = (min(taken) for taken in times.values())
    assert abs(known - unknown) < 0.020


def test_one_address_cannot_try_many_names(channel: grpc.Channel, database: Database) -> None:
    """Thirty failures from one address stop it for every name; another address goes on."""
    member(channel, make_school(channel).id, "co.that@truong.vn", "class_teacher")
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO login_failure (key, create_time)"
                " SELECT 'address:10.9.9.9', :now FROM generate_series(1, 30)"
            ),
            {"now": clock.now()},
        )
    request = pb.LoginRequest(login="co.that@truong.vn", password=PASSWORD, address="10.9.9.9")
    with pytest.raises(errors.ResourceExhausted):
        visitor(channel).Login(request)
    request.address = "10.9.9.8"
    assert visitor(channel).Login(request).session_token


@pytest.mark.parametrize(
    "password",
    [
        "password12345",
        "123456789012",
        "qwertyuiop12",
        "iloveyou1234",
        "matkhau12345",
        "administrator",
        "111111111111",
    ],
)
def test_passwords_that_others_have_are_refused(channel: grpc.Channel, password: str) -> None:
    """Long enough is not enough: what stands on lists of stolen passwords is refused, offline."""
    token = invite(channel, make_school(channel).id, "moi@truong.vn", "class_teacher")
    with pytest.raises(errors.InvalidArgument) as refused:
        visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=password))
    assert refused.value.reason == "WEAK_PASSWORD"


def test_a_keys_last_use_is_noted(channel: grpc.Channel) -> None:
    """Never used, then used: the list says when, to the minute."""
    school = make_school(channel).id
    admin = caller(channel, *EVERYTHING)
    made = admin.CreateApiKey(
        pb.CreateApiKeyRequest(
            request_id=key(), organisation_id=school, name="Phần mềm", permissions=["invoices.read"]
        )
    )
    listed = pb.ListApiKeysRequest(organisation_id=school)
    assert not admin.ListApiKeys(listed).api_keys[0].HasField("use_time")
    visitor(channel).ResolveApiKey(pb.ResolveApiKeyRequest(api_key=made.secret))
    first = admin.ListApiKeys(listed).api_keys[0].use_time.seconds
    assert abs(first - clock.now().timestamp()) < 60
    clock.set_offset(timedelta(minutes=5))
    visitor(channel).ResolveApiKey(pb.ResolveApiKeyRequest(api_key=made.secret))
    assert admin.ListApiKeys(listed).api_keys[0].use_time.seconds - first >= 299


def test_half_a_session_reads_nothing(channel: grpc.Channel, database: Database) -> None:
    """The gateway's first gate aside, no RPC answers a session without its second factor."""
    session = first_administrator(channel, database)
    half = as_person(channel, session, SUBJECT_KEY)
    for call in (
        lambda: half.ListPeople(pb.ListPeopleRequest()),
        lambda: half.ListAccounts(pb.ListAccountsRequest()),
        lambda: half.ListAuditEntries(pb.ListAuditEntriesRequest()),
    ):
        with pytest.raises(errors.PermissionDenied):
            call()
    assert auth.verify(session.subject_token, SUBJECT_KEY).prove_seconds == 0
