"""Whose stalls these are, and the frame around each of the owner's pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from gateway import addresses
from gateway.access import holds
from gateway.page import Page
from gateway.roles import role_names
from gateway.shell import Shell, tabs
from kit.errors import NotFound
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

Crumbs = list[tuple[str, str]]
ROOT: Final = "/quay-hang/chu"
READ: Final = holds("stalls.read")
MANAGE: Final = holds("stalls.manage")
SELL: Final = holds("stalls.sell")


class MerchantPageNotFound(NotFound):
    reason = "MERCHANT_PAGE_NOT_FOUND"
    vi = "Không tìm thấy trang này trong các quầy của bạn."
    en = "This page could not be found among your stalls."


# Raises MerchantPageNotFound for a damaged id.
inside: Final = partial(addresses.inside, MerchantPageNotFound)
outside: Final = addresses.outside


def stall_url(stall_id: str, *parts: str) -> str:
    """A page of one stall."""
    return "/".join((ROOT, outside("stl", stall_id), *parts))


class Links:
    """Addresses, for templates; in them it is `link`."""

    stall = staticmethod(stall_url)
    id = staticmethod(outside)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A household or firm with stalls, and who looks."""

    page: Page
    id: str
    name: str
    role: str
    others: list[directory_pb.Membership]

    def may(self, permission: str) -> bool:
        """Whether to show something. The services decide again."""
        return self.page.viewer.may(permission, self.id)

    def url(self, *parts: str) -> str:
        """A page of this merchant's; only where somebody has several is it named in the address."""
        path = "/".join((ROOT, *parts))
        return f"{path}?don-vi={outside('org', self.id)}" if self.others else path

    def render(
        self,
        template: str,
        title: str,
        *,
        tab: str = "",
        crumbs: Crumbs | None = None,
        errors: dict[str, str] | None = None,
        values: dict[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """A page of this merchant. With `errors` it is a form again, with what was typed in `values`."""
        _ = self.page.gettext
        entries = [
            (_("Quầy của tôi"), self.url()),
            (_("Tiền chưa rõ quầy"), self.url("chua-ro")),
            (_("Sổ bán hàng"), self.url("so")),
            (_("Tài khoản nhận tiền"), self.url("tai-khoan")),
        ]
        shell = Shell(
            unit=self.name,
            home=self.url(),
            place=_("Chủ quầy"),
            tabs=tabs(self.url(*([tab] if tab else [])), *entries),
            role=self.role,
        )
        found = errors or {}
        return self.page.render(
            f"merchant/{template}.html",
            status=422 if found else 200,
            merchant=self,
            shell=shell,
            title=title,
            crumbs=crumbs or [],
            errors=found,
            values=values or {},
            done=self.page.request.query_params.get("xong", ""),
            link=Links,
            **context,
        )


def merchant_of(page: Page, organisation_id: str = "") -> Merchant:
    """The merchant of an organisation, of the address, or the viewer's first. Raises MerchantPageNotFound."""
    kind = directory_pb.Organisation.KIND_MERCHANT
    mine = [
        row for row in page.viewer.memberships(kind) if page.viewer.may("stalls.read", row.organisation_id)
    ]
    named = page.request.query_params.get("don-vi", "")
    wanted = organisation_id or (inside("org", named) if named else "")
    here = next((row for row in mine if not wanted or row.organisation_id == wanted), None)
    if here is None:
        raise MerchantPageNotFound()
    return Merchant(
        page=page,
        id=here.organisation_id,
        name=here.organisation_name,
        role=role_names(page.gettext).get(here.role, here.role),
        others=[row for row in mine if row.organisation_id != here.organisation_id],
    )


async def stalls_of(merchant: Merchant) -> list[pb.Stall]:
    """The merchant's stalls, by their numbers."""
    stalls: list[pb.Stall] = []
    token = ""
    while True:
        request = pb.ListStallsRequest(organisation_id=merchant.id, page_size=200, page_token=token)
        reply = await merchant.page.call(merchant.page.state.clients.stalls.ListStalls, request)
        stalls += reply.stalls
        token = reply.next_page_token
        if not token:
            return sorted(stalls, key=lambda stall: (stall.programme_name, stall.number))


async def stall_of(page: Page, stl: str) -> tuple[Merchant, pb.Stall]:
    """The stall in an address, and its merchant. Raises MerchantPageNotFound for somebody else's."""
    request = pb.GetStallRequest(id=inside("stl", stl))
    try:
        stall: pb.Stall = await page.call(page.state.clients.stalls.GetStall, request)
    except NotFound as error:
        raise MerchantPageNotFound() from error
    return merchant_of(page, stall.organisation_id), stall


def crumbs_of(merchant: Merchant, stall: pb.Stall, title: str = "") -> Crumbs:
    """The way to a page of a stall."""
    _ = merchant.page.gettext
    name = _("Quầy %(number)s", number=stall.number)
    way = [(_("Quầy của tôi"), merchant.url()), (name, stall_url(stall.id) if title else "")]
    return [*way, (title, "")] if title else way
