"""The people whom a benchmark needs on a platform: an administrator, an approver, and schools with their accountants."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cli.demo.offices import Desk, addresses_of, request_id
from cli.platform.embedded import Embedded
from cli.platform.full import Full
from kit import auth, clock
from kit.db import Database
from kit.settings import Settings
from sandbox.city.schools import MadeUpItem
from services.directory import bootstrap
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.schools.v1 import schools_service_pb2 as schools_pb

PASSWORD = "bốn mươi hai cây xoài cát"
_BIN = "970499"


@dataclass(frozen=True, slots=True)
class School:
    """An enrolled school with its accountant at the desk."""

    id: str
    account_id: str
    accountant: Desk
    api_key: str


class Office:
    """Enrols schools over the services' own interfaces."""

    def __init__(self, platform: Embedded | Full) -> None:
        os.environ.update(platform.environment)
        settings = Settings()
        key = settings.subject_key.get_secret_value()
        token = auth.sign(auth.public(), key, lifetime_seconds=3600)
        self.visitor = Desk(addresses_of(settings.grpc_addresses), token)
        database = Database(settings, "directory", pool_size=1)
        try:
            invitation = bootstrap.invite_administrator(
                database, name="Lê Quản Trị", login="quantri@bench.example", city_name="Thành phố Đo"
            )
        finally:
            database.close()
        self._administrator = self.visitor.accept(invitation, PASSWORD)
        listed = self._call("ListOrganisations", directory_pb.ListOrganisationsRequest())
        self._city = next(
            each.id for each in listed.organisations if each.kind == directory_pb.Organisation.KIND_CITY
        )
        self._approver = self._invite("duyet@bench.example", self._city, "administrator")

    def school(self, number: int) -> School:
        """A school with one receiving account in force, its accountant, and a key that reads bills and rounds."""
        made = self._call(
            "CreateOrganisation",
            directory_pb.CreateOrganisationRequest(
                request_id=request_id(),
                organisation=directory_pb.Organisation(
                    kind=directory_pb.Organisation.KIND_SCHOOL,
                    name=f"Trường Đo số {number}",
                    code=f"truong-{number}",
                    address=f"{number} đường Hùng Vương",
                    ward_code="25195",
                    phone="02710001234",
                    budget_code=f"10{number:05d}",
                ),
            ),
        )
        account = self._call(
            "ProposeAccount",
            directory_pb.ProposeAccountRequest(
                request_id=request_id(),
                organisation_id=made.id,
                bin=_BIN,
                account_number=f"9021000{number:06d}",
                holder_name="TRUONG DO",
                purpose="Thu dịch vụ",
            ),
        )
        approval = directory_pb.ApproveAccountRequest(request_id=request_id(), id=account.id)
        self._approver.call("directory", "ApproveAccount", approval)
        key = self._call(
            "CreateApiKey",
            directory_pb.CreateApiKeyRequest(
                request_id=request_id(),
                organisation_id=made.id,
                name="Đo",
                permissions=["invoices.read", "schools.read"],
            ),
        )
        accountant = self._invite(f"ketoan{number}@bench.example", made.id, "school_accountant")
        return School(made.id, account.id, accountant, key.secret)

    def city_viewer(self) -> str:
        """The login of a person who may look at the city's figures."""
        self._invite("thanhpho@bench.example", self._city, "city_viewer")
        return "thanhpho@bench.example"

    def close(self) -> None:
        """Let go of the channels."""
        self.visitor.close()

    def _invite(self, login: str, organisation_id: str, role: str) -> Desk:
        invitation = self._call(
            "InvitePerson",
            directory_pb.InvitePersonRequest(
                request_id=request_id(),
                name="Người Đo",
                login=login,
                organisation_id=organisation_id,
                role=role,
            ),
        )
        return self.visitor.accept(invitation.token, PASSWORD)

    def _call(self, method: str, request: Any) -> Any:
        return self._administrator.call("directory", method, request)


def open_round(school: School, items: Sequence[MadeUpItem]) -> schools_pb.Round:
    """A collection round of the whole school."""
    today: date = clock.today()
    year = today.year if today.month >= 8 else today.year - 1
    made: schools_pb.Round = school.accountant.call(
        "schools",
        "CreateRound",
        schools_pb.CreateRoundRequest(
            request_id=request_id(),
            round=schools_pb.Round(
                organisation_id=school.id,
                title="Khoản thu trong tháng",
                school_year=f"{year}-{year + 1}",
                period=f"Tháng {today.month}/{today.year}",
                due_date=(today + timedelta(days=12)).isoformat(),
                scope=schools_pb.Round.SCOPE_SCHOOL,
                contact="Văn phòng trường 02710001234",
                fee_items=[
                    schools_pb.FeeItem(
                        title=item.title,
                        fee_kind=item.kind,
                        unit_price=item.price,
                        quantity_milli=item.quantity_milli,
                        unit=item.unit,
                        account_id=school.account_id,
                        per_pupil=bool(item.per_pupil_prices),
                    )
                    for item in items
                ],
            ),
        ),
    )
    return made
