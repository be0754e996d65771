"""CityService: who may read what of the published figures. No RPC of it reads a stall, a sale or a trader's book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import grpc

from kit.auth import Permission
from kit.errors import FieldViolation, InvalidArgument
from kit.grpc_server import Edge
from services.pilots.domain.definitions import DEFINITIONS
from services.pilots.flows import figures
from services.pilots.rpc.city import messages
from xoai.pilots.v1 import city_service_pb2 as pb
from xoai.pilots.v1 import city_service_pb2_grpc as pb_grpc

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "GetCityView": Permission("city.read"),
    "GetOpenStatistics": Permission(anyone=True),
    "ListIndicators": Permission("indicators.read"),
    "ListDefinitions": Permission(anyone=True),
    "RollUp": Permission(services=("cli",)),
}


class CityServicer(pb_grpc.CityServiceServicer):
    """RPCs of the figures; `bank_name` gives a bank's name by its BIN, `roll_up` publishes what is due and counts its
    tables.
    """

    PERMISSIONS: Mapping[str, Permission] = PERMISSIONS

    def __init__(self, edge: Edge, bank_name: Callable[[str], str], roll_up: Callable[[], int]) -> None:
        self._edge, self._bank_name, self._roll_up = edge, bank_name, roll_up

    def GetCityView(self, request: pb.GetCityViewRequest, context: grpc.ServicerContext) -> pb.CityView:
        wanted = _day(request.period_to)
        view, now = self._edge.query(
            context, lambda session, _: (figures.view(session, wanted), figures.now(session))
        )
        return messages.city_view(view, now, self._bank_name)

    def GetOpenStatistics(
        self, request: pb.GetOpenStatisticsRequest, context: grpc.ServicerContext
    ) -> pb.CityView:
        wanted = _day(request.period_to)
        return messages.open_view(self._edge.query(context, lambda session, _: figures.view(session, wanted)))

    def ListIndicators(
        self, request: pb.ListIndicatorsRequest, context: grpc.ServicerContext
    ) -> pb.ListIndicatorsResponse:
        if request.after < 0 or request.page_size < 0:
            field = "after" if request.after < 0 else "page_size"
            raise InvalidArgument(violations=[_negative(field)])
        rows, last = self._edge.query(
            context,
            lambda session, _: figures.indicators_after(session, request.after, request.page_size),
        )
        return pb.ListIndicatorsResponse(
            indicators=[messages.indicator_to(row) for row in rows], last_sequence=last
        )

    def ListDefinitions(
        self, request: pb.ListDefinitionsRequest, context: grpc.ServicerContext
    ) -> pb.ListDefinitionsResponse:
        return pb.ListDefinitionsResponse(definitions=[messages.definition_to(each) for each in DEFINITIONS])

    def RollUp(self, request: pb.RollUpRequest, context: grpc.ServicerContext) -> pb.RollUpResponse:
        tables = self._roll_up()
        last = self._edge.query(context, lambda session, _: figures.last_sequence(session))
        return pb.RollUpResponse(tables=tables, last_sequence=last)


def _negative(field: str) -> FieldViolation:
    return FieldViolation(field, "Không được âm.", "Must not be negative.")


def _day(text: str) -> date | None:
    """A day as the request names it; None for none. Raises InvalidArgument."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        violation = FieldViolation(
            "period_to", "Cần một ngày chủ nhật dạng 2026-11-29.", "Give a Sunday such as 2026-11-29."
        )
        raise InvalidArgument(violations=[violation]) from error
