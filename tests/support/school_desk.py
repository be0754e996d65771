"""A signed-in accountant's hands: addresses of a school's pages, forms filled in and sent, what a page says."""

from __future__ import annotations

import re
from html import unescape

import httpx

from kit import ids
from tests.support.fake_bills import SCHOOL
from tests.support.fake_directory import PASSWORD
from tests.support.fake_school_bills import SchoolBill
from xoai.schools.v1 import schools_service_pb2 as pb

NASTY = '=HYPERLINK("http://evil.example","x")<script>alert(1)</script>'


def sign_in(client: httpx.Client) -> None:
    """Log in as the fake directory's person."""
    answer = client.post(
        "/dang-nhap",
        data={
            "form_token": token_of(client.get("/dang-nhap").text),
            "login": "lan.chi@hoamai.example",
            "password": PASSWORD,
            "next": "/truong",
        },
    )
    assert answer.status_code == 303


def token_of(html: str) -> str:
    """The hidden token of a page's first form."""
    return html.split('name="form_token" value="')[1].split('"')[0]


def key_of(html: str) -> str:
    """The idempotency key of a page's first form that has one."""
    return html.split('name="request_id" value="')[1].split('"')[0]


def home(organisation: str = SCHOOL) -> str:
    """A school's first page."""
    return f"/truong/{ids.external('org', ids.UUID(organisation))}"


def at(round_: pb.Round, *parts: str) -> str:
    """A page of a round."""
    return "/".join((home(), "dot-thu", ids.external("rnd", ids.UUID(round_.id)), *parts))


def bill_at(bill: SchoolBill, *parts: str) -> str:
    """A page of an invoice."""
    return "/".join((home(), "phieu", ids.external("inv", ids.UUID(bill.id)), *parts))


def send(desk: httpx.Client, path: str, shown_at: str, **fields: str) -> httpx.Response:
    """Fill in the form of a page and send it."""
    html = desk.get(shown_at).text
    return desk.post(path, data={"form_token": token_of(html), "request_id": key_of(html), **fields})


def words(html: str) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
