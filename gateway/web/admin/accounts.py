"""Receiving accounts: proposed, approved by a second person with a fresh code, waiting out a day, in force, retired."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.frame import (
    ROOT,
    AdminPageNotFound,
    account_url,
    banks_of,
    inside,
    organisation_of,
    organisation_url,
    require,
    show,
)
from kit.errors import Error
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()
SEE: Final = holds("directory.read")
PROPOSE: Final = holds("accounts.propose")
APPROVE: Final = holds("accounts.approve")
_FIELDS: Final = {"bin": "bin", "account_number": "account_number", "holder_name": "holder_name"}


def _crumbs(page: Page, organisation: pb.Organisation, title: str) -> list[tuple[str, str]]:
    if page.viewer.may("organisations.manage"):
        way = [
            (page.gettext("Đơn vị"), f"{ROOT}/don-vi"),
            (organisation.name, organisation_url(organisation.id)),
        ]
    else:
        way = [(page.gettext("Tài khoản nhận tiền"), f"{ROOT}/tai-khoan")]
    return [*way, (title, "")]


async def _accounts(page: Page, organisation_id: str) -> list[pb.Account]:
    request = pb.ListAccountsRequest(organisation_id=organisation_id)
    return list((await page.call(page.state.clients.directory.ListAccounts, request)).accounts)


async def _found(page: Page, org: str, acc: str) -> tuple[pb.Organisation, pb.Account]:
    """The account in an address. Raises AdminPageNotFound for another organisation's."""
    organisation = await organisation_of(page, org)
    require(page, "accounts.propose", "accounts.approve", organisation_id=organisation.id)
    id = inside("acc", acc)
    for account in await _accounts(page, organisation.id):
        if account.id == id:
            return organisation, account
    raise AdminPageNotFound()


@routes.get("/quan-tri/tai-khoan", SEE, include_in_schema=False)
async def waiting(page: CurrentPage) -> Response:
    """What waits for a second person or for its day, in all organisations that the viewer may see; own accounts below."""
    require(page, "accounts.propose", "accounts.approve")
    directory, everywhere = page.state.clients.directory, page.viewer.may("organisations.manage")
    accounts = await page.call(directory.ListAccounts, pb.ListAccountsRequest(only_waiting=everywhere))
    seen = [
        row
        for row in accounts.accounts
        if page.viewer.may("accounts.propose", row.organisation_id)
        or page.viewer.may("accounts.approve", row.organisation_id)
    ]
    ids = sorted({row.organisation_id for row in seen})
    own = sorted(
        {
            (row.organisation_id, row.organisation_name)
            for row in page.viewer.memberships()
            if page.viewer.may("accounts.propose", row.organisation_id)
            and row.organisation_kind != pb.Organisation.KIND_CITY
        },
        key=lambda row: row[1],
    )
    publics, bins = await asyncio.gather(
        asyncio.gather(*map(page.state.bills.organisation, ids)), _bank_names(page, seen)
    )
    return show(
        page,
        "accounts",
        page.gettext("Tài khoản nhận tiền"),
        tab="/tai-khoan",
        accounts=seen,
        everywhere=everywhere,
        own=own,
        organisations={row.id: row.name for row in publics},
        banks=bins,
    )


async def _bank_names(page: Page, accounts: list[pb.Account]) -> dict[str, str]:
    bins = sorted({row.bin for row in accounts})
    return dict(zip(bins, await asyncio.gather(*map(page.state.bills.bank_name, bins)), strict=True))


async def _form(page: Page, organisation: pb.Organisation, fields: Fields | None, replaces: str) -> Response:
    present = [row for row in await _accounts(page, organisation.id) if row.state == pb.Account.STATE_ACTIVE]
    title = page.gettext("Đề nghị tài khoản nhận tiền")
    return show(
        page,
        "account_form",
        title,
        tab="/tai-khoan",
        crumbs=_crumbs(page, organisation, title),
        errors=fields.errors if fields else {},
        values=fields.values() if fields else {"replaces": replaces},
        organisation=organisation,
        present=present,
        banks=await banks_of(page),
    )


@routes.get("/quan-tri/don-vi/{org}/tai-khoan/moi", PROPOSE, include_in_schema=False)
async def new(page: CurrentPage, org: str, thay: str = "") -> Response:
    """The form of a proposal; `thay` is the account to be replaced."""
    organisation = await organisation_of(page, org)
    require(page, "accounts.propose", organisation_id=organisation.id)
    return await _form(page, organisation, None, inside("acc", thay) if thay else "")


