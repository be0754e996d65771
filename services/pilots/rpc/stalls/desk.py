"""What all desks of this service hold in their hands."""

from __future__ import annotations

from dataclasses import dataclass

from kit.grpc_server import Edge
from kit.rpc.dead_letters import DeadLetters
from services.pilots.ports.codes import Codes
from services.pilots.ports.directory import Directory
from services.pilots.ports.enrolling import Enrolling


@dataclass(frozen=True, slots=True)
class Tools:
    """`page_key` signs page tokens, `subject_key` the tokens of devices, `data_key` words of the day and PINs."""

    edge: Edge
    codes: Codes
    directory: Directory
    enrolling: Enrolling
    subject_key: str
    data_key: str
    letters: DeadLetters

    @property
    def page_key(self) -> str:
        return self.subject_key


class Desk:
    """A part of the servicer."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._edge = tools.edge
        self._codes = tools.codes
