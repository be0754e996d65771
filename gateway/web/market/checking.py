"""Checking a code that stands somewhere: seen by the camera, photographed or pasted."""

from __future__ import annotations

from starlette.responses import Response

from gateway.defence import PERMISSIONS_POLICY_CAMERA
from gateway.fields import fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.market.frame import INSPECT, ROOT, show
from kit.errors import Error
from xoai.pilots.v1 import trust_service_pb2 as pb

routes = page_routes()
_TAB = f"{ROOT}/kiem-tra"
_MOST = 1_100


def _form(page: Page, errors: dict[str, str] | None = None, payload: str = "") -> Response:
    title = page.gettext("Kiểm tra một mã đang dán ở quầy")
    response = show(page, "check", title, tab=_TAB, errors=errors, payload=payload)
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY_CAMERA
    return response


@routes.get("/cho/kiem-tra", INSPECT, include_in_schema=False)
async def form(page: CurrentPage) -> Response:
    """The camera, a photograph and the field for a pasted text; without scripts the field alone."""
    return _form(page)


@routes.post("/cho/kiem-tra", INSPECT, include_in_schema=False)
async def check(page: CurrentPage) -> Response:
    """What the code is, and what differs from the register."""
    fields = await fields_of(page)
    value = (await page.form()).get("payload", "")
    payload = value.strip()[:_MOST] if isinstance(value, str) else ""
    if not payload:
        return _form(page, {"payload": page.gettext("Dán dòng chữ đọc được từ mã, hoặc chụp mã")})
    request = pb.CheckStandRequest(request_id=fields.request_id, payload=payload)
    try:
        checked = await page.call(page.state.clients.trust.CheckStand, request, timeout=4.0)
    except Error as error:
        fields.refuse(error, {}, "payload")
        return _form(page, fields.errors, payload)
    return show(page, "checked", _title(page, checked), tab=_TAB, checked=checked, payload=payload)


def _title(page: Page, checked: pb.StandCheck) -> str:
    _ = page.gettext
    stall = " · ".join(part for part in (checked.stall_number, checked.stall_name) if part)
    match checked.outcome:
        case pb.StandCheck.OUTCOME_SAME:
            return _("Đúng mã của quầy %(stall)s", stall=stall)
        case pb.StandCheck.OUTCOME_OLD_ISSUE:
            return _("Bảng cũ của quầy %(stall)s", stall=stall)
        case pb.StandCheck.OUTCOME_DIFFERS if stall:
            return _("Mã khác sổ đăng ký của quầy %(stall)s", stall=stall)
        case pb.StandCheck.OUTCOME_DIFFERS:
            return _("Mã không của quầy nào")
        case _:
            return _("Không phải mã VietQR")
