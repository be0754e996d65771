"""The trust area's facts as messages, and request fields as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final
from uuid import UUID

from kit import clock, messages
from kit.messages import timestamp
from services.pilots.domain.alarms import Alarm, Kind
from services.pilots.domain.boards import BoardStall, Summary
from services.pilots.domain.checks import Difference, Outcome, difference_from
from services.pilots.domain.errors_trust import BadTrustField
from services.pilots.domain.feeds import Health
from services.pilots.domain.visits import Visit
from services.pilots.flows.checks import Checked
from xoai.pilots.v1 import trust_service_pb2 as pb

_OUTCOMES: Final = {
    Outcome.SAME: pb.StandCheck.OUTCOME_SAME,
    Outcome.DIFFERS: pb.StandCheck.OUTCOME_DIFFERS,
    Outcome.OLD_ISSUE: pb.StandCheck.OUTCOME_OLD_ISSUE,
    Outcome.UNREADABLE: pb.StandCheck.OUTCOME_UNREADABLE,
}
_KINDS: Final = {
    Kind.CODE_DIFFERS: pb.Alarm.KIND_CODE_DIFFERS,
    Kind.SILENT: pb.Alarm.KIND_SILENT,
    Kind.BANK_LATE: pb.Alarm.KIND_BANK_LATE,
    Kind.REPORTED: pb.Alarm.KIND_REPORTED,
    Kind.RISK: pb.Alarm.KIND_RISK,
}
Banks = Mapping[str, str]
# The id in a field of a request, or BadTrustField.
uuid_in: Final = partial(messages.uuid_in, BadTrustField)


def _text(id: UUID | None) -> str:
    return str(id) if id is not None else ""


def _differences(differences: Iterable[Difference]) -> list[pb.Difference]:
    return [
        pb.Difference(what=each.what.value, registered=each.registered, found=each.found)
        for each in differences
    ]


def check_to(checked: Checked) -> pb.StandCheck:
    """A check with what to do now."""
    place, verdict = checked.place, checked.verdict
    return pb.StandCheck(
        id=str(checked.id),
        stall_id=_text(place.stall_id if place else None),
        stall_number=place.number if place else "",
        stall_name=place.name if place else "",
        outcome=_OUTCOMES[verdict.outcome],
        differences=_differences(verdict.differences),
        check_time=timestamp(checked.check_time),
        alarm_id=_text(checked.alarm_id),
        text=verdict.vi,
        text_en=verdict.en,
    )


def alarm_to(alarm: Alarm, banks: Banks) -> pb.Alarm:
    """An alarm in words."""
    bank_name = banks.get(alarm.bin, alarm.bin)
    vi, en = alarm.words(bank_name)
    return pb.Alarm(
        id=str(alarm.id),
        kind=_KINDS[alarm.kind],
        programme_id=_text(alarm.programme_id),
        programme_name=alarm.programme_name,
        stall_id=_text(alarm.stall_id),
        stall_number=alarm.stall_number,
        stall_name=alarm.stall_name,
        bank_name=bank_name,
        differences=_differences(difference_from(each) for each in alarm.detail.get("differences", ())),
        text=vi,
        text_en=en,
        create_time=timestamp(alarm.create_time),
        change_time=timestamp(alarm.change_time),
        close_time=timestamp(alarm.close_time),
        close_person_name=alarm.close_person_name,
        close_note=alarm.close_note,
        count=alarm.count,
        bin=alarm.bin,
        reports=alarm.detail.get("reports", ()),
    )


def feed_to(bin_code: str, health: Health, banks: Banks) -> pb.BankFeed:
    """How a bank's feed does."""
    return pb.BankFeed(
        bin=bin_code,
        bank_name=banks.get(bin_code, bin_code),
        median_milliseconds=health.median_ms,
        last_arrive_time=timestamp(health.last_arrive_time),
        late_since=timestamp(health.late_since),
    )


def summary_to(summary: Summary) -> pb.BoardSummary:
    """A programme in numbers."""
    return pb.BoardSummary(
        programme_id=str(summary.programme_id),
        programme_code=summary.code,
        programme_name=summary.name,
        kind=summary.kind,
        stalls=summary.stalls,
        with_stand=summary.with_stand,
        checked_today=summary.checked_today,
        flagged=summary.flagged,
        open_alarms=summary.open_alarms,
    )


def board_stall_to(stall: BoardStall) -> pb.BoardStall:
    """A stall of the market board."""
    return pb.BoardStall(
        id=str(stall.id),
        number=stall.number,
        name=stall.name,
        goods=stall.goods,
        section_name=stall.section_name,
        state=stall.state,
        issue_number=stall.issue_number,
        check_time=timestamp(stall.check_time),
        checked_today=stall.is_checked_on(clock.today()),
        flagged=[pb.FlaggedStand(issue_number=number, reason=reason) for number, reason in stall.flagged],
        open_alarms=stall.open_alarms,
        reference=stall.reference,
    )


def visit_to(visit: Visit, visits_today: int, most: int) -> pb.HelperVisit:
    """A visit; without its reference once it may no longer be seen."""
    return pb.HelperVisit(
        id=str(visit.id),
        reference=visit.seen_at(clock.now()),
        consent=visit.consent,
        helper_name=visit.helper_name,
        begin_time=timestamp(visit.begin_time),
        view_until=timestamp(visit.view_until),
        print_time=timestamp(visit.print_time),
        visits_today=visits_today,
        most_a_day=most,
    )
