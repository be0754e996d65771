"""What enrolment asks of the directory and of the bank list: blocking calls, never inside a transaction.

Organisations are made and accounts proposed as the person who applies the list, so that the directory's second person
is another one. Every call may be repeated: its request id is that of its content.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import UUID

from kit import auth
from kit.auth import Subject
from kit.errors import Error, InvalidArgument
from kit.grpc_client import Channels
from services.pilots.domain.bank_names import TRIAL_BANKS, Bank, BankNames
from services.pilots.domain.enrolment import taken_account
from services.pilots.domain.enrolment_units import Opened, Refused, UnitRows
from services.pilots.domain.enrolment_values import Problem
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc

PURPOSE: Final = "Bán hàng"
_SECONDS: Final = 10.0
_LIVE: Final = (
    directory_pb.Account.STATE_PROPOSED,
    directory_pb.Account.STATE_COOLING,
    directory_pb.Account.STATE_ACTIVE,
)
# The directory's fields as columns of a list.
_COLUMNS: Final = {
    "name": "unit_name",
    "bin": "bank",
    "account_number": "account_number",
    "holder_name": "account_holder",
}


class Enrolling:
    """Calls to the directory and to vietqr."""

    def __init__(self, channels: Channels, *, is_trial: bool) -> None:
        self._channels, self._is_trial = channels, is_trial
        self._subject = auth.service("pilots")
        self._banks: BankNames | None = None

    def banks(self) -> BankNames:
        """The bank list with all its names; asked for once."""
        if self._banks is None:
            stub = vietqr_grpc.VietqrServiceStub(self._channels.to("vietqr"))
            listed = self._channels.call(
                stub.ListBanks, vietqr_pb.ListBanksRequest(), self._subject, timeout=_SECONDS
            )
            banks = [
                Bank(bank.bin, bank.short_name, (bank.code, bank.name, *bank.other_codes))
                for bank in listed.banks
            ]
            self._banks = BankNames.of([*banks, *TRIAL_BANKS] if self._is_trial else banks)
        return self._banks

    def open(self, subject: Subject, unit: UnitRows, address: str, ward_code: str) -> Opened | Refused:
        """Make the unit's organisation and propose its account, as far as the directory lacks them."""
        try:
            organisation_id = unit.organisation_id or self._organisation(subject, unit, address, ward_code)
            account_id = self._account(subject, unit, organisation_id) if unit.asks_account else None
        except InvalidArgument as error:
            return Refused(_problem(unit, error))
        if unit.asks_account and account_id is None:
            return Refused(taken_account(f"{unit.values.bank} {unit.values.account_number}"))
        return Opened(organisation_id, account_id)

    def _organisation(self, subject: Subject, unit: UnitRows, address: str, ward_code: str) -> UUID:
        wanted = directory_pb.Organisation(
            kind=directory_pb.Organisation.KIND_MERCHANT,
            name=unit.values.unit_name,
            code=unit.code,
            address=address,
            ward_code=ward_code,
            phone=unit.values.phone,
        )
        request = directory_pb.CreateOrganisationRequest(request_id=_request_id(wanted), organisation=wanted)
        try:
            return UUID(self._ask("CreateOrganisation", request, subject).id)
        except Error as error:
            if error.reason != "ORGANISATION_CODE_TAKEN":
                raise
        # Made by somebody else's try, of which this list never heard the end: the code tells the unit.
        listing = directory_pb.ListOrganisationsRequest(
            kind=directory_pb.Organisation.KIND_MERCHANT, query=unit.code, page_size=10
        )
        listed = self._ask("ListOrganisations", listing, subject).organisations
        return UUID(next(found.id for found in listed if found.code == unit.code))

    def _account(self, subject: Subject, unit: UnitRows, organisation_id: UUID) -> UUID | None:
        """The proposed account; None if another organisation has registered it."""
        values = unit.values
        request = directory_pb.ProposeAccountRequest(
            organisation_id=str(organisation_id),
            bin=values.bin,
            account_number=values.account_number,
            holder_name=values.account_holder,
            purpose=PURPOSE,
            replaces_account_id=str(unit.replaces_account_id or ""),
        )
        request.request_id = _request_id(request)
        try:
            return UUID(self._ask("ProposeAccount", request, subject).id)
        except Error as error:
            if error.reason != "ACCOUNT_KNOWN":
                raise
        listing = directory_pb.ListAccountsRequest(organisation_id=str(organisation_id))
        for account in self._ask("ListAccounts", listing, subject).accounts:
            is_same = (account.bin, account.account_number) == (values.bin, values.account_number)
            if is_same and account.state in _LIVE:
                return UUID(account.id)
        return None

    def _ask(self, method: str, request: Any, subject: Subject) -> Any:
        stub = directory_grpc.DirectoryServiceStub(self._channels.to("directory"))
        return self._channels.call(getattr(stub, method), request, subject, timeout=_SECONDS)


def _request_id(message: Any) -> str:
    digest = hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
    return f"enrolment:{digest[:40]}"


def _problem(unit: UnitRows, error: InvalidArgument) -> Problem:
    name = _COLUMNS.get(error.metadata.get("field", ""), "unit_name")
    return Problem(name, str(getattr(unit.values, name))[:100], error.text_vi, error.text_en)
