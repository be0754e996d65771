"""The search field of the header: pupils, invoices, classes; a payment reference leads straight to its invoice."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.formats import tidy_code
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.frame import school_of
from gateway.web.school.overview import READ
from kit.references.code import check
from kit.text import fold
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
_MOST = 20


@routes.get("/truong/{org}/tim", READ, include_in_schema=False)
async def search(page: CurrentPage, org: str, tim: str = "") -> Response:
    """What a text finds in this school, accents not needed."""
    school = await school_of(page, org)
    typed = tim.strip()[:100]
    title = page.gettext("Tìm “%(text)s”", text=typed) if typed else page.gettext("Tìm")
    if not typed:
        return school.render("search", title, tab="tim", pupils=[], invoices=[], classes=[])
    clients = page.state.clients
    pupils, invoices = await asyncio.gather(
        page.call(
            clients.schools.ListPupils,
            pb.ListPupilsRequest(organisation_id=school.id, search=typed, page_size=_MOST),
        ),
        page.call(
            clients.invoices.ListInvoices,
            invoices_pb.ListInvoicesRequest(organisation_id=school.id, search=typed, page_size=_MOST),
        ),
    )
    if check(tidy_code(typed)) and len(invoices.invoices) == 1:
        return page.redirect(school.invoice_url(invoices.invoices[0].id))
    key = fold(typed).upper()
    return school.render(
        "search",
        title,
        tab="tim",
        searched=typed,
        pupils=pupils.pupils,
        invoices=invoices.invoices,
        classes=[item for item in school.classes if fold(item.name).upper() == key],
    )
