"""The second factor over real gRPC and PostgreSQL: enrolled, proved, fresh, throttled, reset."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import grpc
import pyotp
import pytest
from sqlalchemy import text

from kit import auth, clock, errors
from kit.db import Database
from kit.seal import Sealer
from kit.testing.service import DATA_KEY, SUBJECT_KEY, served
from services.directory.rpc import DirectoryServicer
from tests.integration.services.directory.offices import (
    EVERYTHING,
    States,
    as_person,
    caller,
    enrol,
    first_administrator,
    key,
    log_in,
    make_school,
    member,
    prove,
    resolve,
    visitor,
)
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc


def code_of(secret: str, *, steps: int = 0) -> str:
    """The code that an app with the secret shows now, or so many half minutes later."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


def later(seconds: int) -> None:
    """Move the clock on."""
    clock.set_offset(clock._offset + timedelta(seconds=seconds))


def test_a_password_alone_opens_nothing(channel: grpc.Channel, database: Database) -> None:
    """Before the second factor a session holds no permission; after it, all of the role's."""
    session = first_administrator(channel, database)
    assert session.second_factor == States.SECOND_FACTOR_TO_ENROL
    half = auth.verify(session.subject_token, SUBJECT_KEY)
    assert half.grants == {}
    with pytest.raises(errors.PermissionDenied):
        as_person(channel, session, SUBJECT_KEY).ListOrganisations(pb.ListOrganisationsRequest())
    with pytest.raises(errors.PermissionDenied):
        as_person(channel, session, SUBJECT_KEY).ListNotices(pb.ListNoticesRequest())
    proved = prove(channel, session.session_token, code_of(enrol(channel, session.session_token)))
    assert proved.second_factor == States.SECOND_FACTOR_PROVED
    assert auth.verify(proved.subject_token, SUBJECT_KEY).may("organisations.manage")


@pytest.mark.parametrize(
    ("role", "needed"),
    [("school_accountant", False), ("class_teacher", False), ("head_teacher", True)],
)
def test_roles_that_decide_about_money_need_one(channel: grpc.Channel, role: str, needed: bool) -> None:
    """Who approves accounts needs a second factor; who keeps a school's lists does not."""
    session = member(channel, make_school(channel).id, "ai.do@truong.vn", role)
    wanted = States.SECOND_FACTOR_TO_ENROL if needed else States.SECOND_FACTOR_NOT_NEEDED
    assert session.second_factor == wanted


def test_the_session_has_another_id_after_the_code(channel: grpc.Channel, database: Database) -> None:
    """What was known of the session before the code is worth nothing afterwards; its end does not move."""
    session = first_administrator(channel, database)
    proved = prove(channel, session.session_token, code_of(enrol(channel, session.session_token)))
    assert proved.session_token != session.session_token
    assert proved.expire_time == session.expire_time
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, session.session_token)
    assert resolve(channel, proved.session_token).second_factor == States.SECOND_FACTOR_PROVED


def test_a_code_is_good_once(channel: grpc.Channel, database: Database) -> None:
    """The code that was taken is refused the second time, in this session and in another."""
    session = first_administrator(channel, database)
    secret = enrol(channel, session.session_token)
    code = code_of(secret)
    proved = prove(channel, session.session_token, code)
    for token in (proved.session_token, log_in(channel, "admin@city.vn").session_token):
        with pytest.raises(errors.InvalidArgument) as refused:
            prove(channel, token, code)
        assert refused.value.reason == "CODE_REFUSED"
    again = log_in(channel, "admin@city.vn")
    assert again.second_factor == States.SECOND_FACTOR_TO_PROVE
    later(30)
    assert prove(channel, again.session_token, code_of(secret)).second_factor == States.SECOND_FACTOR_PROVED


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(
    channel: grpc.Channel, database: Database, steps: int, taken: bool
) -> None:
    """The code before and the code after are good; those beyond are not."""
    session = first_administrator(channel, database)
    code = code_of(enrol(channel, session.session_token), steps=steps)
    if taken:
        prove(channel, session.session_token, f" {code[:3]} {code[3:]} ")
        return
    with pytest.raises(errors.InvalidArgument):
        prove(channel, session.session_token, code)


