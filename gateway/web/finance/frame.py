"""Whose money these pages show: the organisations that the viewer acts for, and the frame around every page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gateway import addresses
from gateway.access import holds
from gateway.formats import figure
from gateway.page import Page
from gateway.roles import role_names
from gateway.shell import Shell, tabs
from kit.errors import Error, NotFound
from xoai.directory.v1 import directory_service_pb2 as directory_pb

READ: Final = holds("credits.read")
ASSIGN: Final = holds("credits.assign")
UNDO: Final = holds("credits.undo")
_PAGE: Final = 200
_MOST_PAGES: Final = 10


class FinancePageNotFound(NotFound):
    reason = "FINANCE_PAGE_NOT_FOUND"
    vi = "Không tìm thấy trang này ở bàn đối soát của bạn."
    en = "This page could not be found on your reconciliation desk."


def inside(prefix: str, text: str) -> str:
    """The id behind an outside one from an address; empty for none. Raises FinancePageNotFound for a damaged one."""
    return addresses.inside(FinancePageNotFound, prefix, text) if text else ""


outside: Final = addresses.outside


@dataclass(frozen=True, slots=True)
class Desk:
    """The viewer's desk. `names` are the organisations whose money they see, by id, in the order of their names."""

    page: Page
    names: dict[str, str]
    role: str

    def may(self, permission: str, organisation_id: str = "") -> bool:
        """Whether to show something. The services decide again."""
        return self.page.viewer.may(permission, organisation_id)

    def name_of(self, organisation_id: str) -> str:
        """An organisation in few words; money of an account that nobody has registered has none."""
        name = self.names.get(organisation_id, "")
        return short_name(name) if name else self.page.gettext("Chưa rõ đơn vị")

    @staticmethod
    def ref(prefix: str, id: str) -> str:
        """An id as forms name it."""
        return outside(prefix, id)

    @property
    def units(self) -> list[tuple[str, str]]:
        """The organisations as a form names them, with their names."""
        return [(outside("org", id), short_name(name)) for id, name in self.names.items()]

    @property
    def channel(self) -> str:
        """The live channel of what the desk shows; empty for several organisations that are not the whole city."""
        if self.page.viewer.subject.tenants("credits.read").everywhere:
            return "credits:all"
        return f"credits:{outside('org', next(iter(self.names)))}" if len(self.names) == 1 else ""

    @property
    def is_of_many(self) -> bool:
        """Whether the viewer acts for more than one organisation."""
        return len(self.names) != 1

    def shell(self, tab: str, searched: str = "") -> Shell:
        """The frame with its tabs; `tab` is the address of the current one."""
        _ = self.page.gettext
        entries = []
        may_read = self.may("credits.read")
        if may_read:
            entries = [
                (_("Cần xử lý"), "/doi-soat"),
                (_("Để lại"), "/doi-soat?xem=de-lai"),
                (_("Mọi khoản"), "/doi-soat?xem=tat-ca"),
                (_("Tiền dư"), "/doi-soat/tien-du"),
            ]
        if self.may("ledger.read"):
            entries.append((_("Sổ cái"), "/doi-soat/so-cai"))
        if self.may("intake.read"):
            entries.append((_("Tin lỗi"), "/doi-soat/tin-loi"))
        place = f"Xoài · {_('%(count)s đơn vị thu', count=len(self.names))}"
        return Shell(
            unit=_("Bàn đối soát"),
            home="/doi-soat" if may_read else "/doi-soat/tin-loi",
            place=place if self.is_of_many else next(iter(self.names.values())),
            tabs=tabs(tab, *entries),
            role=self.role,
            search_action="/doi-soat" if may_read else "",
            search_label=_("Tìm số tiền, nội dung, mã, số bút toán"),
            search_value=searched,
        )

    def render(self, template: str, title: str, *, tab: str, searched: str = "", **context: Any) -> Response:
        """A page of the desk; `context` may hold `errors`, `status` and what its template needs."""
        return self.page.render(
            f"finance/{template}.html",
            desk=self,
            shell=self.shell(tab, searched),
            title=title,
            **{"errors": {}, **context},
        )


async def desk_of(page: Page) -> Desk:
    """The desk of whoever looks: of the city all billers, of others the organisations in which they hold the right."""
    subject = page.viewer.subject
    tenants = subject.tenants("credits.read" if subject.may("credits.read") else "intake.read")
    if tenants.everywhere:
        names = await _every_name(page)
    else:
        mine = {row.organisation_id: row.organisation_name for row in page.viewer.memberships()}
        names = {id: mine.get(id, "") for id in map(str, tenants.organisation_ids)}
    rights = {row.role for row in page.viewer.memberships() if page.viewer.may("credits.read")}
    known = role_names(page.gettext)
    role = next((known[name] for name in known if name in rights), "")
    return Desk(page, dict(sorted(names.items(), key=lambda item: item[1])), role)


async def _every_name(page: Page) -> dict[str, str]:
    names: dict[str, str] = {}
    token = ""
    for _ in range(_MOST_PAGES):
        request = directory_pb.ListOrganisationsRequest(page_size=_PAGE, page_token=token)
        reply = await page.call(page.state.clients.directory.ListOrganisations, request)
        names |= {row.id: row.name for row in reply.organisations if row.kind not in _NO_BILLERS}
        token = reply.next_page_token
        if not token:
            break
    return names


# A trader's money is on nobody's desk but their own.
_NO_BILLERS: Final = (directory_pb.Organisation.KIND_CITY, directory_pb.Organisation.KIND_MERCHANT)
_SHORT: Final = (
    ("Trường Tiểu học ", "TH "),
    ("Trường Trung học cơ sở ", "THCS "),
    ("Trường Trung học phổ thông ", "THPT "),
    ("Trường Mầm non ", "Mầm non "),
    ("Trường ", ""),
)


def short_name(name: str) -> str:
    """An organisation's name as it is said at the desk: TH Hoa Mai."""
    for long, short in _SHORT:
        if name.startswith(long):
            return short + name.removeprefix(long)
    return name


_DONG: Final = re.compile(r"\b\d{4,15}(?= (?:đ|đồng)\b)")


def error_words(page: Page, error: Error) -> str:
    """What went wrong, with amounts written as everywhere else."""
    return _DONG.sub(lambda match: figure(int(match[0])), page.error_text(error))


def with_query(path: str, **values: str) -> str:
    """A path with those of the values that are not empty."""
    query = urlencode({name.replace("_", "-"): value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
