"""Papers that the gateway has drawn: what a board, a pack or a guide holds, as the documents service wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.message import Message

from gateway.page import Page
from kit import auth
from xoai.common.v1 import common_pb2
from xoai.documents.v1 import documents_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb


def stand_of(page: Page, stall: stalls_pb.Stall) -> pb.StandContent:
    """What the board of a stall holds. Without an account in force it has no code, which the printer refuses."""
    return pb.StandContent(
        account_holder=stall.account_holder,
        account_last_four=stall.account_number[-4:],
        bank_name=stall.bank_name,
        stall_number=stall.number,
        stall_name=stall.name,
        programme_name=stall.programme_name,
        issue_number=stall.stand.issue_number,
        issue_date=stall.stand.issue_date,
        check_code=stall.stand.check_code,
        check_address=f"{page.settings.public_url.rstrip('/')}/quay/{stall.reference}",
        payload=stall.stand.payload,
    )


def printed(page: Page, method: Any, request: Message) -> AsyncIterator[common_pb2.FileChunk]:
    """The paper in pieces; the gateway itself asks, since whoever looks was let in before."""
    clients = page.state.clients
    return clients.stream(method, request, clients.sign(auth.service("gateway")), timeout=30.0)
