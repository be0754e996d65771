"""Receipts printed for real: invoices and documents on gRPC sockets, PostgreSQL, a signing key of the tests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import grpc
from pydantic import SecretStr

from kit import auth
from kit.auth import Subject
from kit.db import Database
from kit.grpc_client import Channels
from kit.grpc_errors import from_rpc_error
from kit.grpc_server import Edge
from kit.grpc_server import Server as GrpcServer
from kit.settings import Settings
from kit.signing import Signer
from kit.testing.service import DATA_KEY, SUBJECT_KEY, served
from services.documents.rpc import DocumentsServicer
from services.invoices.domain.bills import Keeper
from services.invoices.ports import Papers
from services.invoices.rpc import InvoicesServicer
from services.invoices.rpc.printing import Printer
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc

UNIT = "Trường Tiểu học Hoa Mai"


def signer_of(seed: int) -> Signer:
    """A key for tests only."""
    return Signer(base64.b64encode(bytes([seed]) * 32).decode())


@contextmanager
def press(database: Database, signer: Signer | None) -> Iterator[grpc.Channel]:
    """A channel to invoices that prints with this key, documents beside it."""
    documents = GrpcServer("127.0.0.1:0", SUBJECT_KEY, threads=4)
    documents.add(
        documents_pb.DESCRIPTOR.services_by_name["DocumentsService"],
        DocumentsServicer(),
        documents_grpc.add_DocumentsServiceServicer_to_server,
    )
    documents.start()
    channels = Channels(
        Settings(subject_key=SecretStr(SUBJECT_KEY), grpc_addresses=f"127.0.0.1:{documents.port}")
    )
    edge = Edge(database)
    servicer = InvoicesServicer(
        edge, Keeper(DATA_KEY), SUBJECT_KEY, printer=Printer(edge, Papers(channels), signer)
    )
    descriptor = pb.DESCRIPTOR.services_by_name["InvoicesService"]
    try:
        with served(descriptor, servicer, pb_grpc.add_InvoicesServiceServicer_to_server) as channel:
            yield channel
    finally:
        channels.close()
        documents.stop(grace=1)


def print_receipt(
    channel: grpc.Channel,
    id: UUID,
    subject: Subject | None = None,
    *,
    key: str = SUBJECT_KEY,
    **overrides: Any,
) -> bytes:
    """The PDF as the gateway gets it. Raises errors of ours."""
    fields: dict[str, Any] = {
        "id": str(id),
        "masked": True,
        "unit_name": UNIT,
        "school": True,
        "check_address": "https://xoai.example/p/XDK7M4PQ9R",
    }
    token = auth.sign(subject or auth.service("gateway"), key)
    chunks = pb_grpc.InvoicesServiceStub(channel).PrintReceipt(
        pb.PrintReceiptRequest(**(fields | overrides)),
        timeout=30,
        metadata=[("authorization", f"Bearer {token}")],
    )
    try:
        return b"".join(chunk.content for chunk in chunks)
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
