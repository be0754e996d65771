"""The phones of a stall: paired by a code that is shown once, removed by the owner, opened for selling by the PIN."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from gateway import qr
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.merchant.frame import (
    MANAGE,
    Merchant,
    MerchantPageNotFound,
    crumbs_of,
    inside,
    stall_of,
    stall_url,
)
from kit.errors import Error
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = page_routes()
_PIN: Final = re.compile(r"[0-9]{4}")
_ROLES: Final = {"seller": pb.Device.ROLE_SELLER, "listener": pb.Device.ROLE_LISTENER}


async def _devices(merchant: Merchant, stall: pb.Stall) -> list[pb.Device]:
    """Phones in use, the one paired last first."""
    clients = merchant.page.state.clients
    reply = await merchant.page.call(clients.stalls.ListDevices, pb.ListDevicesRequest(stall_id=stall.id))
    found = [device for device in reply.devices if not device.revoke_time.seconds]
    return sorted(found, key=lambda device: device.pair_time.seconds, reverse=True)


async def _show(merchant: Merchant, stall: pb.Stall, fields: Fields | None = None) -> Response:
    title = merchant.page.gettext("Máy của quầy")
    return merchant.render(
        "phones",
        title,
        crumbs=crumbs_of(merchant, stall, title),
        errors=fields.errors if fields else None,
        values=fields.values() if fields else {},
        stall=stall,
        devices=await _devices(merchant, stall),
    )


@routes.get("/quay-hang/chu/{stl}/may", MANAGE, include_in_schema=False)
async def phones(page: CurrentPage, stl: str) -> Response:
    """Every phone with its role and when it was seen."""
    return await _show(*await stall_of(page, stl))


@routes.post("/quay-hang/chu/{stl}/may", MANAGE, include_in_schema=False)
async def pair(page: CurrentPage, stl: str) -> Response:
    """A code for one more phone; shown on this page and never again."""
    merchant, stall = await stall_of(page, stl)
    fields = await fields_of(page)
    request = pb.CreatePairingRequest(
        request_id=fields.request_id,
        stall_id=stall.id,
        role=_ROLES.get(fields.text("role"), pb.Device.ROLE_LISTENER),
        name=fields.text("name", page.gettext("Ghi tên máy, như “Máy của Hạnh”")),
    )
    if not fields.errors:
        try:
            pairing = await page.call(page.state.clients.stalls.CreatePairing, request)
        except Error as error:
            fields.refuse(error, {}, "name")
    if fields.errors:
        return await _show(merchant, stall, fields)
    # The code comes in groups, for the eye.
    code = "".join(pairing.code.split())
    address = f"{page.settings.public_url.rstrip('/')}/quay-hang/ghep/{code}"
    title = page.gettext("Ghép %(name)s", name=request.name)
    return merchant.render(
        "pairing",
        title,
        crumbs=crumbs_of(merchant, stall, title),
        stall=stall,
        pairing=pairing,
        address=address,
        drawing=qr.draw(address),
    )


@routes.post("/quay-hang/chu/{stl}/may/{dev}/go", MANAGE, include_in_schema=False)
async def revoke(page: CurrentPage, stl: str, dev: str) -> Response:
    """Remove a phone: from now on it hears nothing."""
    merchant, stall = await stall_of(page, stl)
    id = inside("dev", dev)
    if id not in {device.id for device in await _devices(merchant, stall)}:
        raise MerchantPageNotFound()
    fields = await fields_of(page)
    request = pb.RevokeDeviceRequest(request_id=fields.request_id, id=id)
    await page.call(page.state.clients.stalls.RevokeDevice, request)
    return page.redirect(f"{stall_url(stall.id, 'may')}?xong=go")


@routes.post("/quay-hang/chu/{stl}/pin", MANAGE, include_in_schema=False)
async def set_pin(page: CurrentPage, stl: str) -> Response:
    """Four digits that open selling."""
    merchant, stall = await stall_of(page, stl)
    fields = await fields_of(page)
    pin = fields.text("pin")
    if _PIN.fullmatch(pin) is None:
        fields.errors["pin"] = page.gettext("PIN là bốn chữ số")
    elif pin != fields.text("again"):
        fields.errors["again"] = page.gettext("Hai lần ghi PIN khác nhau")
    if not fields.errors:
        request = pb.SetPinRequest(request_id=fields.request_id, stall_id=stall.id, pin=pin)
        try:
            await page.call(page.state.clients.stalls.SetPin, request)
        except Error as error:
            fields.refuse(error, {}, "pin")
    if fields.errors:
        return await _show(merchant, stall, fields)
    return page.redirect(f"{stall_url(stall.id, 'may')}?xong=pin")
