"""The directory over real gRPC and PostgreSQL: two persons for an account, logins, roles, tenants."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import grpc
import pyotp
import pytest
from sqlalchemy import text

from kit import audit, auth, clock, errors
from kit.db import Database
from kit.postgres import Server
from kit.tenants import Tenants
from kit.testing.service import SUBJECT_KEY
from services.directory import bootstrap, jobs
from tests.integration.services.directory.offices import (
    EVERYTHING,
    PASSWORD,
    caller,
    enrol,
    key,
    make_school,
    prove,
    visitor,
)
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1.directory_events_pb2 import AccountChanged


def propose(
    channel: grpc.Channel, school: str, number: str, *, person: str = "1", **fields: str
) -> pb.Account:
    request = pb.ProposeAccountRequest(
        request_id=key(),
        organisation_id=school,
        bin="970436",
        account_number=number,
        holder_name="TRUONG TIEU HOC",
        **fields,
    )
    return caller(channel, "accounts.propose", id=person).ProposeAccount(request)


def approve(channel: grpc.Channel, account: str, *, person: str = "2") -> pb.Account:
    request = pb.ApproveAccountRequest(request_id=key(), id=account)
    return caller(channel, "accounts.approve", id=person).ApproveAccount(request)


def announced(database: Database) -> int:
    with database.begin() as session:
        return int(session.execute(text("SELECT count(*) FROM outbox")).scalar_one())


def test_first_account_needs_a_second_person(channel: grpc.Channel, database: Database) -> None:
    """Who proposed an account cannot approve it; the second person puts the first account in force at once."""
    account = propose(channel, make_school(channel).id, "1012345678")
    with pytest.raises(errors.FailedPrecondition) as refused:
        approve(channel, account.id, person="1")
    assert refused.value.reason == "SECOND_PERSON_NEEDED"
    assert announced(database) == 0
    assert approve(channel, account.id).state == pb.Account.STATE_ACTIVE
    assert announced(database) == 1
    with database.begin() as session:
        payload = session.execute(text("SELECT payload FROM outbox")).scalar_one()
    told = AccountChanged.FromString(payload)
    assert (told.account_id, told.organisation_kind) == (account.id, "school")


def test_account_change_cools_off_for_a_day(channel: grpc.Channel, database: Database) -> None:
    """A second account comes into force 24 hours after its approval and retires the one it replaces."""
    school = make_school(channel).id
    first = approve(channel, propose(channel, school, "111").id)
    second = approve(channel, propose(channel, school, "222", replaces_account_id=first.id).id)
    assert second.state == pb.Account.STATE_COOLING
    clock.set_offset(timedelta(hours=23, minutes=59))
    assert jobs.end_cooling_off(database) == 0
    clock.set_offset(timedelta(hours=24, minutes=1))
    assert jobs.end_cooling_off(database) == 1
    listed = (
        caller(channel, "directory.read")
        .ListAccounts(pb.ListAccountsRequest(organisation_id=school))
        .accounts
    )
    assert [account.state for account in listed] == [pb.Account.STATE_RETIRED, pb.Account.STATE_ACTIVE]
    assert announced(database) == 3


def test_accounts_of_the_enrolment_start_together(channel: grpc.Channel) -> None:
    """Accounts proposed before the first approval come into force at once; one proposed later waits."""
    school = make_school(channel).id
    both = [propose(channel, school, "901").id, propose(channel, school, "902").id]
    assert [approve(channel, id).state for id in both] == [pb.Account.STATE_ACTIVE, pb.Account.STATE_ACTIVE]
    assert approve(channel, propose(channel, school, "903").id).state == pb.Account.STATE_COOLING


def test_an_account_has_one_owner(channel: grpc.Channel) -> None:
    """An account that one organisation receives on cannot be registered by another."""
    approve(channel, propose(channel, make_school(channel).id, "333").id)
    with pytest.raises(errors.AlreadyExists) as refused:
        propose(channel, make_school(channel).id, "333")
    assert refused.value.reason == "ACCOUNT_KNOWN"


def test_repeated_request_has_one_effect(channel: grpc.Channel, database: Database) -> None:
    """The same request id gives the same answer and one row; with another content it is refused."""
    school = make_school(channel).id
    client = caller(channel, "accounts.propose")
    request = pb.ProposeAccountRequest(
        request_id="double-click", organisation_id=school, bin="970436", account_number="444", holder_name="A"
    )
    assert client.ProposeAccount(request).id == client.ProposeAccount(request).id
    request.account_number = "445"
    with pytest.raises(errors.InvalidArgument) as refused:
        client.ProposeAccount(request)
    assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert refused.value.http_status == 422


def test_first_administrator_logs_in_and_invites(channel: grpc.Channel, database: Database) -> None:
    """The first administrator sets a password by invitation, logs in, and can act in the whole city."""
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="admin@city.vn", city_name="Đồng Xoài"
    )
    session = visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))
    secret = enrol(channel, session.session_token)
    proved = prove(channel, session.session_token, pyotp.TOTP(secret).at(clock.now()))
    subject = auth.verify(proved.subject_token, SUBJECT_KEY)
    assert subject.may("organisations.manage", uuid4())
    with pytest.raises(errors.FailedPrecondition):
        visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))
    again = visitor(channel).Login(
        pb.LoginRequest(login="ADMIN@city.vn", password=PASSWORD, address="10.0.0.1")
    )
    resolved = visitor(channel).ResolveSession(pb.ResolveSessionRequest(session_token=again.session_token))
    assert resolved.person.name == "Lê Quản Trị"
    assert resolved.session_token == ""
    visitor(channel).Logout(pb.LogoutRequest(session_token=again.session_token))
    with pytest.raises(errors.Unauthenticated):
        visitor(channel).ResolveSession(pb.ResolveSessionRequest(session_token=again.session_token))


def test_session_ends_after_idle_minutes(channel: grpc.Channel, database: Database) -> None:
    """A session of a money role ends after fifteen minutes without use."""
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="admin@city.vn", city_name="Đồng Xoài"
    )
    session = visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))
    request = pb.ResolveSessionRequest(session_token=session.session_token)
    clock.set_offset(timedelta(minutes=14))
    visitor(channel).ResolveSession(request)
    clock.set_offset(timedelta(minutes=28))
    visitor(channel).ResolveSession(request)
    clock.set_offset(timedelta(minutes=44))
    with pytest.raises(errors.Unauthenticated):
        visitor(channel).ResolveSession(request)


def test_wrong_passwords_are_limited_and_counted(channel: grpc.Channel, database: Database) -> None:
    """After five wrong passwords even the right one waits; an unknown name gets the same words."""
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="admin@city.vn", city_name="Đồng Xoài"
    )
    visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))
    wrong = pb.LoginRequest(login="admin@city.vn", password="không phải thế", address="10.0.0.2")
    reasons = []
    for _ in range(5):
        with pytest.raises(errors.Unauthenticated) as refused:
            visitor(channel).Login(wrong)
        reasons.append(refused.value.text_vi)
    with pytest.raises(errors.Unauthenticated) as unknown:
        visitor(channel).Login(pb.LoginRequest(login="ai@do.vn", password="x", address="10.0.0.3"))
    assert set(reasons) == {unknown.value.text_vi}
    with pytest.raises(errors.ResourceExhausted):
        visitor(channel).Login(pb.LoginRequest(login="admin@city.vn", password=PASSWORD, address="10.0.0.4"))
    clock.set_offset(timedelta(minutes=16))
    visitor(channel).Login(pb.LoginRequest(login="admin@city.vn", password=PASSWORD, address="10.0.0.4"))


@pytest.mark.parametrize("password", ["ngắn", "password1234", "aaaaaaaaaaaaaaaa", "x" * 200])
def test_weak_passwords_are_refused(channel: grpc.Channel, database: Database, password: str) -> None:
    """Too short, common, repeated or endless passwords are refused, and the invitation stays good."""
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="admin@city.vn", city_name="Đồng Xoài"
    )
    with pytest.raises(errors.InvalidArgument) as refused:
        visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=password))
    assert refused.value.reason == "WEAK_PASSWORD"
    visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))


def test_reset_ends_the_old_password_and_sessions(channel: grpc.Channel, database: Database) -> None:
    """After an administrator's reset neither the old password nor an open session works."""
    school = make_school(channel).id
    admin = caller(channel, *EVERYTHING)
    invited = admin.InvitePerson(
        pb.InvitePersonRequest(
            request_id=key(),
            name="Nguyễn Kế Toán",
            login="0912 345 678",
            organisation_id=school,
            role="school_accountant",
        )
    )
    session = visitor(channel).AcceptInvitation(
        pb.AcceptInvitationRequest(token=invited.token, password=PASSWORD)
    )
    assert session.person.login == "+84912345678"
    admin.ResetPassword(pb.ResetPasswordRequest(request_id=key(), person_id=session.person.id))
    with pytest.raises(errors.Unauthenticated):
        visitor(channel).Login(pb.LoginRequest(login="0912345678", password=PASSWORD, address="10.0.0.9"))
    # The open session ends when the new password is set; a disabled person's ends at once.
    admin.DisablePerson(pb.DisablePersonRequest(request_id=key(), person_id=session.person.id))
    with pytest.raises(errors.Unauthenticated):
        visitor(channel).ResolveSession(pb.ResolveSessionRequest(session_token=session.session_token))


