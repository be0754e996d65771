"""People: invited into an organisation, given and deprived of roles, stopped, given a way back in."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.roles import role_names
from gateway.web.admin.frame import (
    ROOT,
    AdminPageNotFound,
    inside,
    organisation_of,
    organisation_url,
    person_url,
    show,
)
from kit.errors import Error, NotFound
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()
MANAGE: Final = holds("people.manage")
_Kind: Final = pb.Organisation
# Which roles an organisation's work has; the city's own hold everywhere.
_ROLES: Final[dict[int, tuple[str, ...]]] = {
    _Kind.KIND_SCHOOL: ("school_accountant", "head_teacher", "class_teacher"),
    _Kind.KIND_UTILITY: ("utility_clerk", "finance_clerk", "finance_head"),
    _Kind.KIND_TAX_OFFICE: ("tax_clerk", "finance_clerk", "finance_head"),
    _Kind.KIND_AGENCY: ("one_stop_clerk", "finance_clerk", "finance_head"),
    _Kind.KIND_MERCHANT: ("merchant",),
    _Kind.KIND_CITY: (
        "administrator",
        "finance_head",
        "finance_clerk",
        "market_inspector",
        "helper",
        "department_viewer",
        "city_viewer",
    ),
}


def _choices(page: Page, kind: int) -> list[tuple[str, str]]:
    names = role_names(page.gettext)
    return [(role, names[role]) for role in _ROLES.get(kind, ())]


@routes.get("/quan-tri/nguoi", MANAGE, include_in_schema=False)
async def listed(page: CurrentPage, trang: str = "", tim: str = "") -> Response:
    """Everybody, by name."""
    query = tim.strip()[:80]
    request = pb.ListPeopleRequest(page_token=trang, query=query)
    found = await page.call(page.state.clients.directory.ListPeople, request)
    return show(
        page,
        "people",
        page.gettext("Người dùng"),
        tab="/nguoi",
        people=found.people,
        next=found.next_page_token,
        first=not trang,
        query=query,
        roles=role_names(page.gettext),
    )


def _invite_form(page: Page, organisation: pb.Organisation, fields: Fields | None = None) -> Response:
    title = page.gettext("Mời người")
    return show(
        page,
        "invite",
        title,
        tab="/don-vi",
        crumbs=[
            (page.gettext("Đơn vị"), f"{ROOT}/don-vi"),
            (organisation.name, organisation_url(organisation.id)),
            (title, ""),
        ],
        errors=fields.errors if fields else {},
        values=fields.values() if fields else {},
        organisation=organisation,
        choices=_choices(page, organisation.kind),
    )


@routes.get("/quan-tri/don-vi/{org}/nguoi/moi", MANAGE, include_in_schema=False)
async def invitation(page: CurrentPage, org: str) -> Response:
    """The form of an invitation."""
    return _invite_form(page, await organisation_of(page, org))


@routes.post("/quan-tri/don-vi/{org}/nguoi/moi", MANAGE, include_in_schema=False)
async def invite(page: CurrentPage, org: str) -> Response:
    """Invite somebody; the link is shown once, for who has no password yet."""
    organisation = await organisation_of(page, org)
    _ = page.gettext
    fields = await fields_of(page)
    request = pb.InvitePersonRequest(
        request_id=fields.request_id,
        name=fields.text("name", _("Ghi họ và tên")),
        login=fields.text("login", _("Ghi thư điện tử hoặc số di động")),
        organisation_id=organisation.id,
        role=fields.text("role", _("Chọn vai trò")),
    )
    if request.role and request.role not in _ROLES.get(organisation.kind, ()):
        fields.errors["role"] = _("Chọn một vai trò của đơn vị này")
    if fields.errors:
        return _invite_form(page, organisation, fields)
    try:
        made = await page.call(page.state.clients.directory.InvitePerson, request)
    except Error as error:
        fields.refuse(error, {"name": "name", "login": "login", "role": "role"}, "login")
        return _invite_form(page, organisation, fields)
    return _link(page, made, _("Lời mời cho %(name)s", name=made.person_name))


def _link(page: Page, made: pb.Invitation, title: str) -> Response:
    """The one-time link, in the answer that makes it and nowhere else."""
    return show(
        page,
        "link",
        title,
        tab="/nguoi",
        crumbs=[(made.person_name, person_url(made.person_id)), (title, "")],
        invitation=made,
        address=f"{page.settings.public_url.rstrip('/')}/loi-moi/{made.token}" if made.token else "",
        back=person_url(made.person_id),
    )


async def _person(page: Page, per: str) -> pb.Person:
    try:
        found: pb.Person = await page.call(
            page.state.clients.directory.GetPerson, pb.GetPersonRequest(id=inside("per", per))
        )
    except NotFound as error:
        raise AdminPageNotFound() from error
    return found


async def _one(
    page: Page, person: pb.Person, errors: dict[str, str] | None = None, values: dict[str, Any] | None = None
) -> Response:
    places = {row.organisation_id: row for row in person.memberships}
    choices = [
        (f"{row.organisation_id} {role}", f"{row.organisation_name}: {name}")
        for row in places.values()
        for role, name in _choices(page, row.organisation_kind)
        if not any(
            held.organisation_id == row.organisation_id and held.role == role for held in person.memberships
        )
    ]
    is_self = person.id == page.viewer.subject.id
    asks_code = person.has_second_factor and not is_self and not page.viewer.is_fresh
    return show(
        page,
        "person",
        person.name,
        tab="/nguoi",
        crumbs=[(page.gettext("Người dùng"), f"{ROOT}/nguoi"), (person.name, "")],
        errors=errors,
        values=values or {},
        person=person,
        roles=role_names(page.gettext),
        choices=choices,
        is_self=is_self,
        sample=await page.sample_code() if asks_code else "",
    )


@routes.get("/quan-tri/nguoi/{per}", MANAGE, include_in_schema=False)
async def one(page: CurrentPage, per: str) -> Response:
    """A person with roles, and what can be done."""
    return await _one(page, await _person(page, per))


async def _act(page: Page, per: str, field: str, method: Any, request: Any, done: str) -> Response:
    """Do one thing with a person; what is refused is said on the person's page."""
    person = await _person(page, per)
    fields = await fields_of(page)
    try:
        await page.call(method, request(fields, person))
    except Error as error:
        if error.http_status >= 500 or error.http_status == 401:
            raise
        return await _one(page, person, {field: page.error_text(error)}, fields.values())
    return page.redirect(f"{person_url(person.id)}?xong={done}")


