"""Who may see and do what at the finance desk."""

from __future__ import annotations

from uuid import UUID

import httpx

from kit import auth, ids
from tests.integration.gateway.finance.forms import form_of, page_of
from tests.integration.gateway.test_pages import token_of
from tests.support.fake_bills import OTHER_SCHOOL, SCHOOL
from tests.support.finance_desk import FinanceDesk


def test_a_clerk_sees_their_own_organisation_only(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """Another biller's credit is not found, whatever is asked for; somebody of the city sees both."""
    foreign = desk.money(80_000, "tien dien", source="other")
    own = desk.money(90_000, "tien hoc")
    unit = ids.external("org", UUID(OTHER_SCHOOL))
    for path in ("/doi-soat", "/doi-soat?xem=tat-ca", f"/doi-soat?don-vi={unit}", "/doi-soat?tim=tien dien"):
        assert page_of(foreign) not in clerk.get(path).text
    for path in (page_of(foreign), f"{page_of(foreign)}/tin", "/doi-soat/khoan/crd_x", f"{page_of(SCHOOL)}"):
        assert clerk.get(path).status_code == 404, path
    token = token_of(clerk.get(page_of(own)).text)
    for action in ("ghi", "de-lai", "giu", "xac-nhan"):
        fields = {
            "form_token": token,
            "request_id": action,
            "reason": "x",
            "payable": ids.external("inv", UUID(SCHOOL)),
        }
        answer = clerk.post(f"{page_of(foreign)}/{action}", data={**fields, "payer": "p"})
        assert answer.status_code == 404, action
    desk.platform.scope = auth.EVERYWHERE
    everything = clerk.get("/doi-soat").text
    assert page_of(foreign) in everything
    assert page_of(own) in everything
    assert "2 đơn vị thu" in everything


def test_nobody_else_comes_in_and_no_form_without_its_token(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """A person without the right is refused, a visitor is led to the login, a form from elsewhere does nothing."""
    credit = desk.money(70_000, "chuyen tien")
    fields = form_of(clerk.get(page_of(credit)).text, "de-lai")
    stolen = {**fields, "reason": "x", "form_token": "x.y"}
    assert clerk.post(f"{page_of(credit)}/de-lai", data=stolen).status_code == 403
    assert desk.rows("SELECT park_reason FROM credit") == [("",)]
    desk.platform.permissions = frozenset({"credits.read"})
    assert "/de-lai" not in clerk.get(page_of(credit)).text
    assert clerk.post(f"{page_of(credit)}/de-lai", data={**fields, "reason": "x"}).status_code == 403
    assert clerk.get("/doi-soat/so-cai").status_code == 403
    desk.platform.permissions = frozenset({"schools.read"})
    assert clerk.get("/doi-soat").status_code == 403
    clerk.cookies.clear()
    assert clerk.get("/doi-soat").headers["location"] == "/dang-nhap?next=/doi-soat"


def test_the_desks_channel_is_for_its_clerks(desk: FinanceDesk, clerk: httpx.Client) -> None:
    """An organisation's channel for who may read its credits, the city's for who may read all; nobody else."""
    own, other = (f"credits:{ids.external('org', UUID(id))}" for id in (SCHOOL, OTHER_SCHOOL))

    def status(channel: str) -> int:
        with clerk.stream("GET", "/v1/events", params={"channel": channel}) as answer:
            return answer.status_code

    assert f'data-channel="{own}"' in clerk.get("/doi-soat").text
    assert [status(channel) for channel in (own, other, "credits:all")] == [200, 403, 403]
    desk.platform.scope = auth.EVERYWHERE
    assert [status(channel) for channel in (own, other, "credits:all", "credits:x")] == [200, 200, 200, 400]
    clerk.cookies.clear()
    assert status(own) == 401