def test_last_administrator_stays(channel: grpc.Channel, database: Database) -> None:
    """The city's last administrator can neither be disabled nor lose the role."""
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login="admin@city.vn", city_name="Đồng Xoài"
    )
    person = (
        visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD)).person
    )
    with pytest.raises(errors.FailedPrecondition) as refused:
        caller(channel, *EVERYTHING).DisablePerson(
            pb.DisablePersonRequest(request_id=key(), person_id=person.id)
        )
    assert refused.value.reason == "LAST_ADMINISTRATOR"


def test_api_key_is_shown_once_and_revocable(channel: grpc.Channel, database: Database) -> None:
    """A key acts for its organisation with its permissions only, and stops when revoked."""
    school = make_school(channel).id
    admin = caller(channel, *EVERYTHING)
    created = admin.CreateApiKey(
        pb.CreateApiKeyRequest(
            request_id=key(), organisation_id=school, name="Phần mềm", permissions=["invoices.read"]
        )
    )
    subject = auth.verify(
        visitor(channel).ResolveApiKey(pb.ResolveApiKeyRequest(api_key=created.secret)).subject_token,
        SUBJECT_KEY,
    )
    assert subject.grants == {school: frozenset({"invoices.read"})}
    assert admin.ListApiKeys(pb.ListApiKeysRequest(organisation_id=school)).api_keys[0].secret == ""
    admin.RevokeApiKey(pb.RevokeApiKeyRequest(request_id=key(), id=created.id))
    with pytest.raises(errors.Unauthenticated):
        visitor(channel).ResolveApiKey(pb.ResolveApiKeyRequest(api_key=created.secret))


