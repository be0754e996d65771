"""A merchant's account changes under the directory's two persons and its day; its stalls say that a change waits."""

from __future__ import annotations

from uuid import UUID

import grpc

from kit.db import Database
from kit.testing.service import Client, staff
from tests.integration.services.pilot_stalls.callers import city, inspector, key, merchant
from tests.support.stalls import waiting_stall
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.pilots.v1 import stalls_service_pb2 as pb


def test_a_stall_says_that_another_account_waits(channel: grpc.Channel, database: Database) -> None:
    """From the proposal on, to the merchant and the city alike; lists do not ask."""
    directory = directory_grpc.DirectoryServiceStub(channel)
    made = Client(directory, staff("organisations.manage")).CreateOrganisation(
        directory_pb.CreateOrganisationRequest(
            request_id=key(),
            organisation=directory_pb.Organisation(
                kind=directory_pb.Organisation.KIND_MERCHANT, name="Hộ Trần Thị Hạnh", code="ho-hanh"
            ),
        )
    )
    organisation = UUID(made.id)
    request = pb.GetStallRequest(id=str(waiting_stall(database, organisation_id=organisation).id))
    assert not merchant(channel, organisation).GetStall(request).account_changes
    Client(directory, staff("accounts.propose", organisation=made.id)).ProposeAccount(
        directory_pb.ProposeAccountRequest(
            request_id=key(),
            organisation_id=made.id,
            bin="970436",
            account_number="1012345678",
            holder_name="TRAN THI HANH",
            purpose="Quầy hàng",
        )
    )
    for caller in (merchant(channel, organisation), city(channel), inspector(channel)):
        assert caller.GetStall(request).account_changes
    (listed,) = city(channel).ListStalls(pb.ListStallsRequest()).stalls
    assert not listed.account_changes