def test_two_at_once_with_one_code(channel: grpc.Channel, database: Database) -> None:
    """Of two sessions that give the same code at the same moment, one gets in."""
    session = first_administrator(channel, database)
    secret = enrol(channel, session.session_token)
    prove(channel, session.session_token, code_of(secret))
    later(60)
    tokens = [log_in(channel, "admin@city.vn").session_token for _ in range(2)]
    code, gate, outcomes = code_of(secret), Barrier(2), []

    def give(token: str) -> None:
        gate.wait()
        try:
            prove(channel, token, code)
            outcomes.append("in")
        except errors.Error as error:
            outcomes.append(error.reason)

    threads = [Thread(target=give, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["CODE_REFUSED", "in"]


def test_guessing_is_throttled(channel: grpc.Channel, database: Database) -> None:
    """After five wrong codes even the right one waits a quarter of an hour, in every session of the person."""
    session = first_administrator(channel, database)
    secret = enrol(channel, session.session_token)
    for _ in range(5):
        with pytest.raises(errors.InvalidArgument):
            prove(channel, session.session_token, "000000" if code_of(secret) != "000000" else "000001")
    for token in (session.session_token, log_in(channel, "admin@city.vn").session_token):
        with pytest.raises(errors.ResourceExhausted) as refused:
            prove(channel, token, code_of(secret))
        assert refused.value.reason == "TOO_MANY_CODES_TRIED"
    later(60 * 14)
    fresh = log_in(channel, "admin@city.vn")
    with pytest.raises(errors.ResourceExhausted):
        prove(channel, fresh.session_token, code_of(secret))
    later(61)
    assert prove(channel, fresh.session_token, code_of(secret)).session_token


def test_the_secret_is_shown_until_it_is_proved(channel: grpc.Channel, database: Database) -> None:
    """Reloading the page shows the same secret; once an app is enrolled nobody gets it any more."""
    session = first_administrator(channel, database)
    secret = enrol(channel, session.session_token)
    assert enrol(channel, session.session_token) == secret
    proved = prove(channel, session.session_token, code_of(secret))
    for token in (proved.session_token, log_in(channel, "admin@city.vn").session_token):
        with pytest.raises(errors.FailedPrecondition) as refused:
            enrol(channel, token)
        assert refused.value.reason == "SECOND_FACTOR_THERE"
    with database.begin() as connection:
        sealed = connection.execute(text("SELECT sealed FROM second_factor")).scalar_one()
    assert secret.encode() not in bytes(sealed)


def approvable(channel: grpc.Channel) -> str:
    """An account that waits for a second person."""
    school = make_school(channel).id
    request = pb.ProposeAccountRequest(
        request_id=key(),
        organisation_id=school,
        bin="970436",
        account_number="1012345678",
        holder_name="TRUONG",
    )
    return caller(channel, "accounts.propose", id="9").ProposeAccount(request).id


def test_an_account_is_approved_under_a_fresh_code_only(channel: grpc.Channel, database: Database) -> None:
    """Five minutes after the last code an approval is refused; a new code makes it possible again."""
    session = first_administrator(channel, database)
    secret = enrol(channel, session.session_token)
    proved = prove(channel, session.session_token, code_of(secret))
    account = approvable(channel)
    request = pb.ApproveAccountRequest(request_id=key(), id=account)
    later(301)
    stale = resolve(channel, proved.session_token)
    with pytest.raises(errors.PermissionDenied) as refused:
        as_person(channel, stale, SUBJECT_KEY).ApproveAccount(request)
    assert refused.value.reason == "FRESH_PROOF_NEEDED"
    fresh = prove(channel, proved.session_token, code_of(secret))
    approved = as_person(channel, fresh, SUBJECT_KEY).ApproveAccount(request)
    assert approved.state == pb.Account.STATE_ACTIVE


def test_a_lost_phone_is_made_good_by_another_administrator(
    channel: grpc.Channel, database: Database
) -> None:
    """The reset needs a fresh code of the helper, is not for oneself, ends sessions, and lets the person enrol anew."""
    session = first_administrator(channel, database)
    old = enrol(channel, session.session_token)
    proved = prove(channel, session.session_token, code_of(old))
    person = proved.person.id
    request = pb.ResetSecondFactorRequest(request_id=key(), person_id=person)
    with pytest.raises(errors.PermissionDenied):
        caller(channel, *EVERYTHING, is_proved=False).ResetSecondFactor(request)
    with pytest.raises(errors.FailedPrecondition) as refused:
        caller(channel, *EVERYTHING, id=person).ResetSecondFactor(request)
    assert refused.value.reason == "NOT_YOURSELF"
    assert caller(channel, *EVERYTHING).ResetSecondFactor(request).has_second_factor is False
    with pytest.raises(errors.Unauthenticated):
        resolve(channel, proved.session_token)
    again = log_in(channel, "admin@city.vn")
    assert again.second_factor == States.SECOND_FACTOR_TO_ENROL
    assert enrol(channel, again.session_token) != old


def test_codes_are_shown_in_demo_and_tests_only(channel: grpc.Channel, database: Database) -> None:
    """The demo's page can show the code of the moment; a production directory has no such answer."""
    session = first_administrator(channel, database)
    secret = enrol(channel, session.session_token)
    ask = pb.ShowSecondFactorCodeRequest(session_token=session.session_token)
    shown = visitor(channel).ShowSecondFactorCode(ask)
    assert shown.code == code_of(secret)
    used = prove(channel, session.session_token, shown.code)
    ask.session_token = used.session_token
    assert visitor(channel).ShowSecondFactorCode(ask).code == code_of(secret, steps=1)
    production = DirectoryServicer(database, SUBJECT_KEY, sealer=Sealer(DATA_KEY))
    descriptor = pb.DESCRIPTOR.services_by_name["DirectoryService"]
    with served(descriptor, production, pb_grpc.add_DirectoryServiceServicer_to_server) as real:
        with pytest.raises(errors.NotFound) as refused:
            visitor(real).ShowSecondFactorCode(ask)
        assert refused.value.reason == "ONLY_IN_TRIAL"
