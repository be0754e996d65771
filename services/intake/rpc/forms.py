"""Rows of intake as protobuf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from kit import ids
from kit.messages import timestamp
from services.intake.flows.connections import ConnectionNotFound
from xoai.intake.v1 import intake_service_pb2 as pb


def uuid(text: str) -> UUID:
    """An id out of a request; a damaged one is answered like one that nobody has."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ConnectionNotFound() from error


def connection(row: Row[Any], secrets: Sequence[Row[Any]]) -> pb.Connection:
    """A connection without its secrets: of these only the last four characters are ever shown."""
    return pb.Connection(
        id=str(row.id),
        organisation_id=str(row.organisation_id),
        provider=row.provider,
        name=row.name,
        auth=row.auth,
        account_numbers=list(row.account_numbers),
        bin=row.bin,
        confirm_above=row.confirm_above,
        secrets=[
            pb.Secret(
                id=str(item.id),
                last_four=item.last_four,
                create_time=timestamp(item.create_time),
                remove_time=timestamp(item.remove_time),
            )
            for item in secrets
            if item.connection_id == row.id
        ],
        disabled=row.disabled,
        create_time=timestamp(row.create_time),
        last_callback_time=timestamp(row.last_callback_time),
        pull_url=row.pull_url,
        last_pull_time=timestamp(row.last_pull_time),
        callback_path=callback_path(row.provider, row.id),
        allowed_addresses=list(row.allowed_addresses),
    )


def callback_path(provider: str, id: UUID) -> str:
    """The path that is given to the provider."""
    return f"/v1/callbacks/{provider}/{ids.external('con', id)}"


def callback(row: Row[Any]) -> pb.Callback:
    return pb.Callback(
        id=str(row.id),
        connection_id=str(row.connection_id),
        provider=row.provider,
        arrive_time=timestamp(row.arrive_time),
        raw_body=bytes(row.raw_body).decode("utf-8", "replace"),
        outcome=row.outcome,
        report_ids=[str(id) for id in row.report_ids or ()],
        warnings=list(row.warnings),
        channel=row.channel,
    )


def exception(row: Row[Any]) -> pb.IntakeException:
    return pb.IntakeException(
        id=str(row.id),
        organisation_id=str(row.organisation_id),
        connection_id=str(row.connection_id),
        callback_id=str(row.callback_id),
        reason=row.reason,
        detail=row.detail,
        state=pb.IntakeException.STATE_OPEN if row.state == "open" else pb.IntakeException.STATE_CLOSED,
        create_time=timestamp(row.create_time),
        close_time=timestamp(row.close_time),
        close_reason=row.close_reason,
    )
