"""The demo's own time: the platform's clock goes back some weeks and comes forward again, day by day."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import NAMESPACE_OID, uuid5

from cli.demo.offices import Desk
from kit import auth, clock
from kit.auth import Kind, Subject
from xoai.common.v1 import clock_service_pb2 as pb

_SECONDS_A_DAY = 86_400


class Days:
    """Moves the clock of every process, this one's as well, and gives desks whose right outlasts the moves."""

    def __init__(self, addresses: dict[str, str], subject_key: str) -> None:
        self._addresses, self._key = addresses, subject_key
        self.visitor = self._desk(auth.public())

    def service(self, name: str) -> Desk:
        """A service at work: the command line, or the gateway in whose stead the demo stands for phones."""
        return self._desk(auth.service(name))

    def owner(self, organisation_id: str) -> Desk:
        """A stall's owner, with the word that the directory gives after a login: 135 logins would take too long here."""
        id = str(uuid5(NAMESPACE_OID, organisation_id))
        held = frozenset({"stalls.read", "stalls.sell"})
        return self._desk(Subject(Kind.PERSON, id, "Chủ quầy", {organisation_id: held}))

    def _desk(self, subject: Subject) -> Desk:
        token = auth.sign(subject, self._key, lifetime_seconds=auth.TIMELESS_SECONDS)
        return Desk(self._addresses, token)

    def go_back(self, days: int) -> None:
        """It is so many days before today, at the same time of day; returns when every process knows."""
        seconds = -days * _SECONDS_A_DAY
        self.service("cli").call("clock", "MoveClock", pb.MoveClockRequest(offset_seconds=seconds))
        clock.set_offset(timedelta(seconds=seconds))
        time.sleep(2 * clock.FOLLOW_SECONDS)
