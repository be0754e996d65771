"""Look-up by code and second fact: one answer for an unknown code and for a wrong fact."""

from __future__ import annotations

from starlette.responses import Response

from gateway import formats
from gateway.access import PUBLIC
from gateway.bills import reference_of
from gateway.guards import CurrentPage, page_routes
from gateway.proofs import Proof
from gateway.web.bills import mismatch, opened, show_opened
from kit.errors import NotFound

routes = page_routes()


@routes.get("/tra-cuu", PUBLIC, include_in_schema=False)
async def form(page: CurrentPage) -> Response:
    """The empty form."""
    return page.render("lookup.html", errors={}, code="", value="", left=0)


@routes.post("/tra-cuu", PUBLIC, include_in_schema=False)
async def look_up(page: CurrentPage) -> Response:
    """The bill with its lines, or the form again with what was typed."""
    typed_code = await page.field("code")
    typed_fact = await page.field("second_fact")
    proof = Proof("second_fact", formats.birth_date(typed_fact))
    try:
        # Asked even for a code of the wrong form, so that every answer takes the same way.
        bill = await opened(page, reference_of(typed_code), proof)
    except NotFound:
        left = page.state.limits.left(page.address, page.viewer.device)
        errors = {"second_fact": mismatch(page)}
        return page.render(
            "lookup.html", status=422, errors=errors, code=typed_code[:60], value=typed_fact[:60], left=left
        )
    return await show_opened(page, bill, proof)
