"""Visits of volunteers through the service: consent, the day's cap, half an hour of sight, nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from kit import auth, clock
from kit.auth import Subject
from kit.db import Database
from kit.errors import Error
from kit.references.code import Kind, new_reference
from kit.testing.service import staff
from services.pilots.jobs import trust
from tests.integration.services.pilot_trust.conftest import MOST_VISITS, Desk, KnownBills
from tests.support.sale_rows import add_sale
from tests.support.stalls import ORGANISATION, open_stall
from xoai.pilots.v1 import trust_service_pb2 as pb

VOLUNTEER = staff("helper.serve", id="00000000-0000-7000-8000-0000000000a1")
COLLEAGUE = staff("helper.serve", id="00000000-0000-7000-8000-0000000000a2")


@pytest.fixture
def reference(bills: KnownBills) -> str:
    """The reference of a bill that exists."""
    made = new_reference(Kind.INVOICE)
    bills.references.add(made)
    return made


def begin(desk: Desk, code: str, subject: Subject = VOLUNTEER, **overrides: Any) -> pb.HelperVisit:
    """A visit that begins."""
    fields: dict[str, Any] = {
        "request_id": str(uuid4()),
        "reference": code,
        "consent": "Bà Sáu, 71 tuổi, đồng ý bằng lời",
        "consented": True,
    }
    visit: pb.HelperVisit = desk.of(subject).BeginHelperVisit(
        pb.BeginHelperVisitRequest(**(fields | overrides))
    )
    return visit


def get(desk: Desk, visit: pb.HelperVisit, subject: Subject = VOLUNTEER) -> pb.HelperVisit:
    found: pb.HelperVisit = desk.of(subject).GetHelperVisit(pb.GetHelperVisitRequest(id=visit.id))
    return found


def stored(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with database.begin() as session:
        return [tuple(row) for row in session.execute(text(statement))]


def test_a_visit_begins_with_consent(database: Database, desk: Desk, reference: str) -> None:
    """The bill is in sight for thirty minutes; who agreed and how is kept, and the trail names both."""
    visit = begin(desk, f"{reference[:2]} {reference[2:7].lower()}-{reference[7:]}")
    assert visit.reference == reference
    assert (visit.visits_today, visit.most_a_day) == (1, MOST_VISITS)
    assert visit.view_until.seconds - visit.begin_time.seconds == 1_800
    assert get(desk, visit).consent == "Bà Sáu, 71 tuổi, đồng ý bằng lời"
    ((action, object_, detail),) = stored(database, "SELECT action, object, detail FROM audit")
    assert (action, object_) == ("visit.begin", f"helper_visit:{visit.id}")
    assert detail["consent"] == "Bà Sáu, 71 tuổi, đồng ý bằng lời"


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"consented": False}, "CONSENT_MISSING"),
        ({"consent": " "}, "CONSENT_MISSING"),
        ({"reference": "XD123"}, "VISIT_REFERENCE_WRONG"),
        ({"reference": new_reference(Kind.INVOICE)}, "VISIT_REFERENCE_UNKNOWN"),
        ({"reference": new_reference(Kind.STALL)}, "VISIT_REFERENCE_UNKNOWN"),
        ({"request_id": ""}, "IDEMPOTENCY_KEY_MISSING"),
    ],
)
def test_what_begins_no_visit(
    database: Database, desk: Desk, reference: str, overrides: dict[str, Any], reason: str
) -> None:
    """Without consent, or for a code that names nothing, there is no visit, and none is counted."""
    with pytest.raises(Error) as raised:
        begin(desk, reference, **overrides)
    assert raised.value.reason == reason
    assert stored(database, "SELECT count(*) FROM helper_visit") == [(0,)]


def test_a_sale_can_be_served_a_stalls_own_code_cannot(database: Database, desk: Desk) -> None:
    """What somebody is asked to pay at a stall is like a bill; the standing code is nobody's bill."""
    stall = open_stall(database).stall
    sale = new_reference(Kind.STALL)
    add_sale(database, stall, sale)
    assert begin(desk, sale).reference == sale
    with pytest.raises(Error) as raised:
        begin(desk, stall.reference)
    assert raised.value.reason == "VISIT_REFERENCE_UNKNOWN"


