"""The frame of the administrator's pages: whose city it is, the tabs that the viewer may open, ids in addresses."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from gateway import addresses
from gateway.page import Page
from gateway.roles import role_names
from gateway.shell import Shell, tabs
from gateway.web.admin.words import exception_words, outcome_words
from kit.errors import NotFound, PermissionDenied
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb

Crumbs = list[tuple[str, str]]
ROOT: Final = "/quan-tri"


class AdminPageNotFound(NotFound):
    reason = "ADMIN_PAGE_NOT_FOUND"
    vi = "Không tìm thấy trang này trong những nơi bạn quản trị."
    en = "This page could not be found among what you administer."


# Raises AdminPageNotFound for a damaged id.
inside: Final = partial(addresses.inside, AdminPageNotFound)
outside: Final = addresses.outside


def organisation_url(id: str, *parts: str) -> str:
    """A page of an organisation."""
    return "/".join((f"{ROOT}/don-vi", outside("org", id), *parts))


def account_url(organisation_id: str, id: str, *parts: str) -> str:
    """A page of a receiving account."""
    return organisation_url(organisation_id, "tai-khoan", outside("acc", id), *parts)


def person_url(id: str, *parts: str) -> str:
    """A page of a person."""
    return "/".join((f"{ROOT}/nguoi", outside("per", id), *parts))


def connection_url(id: str, *parts: str) -> str:
    """A page of a provider connection."""
    return "/".join((f"{ROOT}/ket-noi", outside("con", id), *parts))


def programme_url(code: str, *parts: str) -> str:
    """A page of a programme."""
    return "/".join((f"{ROOT}/chuong-trinh", code, *parts))


def enrolment_url(code: str, id: str, *parts: str) -> str:
    """A page of a list of stalls."""
    return programme_url(code, "danh-sach", outside("enr", id), *parts)


def stall_url(code: str, id: str, *parts: str) -> str:
    """A page of a stall of a programme."""
    return programme_url(code, "quay", outside("stl", id), *parts)


class Links:
    """Addresses, for templates; in them it is `link`."""

    organisation = staticmethod(organisation_url)
    account = staticmethod(account_url)
    person = staticmethod(person_url)
    connection = staticmethod(connection_url)
    programme = staticmethod(programme_url)
    enrolment = staticmethod(enrolment_url)
    stall = staticmethod(stall_url)
    id = staticmethod(outside)

    @staticmethod
    def key(organisation_id: str, id: str, *parts: str) -> str:
        """An API key of an organisation."""
        return organisation_url(organisation_id, "khoa-api", outside("key", id), *parts)


def kinds(page: Page) -> dict[int, str]:
    """The kinds of organisations in words."""
    _ = page.gettext
    kind = pb.Organisation
    return {
        kind.KIND_SCHOOL: _("Trường học"),
        kind.KIND_UTILITY: _("Điện, nước"),
        kind.KIND_TAX_OFFICE: _("Cơ quan thuế"),
        kind.KIND_AGENCY: _("Cơ quan, một cửa"),
        kind.KIND_MERCHANT: _("Người bán"),
        kind.KIND_CITY: _("Thành phố"),
    }


def shell(page: Page, tab: str, searched: str = "") -> Shell:
    """The frame with the tabs that the viewer may open; `tab` is the address of the current one behind ROOT."""
    _ = page.gettext
    may = page.viewer.may
    entries = [(_("Tổng quan"), ROOT)]
    if may("organisations.manage"):
        entries.append((_("Đơn vị"), f"{ROOT}/don-vi"))
    if may("people.manage"):
        entries.append((_("Người dùng"), f"{ROOT}/nguoi"))
    entries.append((_("Tài khoản nhận tiền"), f"{ROOT}/tai-khoan"))
    if may("pilots.manage"):
        entries.append((_("Chương trình"), f"{ROOT}/chuong-trinh"))
    if may("intake.manage"):
        entries.append((_("Kết nối ngân hàng"), f"{ROOT}/ket-noi"))
    if may("audit.read"):
        entries.append((_("Nhật ký"), f"{ROOT}/nhat-ky"))
    memberships = page.viewer.memberships()
    city = next((row for row in memberships if row.organisation_kind == pb.Organisation.KIND_CITY), None)
    here = city or (memberships[0] if memberships else None)
    searches = may("organisations.manage")
    return Shell(
        unit=here.organisation_name if here else "Xoài",
        home=ROOT,
        place=_("Quản trị"),
        tabs=tabs(f"{ROOT}{tab}", *entries),
        role=role_names(_).get(here.role, "") if here else "",
        search_action=f"{ROOT}/tim" if searches else "",
        search_label=_("Tìm đơn vị hoặc người") if searches else "",
        search_value=searched,
    )


def show(
    page: Page,
    template: str,
    title: str,
    *,
    tab: str,
    crumbs: Crumbs | None = None,
    errors: dict[str, str] | None = None,
    searched: str = "",
    **context: Any,
) -> Response:
    """A page of the administration. With `errors` it is a form again, with what was typed in `values`."""
    found = errors or {}
    return page.render(
        f"admin/{template}.html",
        status=422 if found else 200,
        shell=shell(page, tab, searched),
        title=title,
        crumbs=crumbs or [],
        errors=found,
        values=context.pop("values", {}),
        searched=searched,
        done=page.request.query_params.get("xong", ""),
        link=Links,
        exception_words=lambda reason: exception_words(page, reason),
        outcome_words=lambda outcome: outcome_words(page, outcome),
        **context,
    )


def require(page: Page, *permissions: str, organisation_id: str = "") -> None:
    """Raise PermissionDenied unless the viewer holds one of the permissions (for the organisation)."""
    if not any(page.viewer.may(permission, organisation_id) for permission in permissions):
        raise PermissionDenied(permission=permissions[0])


async def organisation_of(page: Page, org: str) -> pb.Organisation:
    """The organisation in an address. Raises AdminPageNotFound for one that the viewer has nothing to do with."""
    id = inside("org", org)
    try:
        found: pb.Organisation = await page.call(
            page.state.clients.directory.GetOrganisation, pb.GetOrganisationRequest(id=id)
        )
    except NotFound as error:
        raise AdminPageNotFound() from error
    return found


async def banks_of(page: Page) -> list[tuple[str, str]]:
    """The banks that take transfers as (BIN, name), for choosing; the sandbox's own bank in demo and tests."""
    reply = await page.call(page.state.clients.vietqr.ListBanks, vietqr_pb.ListBanksRequest())
    banks = [(row.bin, f"{row.short_name} – {row.name}") for row in reply.banks if row.transfer_supported]
    banks.sort(key=lambda row: row[1].casefold())
    if page.settings.is_sandbox:
        banks.insert(0, (SANDBOX_BIN, page.gettext("Ngân hàng Thử (chỉ bản thử)")))
    return banks


SANDBOX_BIN: Final = "970499"


def bank_name(banks: list[tuple[str, str]], bin: str) -> str:
    """The short name of a bank; its BIN where the list has none."""
    return next((name.partition(" – ")[0] for known, name in banks if known == bin), bin)
