"""Exemptions of a round: for one pupil, in per cent or đồng, with the reason."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.frame import School, pupil_of, round_of, school_of
from gateway.web.school.overview import READ
from gateway.web.school.pupils import MANAGE
from kit.errors import Error
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
_PLACES = {"reason": "reason", "amount": "value", "percent_hundredths": "value"}


async def _show(
    school: School,
    round_: pb.Round,
    *,
    pupil: pb.Pupil | None = None,
    sought: str = "",
    fields: Fields | None = None,
    done: str = "",
) -> Response:
    page, schools = school.page, school.page.state.clients.schools
    listed = await page.call(schools.ListExemptions, pb.ListExemptionsRequest(round_id=round_.id))
    found: list[pb.Pupil] = []
    if sought:
        request = pb.ListPupilsRequest(organisation_id=school.id, search=sought, page_size=20)
        found = list((await page.call(schools.ListPupils, request)).pupils)
    title = page.gettext("Miễn giảm")
    errors = fields.errors if fields else {}
    return school.render(
        "exemptions",
        title,
        tab="dot-thu",
        crumbs=[
            (page.gettext("Đợt thu"), school.url("dot-thu")),
            (round_.title, school.round_url(round_.id)),
            (title, ""),
        ],
        round=round_,
        exemptions=listed.exemptions,
        titles={item.id: item.title for item in round_.fee_items},
        item_options=[(item.id, item.title) for item in round_.fee_items if not item.voluntary],
        pupil=pupil,
        sought=sought,
        found=[row for row in found if not row.withdraw_date],
        values=fields.values() if fields else {},
        errors=errors,
        done=done,
        status=422 if errors else 200,
    )


@routes.get("/truong/{org}/dot-thu/{rnd}/mien-giam", READ, include_in_schema=False)
async def list_exemptions(
    page: CurrentPage, org: str, rnd: str, tim: str = "", hs: str = "", da: str = ""
) -> Response:
    """Who pays less, and why; first the pupil is found, then the form is shown."""
    school = await school_of(page, org)
    round_ = await round_of(school, rnd)
    pupil = await pupil_of(school, hs) if hs else None
    return await _show(school, round_, pupil=pupil, sought=tim.strip()[:100], done=da)


@routes.post("/truong/{org}/dot-thu/{rnd}/mien-giam", MANAGE, include_in_schema=False)
async def set_exemption(page: CurrentPage, org: str, rnd: str) -> Response:
    """Take something off for one pupil."""
    school = await school_of(page, org, "schools.manage")
    round_, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    pupil = await pupil_of(school, fields.text("pupil"))
    is_per_cent = fields.text("how") != "dong"
    missing = page.gettext("Ghi mức miễn giảm")
    exemption = pb.Exemption(
        round_id=round_.id,
        pupil_id=pupil.id,
        fee_item_id=fields.text("item"),
        percent_hundredths=fields.per_cent("value", missing) if is_per_cent else 0,
        amount=0 if is_per_cent else fields.amount("value", missing),
        reason=fields.text("reason", page.gettext("Ghi lý do miễn giảm")),
    )
    if not fields.errors:
        request = pb.SetExemptionRequest(request_id=fields.request_id, exemption=exemption)
        try:
            await page.call(page.state.clients.schools.SetExemption, request)
            return page.redirect(f"{school.round_url(round_.id, 'mien-giam')}?da=ghi")
        except Error as error:
            fields.refuse(error, _PLACES, "value")
    return await _show(school, round_, pupil=pupil, fields=fields)


@routes.post("/truong/{org}/dot-thu/{rnd}/mien-giam/bo", MANAGE, include_in_schema=False)
async def remove_exemption(page: CurrentPage, org: str, rnd: str) -> Response:
    """Nothing is taken off any more."""
    school = await school_of(page, org, "schools.manage")
    round_, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    pupil = await pupil_of(school, fields.text("pupil"))
    request = pb.SetExemptionRequest(
        request_id=fields.request_id,
        exemption=pb.Exemption(round_id=round_.id, pupil_id=pupil.id, fee_item_id=fields.text("item")),
    )
    await page.call(page.state.clients.schools.SetExemption, request)
    return page.redirect(f"{school.round_url(round_.id, 'mien-giam')}?da=bo")
