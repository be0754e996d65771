"""Weeks become published tables, once."""

from __future__ import annotations

from datetime import timedelta

import grpc
import pytest
from sqlalchemy import text

from kit import auth, clock, errors
from kit.db import Database
from kit.testing.service import Client, staff
from services.pilots.domain.definitions import DEFINITIONS
from services.pilots.domain.figures import publish
from services.pilots.domain.weeks import Week
from services.pilots.jobs.figures import publish_due
from services.pilots.store import rollup
from tests.integration.services.pilot_figures.conftest import MONDAY, WEEKS, stand_at
from tests.support.pilot_city import MadeUpCity
from xoai.pilots.v1 import city_service_pb2 as pb
from xoai.pilots.v1 import city_service_pb2_grpc as pb_grpc
from xoai.pilots.v1 import pilots_events_pb2 as events_pb

VIEWER = staff("city.read")


def client(channel: grpc.Channel, subject: auth.Subject = VIEWER) -> Client:
    return Client(pb_grpc.CityServiceStub(channel), subject)


def run(database: Database, statement: str, **values: object) -> list[tuple[object, ...]]:
    with database.begin() as session:
        result = session.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def cell(value: pb.Cell) -> int | None:
    assert value.HasField("value") is not value.suppressed
    return value.value if value.HasField("value") else None


def test_a_published_week_holds_what_its_stalls_took(
    database: Database, channel: grpc.Channel, city: MadeUpCity
) -> None:
    """The tables are the domain's, out of the very sums of the stalls' days."""
    assert client(channel, auth.service("cli")).RollUp(pb.RollUpRequest()).tables == 3 * len(WEEKS)
    view = client(channel).GetCityView(pb.GetCityViewRequest())
    assert (view.period_from, view.period_to) == ("2026-11-16", "2026-11-22")
    assert list(view.periods) == ["2026-11-22", "2026-11-15", "2026-11-08"]
    assert (view.ward_set, view.complete, view.definition_version) == ("2025", True, 1)
    expected = publish(WEEKS[-1], "2025", city.places, city.raw(WEEKS[-1]))
    rows = {
        (row.kind, row.code, row.programme_code): row
        for row in [*view.programmes, *view.sections, *view.wards, view.total]
    }
    assert len(rows) == len(expected.rows)
    for row in expected.rows:
        shown = rows[row.kind, row.code, row.programme_code]
        assert cell(shown.transfers) == row.cells.transfers
        assert cell(shown.payments) == row.cells.payments
        assert cell(shown.takings) == row.cells.takings
        assert cell(shown.active_30_days) == _active(city, database, row.kind, row.code, shown)
        assert shown.stalls.value == row.cells.stalls
    assert {row.name for row in view.wards} == {"Phường Bình Phước", "Phường Đồng Xoài"}
    # Days of the three weeks; the first of them have none before.
    assert len(view.days) == 21
    assert [cell(day.transfers) for day in view.days[-7:]] == [each.transfers for each in expected.days]
    assert not view.days[0].HasField("change")
    assert view.days[-1].HasField("change")


def _active(city: MadeUpCity, database: Database, kind: str, code: str, shown: pb.PlaceRow) -> int | None:
    """Stalls with a payment in the thirty days; as many as are shown may not be more than are registered."""
    value = cell(shown.active_30_days)
    assert value is None or 5 <= value <= shown.stalls.value - 5
    return value


def test_sums_of_late_money_count_and_private_money_does_not(database: Database, city: MadeUpCity) -> None:
    """Money that came late belongs to the week; what a trader keeps apart does not."""
    before = sum_of(database, WEEKS[0])
    run(
        database,
        "UPDATE stall_day SET late_sum = 7, late_count = 1, private_sum = 1000 WHERE book_date = :day",
        day=WEEKS[0].monday,
    )
    assert sum_of(database, WEEKS[0]) - before == 7 * len(city.stalls)


def sum_of(database: Database, week: Week) -> int:
    with database.begin() as session:
        ids = list({row.id for row in rollup.programmes(session, week)})
        transfers, _ = rollup.sums(session, week, ids)
        days = rollup.days(session, week, ids)
    total = sum(values[0] for shares in transfers.values() for values in shares.values())
    assert total == sum(values[0] for shares in days.values() for values in shares.values())
    return total