def test_nothing_is_seen_after_half_an_hour(database: Database, desk: Desk, reference: str) -> None:
    """At once by the clock, and a minute later the reference is in no row and in no stored answer either."""
    # At noon, for the list is of one day.
    noon = datetime.combine(clock.today(), time(12), clock.CITY_ZONE) - clock.now()
    clock.set_offset(noon)
    visit = begin(desk, reference)
    clock.set_offset(noon + timedelta(minutes=30, seconds=1))
    assert get(desk, visit).reference == ""
    listed = desk.of(VOLUNTEER).ListHelperVisits(pb.ListHelperVisitsRequest())
    assert [(each.id, each.reference) for each in listed.visits] == [(visit.id, "")]
    with pytest.raises(Error) as raised:
        desk.of(VOLUNTEER).MarkGuidePrinted(pb.MarkGuidePrintedRequest(request_id="p", id=visit.id))
    assert raised.value.reason == "VISIT_OVER"
    assert stored(database, "SELECT reference FROM helper_visit") == [(reference,)]
    trust.watch_stalls(database, timedelta(minutes=60))
    assert stored(database, "SELECT reference, is_wiped FROM helper_visit") == [("", True)]
    ((answer,),) = stored(database, "SELECT response FROM idempotency_key")
    assert reference.encode() not in bytes(answer)


def test_the_answer_to_a_repeat_shows_no_reference(desk: Desk, reference: str) -> None:
    """The reference is in the first answer only; a repeated request is the same visit and counts once."""
    first = begin(desk, reference, request_id="once")
    again = begin(desk, reference, request_id="once")
    assert (again.id, again.reference) == (first.id, "")
    assert get(desk, first).visits_today == 1


def test_the_days_cap_holds_against_requests_at_once(desk: Desk, reference: str) -> None:
    """Eight requests in the same moment begin three visits, not one more; tomorrow there are three again."""

    def attempt(_: int) -> str:
        try:
            return begin(desk, reference).id
        except Error as error:
            return error.reason

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert answers.count("VISITS_USED_UP") == 8 - MOST_VISITS
    # Another volunteer has a day's cap of their own.
    assert begin(desk, reference, COLLEAGUE).visits_today == 1
    clock.set_offset(timedelta(days=1))
    assert begin(desk, reference).visits_today == 1


def test_nobody_sees_somebody_elses_visit(desk: Desk, reference: str) -> None:
    """A colleague and even the administrator find nothing."""
    visit = begin(desk, reference)
    for subject, reason in (
        (COLLEAGUE, "VISIT_NOT_FOUND"),
        (staff("pilots.manage", "pilots.inspect", "people.manage"), "PERMISSION_DENIED"),
        (auth.public(), "PERMISSION_DENIED"),
        (staff("stalls.read", organisation=str(ORGANISATION)), "PERMISSION_DENIED"),
    ):
        with pytest.raises(Error) as raised:
            get(desk, visit, subject)
        assert raised.value.reason == reason
    assert list(desk.of(COLLEAGUE).ListHelperVisits(pb.ListHelperVisitsRequest()).visits) == []


def test_a_printed_guide_is_noted_once(database: Database, desk: Desk, reference: str) -> None:
    """The first time stays; each print is in the trail."""
    visit = begin(desk, reference)
    printed = [
        desk.of(VOLUNTEER).MarkGuidePrinted(pb.MarkGuidePrintedRequest(request_id=str(uuid4()), id=visit.id))
        for _ in range(2)
    ]
    assert printed[0].print_time == printed[1].print_time
    assert printed[0].reference == reference
    actions = [row[0] for row in stored(database, "SELECT action FROM audit ORDER BY id")]
    assert actions == ["visit.begin", "visit.print", "visit.print"]
