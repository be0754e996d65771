"""Accounts that wait, from the directory."""

from __future__ import annotations

from uuid import UUID

from kit import auth
from kit.grpc_client import Channels
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc

_WAITING = (pb.Account.STATE_PROPOSED, pb.Account.STATE_COOLING)


class Directory:
    """Calls to the directory."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("pilots")

    def account_waits(self, organisation_id: UUID) -> bool:
        """True if an account of the unit waits for its second person or for its day."""
        stub = pb_grpc.DirectoryServiceStub(self._channels.to("directory"))
        request = pb.ListAccountsRequest(organisation_id=str(organisation_id))
        found = self._channels.call(stub.ListAccounts, request, self._subject)
        return any(account.state in _WAITING for account in found.accounts)
