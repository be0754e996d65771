"""DirectoryService: one method per RPC, grouped by noun in the modules beside this one."""

from __future__ import annotations

from collections.abc import Mapping

from kit.auth import Permission
from kit.db import Database
from kit.rpc import trail
from kit.seal import Sealer
from services.directory.one_time_codes import CodeKeeper
from services.directory.rpc.accounts import AccountDesk
from services.directory.rpc.logins import LoginDesk
from services.directory.rpc.organisations import OrganisationDesk
from services.directory.rpc.people import PeopleDesk
from services.directory.rpc.trail import TrailDesk
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc

_SERVICES = ("invoices", "schools", "pilots", "documents", "intake", "reconciliation", "cli")


class DirectoryServicer(
    LoginDesk, OrganisationDesk, AccountDesk, PeopleDesk, TrailDesk, pb_grpc.DirectoryServiceServicer
):
    """Organisations, accounts, people, logins."""

    PERMISSIONS: Mapping[str, Permission] = {
        "Login": Permission(anyone=True),
        "ResolveSession": Permission(anyone=True),
        "Logout": Permission(anyone=True),
        "ChangePassword": Permission(anyone=True),
        "ResolveApiKey": Permission(anyone=True),
        "StartSecondFactor": Permission(anyone=True),
        "ProveSecondFactor": Permission(anyone=True),
        "ShowSecondFactorCode": Permission(anyone=True),
        "ResetSecondFactor": Permission("people.manage"),
        "ListNotices": Permission(anyone=True),
        "ReadNotices": Permission(anyone=True),
        "GetInvitation": Permission(anyone=True),
        "AcceptInvitation": Permission(anyone=True),
        "GetPublicOrganisation": Permission(anyone=True),
        "CreateOrganisation": Permission("organisations.manage", services=("cli",)),
        "UpdateOrganisation": Permission("organisations.manage"),
        "GetOrganisation": Permission("directory.read", services=_SERVICES),
        "ListOrganisations": Permission("directory.read", services=_SERVICES),
        "ProposeAccount": Permission("accounts.propose"),
        "ApproveAccount": Permission("accounts.approve"),
        "RejectAccount": Permission("accounts.approve"),
        "RetireAccount": Permission("accounts.approve"),
        "ListAccounts": Permission("directory.read", services=_SERVICES),
        "InvitePerson": Permission("people.manage", services=("cli",)),
        "ResetPassword": Permission("people.manage"),
        "GetPerson": Permission("people.manage"),
        "ListPeople": Permission("people.manage"),
        "DisablePerson": Permission("people.manage"),
        "EnablePerson": Permission("people.manage"),
        "GrantMembership": Permission("people.manage"),
        "RevokeMembership": Permission("people.manage"),
        "CreateApiKey": Permission("api_keys.manage"),
        "RevokeApiKey": Permission("api_keys.manage"),
        "ListApiKeys": Permission("api_keys.manage"),
        **trail.PERMISSIONS,
        "NameSubjects": Permission("audit.read"),
    }

    def __init__(
        self,
        database: Database,
        subject_key: str,
        *,
        sealer: Sealer | None = None,
        is_trial: bool = False,
    ) -> None:
        """Without a `sealer` nobody can enrol a second factor; `is_trial` lets pages show its codes."""
        codes = CodeKeeper(sealer) if sealer else None
        super().__init__(database, subject_key, codes, is_trial=is_trial)
