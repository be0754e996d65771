"""Provider connections: made for an organisation's accounts, tried step by step, watched, stopped."""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.frame import (
    AdminPageNotFound,
    connection_url,
    inside,
    organisation_of,
    organisation_url,
    show,
)
from kit.errors import Error, NotFound
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.intake.v1 import intake_service_pb2 as pb

routes = page_routes()
MANAGE: Final = holds("intake.manage")
# SePay's public list of transactions; other providers tell by callbacks alone.
_SEPAY_LIST: Final = "https://my.sepay.vn/userapi"
_LATEST: Final = 10
# Đồng; what intake takes where a connection says nothing.
_CONFIRM_ABOVE: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the form asks for it."""

    name: str
    title: str
    text: str
    # Whether we make the secret and give it to the provider; else the provider gives it to us.
    is_ours: bool
    secret_label: str
    secret_hint: str
    modes: tuple[tuple[str, str], ...] = ()


def providers(page: Page) -> dict[str, Provider]:
    """The providers in the order in which they are offered."""
    _ = page.gettext
    ours = _(
        "Khoá do Xoài tạo sẵn. Chép vào trang của nhà cung cấp; sau khi ghi chỉ còn xem được 4 ký tự cuối."
    )
    theirs = _("Chép từ trang của nhà cung cấp. Sau khi ghi chỉ còn xem được 4 ký tự cuối.")
    rows = (
        Provider(
            "sepay",
            "SePay",
            _("Biến động số dư qua SePay; ký HMAC hoặc khoá API"),
            True,
            _("Khoá bí mật của webhook"),
            ours,
            (("hmac", _("Chữ ký HMAC-SHA256 (nên dùng)")), ("api_key", _("Khoá API, không ký"))),
        ),
        Provider("payos", "payOS", _("Kênh thanh toán payOS"), False, _("Checksum key"), theirs),
        Provider(
            "casso_v2", "Casso V2", _("Webhook V2 của Casso, có chữ ký"), False, _("Khoá bảo mật"), theirs
        ),
        Provider("casso_v1", "Casso V1", _("Webhook cũ của Casso, chỉ có mã"), True, "Secure token", ours),
        Provider(
            "vietqrvn",
            "VietQR.vn",
            _("VietQR.vn gọi sang lấy mã rồi gửi giao dịch"),
            True,
            _("Tên đăng nhập và mật khẩu, cách nhau bằng dấu hai chấm"),
            ours,
        ),
        Provider(
            "xoai",
            _("Ngân hàng nối thẳng"),
            _("Mẫu tin riêng của Xoài, ký theo Standard Webhooks"),
            True,
            _("Khoá ký của webhook"),
            ours,
        ),
    )
    return {row.name: row for row in rows}


def new_secret(provider: Provider) -> str:
    """A secret to give to the provider; empty where the provider makes it."""
    if not provider.is_ours:
        return ""
    if provider.name == "xoai":
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    prefix = "xoai:" if provider.name == "vietqrvn" else ""
    return prefix + secrets.token_urlsafe(32)


@routes.get("/quan-tri/ket-noi", MANAGE, include_in_schema=False)
async def listed(page: CurrentPage) -> Response:
    """Every connection that the viewer may see, by organisation."""
    intake = page.state.clients.intake
    found = await page.call(intake.ListConnections, pb.ListConnectionsRequest())
    ids = sorted({row.organisation_id for row in found.connections})
    organisations = await asyncio.gather(*map(page.state.bills.organisation, ids))
    names = {row.id: row.name for row in organisations}
    return show(
        page,
        "connections",
        page.gettext("Kết nối ngân hàng"),
        tab="/ket-noi",
        connections=sorted(
            found.connections, key=lambda row: (row.disabled, names.get(row.organisation_id, ""), row.name)
        ),
        organisations=names,
        providers=providers(page),
    )


async def _form(
    page: Page, organisation: directory_pb.Organisation, provider: str, fields: Fields | None = None
) -> Response:
    _ = page.gettext
    request = directory_pb.ListAccountsRequest(organisation_id=organisation.id)
    accounts = await page.call(page.state.clients.directory.ListAccounts, request)
    gone = (directory_pb.Account.STATE_REJECTED, directory_pb.Account.STATE_RETIRED)
    live = [row for row in accounts.accounts if row.state not in gone]
    bins = sorted({row.bin for row in live})
    banks = dict(zip(bins, await asyncio.gather(*map(page.state.bills.bank_name, bins)), strict=True))
    chosen = providers(page).get(provider)
    title = _("Kết nối %(provider)s", provider=chosen.title) if chosen else _("Thêm kết nối ngân hàng")
    values = fields.values() if fields else {"name": chosen.title if chosen else ""}
    if chosen and not values.get("secret"):
        values["secret"] = new_secret(chosen)
    return show(
        page,
        "connection_form",
        title,
        tab="/ket-noi",
        crumbs=[(organisation.name, organisation_url(organisation.id)), (title, "")],
        errors=fields.errors if fields else {},
        values=values,
        organisation=organisation,
        provider=chosen,
        providers=providers(page),
        accounts=live,
        banks=banks,
        ticked=fields.several("account") if fields else [f"{row.bin} {row.account_number}" for row in live],
        default_amount=_CONFIRM_ABOVE,
    )


@routes.get("/quan-tri/don-vi/{org}/ket-noi/moi", MANAGE, include_in_schema=False)
async def new(page: CurrentPage, org: str, nha: str = "") -> Response:
    """First the provider, then what it needs."""
    return await _form(page, await organisation_of(page, org), nha)


def _read(page: Page, fields: Fields, organisation_id: str, provider: Provider) -> pb.CreateConnectionRequest:
    _ = page.gettext
    chosen = [value.partition(" ") for value in fields.several("account")]
    bins = sorted({bin for bin, _separator, _number in chosen})
    if len(bins) != 1:
        fields.errors["account"] = (
            _("Một kết nối chỉ cho một ngân hàng") if bins else _("Chọn ít nhất một tài khoản")
        )
    mode = fields.text("auth")
    if provider.modes and mode not in dict(provider.modes):
        fields.errors["auth"] = _("Chọn cách xác thực")
    pull_secret = fields.text("pull_secret") if provider.name == "sepay" else ""
    return pb.CreateConnectionRequest(
        request_id=fields.request_id,
        organisation_id=organisation_id,
        provider=provider.name,
        name=fields.text("name", _("Ghi tên kết nối")),
        auth=mode if provider.modes else "",
        secret=fields.text("secret", _("Ghi khoá bí mật")),
        account_numbers=[number for _bin, _separator, number in chosen],
        bin=bins[0] if bins else "",
        confirm_above=fields.amount("confirm_above"),
        pull_url=_SEPAY_LIST if pull_secret else "",
        pull_secret=pull_secret,
        allowed_addresses=fields.text("allowed_addresses").replace(",", " ").split(),
    )


@routes.post("/quan-tri/don-vi/{org}/ket-noi/moi", MANAGE, include_in_schema=False)
async def create(page: CurrentPage, org: str, nha: str = "") -> Response:
    """Make a connection; its page has the address to give to the provider, and the test."""
    organisation = await organisation_of(page, org)
    fields = await fields_of(page)
    provider = providers(page).get(nha)
    if provider is None:
        return await _form(page, organisation, "")
    request = _read(page, fields, organisation.id, provider)
    if fields.errors:
        return await _form(page, organisation, nha, fields)
    try:
        made = await page.call(page.state.clients.intake.CreateConnection, request)
    except Error as error:
        fields.refuse(error, {"allowed_addresses": "allowed_addresses"}, "name")
        return await _form(page, organisation, nha, fields)
    return page.redirect(f"{connection_url(made.id)}?xong=them")


async def connection_of(page: Page, con: str) -> pb.Connection:
    """The connection in an address. Raises AdminPageNotFound."""
    request = pb.GetConnectionRequest(id=inside("con", con))
    try:
        found: pb.Connection = await page.call(page.state.clients.intake.GetConnection, request)
    except NotFound as error:
        raise AdminPageNotFound() from error
    return found


async def one_connection(
    page: Page,
    connection: pb.Connection,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
    test: pb.TestConnectionResponse | None = None,
) -> Response:
    """A connection's page, after a change or a test."""
    intake, id = page.state.clients.intake, connection.id
    organisation, virtual, activity, callbacks, exceptions = await asyncio.gather(
        page.state.bills.organisation(connection.organisation_id),
        page.call(intake.ListVirtualAccounts, pb.ListVirtualAccountsRequest(connection_id=id)),
        page.call(intake.GetActivity, pb.GetActivityRequest(connection_id=id)),
        page.call(intake.ListCallbacks, pb.ListCallbacksRequest(connection_id=id, page_size=_LATEST)),
        page.call(
            intake.ListExceptions, pb.ListExceptionsRequest(organisation_id=connection.organisation_id)
        ),
    )
    provider = providers(page)[connection.provider]
    shown = {
        "virtual_accounts": "\n".join(
            " ".join((row.virtual_account, row.account_number, row.payer_id)).strip()
            for row in virtual.virtual_accounts
        ),
        "confirm_above": str(connection.confirm_above or _CONFIRM_ABOVE),
        "new_secret": new_secret(provider),
    }
    return show(
        page,
        "connection",
        connection.name,
        tab="/ket-noi",
        crumbs=[(organisation.name, organisation_url(connection.organisation_id)), (connection.name, "")],
        errors=errors,
        values={**shown, **(values or {})},
        connection=connection,
        provider=provider,
        organisation=organisation,
        bank=await page.state.bills.bank_name(connection.bin),
        address=page.settings.public_url.rstrip("/") + connection.callback_path,
        secrets=[row for row in connection.secrets if not row.HasField("remove_time")],
        virtual_count=len(virtual.virtual_accounts),
        activity=activity,
        callbacks=callbacks.callbacks,
        exceptions=[row for row in exceptions.exceptions if row.connection_id == id],
        test=test,
        is_signed=connection.auth != "api_key" and connection.provider not in ("casso_v1", "vietqrvn"),
        url=connection_url(id),
    )


