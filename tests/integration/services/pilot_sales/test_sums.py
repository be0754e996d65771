"""Sums over all stalls: for the command line's equations, for nobody else."""

from __future__ import annotations

import grpc
import pytest

from kit import auth
from kit.db import Database
from kit.errors import PermissionDenied
from kit.inbox import Consumer
from kit.testing.service import staff
from tests.integration.services.pilot_sales.calls import client, enter_cash, open_sale, owner
from tests.support.sales import deliveries, make_applied, make_reversed, paying
from tests.support.stalls import OpenStall
from xoai.pilots.v1 import sales_service_pb2 as pb


def test_what_stands_is_counted(channel: grpc.Channel, payments: Consumer, stall: OpenStall) -> None:
    """Payments that were undone and are not; cash stands apart."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    open_sale(seller, stall.stall.id, 7_000)
    standing = make_applied(stall.stall.id, amount=9_000)
    undone = make_applied(stall.stall.id, amount=4_000)
    payments.handle(deliveries([*paying(sale.id, 50_000), standing, undone, make_reversed(undone)]))
    enter_cash(seller, stall.stall.id, 3_000)
    found = client(channel, auth.service("cli")).SummariseStalls(pb.SummariseStallsRequest())
    assert (found.stalls, found.sales, found.payments, found.takings, found.cash) == (1, 2, 2, 59_000, 3_000)


@pytest.mark.parametrize("permission", ["city.read", "stalls.read", "pilots.manage"])
def test_nobody_with_a_login_sees_them(
    channel: grpc.Channel, database: Database, stall: OpenStall, permission: str
) -> None:
    """One sum over the city less what is published would be somebody's takings."""
    with pytest.raises(PermissionDenied):
        client(channel, staff(permission)).SummariseStalls(pb.SummariseStallsRequest())
