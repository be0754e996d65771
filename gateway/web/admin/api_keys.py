"""API keys of an organisation's own systems: made with a choice of permissions, shown once, revoked."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.frame import ROOT, inside, organisation_of, organisation_url, show
from kit.errors import Error
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()
MANAGE: Final = holds("api_keys.manage")


def _permissions(page: Page) -> list[tuple[str, str]]:
    """What a key may be given, in words."""
    _ = page.gettext
    return [
        ("directory.read", _("Xem thông tin đơn vị và tài khoản nhận tiền")),
        ("invoices.read", _("Xem phiếu")),
        ("invoices.issue", _("Phát hành phiếu")),
        ("invoices.change", _("Đổi số tiền của phiếu chưa nộp")),
        ("invoices.void", _("Huỷ phiếu")),
        ("invoices.link", _("Lấy liên kết riêng của phiếu")),
        ("credits.read", _("Xem các khoản tiền đã nhận")),
        ("schools.read", _("Xem học sinh và đợt thu (trường)")),
    ]


def _form(page: Page, organisation: pb.Organisation, fields: Fields | None = None) -> Response:
    title = page.gettext("Tạo khoá API")
    return show(
        page,
        "api_key_form",
        title,
        tab="/don-vi",
        crumbs=[
            (page.gettext("Đơn vị"), f"{ROOT}/don-vi"),
            (organisation.name, organisation_url(organisation.id)),
            (title, ""),
        ],
        errors=fields.errors if fields else {},
        values=fields.values() if fields else {},
        chosen=fields.several("permission") if fields else ["invoices.read"],
        organisation=organisation,
        permissions=_permissions(page),
    )


@routes.get("/quan-tri/don-vi/{org}/khoa-api/moi", MANAGE, include_in_schema=False)
async def new(page: CurrentPage, org: str) -> Response:
    """The form of a key."""
    return _form(page, await organisation_of(page, org))


@routes.post("/quan-tri/don-vi/{org}/khoa-api/moi", MANAGE, include_in_schema=False)
async def create(page: CurrentPage, org: str) -> Response:
    """Make a key; its secret is in this answer and nowhere else."""
    organisation = await organisation_of(page, org)
    _ = page.gettext
    fields = await fields_of(page)
    request = pb.CreateApiKeyRequest(
        request_id=fields.request_id,
        organisation_id=organisation.id,
        name=fields.text("name", _("Ghi tên phần mềm dùng khoá")),
        permissions=fields.several("permission"),
    )
    if not request.permissions:
        fields.errors["permission"] = _("Chọn ít nhất một quyền")
    if fields.errors:
        return _form(page, organisation, fields)
    try:
        key = await page.call(page.state.clients.directory.CreateApiKey, request)
    except Error as error:
        fields.refuse(error, {"name": "name"}, "permission")
        return _form(page, organisation, fields)
    title = _("Khoá API “%(name)s”", name=key.name)
    return show(
        page,
        "api_key",
        title,
        tab="/don-vi",
        crumbs=[(organisation.name, organisation_url(organisation.id)), (title, "")],
        organisation=organisation,
        key=key,
    )


@routes.post("/quan-tri/don-vi/{org}/khoa-api/{key}/thu-hoi", MANAGE, include_in_schema=False)
async def revoke(page: CurrentPage, org: str, key: str) -> Response:
    """Stop a key at once."""
    organisation = await organisation_of(page, org)
    fields = await fields_of(page)
    request = pb.RevokeApiKeyRequest(request_id=fields.request_id, id=inside("key", key))
    await page.call(page.state.clients.directory.RevokeApiKey, request)
    return page.redirect(f"{organisation_url(organisation.id)}?xong=thu-hoi-khoa#khoa-api")