def test_tenants_see_their_own_rows_only(channel: grpc.Channel, database: Database) -> None:
    """An organisation's people see and change nothing of another one, and without a tenant there is nothing."""
    own, other = make_school(channel), make_school(channel)
    propose(channel, other.id, "555")
    client = caller(channel, "directory.read", "accounts.propose", organisation=own.id)
    assert [item.id for item in client.ListOrganisations(pb.ListOrganisationsRequest()).organisations] == [
        own.id
    ]
    assert list(client.ListAccounts(pb.ListAccountsRequest(organisation_id=other.id)).accounts) == []
    with pytest.raises(errors.NotFound):
        client.GetOrganisation(pb.GetOrganisationRequest(id=other.id))
    with pytest.raises(errors.PermissionDenied):
        client.ProposeAccount(
            pb.ProposeAccountRequest(
                request_id=key(), organisation_id=other.id, bin="970436", account_number="9", holder_name="A"
            )
        )
    with database.begin(Tenants()) as session:
        assert session.execute(text("SELECT count(*) FROM organisation")).scalar_one() == 0


def test_every_tenant_table_is_protected(database: Database) -> None:
    """Row-level security is enabled and forced on every table with an organisation, and nobody may bypass it."""
    with database.begin() as session:
        unprotected = session.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE a.attname = 'organisation_id' AND c.relkind = 'r'"
                " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
            )
        ).all()
        powerful = session.execute(
            text(
                "SELECT rolname FROM pg_roles WHERE rolname LIKE 'xoai_directory%' AND (rolsuper OR rolbypassrls)"
            )
        ).all()
    assert unprotected == []
    assert powerful == []


def test_audit_names_a_row_that_was_changed(
    channel: grpc.Channel, database: Database, postgres_server: Server
) -> None:
    """The audit trail refuses changes, and shows them if somebody with the owner's power makes one."""
    make_school(channel)
    make_school(channel)
    with database.begin() as session:
        assert audit.broken_link(session) is None
        first = session.execute(text("SELECT min(id) FROM audit")).scalar_one()
    with pytest.raises(Exception, match=r"permission denied|append-only"), database.begin() as session:
        session.execute(text("UPDATE audit SET action = 'nothing'"))
    name = database.engine.url.database
    assert name is not None
    import psycopg

    with psycopg.connect(postgres_server.dsn(name), autocommit=True) as owner:
        owner.execute("ALTER TABLE audit DISABLE TRIGGER append_only")
        owner.execute("UPDATE audit SET subject = 'person:nobody' WHERE id = %s", [first])
    with database.begin() as session:
        assert audit.broken_link(session) == first