@routes.get("/quan-tri/ket-noi/{con}", MANAGE, include_in_schema=False)
async def one(page: CurrentPage, con: str) -> Response:
    """The address for the provider, secrets, test, and what came last."""
    return await one_connection(page, await connection_of(page, con))


@routes.post("/quan-tri/ket-noi/{con}/thu", MANAGE, include_in_schema=False)
async def test(page: CurrentPage, con: str) -> Response:
    """Send test callbacks the way that the provider takes, and show what each step brought."""
    connection = await connection_of(page, con)
    request = pb.TestConnectionRequest(connection_id=connection.id)
    result = await page.call(page.state.clients.intake.TestConnection, request, timeout=30.0)
    return await one_connection(page, await connection_of(page, con), test=result)


@routes.post("/quan-tri/ket-noi/{con}/xac-nhan", MANAGE, include_in_schema=False)
async def confirm_above(page: CurrentPage, con: str) -> Response:
    """From which amount an unsigned credit waits for a second word."""
    connection = await connection_of(page, con)
    fields = await fields_of(page)
    amount = fields.amount("confirm_above", page.gettext("Ghi số tiền"))
    request = pb.SetConfirmAboveRequest(
        request_id=fields.request_id, connection_id=connection.id, confirm_above=amount
    )
    return await _change(
        page, connection, fields, "confirm_above", page.state.clients.intake.SetConfirmAbove, request, "muc"
    )


