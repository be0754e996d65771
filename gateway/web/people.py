"""Login, logout, invitations and the own account."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gateway.access import BEFORE_PROOF, PUBLIC, SIGNED_IN
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.roles import role_names
from gateway.viewers import UNPROVED
from gateway.web import demo
from kit.errors import Error, Unauthenticated
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()

# Where a login may lead: the staff pages, the account, and bills.
_TARGETS: Final = (
    "/truong",
    "/doi-soat",
    "/quan-tri",
    "/thanh-pho",
    "/cho",
    "/giup",
    "/quay-hang/chu",
    "/tai-khoan",
    "/p/",
)


def safe_target(path: str) -> str:
    """A path of ours to go on to, or empty: never another site, whatever was asked for."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    if plain and any(path == target or path.startswith((f"{target}/", f"{target}?")) for target in _TARGETS):
        return path
    return path if plain and path.startswith("/p/") else ""


def login_url(path: str) -> str:
    """The login page, which leads back."""
    return f"/dang-nhap?next={quote(path, safe='/')}"


def proof_url(path: str) -> str:
    """The page of the second factor, which leads back."""
    return f"/xac-minh?next={quote(path, safe='/')}"


def notices_url(path: str) -> str:
    """The page of notices, which leads on."""
    return f"/thong-bao?next={quote(path, safe='/')}"


def home_of(person: pb.Person) -> str:
    """The page at which a person's work begins."""
    held = set(person.permissions)
    if held & {"schools.read", "schools.manage"}:
        return "/truong"
    if "credits.read" in held:
        return "/doi-soat"
    if held & {"organisations.manage", "people.manage"}:
        return "/quan-tri"
    if "pilots.inspect" in held:
        return "/cho"
    if "helper.serve" in held:
        return "/giup"
    if "stalls.read" in held:
        return "/quay-hang/chu"
    return "/tai-khoan"


def enter(page: Page, session: pb.Session, target: str) -> Response:
    """Go on with a new session: by way of the second factor and of notices, where there are any."""
    way = target or home_of(session.person)
    if session.second_factor in UNPROVED:
        way = proof_url(target)
    elif session.unread_notices:
        way = notices_url(way)
    response = page.redirect(way)
    page.state.cookies.set(response, page.state.cookies.session, session.session_token)
    return response


def _login_page(page: Page, target: str, *, login: str = "", error: str = "") -> Response:
    left = demo.read(page.settings)
    sample = left.sample(target) if not login else None
    return page.render(
        "login.html",
        status=422 if error else 200,
        next=target,
        login=login or (sample.login if sample else ""),
        sample_password=sample.password if sample else "",
        samples=left.samples,
        errors={"login": error} if error else {},
    )


@routes.get("/dang-nhap", PUBLIC, include_in_schema=False)
async def login_form(page: CurrentPage, next: str = "") -> Response:
    """The login form; somebody who is in already goes on."""
    target = safe_target(next)
    if page.viewer.person is not None:
        return page.redirect(target or home_of(page.viewer.person))
    return _login_page(page, target)


@routes.post("/dang-nhap", PUBLIC, include_in_schema=False)
async def login(page: CurrentPage) -> Response:
    """Open a session, or say that it could not be."""
    form = await page.form()
    target = safe_target(await page.field("next"))
    name = await page.field("login")
    password = form.get("password", "")
    request = pb.LoginRequest(
        login=name, password=password if isinstance(password, str) else "", address=page.address
    )
    try:
        session = await page.call(page.state.clients.directory.Login, request, timeout=10.0)
    except Error as error:
        if error.http_status >= 500:
            raise
        return _login_page(page, target, login=name, error=page.error_text(error))
    return enter(page, session, target)


@routes.post("/dang-xuat", BEFORE_PROOF, include_in_schema=False)
async def logout(page: CurrentPage) -> Response:
    """End the session, here and in the directory."""
    await page.call(
        page.state.clients.directory.Logout, pb.LogoutRequest(session_token=page.viewer.session_token)
    )
    response = page.redirect("/")
    page.state.cookies.clear(response, page.state.cookies.session)
    return response


@routes.get("/loi-moi/{token}", PUBLIC, include_in_schema=False)
async def invitation(page: CurrentPage, token: str) -> Response:
    """Who was invited, and a field for the first password."""
    found = await page.call(page.state.clients.directory.GetInvitation, pb.GetInvitationRequest(token=token))
    return page.render("invitation.html", invitation=found, token=token, errors={})


@routes.post("/loi-moi/{token}", PUBLIC, include_in_schema=False)
async def accept_invitation(page: CurrentPage, token: str) -> Response:
    """Set the password and go in."""
    password = (await page.form()).get("password", "")
    request = pb.AcceptInvitationRequest(
        token=token, password=password if isinstance(password, str) else "", address=page.address
    )
    try:
        session = await page.call(page.state.clients.directory.AcceptInvitation, request, timeout=10.0)
    except Error as error:
        if error.http_status != 400:
            raise
        found = await page.call(
            page.state.clients.directory.GetInvitation, pb.GetInvitationRequest(token=token)
        )
        errors = {"password": page.error_text(error)}
        return page.render("invitation.html", status=422, invitation=found, token=token, errors=errors)
    return enter(page, session, "")


def _account_page(page: Page, error: tuple[str, str] | None = None) -> Response:
    if page.viewer.person is None:
        raise Unauthenticated()
    errors = {error[0]: error[1]} if error else {}
    return page.render(
        "account.html", status=422 if error else 200, errors=errors, roles=role_names(page.gettext)
    )


@routes.get("/tai-khoan", SIGNED_IN, include_in_schema=False)
async def account(page: CurrentPage) -> Response:
    """Name, roles, password, logout."""
    return _account_page(page)


@routes.post("/tai-khoan/mat-khau", SIGNED_IN, include_in_schema=False)
async def change_password(page: CurrentPage) -> Response:
    """Another password; every other session ends."""
    form = await page.form()
    old, new = form.get("old_password", ""), form.get("new_password", "")
    request = pb.ChangePasswordRequest(
        old_password=old if isinstance(old, str) else "", new_password=new if isinstance(new, str) else ""
    )
    try:
        session = await page.call(page.state.clients.directory.ChangePassword, request, timeout=10.0)
    except Error as error:
        if error.http_status >= 500:
            raise
        return _account_page(
            page, ("new_password" if error.http_status == 400 else "old_password", page.error_text(error))
        )
    return enter(page, session, "/tai-khoan")