@routes.post("/quan-tri/don-vi/{org}/tai-khoan/moi", PROPOSE, include_in_schema=False)
async def propose(page: CurrentPage, org: str) -> Response:
    """Put an account to the second person."""
    organisation = await organisation_of(page, org)
    _ = page.gettext
    fields = await fields_of(page)
    request = pb.ProposeAccountRequest(
        request_id=fields.request_id,
        organisation_id=organisation.id,
        bin=fields.text("bin", _("Chọn ngân hàng")),
        account_number="".join(fields.text("account_number", _("Ghi số tài khoản")).split()),
        holder_name=fields.text("holder_name", _("Ghi tên chủ tài khoản như ngân hàng ghi")),
        purpose=fields.text("purpose"),
        replaces_account_id=fields.text("replaces"),
        reason=fields.text("reason"),
    )
    if fields.errors:
        return await _form(page, organisation, fields, "")
    try:
        account = await page.call(page.state.clients.directory.ProposeAccount, request)
    except Error as error:
        fields.refuse(error, _FIELDS, "account_number")
        return await _form(page, organisation, fields, "")
    return page.redirect(f"{account_url(organisation.id, account.id)}?xong=de-nghi")


async def _one(
    page: Page,
    organisation: pb.Organisation,
    account: pb.Account,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
) -> Response:
    present = await _accounts(page, organisation.id)
    replaced = next((row for row in present if row.id == account.replaces_account_id), None)
    may_approve = page.viewer.may("accounts.approve", organisation.id)
    waits = account.state in (pb.Account.STATE_PROPOSED, pb.Account.STATE_COOLING)
    is_own = account.propose_person_id == page.viewer.subject.label
    asks_code = may_approve and account.state == pb.Account.STATE_PROPOSED and not is_own
    title = page.gettext("Tài khoản đuôi %(digits)s", digits=account.account_number[-4:])
    return show(
        page,
        "account",
        title,
        tab="/tai-khoan",
        crumbs=_crumbs(page, organisation, title),
        errors=errors,
        values=values or {},
        organisation=organisation,
        account=account,
        bank=await page.state.bills.bank_name(account.bin),
        replaced=replaced,
        may_approve=may_approve,
        waits=waits,
        is_own=is_own,
        # With an account already in force before, the new one waits a day; that is said before somebody approves.
        will_wait=any(
            row.HasField("approve_time") and row.approve_time.seconds <= account.propose_time.seconds
            for row in present
        ),
        sample=await page.sample_code() if asks_code and not page.viewer.is_fresh else "",
    )


@routes.get("/quan-tri/don-vi/{org}/tai-khoan/{acc}", SEE, include_in_schema=False)
async def one(page: CurrentPage, org: str, acc: str) -> Response:
    """One account: who proposed it, who approved it, from when it receives, and what can be done now."""
    organisation, account = await _found(page, org, acc)
    return await _one(page, organisation, account)


@routes.post("/quan-tri/don-vi/{org}/tai-khoan/{acc}/duyet", APPROVE, include_in_schema=False)
async def approve(page: CurrentPage, org: str, acc: str) -> Response:
    """The second person's word, under a fresh code."""
    organisation, account = await _found(page, org, acc)
    fields = await fields_of(page)
    code = fields.text("code")
    directory = page.state.clients.directory
    request = pb.ApproveAccountRequest(request_id=fields.request_id, id=account.id)
    try:
        if code or not page.viewer.is_fresh:
            await page.prove(code)
        await page.call(directory.ApproveAccount, request)
    except Error as error:
        if error.http_status >= 500 or error.http_status == 401:
            raise
        errors = {"code": page.error_text(error)}
        return await _one(page, organisation, account, errors=errors)
    return page.redirect(f"{account_url(organisation.id, account.id)}?xong=duyet")


async def _stop(page: Page, org: str, acc: str, field: str, method: Any, request: Any, done: str) -> Response:
    organisation, account = await _found(page, org, acc)
    fields = await fields_of(page)
    reason = fields.text(field, page.gettext("Ghi lý do"))
    if not fields.errors:
        try:
            await page.call(method, request(request_id=fields.request_id, id=account.id, reason=reason))
        except Error as error:
            fields.refuse(error, {}, field)
    if fields.errors:
        return await _one(page, organisation, account, errors=fields.errors, values=fields.values())
    return page.redirect(f"{account_url(organisation.id, account.id)}?xong={done}")


@routes.post("/quan-tri/don-vi/{org}/tai-khoan/{acc}/tu-choi", APPROVE, include_in_schema=False)
async def reject(page: CurrentPage, org: str, acc: str) -> Response:
    """Stop an account that waits."""
    directory = page.state.clients.directory
    return await _stop(
        page, org, acc, "reject_reason", directory.RejectAccount, pb.RejectAccountRequest, "tu-choi"
    )


@routes.post("/quan-tri/don-vi/{org}/tai-khoan/{acc}/ngung", APPROVE, include_in_schema=False)
async def retire(page: CurrentPage, org: str, acc: str) -> Response:
    """Stop asking money to an account in force."""
    directory = page.state.clients.directory
    return await _stop(
        page, org, acc, "retire_reason", directory.RetireAccount, pb.RetireAccountRequest, "ngung"
    )