@routes.post("/quan-tri/nguoi/{per}/ngung", MANAGE, include_in_schema=False)
async def disable(page: CurrentPage, per: str) -> Response:
    """Stop a person: every session ends at once."""
    return await _act(
        page,
        per,
        "disable",
        page.state.clients.directory.DisablePerson,
        lambda fields, person: pb.DisablePersonRequest(request_id=fields.request_id, person_id=person.id),
        "ngung",
    )


@routes.post("/quan-tri/nguoi/{per}/mo", MANAGE, include_in_schema=False)
async def enable(page: CurrentPage, per: str) -> Response:
    """Let a person in again."""
    return await _act(
        page,
        per,
        "enable",
        page.state.clients.directory.EnablePerson,
        lambda fields, person: pb.EnablePersonRequest(request_id=fields.request_id, person_id=person.id),
        "mo",
    )


def _place_and_role(fields: Fields) -> tuple[str, str]:
    place, _, role = fields.text("membership").partition(" ")
    return place, role


@routes.post("/quan-tri/nguoi/{per}/giao", MANAGE, include_in_schema=False)
async def grant(page: CurrentPage, per: str) -> Response:
    """Give another role in one of the person's organisations."""

    def request(fields: Fields, person: pb.Person) -> pb.GrantMembershipRequest:
        place, role = _place_and_role(fields)
        return pb.GrantMembershipRequest(
            request_id=fields.request_id, person_id=person.id, organisation_id=place, role=role
        )

    return await _act(page, per, "membership", page.state.clients.directory.GrantMembership, request, "giao")


@routes.post("/quan-tri/nguoi/{per}/thu-hoi", MANAGE, include_in_schema=False)
async def revoke(page: CurrentPage, per: str) -> Response:
    """Take a role back."""

    def request(fields: Fields, person: pb.Person) -> pb.RevokeMembershipRequest:
        place, role = _place_and_role(fields)
        return pb.RevokeMembershipRequest(
            request_id=fields.request_id, person_id=person.id, organisation_id=place, role=role
        )

    return await _act(page, per, "roles", page.state.clients.directory.RevokeMembership, request, "thu-hoi")


@routes.post("/quan-tri/nguoi/{per}/mat-khau", MANAGE, include_in_schema=False)
async def reset_password(page: CurrentPage, per: str) -> Response:
    """End the password and every session; a one-time link for a new one is shown once."""
    person = await _person(page, per)
    fields = await fields_of(page)
    request = pb.ResetPasswordRequest(request_id=fields.request_id, person_id=person.id)
    try:
        made = await page.call(page.state.clients.directory.ResetPassword, request)
    except Error as error:
        if error.http_status >= 500 or error.http_status == 401:
            raise
        return await _one(page, person, {"password": page.error_text(error)})
    return _link(page, made, page.gettext("Đặt lại mật khẩu cho %(name)s", name=person.name))


@routes.post("/quan-tri/nguoi/{per}/xac-thuc", MANAGE, include_in_schema=False)
async def reset_second_factor(page: CurrentPage, per: str) -> Response:
    """Forget a lost phone, under a fresh code of the administrator's own."""
    person = await _person(page, per)
    fields = await fields_of(page)
    code = fields.text("code")
    request = pb.ResetSecondFactorRequest(request_id=fields.request_id, person_id=person.id)
    try:
        if code or not page.viewer.is_fresh:
            await page.prove(code)
        await page.call(page.state.clients.directory.ResetSecondFactor, request)
    except Error as error:
        if error.http_status >= 500 or error.http_status == 401:
            raise
        return await _one(page, person, {"code": page.error_text(error)})
    return page.redirect(f"{person_url(person.id)}?xong=xac-thuc")