def test_what_is_published_never_changes(database: Database, channel: grpc.Channel, city: MadeUpCity) -> None:
    """Money that is told later is in no figure: a second run publishes nothing and changes nothing."""
    assert publish_due(database) == 9
    first = client(channel).GetCityView(pb.GetCityViewRequest())
    run(database, "UPDATE stall_day SET late_sum = late_sum + 1000000")
    assert publish_due(database) == 0
    assert client(channel).GetCityView(pb.GetCityViewRequest()) == first
    with database.begin() as session, pytest.raises(Exception, match="figure_table_pkey"):
        session.execute(text("INSERT INTO figure_table SELECT * FROM figure_table LIMIT 1"))


def test_a_week_waits_until_it_is_complete_or_wednesday(
    database: Database, channel: grpc.Channel, city: MadeUpCity
) -> None:
    """While a bank is late or a stall's day is open the week waits; then it is published and says so."""
    run(database, "UPDATE stall_day SET close_time = NULL WHERE book_date = :day", day=WEEKS[-1].sunday)
    assert publish_due(database) == 6
    assert client(channel).GetCityView(pb.GetCityViewRequest()).period_to == "2026-11-15"
    run(database, "UPDATE stall_day SET close_time = now()")
    run(
        database,
        "INSERT INTO feed (bin, median_ms, last_arrive_time, late_since, change_time)"
        " VALUES ('970436', 90000, now(), now(), now())",
    )
    assert publish_due(database) == 0
    stand_at(MONDAY + timedelta(days=2))
    assert publish_due(database) == 3
    view = client(channel).GetCityView(pb.GetCityViewRequest())
    assert (view.period_to, view.complete) == ("2026-11-22", False)
    assert view.feeds[0].bank_name == "Ngân hàng 970436"
    assert view.feeds[0].late_since


def test_before_monday_noon_nothing_is_published(database: Database, city: MadeUpCity) -> None:
    """The last late credits of Sunday have until Monday noon."""
    stand_at(MONDAY - timedelta(hours=3))
    assert publish_due(database) == 6


def test_indicators_say_what_the_tables_say(
    database: Database, channel: grpc.Channel, city: MadeUpCity
) -> None:
    """Each number once, suppressed ones without a value, in rising order; a consumer goes on behind its last one."""
    publish_due(database)
    reader = client(channel, staff("indicators.read"))
    first = reader.ListIndicators(pb.ListIndicatorsRequest(page_size=50))
    assert len(first.indicators) == 50
    rows = list(first.indicators)
    while rows[-1].sequence < first.last_sequence:
        rows += reader.ListIndicators(pb.ListIndicatorsRequest(after=rows[-1].sequence)).indicators
    assert [row.sequence for row in rows] == sorted({row.sequence for row in rows})
    assert {row.name for row in rows} == {each.name for each in DEFINITIONS}
    view = client(channel).GetCityView(pb.GetCityViewRequest())
    newest = {
        (row.name, row.place): row
        for row in rows
        if (row.period_from, row.period_to) == ("2026-11-16", "2026-11-22")
    }
    for programme in view.programmes:
        shown = newest["transfers", programme.code]
        assert shown.HasField("value") is not programme.transfers.suppressed
        assert shown.value == programme.transfers.value
    events = run(database, "SELECT topic, key, payload FROM outbox ORDER BY id")
    assert len(events) == len(rows)
    for row, (topic, key, payload) in zip(rows, events, strict=True):
        event = events_pb.IndicatorPublished.FromString(bytes(payload))  # type: ignore[call-overload]
        assert (topic, key, event.sequence) == ("pilots.indicators", row.place, row.sequence)
        assert event.HasField("value") is row.HasField("value")
        assert event.value == row.value


def test_everybody_sees_the_open_part_only(
    database: Database, channel: grpc.Channel, city: MadeUpCity
) -> None:
    """Blocks, banks and alarms are not in the open statistics; the rest is the same."""
    publish_due(database)
    run(
        database,
        "INSERT INTO alarm (id, kind, object, detail, count, create_time, change_time)"
        " VALUES (gen_random_uuid(), 'silent', 'x', '{}', 1, now(), now())",
    )
    inside = client(channel).GetCityView(pb.GetCityViewRequest())
    assert (inside.open_alarms, bool(inside.oldest_alarm_time)) == (1, True)
    outside = client(channel, auth.public()).GetOpenStatistics(pb.GetOpenStatisticsRequest())
    assert (list(outside.sections), outside.open_alarms, list(outside.feeds)) == ([], 0, [])
    assert list(outside.programmes) == list(inside.programmes)
    assert list(outside.days) == list(inside.days)