@routes.post("/quan-tri/ket-noi/{con}/tai-khoan-ao", MANAGE, include_in_schema=False)
async def virtual_accounts(page: CurrentPage, con: str) -> Response:
    """The map of virtual accounts, one a line."""
    connection = await connection_of(page, con)
    form = await page.form()
    typed = form.get("virtual_accounts", "")
    lines = typed.splitlines() if isinstance(typed, str) else []
    fields = await fields_of(page)
    rows = [line.replace(";", " ").replace("\t", " ").split() for line in lines if line.strip()]
    only = connection.account_numbers[0] if len(connection.account_numbers) == 1 else ""
    request = pb.SetVirtualAccountsRequest(
        request_id=fields.request_id,
        connection_id=connection.id,
        virtual_accounts=[
            pb.VirtualAccount(
                virtual_account=row[0],
                account_number=row[1] if len(row) > 1 else only,
                payer_id=row[2] if len(row) > 2 else "",
            )
            for row in rows
        ],
    )
    change = page.state.clients.intake.SetVirtualAccounts
    return await _change(page, connection, fields, "virtual_accounts", change, request, "tai-khoan-ao")


@routes.post("/quan-tri/ket-noi/{con}/ngung", MANAGE, include_in_schema=False)
async def disable(page: CurrentPage, con: str) -> Response:
    """Stop a connection: its callbacks are refused from now on."""
    connection = await connection_of(page, con)
    fields = await fields_of(page)
    reason = fields.text("reason", page.gettext("Ghi lý do"))
    request = pb.DisableConnectionRequest(
        request_id=fields.request_id, connection_id=connection.id, reason=reason
    )
    return await _change(
        page, connection, fields, "reason", page.state.clients.intake.DisableConnection, request, "ngung"
    )


async def _change(
    page: Page,
    connection: pb.Connection,
    fields: Fields,
    field: str,
    method: Any,
    request: Any,
    done: str,
) -> Response:
    if not fields.errors:
        try:
            await page.call(method, request, timeout=10.0)
        except Error as error:
            fields.refuse(error, {}, field)
    if fields.errors:
        return await one_connection(page, connection, errors=fields.errors, values=fields.values())
    return page.redirect(f"{connection_url(connection.id)}?xong={done}")
