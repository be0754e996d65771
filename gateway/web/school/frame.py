"""Whose pages these are: the school in the address, what the viewer may do there, and the frame around every page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response

from gateway import addresses
from gateway.page import Page
from gateway.roles import role_names
from gateway.shell import Shell, tabs
from kit import clock
from kit.errors import NotFound, PermissionDenied
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.schools.v1 import schools_service_pb2 as pb

Crumbs = list[tuple[str, str]]
_SUMMER: Final = 6


class SchoolPageNotFound(NotFound):
    reason = "SCHOOL_PAGE_NOT_FOUND"
    vi = "Không tìm thấy trang này trong các trường của bạn."
    en = "This page could not be found in your schools."


# Raises SchoolPageNotFound for a damaged id.
inside: Final = partial(addresses.inside, SchoolPageNotFound)
outside: Final = addresses.outside


def current_school_year() -> str:
    """The school year that today belongs to, such as 2026-2027; a new one is prepared from June on."""
    today = clock.today()
    first = today.year if today.month >= _SUMMER else today.year - 1
    return f"{first}-{first + 1}"


@dataclass(frozen=True, slots=True)
class School:
    """A school and what its viewer may do there."""

    page: Page
    id: str
    name: str
    place: str
    role: str
    year: str
    classes: list[pb.SchoolClass]
    # Whether the viewer acts for other schools too.
    has_others: bool

    def may(self, permission: str) -> bool:
        """Whether to show something. The services decide again."""
        return self.page.viewer.may(permission, self.id)

    def require(self, permission: str) -> None:
        """Raise PermissionDenied unless the viewer holds it in this school."""
        if not self.may(permission):
            raise PermissionDenied(permission=permission)

    def url(self, *parts: str) -> str:
        """A page of this school."""
        return "/".join(("/truong", outside("org", self.id), *parts))

    def desk_url(self, view: str = "") -> str:
        """The reconciliation desk with this school's money only; `view` as the desk names its lists."""
        more = f"&xem={view}" if view else ""
        return f"/doi-soat?don-vi={outside('org', self.id)}{more}"

    def round_url(self, round_id: str, *parts: str) -> str:
        """A page of a round."""
        return self.url("dot-thu", outside("rnd", round_id), *parts)

    def item_url(self, round_id: str, item_id: str, *parts: str) -> str:
        """A page of a round's item."""
        return self.round_url(round_id, "khoan", outside("itm", item_id), *parts)

    def import_url(self, import_id: str, *parts: str) -> str:
        """A page of an import."""
        return self.url("tep", outside("imp", import_id), *parts)

    def pupil_url(self, pupil_id: str, *parts: str) -> str:
        """A page of a pupil."""
        return self.url("hoc-sinh", outside("pup", pupil_id), *parts)

    def invoice_url(self, invoice_id: str, *parts: str) -> str:
        """A page of an invoice."""
        return self.url("phieu", outside("inv", invoice_id), *parts)

    @property
    def grades(self) -> list[str]:
        """The grades there are, in the order of the classes."""
        return list(dict.fromkeys(item.grade for item in self.classes if item.grade))

    @property
    def pupil_count(self) -> int:
        return sum(item.pupil_count for item in self.classes)

    def own(self, organisation_id: str) -> None:
        """Raise SchoolPageNotFound unless an object found by its id is this school's."""
        if organisation_id != self.id:
            raise SchoolPageNotFound()

    def shell(self, tab: str, searched: str = "") -> Shell:
        """The frame with its tabs; `tab` is the address of the current one behind the school's."""
        _ = self.page.gettext
        entries = [
            (_("Tổng quan"), self.url()),
            (_("Học sinh"), self.url("hoc-sinh")),
            (_("Khoản thu"), self.url("khoan-thu")),
            (_("Đợt thu"), self.url("dot-thu")),
            (_("Thông báo"), self.url("thong-bao")),
            (_("Đã nộp"), self.url("da-nop")),
            (_("Tệp đã nhập"), self.url("tep")),
        ]
        if self.has_others:
            entries.append((_("Đổi trường"), "/truong?chon=1"))
        return Shell(
            unit=self.name,
            home=self.url(),
            place=self._place_and_year(),
            tabs=tabs(self.url(tab) if tab else self.url(), *entries),
            role=self.role,
            search_action=self.url("tim"),
            search_label=_("Tìm học sinh, mã thanh toán, lớp"),
            search_value=searched,
        )

    def _place_and_year(self) -> str:
        """Place and school year; where there is little room only the year."""
        year = self.page.gettext("Năm học %(year)s", year=self.year) if self.year else ""
        if not (self.place and year):
            return self.place or year
        return Markup('<span class="roomy">{} · </span>{}').format(self.place, year)

    def render(
        self, template: str, title: str, *, tab: str, crumbs: Crumbs | None = None, **context: Any
    ) -> Response:
        """A page of this school; `context` may hold `errors`, `status` and what its template needs."""
        values: dict[str, Any] = {"errors": {}, "searched": "", **context}
        return self.page.render(
            f"school/{template}.html",
            school=self,
            shell=self.shell(tab, values["searched"]),
            title=title,
            crumbs=crumbs or [],
            **values,
        )


async def school_of(page: Page, org: str, permission: str = "schools.read") -> School:
    """The school in an address. Raises SchoolPageNotFound if the viewer has nothing to do there, PermissionDenied."""
    id = inside("org", org)
    if not page.viewer.may("schools.read", id):
        raise SchoolPageNotFound()
    clients = page.state.clients
    public, listed = await asyncio.gather(
        page.state.bills.organisation(id),
        page.call(clients.schools.ListClasses, pb.ListClassesRequest(organisation_id=id)),
    )
    mine = page.viewer.memberships(directory_pb.Organisation.KIND_SCHOOL)
    here = next((row for row in mine if row.organisation_id == id), None)
    names = role_names(page.gettext)
    school = School(
        page=page,
        id=id,
        name=public.name,
        place=public.address,
        role=names.get(here.role, here.role) if here else "",
        year=listed.school_year,
        classes=list(listed.classes),
        has_others=any(row.organisation_id != id for row in mine),
    )
    school.require(permission)
    return school


async def round_of(school: School, round_ref: str) -> pb.Round:
    """The round in an address. Raises SchoolPageNotFound for another school's."""
    request = pb.GetRoundRequest(id=inside("rnd", round_ref))
    found: pb.Round = await school.page.call(school.page.state.clients.schools.GetRound, request)
    school.own(found.organisation_id)
    return found


async def pupil_of(school: School, pupil_ref: str) -> pb.Pupil:
    """The pupil in an address. Raises SchoolPageNotFound for another school's."""
    request = pb.GetPupilRequest(id=inside("pup", pupil_ref))
    found: pb.Pupil = await school.page.call(school.page.state.clients.schools.GetPupil, request)
    school.own(found.organisation_id)
    return found


async def accounts_of(school: School) -> list[directory_pb.Account]:
    """The school's accounts in force."""
    request = directory_pb.ListAccountsRequest(organisation_id=school.id)
    reply = await school.page.call(school.page.state.clients.directory.ListAccounts, request)
    return [row for row in reply.accounts if row.state == directory_pb.Account.STATE_ACTIVE]