@pytest.mark.parametrize(
    ("method", "request_", "refused"),
    [
        (
            "GetCityView",
            pb.GetCityViewRequest(),
            [auth.public(), staff("stalls.read"), staff("indicators.read")],
        ),
        ("ListIndicators", pb.ListIndicatorsRequest(), [auth.public(), VIEWER]),
        ("RollUp", pb.RollUpRequest(), [auth.public(), VIEWER, auth.service("gateway")]),
    ],
)
def test_who_may_not_ask(
    channel: grpc.Channel, method: str, request_: object, refused: list[auth.Subject]
) -> None:
    """Each RPC asks for its own permission."""
    for subject in refused:
        with pytest.raises(errors.PermissionDenied):
            getattr(client(channel, subject), method)(request_)


def test_periods_that_were_not_published(database: Database, channel: grpc.Channel, city: MadeUpCity) -> None:
    """Before the first roll-up the view is empty; another day than a published Sunday is refused with its name."""
    empty = client(channel).GetCityView(pb.GetCityViewRequest())
    assert (empty.period_to, list(empty.periods)) == ("", [])
    publish_due(database)
    older = client(channel).GetCityView(pb.GetCityViewRequest(period_to="2026-11-08"))
    assert older.period_from == "2026-11-02"
    assert not older.HasField("total_before")
    for wrong in ("2026-11-29", "2026-11-21"):
        with pytest.raises(errors.NotFound) as caught:
            client(channel).GetCityView(pb.GetCityViewRequest(period_to=wrong))
        assert caught.value.metadata["period_to"].endswith("/11/2026")
    with pytest.raises(errors.InvalidArgument):
        client(channel).GetCityView(pb.GetCityViewRequest(period_to="tuần này"))


def test_older_periods_are_named_by_the_older_wards(database: Database, city: MadeUpCity) -> None:
    """A week of 2023 lists the ward of that time, or none where it is not known; never today's."""
    run(database, "UPDATE programme SET start_date = '2023-01-01'")
    run(database, "UPDATE programme SET former_ward_code = '25198' WHERE code = 'hung-vuong'")
    run(database, "UPDATE stall_day SET book_date = book_date - 3 * 365 - 2 WHERE book_date < '2026-11-09'")
    publish_due(database)
    sets = run(
        database,
        "SELECT ward_set, content FROM figure_table WHERE name = 'places' ORDER BY period_from LIMIT 1",
    )
    (ward_set, content) = sets[0]
    wards = [(row["code"], row["name"]) for row in content if row["kind"] == "ward"]  # type: ignore[attr-defined]
    assert ward_set == "2023"
    assert wards == [("", ""), ("25198", "Phường Tân Đồng")]


def test_stored_tables_hold_nothing_of_a_single_owner(database: Database, city: MadeUpCity) -> None:
    """What is suppressed is nowhere in the stored content, and no owner or stall is named."""
    publish_due(database)
    stored = run(database, "SELECT content::text FROM figure_table")
    words = " ".join(str(row[0]) for row in stored)
    for stall in city.stalls:
        assert str(stall.id) not in words
        assert str(stall.owner) not in words
    for week in WEEKS:
        open_cells = publish(week, "2025", city.places, city.raw(week), secondary=False)
        closed = publish(week, "2025", city.places, city.raw(week))
        for seen, kept in zip(open_cells.rows, closed.rows, strict=True):
            if seen.cells.transfers is not None and kept.cells.transfers is None:
                assert f'"transfers": {seen.cells.transfers},' not in words


def test_the_roll_up_reads_by_the_days_index(database: Database, city: MadeUpCity) -> None:
    """A week's sums do not read the whole of the stalls' days."""
    with database.begin() as session:
        session.execute(text("ANALYZE stall_day"))
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(
            text(f"EXPLAIN {rollup._SUMS.text}"),
            {"monday": WEEKS[0].monday, "sunday": WEEKS[0].sunday, "programmes": [p.id for p in city.places]},
        ).scalars()
        assert "stall_day_date" in "\n".join(plan)


def test_the_clock_of_the_table_is_the_roll_ups(
    database: Database, channel: grpc.Channel, city: MadeUpCity
) -> None:
    """Figures carry when they were made."""
    publish_due(database)
    as_of = client(channel).GetCityView(pb.GetCityViewRequest()).as_of
    assert as_of.startswith(clock.now().strftime("%Y-%m-%dT%H"))
