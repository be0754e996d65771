"""The merchant's account: what receives now, and the proposal of another, which a second person of the city approves."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.admin.frame import banks_of
from gateway.web.merchant.frame import READ, Merchant, merchant_of
from kit.errors import Error
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()
_FIELDS = {"bin": "bin", "account_number": "account_number", "holder_name": "holder_name"}
_SHOWN = (pb.Account.STATE_PROPOSED, pb.Account.STATE_COOLING, pb.Account.STATE_ACTIVE)


async def _accounts(merchant: Merchant) -> list[pb.Account]:
    request = pb.ListAccountsRequest(organisation_id=merchant.id)
    reply = await merchant.page.call(merchant.page.state.clients.directory.ListAccounts, request)
    return [account for account in reply.accounts if account.state in _SHOWN]


async def _show(merchant: Merchant, fields: Fields | None = None) -> Response:
    page = merchant.page
    accounts, banks = await asyncio.gather(_accounts(merchant), banks_of(page))
    names = dict(
        zip(
            (account.bin for account in accounts),
            await asyncio.gather(*(page.state.bills.bank_name(account.bin) for account in accounts)),
            strict=True,
        )
    )
    return merchant.render(
        "account",
        page.gettext("Tài khoản nhận tiền"),
        tab="tai-khoan",
        errors=fields.errors if fields else None,
        values=fields.values() if fields else {},
        accounts=accounts,
        bank_names=names,
        banks=banks,
        waits=any(account.state != pb.Account.STATE_ACTIVE for account in accounts),
    )


@routes.get("/quay-hang/chu/tai-khoan", READ, include_in_schema=False)
async def accounts(page: CurrentPage) -> Response:
    """Accounts in force and those that wait."""
    return await _show(merchant_of(page))


@routes.post("/quay-hang/chu/tai-khoan", holds("accounts.propose"), include_in_schema=False)
async def propose(page: CurrentPage) -> Response:
    """Put another account to the city's second person."""
    merchant = merchant_of(page)
    _ = page.gettext
    fields = await fields_of(page)
    request = pb.ProposeAccountRequest(
        request_id=fields.request_id,
        organisation_id=merchant.id,
        bin=fields.text("bin", _("Chọn ngân hàng")),
        account_number="".join(fields.text("account_number", _("Ghi số tài khoản")).split()),
        holder_name=fields.text("holder_name", _("Ghi tên chủ tài khoản như ngân hàng ghi")),
        replaces_account_id=fields.text("replaces"),
        reason=fields.text("reason", _("Ghi lý do đổi; nếu tài khoản của người khác, ghi quan hệ")),
    )
    if not fields.errors:
        try:
            await page.call(page.state.clients.directory.ProposeAccount, request)
        except Error as error:
            fields.refuse(error, _FIELDS, "account_number")
    if fields.errors:
        return await _show(merchant, fields)
    back = merchant.url("tai-khoan")
    return page.redirect(f"{back}{'&' if '?' in back else '?'}xong=de-nghi")
