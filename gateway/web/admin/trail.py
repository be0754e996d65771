"""The audit trail: who did what, of one organisation, one person or one day, and whether the chain is whole."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from starlette.responses import Response

from gateway import formats
from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.frame import inside, outside, show
from gateway.web.admin.words import action_words, detail_words
from kit.errors import NotFound
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.intake.v1 import intake_service_pb2 as intake_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

routes = page_routes()
READ: Final = holds("audit.read")


class Source(NamedTuple):
    """A service that keeps a trail: its stub's name, its messages."""

    service: str
    messages: Any


# By what stands in the address; the directory's is shown first.
_SOURCES: Final = {
    "": Source("directory", pb),
    "ket-noi": Source("intake", intake_pb),
    "cho-pho": Source("stalls", stalls_pb),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in words."""

    time: Any
    subject: str
    who: str
    what: str
    details: list[str]
    organisation_id: str
    organisation: str


@routes.get("/quan-tri/nhat-ky", READ, include_in_schema=False)
async def trail(
    page: CurrentPage, nguon: str = "", don_vi: str = "", nguoi: str = "", ngay: str = "", trang: str = ""
) -> Response:
    """Entries, newest first, out of the trail of one service."""
    nguon = nguon if nguon in _SOURCES else ""
    source = _SOURCES[nguon]
    stub = getattr(page.state.clients, source.service)
    day, wrong = _day(page, ngay)
    organisation_id = inside("org", don_vi) if don_vi else ""
    subject = f"person:{inside('per', nguoi)}" if nguoi else ""
    values = {
        "organisation_id": organisation_id,
        "subject": subject,
        "date": day,
        "page_token": trang,
    }
    listing = page.call(stub.ListAuditEntries, source.messages.ListAuditEntriesRequest(**values))
    found, chain = await asyncio.gather(listing, _chain(page, source))
    rows = await rows_of(page, list(found.entries))
    return show(
        page,
        "trail",
        page.gettext("Nhật ký"),
        tab="/nhat-ky",
        errors={"ngay": wrong} if wrong else {},
        rows=rows,
        next=found.next_page_token,
        first=not trang,
        source=nguon,
        chain=chain,
        org=don_vi,
        person=nguoi,
        day=ngay,
        organisation_name=await _organisation_name(page, organisation_id),
        person_name=(await _names(page, [subject])).get(subject, "") if subject else "",
        query={"nguon": nguon, "don_vi": don_vi, "nguoi": nguoi, "ngay": ngay},
    )


def _day(page: Page, typed: str) -> tuple[str, str]:
    """A typed day in ISO form, or what is wrong with it."""
    if not typed.strip():
        return "", ""
    iso = formats.birth_date(typed)
    try:
        return date.fromisoformat(iso).isoformat(), ""
    except ValueError:
        return "", page.gettext("Ghi ngày có thật, như 30/11/2026")


async def _chain(page: Page, source: Source) -> Any:
    """Whether the whole trail follows; None for who sees a part of it only."""
    if not page.viewer.subject.tenants("audit.read").everywhere:
        return None
    stub = getattr(page.state.clients, source.service)
    return await page.call(stub.VerifyAudit, source.messages.VerifyAuditRequest(), timeout=10.0)


async def _names(page: Page, labels: list[str]) -> dict[str, str]:
    request = pb.NameSubjectsRequest(labels=sorted(set(labels)))
    return dict((await page.call(page.state.clients.directory.NameSubjects, request)).names)


async def _organisation_name(page: Page, id: str) -> str:
    if not id:
        return ""
    try:
        return str((await page.state.bills.organisation(id)).name)
    except NotFound:
        return ""


async def rows_of(page: Page, entries: list[Any]) -> list[Row]:
    """Entries in words, with the names of people and organisations."""
    if not entries:
        return []
    about = [row.object for row in entries if row.object.startswith(("person:", "api_key:"))]
    places = sorted({row.organisation_id for row in entries if row.organisation_id})
    names, organisations = await asyncio.gather(
        _names(page, [row.subject for row in entries] + about),
        asyncio.gather(*(_organisation_name(page, id) for id in places)),
    )
    by_id = dict(zip(places, organisations, strict=True))
    return [
        Row(
            time=row.create_time,
            subject=_person_of(row.subject),
            who=names.get(row.subject) or _nobody(page, row.subject),
            what=action_words(page, row.action, names.get(row.object, "")),
            details=detail_words(page, json.loads(row.detail_json)),
            organisation_id=row.organisation_id and outside("org", row.organisation_id),
            organisation=by_id.get(row.organisation_id, ""),
        )
        for row in entries
    ]


def _person_of(subject: str) -> str:
    """The outside id of a person, for the filter; empty for services and keys."""
    kind, _, id = subject.partition(":")
    return outside("per", str(UUID(id))) if kind == "person" else ""


def _nobody(page: Page, subject: str) -> str:
    """Who it was where it was no person and no key."""
    kind = subject.partition(":")[0]
    words = {"service": page.gettext("Hệ thống"), "device": page.gettext("Máy của quầy")}
    return words.get(kind, subject)
