"""Fee items: the kinds that the law knows, and the items of a round."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.formats import figure, quantity
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.frame import School, SchoolPageNotFound, accounts_of, inside, round_of, school_of
from gateway.web.school.overview import READ
from gateway.web.school.pupils import MANAGE
from kit.errors import Error
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
_PLACES = {"title": "title", "unit_price": "unit_price", "account_id": "account", "fee_kind": "title"}


def legal_names(_: Callable[[str], str]) -> dict[str, str]:
    """The five legal kinds in words, in the order in which pages show them."""
    return {
        "hoc_phi": _("Học phí"),
        "dich_vu": _("Dịch vụ hỗ trợ giáo dục"),
        "thoa_thuan": _("Thoả thuận với cha mẹ học sinh"),
        "thu_ho": _("Thu hộ, chi hộ"),
        "tu_nguyen": _("Tự nguyện"),
    }


async def kinds_of(school: School) -> pb.ListFeeKindsResponse:
    """The kinds of collection, with where they come from."""
    reply: pb.ListFeeKindsResponse = await school.page.call(
        school.page.state.clients.schools.ListFeeKinds, pb.ListFeeKindsRequest()
    )
    return reply


def _by_law(school: School, kinds: Iterable[pb.FeeKind]) -> list[tuple[str, str, list[pb.FeeKind]]]:
    """The kinds under their legal headings: (code, heading, kinds)."""
    names, rows = legal_names(school.page.gettext), list(kinds)
    groups = [
        (code, name, [kind for kind in rows if kind.legal_kind == code]) for code, name in names.items()
    ]
    return [group for group in groups if group[2]]


@routes.get("/truong/{org}/khoan-thu", READ, include_in_schema=False)
async def catalogue(page: CurrentPage, org: str) -> Response:
    """What a school may collect, and on what ground."""
    school = await school_of(page, org)
    reply = await kinds_of(school)
    return school.render(
        "fee_kinds",
        page.gettext("Khoản thu"),
        tab="khoan-thu",
        groups=_by_law(school, reply.fee_kinds),
        round=None,
    )


def _crumbs(school: School, round_: pb.Round, title: str) -> list[tuple[str, str]]:
    return [
        (school.page.gettext("Đợt thu"), school.url("dot-thu")),
        (round_.title, school.round_url(round_.id)),
        (title, ""),
    ]


@routes.get("/truong/{org}/dot-thu/{rnd}/khoan/them", MANAGE, include_in_schema=False)
async def choose(page: CurrentPage, org: str, rnd: str, loai: str = "") -> Response:
    """First the kind, then the form of an item of that kind."""
    school = await school_of(page, org, "schools.manage")
    round_, reply = await asyncio.gather(round_of(school, rnd), kinds_of(school))
    kind = next((kind for kind in reply.fee_kinds if kind.code == loai), None)
    if kind is not None:
        return await _form(school, round_, kind, {"title": kind.name, "how": "price"}, {})
    title = page.gettext("Chọn loại khoản thu")
    groups = _by_law(school, reply.fee_kinds)
    crumbs = _crumbs(school, round_, title)
    return school.render("fee_kinds", title, tab="dot-thu", crumbs=crumbs, groups=groups, round=round_)


def _account_words(_: Callable[..., str], account: directory_pb.Account) -> str:
    tail = account.account_number[-4:]
    return _("%(purpose)s, đuôi %(digits)s", purpose=account.purpose or account.holder_name, digits=tail)


async def _form(
    school: School,
    round_: pb.Round,
    kind: pb.FeeKind,
    values: dict[str, str],
    errors: dict[str, str],
    item: pb.FeeItem | None = None,
) -> Response:
    page = school.page
    accounts = await accounts_of(school)
    title = page.gettext("Sửa khoản") if item else page.gettext("Thêm khoản vào đợt")
    if item:
        action = school.item_url(round_.id, item.id, "sua")
    else:
        action = school.round_url(round_.id, "khoan", "them")
    return school.render(
        "item_form",
        title,
        tab="dot-thu",
        crumbs=_crumbs(school, round_, title),
        round=round_,
        kind=kind,
        legal_name=legal_names(page.gettext).get(kind.legal_kind, ""),
        accounts=accounts,
        account_options=[(row.id, _account_words(page.gettext, row)) for row in accounts],
        values=values,
        errors=errors,
        action=action,
        item=item,
        status=422 if errors else 200,
    )


def _read(school: School, fields: Fields, kind: pb.FeeKind) -> pb.FeeItem:
    """The item as typed; what is wrong stands in `fields.errors`."""
    _ = school.page.gettext
    per_pupil = fields.text("how") == "list"
    return pb.FeeItem(
        title=fields.text("title", _("Đặt tên khoản")),
        fee_kind=kind.code,
        per_pupil=per_pupil,
        unit_price=0
        if per_pupil
        else fields.amount("unit_price", _("Ghi đơn giá, hoặc chọn theo danh sách")),
        quantity_milli=0 if per_pupil else fields.quantity("quantity"),
        unit="" if per_pupil else fields.text("unit"),
        account_id=fields.text("account", _("Chọn tài khoản nhận tiền")),
        voluntary=kind.voluntary,
    )


async def _kind(school: School, code: str) -> pb.FeeKind:
    kinds = (await kinds_of(school)).fee_kinds
    kind = next((kind for kind in kinds if kind.code == code), None)
    if kind is None:
        raise SchoolPageNotFound()
    return kind


@routes.post("/truong/{org}/dot-thu/{rnd}/khoan/them", MANAGE, include_in_schema=False)
async def add(page: CurrentPage, org: str, rnd: str) -> Response:
    """Add an item; after release it is a late item, issued by the next release."""
    school = await school_of(page, org, "schools.manage")
    round_, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    kind = await _kind(school, fields.text("kind"))
    item = _read(school, fields, kind)
    if not fields.errors:
        request = pb.AddFeeItemRequest(request_id=fields.request_id, round_id=round_.id, fee_item=item)
        try:
            await page.call(page.state.clients.schools.AddFeeItem, request)
            return page.redirect(f"{school.round_url(round_.id, 'khoan')}?da=them")
        except Error as error:
            fields.refuse(error, _PLACES, "title")
    return await _form(school, round_, kind, fields.values(), fields.errors)


def _item(round_: pb.Round, item_ref: str) -> pb.FeeItem:
    item_id = inside("itm", item_ref)
    item = next((item for item in round_.fee_items if item.id == item_id), None)
    if item is None:
        raise SchoolPageNotFound()
    return item


@routes.get("/truong/{org}/dot-thu/{rnd}/khoan", READ, include_in_schema=False)
async def list_items(page: CurrentPage, org: str, rnd: str, da: str = "") -> Response:
    """The items of a round."""
    school = await school_of(page, org)
    round_, accounts = await asyncio.gather(round_of(school, rnd), accounts_of(school))
    title = page.gettext("Khoản của đợt thu")
    return school.render(
        "items",
        title,
        tab="dot-thu",
        crumbs=_crumbs(school, round_, title),
        round=round_,
        accounts={row.id: row for row in accounts},
        legal=legal_names(page.gettext),
        done=da,
    )


@routes.get("/truong/{org}/dot-thu/{rnd}/khoan/{itm}/sua", MANAGE, include_in_schema=False)
async def edit(page: CurrentPage, org: str, rnd: str, itm: str) -> Response:
    """The form of an item that is there."""
    school = await school_of(page, org, "schools.manage")
    round_ = await round_of(school, rnd)
    item = _item(round_, itm)
    values = {
        "title": item.title,
        "how": "list" if item.per_pupil else "price",
        "unit_price": figure(item.unit_price) if item.unit_price else "",
        "quantity": quantity(item.quantity_milli),
        "unit": item.unit,
        "account": item.account_id,
    }
    return await _form(school, round_, await _kind(school, item.fee_kind), values, {}, item)


@routes.post("/truong/{org}/dot-thu/{rnd}/khoan/{itm}/sua", MANAGE, include_in_schema=False)
async def change(page: CurrentPage, org: str, rnd: str, itm: str) -> Response:
    """Another title, price or account for an item that stands on no invoice."""
    school = await school_of(page, org, "schools.manage")
    round_, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    old = _item(round_, itm)
    kind = await _kind(school, old.fee_kind)
    item = _read(school, fields, kind)
    item.id = old.id
    if not fields.errors:
        request = pb.UpdateFeeItemRequest(request_id=fields.request_id, round_id=round_.id, fee_item=item)
        try:
            await page.call(page.state.clients.schools.UpdateFeeItem, request)
            return page.redirect(f"{school.round_url(round_.id, 'khoan')}?da=sua")
        except Error as error:
            fields.refuse(error, _PLACES, "title")
    return await _form(school, round_, kind, fields.values(), fields.errors, old)


@routes.post("/truong/{org}/dot-thu/{rnd}/khoan/{itm}/bo", MANAGE, include_in_schema=False)
async def remove(page: CurrentPage, org: str, rnd: str, itm: str) -> Response:
    """Take an item off that stands on no invoice."""
    school = await school_of(page, org, "schools.manage")
    round_, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    request = pb.RemoveFeeItemRequest(
        request_id=fields.request_id, round_id=round_.id, fee_item_id=_item(round_, itm).id
    )
    try:
        await page.call(page.state.clients.schools.RemoveFeeItem, request)
    except Error as error:
        fields.refuse(error, {}, "khoan")
        title = page.gettext("Khoản của đợt thu")
        accounts = await accounts_of(school)
        return school.render(
            "items",
            title,
            tab="dot-thu",
            crumbs=_crumbs(school, round_, title),
            round=round_,
            accounts={row.id: row for row in accounts},
            legal=legal_names(page.gettext),
            done="",
            errors=fields.errors,
            status=409,
        )
    return page.redirect(f"{school.round_url(round_.id, 'khoan')}?da=bo")
