"""The servicer: its desks, and who may call what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kit.auth import Permission
from services.pilots.rpc.stalls import boards, devices, enrolment, letters, places, programmes, trail
from services.pilots.rpc.stalls.boards import Boards
from services.pilots.rpc.stalls.devices import Devices
from services.pilots.rpc.stalls.enrolment import Enrolments
from services.pilots.rpc.stalls.letters import Letters
from services.pilots.rpc.stalls.places import Places
from services.pilots.rpc.stalls.programmes import Programmes
from services.pilots.rpc.stalls.trail import Trails
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc

PERMISSIONS: Final[Mapping[str, Permission]] = {
    **programmes.PERMISSIONS,
    **enrolment.PERMISSIONS,
    **places.PERMISSIONS,
    **boards.PERMISSIONS,
    **devices.PERMISSIONS,
    **letters.PERMISSIONS,
    **trail.PERMISSIONS,
}


class StallsServicer(
    Programmes, Enrolments, Places, Boards, Devices, Letters, Trails, pb_grpc.StallsServiceServicer
):
    """Programmes, lists, stalls, boards, phones."""

    PERMISSIONS: Mapping[str, Permission] = PERMISSIONS
