"""The operation centre's feed: every published figure once, in the order of publication, and what each means."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query

from gateway.access import PUBLIC, holds
from gateway.access_tokens import SCOPE
from gateway.guards import api_routes
from gateway.rest.wire import Body, CurrentApi
from xoai.pilots.v1 import city_service_pb2 as pb

routes = api_routes("Indicators")

Unit = Literal["count", "dong", "permille", "milliseconds"]
After = Annotated[
    int,
    Query(
        ge=0, lt=2**63, description="Sequence of the last indicator that the caller has; 0: from the first"
    ),
]
Size = Annotated[int, Query(ge=0, le=500, description="At most 500; 500 if absent")]


class Indicator(Body):
    """One figure of one period. `value` null: suppressed, because it would tell of too few. It is never 0 for that."""

    sequence: int
    name: str
    place: str
    ward_set: str
    period_from: date
    period_to: date
    value: int | None
    unit: Unit
    as_of: datetime
    definition_version: int
    complete: bool


class IndicatorList(Body):
    """Ask again `after` the last one's sequence until it is `last_sequence`."""

    indicators: list[Indicator]
    last_sequence: int


class Definition(Body):
    """What a figure means, in Vietnamese and English, and for which places it is published."""

    name: str
    version: int
    unit: Unit
    places: str
    vi: str
    en: str


class DefinitionList(Body):
    definitions: list[Definition]


@routes.get("/v1/indicators", holds(SCOPE), summary="List indicators")
async def list_indicators(api: CurrentApi, after: After = 0, page_size: Size = 0) -> IndicatorList:
    """Indicators behind a sequence number, oldest first. What was published never changes."""
    request = pb.ListIndicatorsRequest(after=after, page_size=page_size)
    reply = await api.call(api.clients.city.ListIndicators, request)
    return IndicatorList(
        indicators=[_to_json(row) for row in reply.indicators], last_sequence=reply.last_sequence
    )


@routes.get("/v1/indicators/definitions", PUBLIC, summary="List definitions of indicators")
async def list_definitions(api: CurrentApi) -> DefinitionList:
    """The one table of definitions."""
    reply = await api.call(api.clients.city.ListDefinitions, pb.ListDefinitionsRequest())
    return DefinitionList(
        definitions=[
            Definition(
                name=row.name,
                version=row.version,
                unit=row.unit,
                places=row.scope,
                vi=row.vi,
                en=row.en,
            )
            for row in reply.definitions
        ]
    )


def _to_json(row: pb.Indicator) -> Indicator:
    return Indicator(
        sequence=row.sequence,
        name=row.name,
        place=row.place,
        ward_set=row.ward_set,
        period_from=date.fromisoformat(row.period_from),
        period_to=date.fromisoformat(row.period_to),
        value=row.value if row.HasField("value") else None,
        unit=row.unit,  # type: ignore[arg-type]
        as_of=datetime.fromisoformat(row.as_of),
        definition_version=row.definition_version,
        complete=row.complete,
    )
