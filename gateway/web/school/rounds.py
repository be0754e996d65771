"""Rounds: the list, a new one, its title, period, due date and scope."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.formats import day
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.frame import School, current_school_year, round_of, school_of
from gateway.web.school.overview import READ, cards_of
from gateway.web.school.pupils import MANAGE
from kit import clock
from kit.errors import Error
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
_SCOPES = {"truong": pb.Round.SCOPE_SCHOOL, "khoi": pb.Round.SCOPE_GRADE, "lop": pb.Round.SCOPE_CLASS}
_PLACES = {name: name for name in ("title", "period", "due_date", "scope", "school_year", "contact")}


@routes.get("/truong/{org}/dot-thu", READ, include_in_schema=False)
async def list_rounds(page: CurrentPage, org: str, trang: str = "") -> Response:
    """All rounds, the newest first."""
    school = await school_of(page, org)
    request = pb.ListRoundsRequest(organisation_id=school.id, page_token=trang, page_size=20)
    reply = await page.call(page.state.clients.schools.ListRounds, request)
    return school.render(
        "rounds",
        page.gettext("Đợt thu"),
        tab="dot-thu",
        cards=await cards_of(school, reply.rounds),
        next=reply.next_page_token,
    )


def _form(
    school: School,
    values: dict[str, object],
    errors: dict[str, str],
    *,
    earlier: list[pb.Round] | None = None,
    round_: pb.Round | None = None,
) -> Response:
    page = school.page
    title = page.gettext("Sửa đợt thu") if round_ else page.gettext("Mở đợt thu")
    crumbs = [(page.gettext("Đợt thu"), school.url("dot-thu"))]
    if round_:
        crumbs.append((round_.title, school.round_url(round_.id)))
    return school.render(
        "round_form",
        title,
        tab="dot-thu",
        crumbs=[*crumbs, (title, "")],
        values=values,
        errors=errors,
        earlier=earlier or [],
        copies=[(item.id, f"{item.title} ({len(item.fee_items)})") for item in earlier or ()],
        round=round_,
        fixed={"readonly": "readonly"} if round_ and round_.state == pb.Round.STATE_RELEASED else {},
        action=school.round_url(round_.id, "sua") if round_ else school.url("dot-thu", "moi"),
        status=422 if errors else 200,
    )


async def _earlier(school: School) -> list[pb.Round]:
    request = pb.ListRoundsRequest(organisation_id=school.id, page_size=12)
    reply = await school.page.call(school.page.state.clients.schools.ListRounds, request)
    return [round_ for round_ in reply.rounds if round_.fee_items]


@routes.get("/truong/{org}/dot-thu/moi", MANAGE, include_in_schema=False)
async def new_round(page: CurrentPage, org: str) -> Response:
    """The form of a new round, for the running month."""
    school = await school_of(page, org, "schools.manage")
    today = clock.today()
    month = f"{today.month:02d}/{today.year}"
    values: dict[str, object] = {
        "title": page.gettext("Khoản thu tháng %(month)s", month=month),
        "period": page.gettext("Tháng %(month)s", month=month),
        "scope": "truong",
    }
    return _form(school, values, {}, earlier=await _earlier(school))


def _read(school: School, fields: Fields) -> pb.Round:
    """The round as typed; what is wrong stands in `fields.errors`."""
    _ = school.page.gettext
    scope = fields.text("scope") or "truong"
    chosen = {"khoi": fields.several("grade"), "lop": fields.several("class")}.get(scope, [])
    if scope in ("khoi", "lop") and not chosen:
        fields.errors["scope"] = _("Chọn ít nhất một khối") if scope == "khoi" else _("Chọn ít nhất một lớp")
    return pb.Round(
        organisation_id=school.id,
        title=fields.text("title", _("Đặt tên đợt thu")),
        period=fields.text("period", _("Ghi kỳ thu, như Tháng 11/2026")),
        due_date=fields.day("due_date", _("Ghi hạn nộp")),
        scope=_SCOPES.get(scope, pb.Round.SCOPE_SCHOOL),
        scope_values=chosen,
        contact=fields.text("contact"),
    )


def _typed(fields: Fields) -> dict[str, object]:
    return {**fields.values(), "grades": fields.several("grade"), "classes": fields.several("class")}


@routes.post("/truong/{org}/dot-thu/moi", MANAGE, include_in_schema=False)
async def create(page: CurrentPage, org: str) -> Response:
    """Open a round, with the items of an earlier one if wanted."""
    school = await school_of(page, org, "schools.manage")
    fields = await fields_of(page)
    wish = _read(school, fields)
    wish.school_year = school.year or current_school_year()
    earlier = await _earlier(school)
    source = next((item for item in earlier if item.id == fields.text("copy")), None)
    if source is not None:
        wish.fee_items.extend(source.fee_items)
    if not fields.errors:
        request = pb.CreateRoundRequest(request_id=fields.request_id, round=wish)
        try:
            created = await page.call(page.state.clients.schools.CreateRound, request)
            return page.redirect(school.round_url(created.id))
        except Error as error:
            fields.refuse(error, _PLACES, "copy" if source else "title")
    return _form(school, _typed(fields), fields.errors, earlier=earlier)


@routes.get("/truong/{org}/dot-thu/{rnd}/sua", MANAGE, include_in_schema=False)
async def edit(page: CurrentPage, org: str, rnd: str) -> Response:
    """The form of a round that is there."""
    school = await school_of(page, org, "schools.manage")
    found = await round_of(school, rnd)
    scopes = {number: name for name, number in _SCOPES.items()}
    values: dict[str, object] = {
        "title": found.title,
        "period": found.period,
        "due_date": day(found.due_date),
        "contact": found.contact,
        "scope": scopes.get(found.scope, "truong"),
        "grades": list(found.scope_values),
        "classes": list(found.scope_values),
        "version": str(found.version),
    }
    return _form(school, values, {}, round_=found)


@routes.post("/truong/{org}/dot-thu/{rnd}/sua", MANAGE, include_in_schema=False)
async def update(page: CurrentPage, org: str, rnd: str) -> Response:
    """Keep what was changed, unless somebody else changed the round meanwhile."""
    school = await school_of(page, org, "schools.manage")
    found, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    wish = _read(school, fields)
    wish.id, wish.school_year = found.id, found.school_year
    version = fields.text("version")
    wish.version = int(version) if version.isdecimal() else 0
    if not fields.errors:
        request = pb.UpdateRoundRequest(request_id=fields.request_id, round=wish)
        try:
            await page.call(page.state.clients.schools.UpdateRound, request)
            return page.redirect(school.round_url(found.id))
        except Error as error:
            fields.refuse(error, _PLACES, "title")
    return _form(school, _typed(fields), fields.errors, round_=found)
