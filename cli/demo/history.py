"""The weeks before today at the stalls, day by day, and what the city's people look at today."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import httpx

from cli.demo import selling, summary
from cli.demo.enrolment import PASSWORD, City, invite
from cli.demo.moving import Days
from cli.demo.offices import Desk, Login, request_id
from cli.demo.payments import Truth
from cli.demo.pilots import EnrolledStall, Pilots
from kit import clock
from sandbox.city.schools import SANDBOX_BIN
from services.pilots.domain.weeks import Week, due_weeks
from services.vietqr.domain import AdditionalData, Code, encode
from xoai.pilots.v1 import city_service_pb2 as city_pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb

# The account on a pasted-over board: of nobody in the city.
THIEF: Final = "9099999999999"
# Boards that the market board has checked this morning.
CHECKED: Final = 25


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which the stalls sell: some of one week, each of the newest one that figures tell of, and today."""

    today: date
    week: Week

    @classmethod
    def of(cls, now: datetime) -> Calendar:
        today = clock.business_date(now)
        return cls(today, list(due_weeks(today - timedelta(days=21), now))[-1])

    @property
    def days(self) -> list[date]:
        before = self.week.before.days
        return [before[1], before[5], *self.week.days, self.today]

    @property
    def till_days(self) -> set[date]:
        """Days on which owners count what they took in notes: without these there is no share of what is cashless."""
        return {self.week.before.days[5], self.week.days[4], self.week.days[6]}

    @property
    def back(self) -> list[int]:
        """The same, in days before today."""
        return [(self.today - day).days for day in self.days]


def live(days: Days, calendar: Calendar, pilots: Pilots, truth: Truth, bank: httpx.Client, seed: int) -> None:
    """Let the stalls sell on each day of the calendar, of which it is the first. It is today afterwards."""
    for place, back in enumerate(calendar.back):
        if place:
            days.go_back(back)
        if back == 0:
            # The week before is told of before one bank is late with today's news.
            days.service("cli").call("city", "RollUp", city_pb.RollUpRequest(), timeout=60)
        chance = random.Random(f"{seed}/stalls/{back}")
        phones = selling.open_phones(days.service("gateway"), days.visitor, pilots)
        day = selling.Day(pilots, truth, chance, is_today=back == 0)
        selling.pay(bank, day.transfers(phones), seed + back)
        if clock.today() in calendar.till_days:
            day.count_tills(days.owner)
        summary.wait_quiet(days.service("cli"), truth.transfers - truth.untold)


def look_after(visitor: Desk, pilots: Pilots, city: City, bill: str) -> None:
    """The market board checks boards, one of them pasted over; a volunteer serves somebody; the city looks on."""
    inspector = _join(visitor, city, "market_inspector", "Võ Kiểm Tra", "cho", "Ban quản lý chợ")
    for stall in pilots.stalls[:CHECKED]:
        _check(inspector, stall, stall.payload)
    # Somebody pasted a code of his own over a trader's; the memo is left as it was.
    victim = pilots.stalls[CHECKED]
    swapped = Code(SANDBOX_BIN, THIEF, additional=AdditionalData(purpose=victim.reference))
    _check(inspector, victim, encode(swapped))
    helper = _join(visitor, city, "helper", "Điểu Giúp Đỡ", "tinhnguyen", "Tổ công nghệ số")
    request = trust_pb.BeginHelperVisitRequest(
        request_id=request_id(), reference=bill, consent="Đồng ý bằng lời", consented=True
    )
    helper.call("trust", "BeginHelperVisit", request)
    _join(visitor, city, "city_viewer", "Ngô Điều Hành", "dieuhanh", "Trung tâm điều hành")


def _join(visitor: Desk, city: City, role: str, name: str, login: str, title: str) -> Desk:
    login = f"{login}@xoai.example"
    city.logins.append(Login(title, name, login, PASSWORD, "Thành phố"))
    return invite(visitor, city.administrator, name, login, city.id, role)


def _check(inspector: Desk, stall: EnrolledStall, payload: str) -> None:
    request = trust_pb.CheckStandRequest(request_id=request_id(), stall_id=stall.id, payload=payload)
    inspector.call("trust", "CheckStand", request)
