"""Changing a connection's secret without a gap: a second one stands beside the first, then the first is retired."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.admin.connections import connection_of, one_connection
from gateway.web.admin.frame import connection_url, inside
from kit.errors import Error
from xoai.intake.v1 import intake_service_pb2 as pb

routes = page_routes()
MANAGE: Final = holds("intake.manage")


@routes.post("/quan-tri/ket-noi/{con}/khoa", MANAGE, include_in_schema=False)
async def add(page: CurrentPage, con: str) -> Response:
    """Put a second secret in force."""
    connection = await connection_of(page, con)
    fields = await fields_of(page)
    request = pb.AddSecretRequest(
        request_id=fields.request_id,
        connection_id=connection.id,
        secret=fields.text("new_secret", page.gettext("Ghi khoá mới")),
    )
    if not fields.errors:
        try:
            await page.call(page.state.clients.intake.AddSecret, request)
        except Error as error:
            fields.refuse(error, {}, "new_secret")
    if fields.errors:
        return await one_connection(page, connection, errors=fields.errors, values=fields.values())
    return page.redirect(f"{connection_url(connection.id)}?xong=khoa-moi#khoa")


@routes.post("/quan-tri/ket-noi/{con}/khoa/{secret}/bo", MANAGE, include_in_schema=False)
async def retire(page: CurrentPage, con: str, secret: str) -> Response:
    """Take a secret out of force at once."""
    connection = await connection_of(page, con)
    fields = await fields_of(page)
    request = pb.RemoveSecretRequest(
        request_id=fields.request_id, connection_id=connection.id, secret_id=inside("sec", secret)
    )
    try:
        await page.call(page.state.clients.intake.RemoveSecret, request)
    except Error as error:
        fields.refuse(error, {}, "new_secret")
        return await one_connection(page, connection, errors=fields.errors)
    return page.redirect(f"{connection_url(connection.id)}?xong=bo-khoa#khoa")
