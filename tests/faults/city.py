"""A small city for the faults: schools with a provider each, and open invoices that the load pays."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

import httpx

from cli.demo import enrolment
from cli.demo.offices import Desk, addresses_of
from cli.platform.embedded import Embedded
from cli.platform.full import Full
from kit import auth, clock, ids
from kit.db import Database
from kit.settings import Settings
from sandbox.bank.callbacks import Connection
from sandbox.city.schools import SANDBOX_BIN, make_schools
from services.directory import bootstrap
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

# Each signs in its own way; vietqrvn, which fetches a token first, is in the tests of the sandbox bank.
_PROVIDERS: Final = ("xoai", "sepay", "casso_v2", "payos")
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Bill:
    """An open invoice."""

    id: str
    reference: str
    amount: int
    connection: Connection

    @property
    def uuid(self) -> str:
        """The id as the database has it, whatever its form outside."""
        return str(ids.internal("inv", self.id)) if self.id.startswith("inv_") else self.id


@dataclass
class City:
    """What was enrolled. `take` gives out the bills, one after another."""

    settings: Settings
    schools: list[enrolment.EnrolledSchool]
    connections: list[Connection]
    bills: list[Bill]
    visitor: Desk
    desks: enrolment.City
    _taken: int = field(default=0)

    def take(self) -> Bill:
        """The next bill; after the last one the first again, as families do who pay twice."""
        self._taken += 1
        return self.bills[(self._taken - 1) % len(self.bills)]

    def take_of(self, connection: Connection) -> Bill:
        """The next bill that is paid to an account of this connection, told of under its present secret."""
        while (bill := self.take()).connection.accounts != connection.accounts:
            pass
        return replace(bill, connection=connection)

    def as_service(self, name: str) -> Desk:
        """The desk of a service, as which the command line and other services call."""
        key = self.settings.subject_key.get_secret_value()
        return self.visitor.as_subject(auth.sign(auth.service(name), key, lifetime_seconds=7200))


def build(platform: Embedded | Full, seed: int, *, bills: int) -> City:
    """Enrol the schools over gRPC and issue `bills` invoices; the environment of the platform becomes this process's."""
    os.environ.update(platform.environment)
    settings = Settings()
    key = settings.subject_key.get_secret_value()
    visitor = Desk(
        addresses_of(settings.grpc_addresses), auth.sign(auth.public(), key, lifetime_seconds=7200)
    )
    database = Database(settings, "directory", pool_size=1)
    token = bootstrap.invite_administrator(
        database, name="Quản Trị", login="quantri@xoai.example", city_name="Thành phố"
    )
    database.close()
    plans = {plan.provider: plan for plan in reversed(make_schools(seed, clock.today()))}
    with httpx.Client(base_url=platform.sandbox_url, timeout=30) as bank:
        desks = enrolment.open_city(visitor, token)
        chosen = [plans[name] for name in _PROVIDERS]
        enrolment.add_schools(visitor, desks, chosen, platform.url, bank)
    connections = [_connection(platform, desks, school) for school in desks.schools]
    city = City(settings, desks.schools, connections, [], visitor, desks)
    chance = random.Random(f"{seed}/bills")
    issued = [_issue(city, number, bills // len(connections), chance) for number in range(len(connections))]
    city.bills = [bill for group in zip(*issued, strict=True) for bill in group]
    return city


def _connection(
    platform: Embedded | Full, desks: enrolment.City, school: enrolment.EnrolledSchool
) -> Connection:
    found = desks.administrator.call(
        "intake", "GetConnection", intake_pb.GetConnectionRequest(id=school.connection_id)
    )
    return Connection(
        provider=school.plan.provider,
        url=platform.url + found.callback_path,
        secret=school.secret,
        auth="hmac" if school.plan.provider == "sepay" else "",
        accounts=(school.plan.account, school.plan.second_account),
        bin=SANDBOX_BIN,
        holder=school.plan.holder,
    )


def _issue(city: City, number: int, count: int, chance: random.Random) -> list[Bill]:
    """Issue invoices of one school, in chunks, as the schools service does."""
    school, connection = city.schools[number], city.connections[number]
    desk, found = city.as_service("schools"), []
    amounts = [chance.randrange(50, 900) * 1_000 for _ in range(count)]
    for start in range(0, count, _CHUNK):
        drafts = [
            invoices_pb.InvoiceDraft(
                source_id=f"faults:{number}:{start + index}",
                account_id=school.account,
                bin=SANDBOX_BIN,
                account_number=school.plan.account,
                holder_name=school.plan.holder,
                title="Khoản thu",
                payer_id=f"pupil-{number}-{start + index}",
                payer_name="Nguyễn Văn Thử",
                due_date=clock.today().isoformat(),
                lines=[
                    invoices_pb.InvoiceLine(title="Ăn", ledger_class="dich_vu", amount=amount - 20_000, priority=1),
                    invoices_pb.InvoiceLine(title="Nước", ledger_class="thu_ho", amount=20_000, priority=2),
                ],
            )
            for index, amount in enumerate(amounts[start : start + _CHUNK])
        ]  # fmt: skip
        answer = desk.call(
            "invoices",
            "IssueInvoices",
            invoices_pb.IssueInvoicesRequest(
                request_id=str(uuid4()), organisation_id=school.id, source_service="schools", drafts=drafts
            ),
        )
        for outcome, amount in zip(answer.outcomes, amounts[start : start + _CHUNK], strict=True):
            assert outcome.outcome == invoices_pb.IssueOutcome.OUTCOME_ISSUED, outcome.detail_en
            found.append(Bill(outcome.invoice_id, outcome.reference, amount, connection))
    return found
