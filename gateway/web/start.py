"""The first page: the code field, the ledger's agreement (demo), and a door for every role."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from gateway import formats
from gateway.access import PUBLIC
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web import demo

routes = page_routes()


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: for whom, what they will see, and where it leads."""

    icon: str
    title: str
    text: str
    href: str
    path: str


@dataclass(frozen=True, slots=True)
class Group:
    """Doors of one kind of people."""

    title: str
    doors: list[Door]


def _groups(page: Page, left: demo.Demo) -> list[Group]:
    _ = page.gettext
    payers = [
        Door("home", _("Tra cứu"), _("Từng khoản và biên nhận, cần thêm ngày sinh"), "/tra-cuu", "/tra-cuu")
    ]
    if left.reference:
        path = f"/p/{left.reference}"
        payers.insert(
            0, Door("person", _("Phụ huynh"), _("Mở một phiếu thử, trả bằng ngân hàng thử"), path, path)
        )
    if left.stall:
        path = f"/quay/{left.stall}"
        payers.append(Door("qr", _("Người mua"), _("Mã của quầy này có thật không?"), path, path))
    payers.append(Door("chart", _("Số liệu mở"), _("Phần ai cũng xem được"), "/mo", "/mo"))
    back = [
        Door("chart", _("Trung tâm điều hành"), _("Phố và chợ tuần này"), "/thanh-pho", "/thanh-pho"),
        Door("ledger", _("Bàn đối soát"), _("Khoản tiền chờ người xem"), "/doi-soat", "/doi-soat"),
        Door("gear", _("Quản trị"), _("Đơn vị, người dùng, tài khoản nhận tiền"), "/quan-tri", "/quan-tri"),
    ]
    groups = [
        Group(_("Người nộp"), payers),
        Group(
            _("Đơn vị thu"),
            [
                Door(
                    "school",
                    _("Kế toán trường"),
                    _("Nhập học sinh, phát hành, theo dõi"),
                    "/truong",
                    "/truong",
                )
            ],
        ),
        Group(_("Quầy hàng, chợ và phố"), _of_stalls(page)),
        Group(_("Hậu trường"), back),
    ]
    if page.settings.is_sandbox and page.settings.sandbox_url:
        bank = Door(
            "bank",
            _("Ngân hàng thử"),
            _("Quét mã, gửi tin muộn, lặp, sai số tiền"),
            page.settings.sandbox_url,
            urlsplit(page.settings.sandbox_url).path or "/",
        )
        groups.append(Group(_("Bản thử"), [bank]))
    return groups


def _of_stalls(page: Page) -> list[Door]:
    _ = page.gettext
    return [
        Door("shop", _("Chủ quầy"), _("Máy của quầy, bảng mã, sổ ngày"), "/quay-hang/chu", "/quay-hang/chu"),
        Door("phone", _("Màn hình quầy"), _("Mở trên điện thoại bán hàng"), "/quay-hang", "/quay-hang"),
        Door("shield", _("Ban quản lý chợ"), _("Bảng mã, cảnh báo dán đè"), "/cho", "/cho"),
        Door("person", _("Tổ công nghệ số"), _("Giúp người không có điện thoại"), "/giup", "/giup"),
    ]


def show(page: Page, *, status: int = 200, code: str = "", errors: dict[str, str] | None = None) -> Response:
    """The first page; with errors it says why the code did not lead anywhere."""
    left = demo.read(page.settings)
    built = f"{formats.clock_time(left.built)} {formats.day(left.built)}"
    return page.render(
        "start.html",
        status=status,
        code=code,
        errors=errors or {},
        summary=left.summary,
        built=built,
        samples=left.samples,
        groups=_groups(page, left),
        show_docs=page.settings.is_sandbox,
    )


@routes.get("/", PUBLIC, include_in_schema=False)
async def start(page: CurrentPage) -> Response:
    """The first page."""
    return show(page)
