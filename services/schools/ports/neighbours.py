"""The other services that schools asks: blocking calls as the service itself, never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

import grpc

from kit import auth
from kit.grpc_client import Channels
from kit.grpc_errors import from_rpc_error
from services.schools.domain.rounds import ReceivingAccount
from xoai.common.v1 import common_pb2
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc

_CODES_AT_ONCE: Final = 1_000
_PAGE: Final = 200


class Neighbours:
    """Calls to directory, invoices, vietqr and documents."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("schools")
        self._banks: dict[str, str] = {}

    def accounts(self, organisation_id: UUID) -> dict[str, ReceivingAccount]:
        """The organisation's accounts that are in force, by id."""
        stub = directory_grpc.DirectoryServiceStub(self._channels.to("directory"))
        request = directory_pb.ListAccountsRequest(organisation_id=str(organisation_id))
        found = self._channels.call(stub.ListAccounts, request, self._subject)
        return {
            item.id: ReceivingAccount(UUID(item.id), item.bin, item.account_number, item.holder_name)
            for item in found.accounts
            if item.state == directory_pb.Account.STATE_ACTIVE
        }

    def organisation(self, organisation_id: UUID) -> directory_pb.Organisation:
        """The school as the directory knows it."""
        stub = directory_grpc.DirectoryServiceStub(self._channels.to("directory"))
        request = directory_pb.GetOrganisationRequest(id=str(organisation_id))
        organisation: directory_pb.Organisation = self._channels.call(
            stub.GetOrganisation, request, self._subject
        )
        return organisation

    def issue(
        self, organisation_id: UUID, request_id: str, drafts: Sequence[invoices_pb.InvoiceDraft]
    ) -> Sequence[invoices_pb.IssueOutcome]:
        """Issue at most 500 invoices; one outcome per draft."""
        stub = invoices_grpc.InvoicesServiceStub(self._channels.to("invoices"))
        request = invoices_pb.IssueInvoicesRequest(
            request_id=request_id,
            organisation_id=str(organisation_id),
            source_service="schools",
            drafts=drafts,
        )
        return list(self._channels.call(stub.IssueInvoices, request, self._subject, timeout=30).outcomes)

    def invoices_of(self, organisation_id: UUID, notices: Sequence[str]) -> list[invoices_pb.Invoice]:
        """The invoices that stand on notices, with their lines."""
        stub = invoices_grpc.InvoicesServiceStub(self._channels.to("invoices"))
        found: list[invoices_pb.Invoice] = []
        for start in range(0, len(notices), _PAGE // 2):
            token = ""
            while True:
                request = invoices_pb.ListInvoicesRequest(
                    organisation_id=str(organisation_id),
                    notice_ids=notices[start : start + _PAGE // 2],
                    with_lines=True,
                    page_size=_PAGE,
                    page_token=token,
                )
                page = self._channels.call(stub.ListInvoices, request, self._subject, timeout=10)
                found += page.invoices
                token = page.next_page_token
                if not token:
                    break
        return found

    def void(self, invoice_id: str, reason: str) -> invoices_pb.Invoice:
        """Void an invoice that has no payment; the invoice as it stands then. Raises errors of ours."""
        stub = invoices_grpc.InvoicesServiceStub(self._channels.to("invoices"))
        wanted = invoices_pb.GetInvoiceRequest(id=invoice_id)
        found: invoices_pb.Invoice = self._channels.call(stub.GetInvoice, wanted, self._subject)
        if found.state != invoices_pb.Invoice.STATE_OPEN:
            return found
        request = invoices_pb.VoidInvoiceRequest(
            request_id=f"void:{invoice_id}", id=invoice_id, reason=reason
        )
        invoice: invoices_pb.Invoice = self._channels.call(stub.VoidInvoice, request, self._subject)
        return invoice

    def codes(self, wanted: Sequence[vietqr_pb.TransferCode]) -> list[str]:
        """VietQR payloads, in order."""
        stub = vietqr_grpc.VietqrServiceStub(self._channels.to("vietqr"))
        payloads: list[str] = []
        for start in range(0, len(wanted), _CODES_AT_ONCE):
            request = vietqr_pb.EncodeCodesRequest(codes=wanted[start : start + _CODES_AT_ONCE])
            payloads += self._channels.call(stub.EncodeCodes, request, self._subject, timeout=10).payloads
        return payloads

    def bank_name(self, bin_code: str) -> str:
        """The short name of a bank; the sandbox bank's for a BIN that no bank has."""
        if not self._banks:
            stub = vietqr_grpc.VietqrServiceStub(self._channels.to("vietqr"))
            listed = self._channels.call(stub.ListBanks, vietqr_pb.ListBanksRequest(), self._subject)
            self._banks = {bank.bin: bank.short_name for bank in listed.banks}
        return self._banks.get(bin_code, "Ngân hàng Thử Xoài")

    def render(self, requests: Iterator[documents_pb.RenderNoticesRequest]) -> Iterator[common_pb2.FileChunk]:
        """Notices as one PDF, in pieces. Raises errors of ours."""
        stub = documents_grpc.DocumentsServiceStub(self._channels.to("documents"))
        try:
            yield from stub.RenderNotices(
                requests, timeout=120, metadata=tuple(self._channels.metadata(self._subject))
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
