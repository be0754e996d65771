"""The owner's and the administrator's pages on the real platform: what the services really answer fits the pages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.demo import enrolment
from gateway.web.merchant.frame import stall_url
from tests.integration.services.documents.pdf_reading import codes_of, text_of
from tests.support.market import HOLDER, Market, living_market
from tests.support.stall_lists import stall_row, stall_xlsx

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with living_market(tmp_path_factory.mktemp("market")) as started:
        yield started


def said(answer: httpx.Response) -> str:
    """What a reader sees, blanks made one."""
    assert answer.status_code in (200, 422), answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " ").split())


def send(desk: httpx.Client, path: str, page: str = "", file: bytes = b"", **fields: Any) -> httpx.Response:
    """A form of a page, sent to its address."""
    token = desk.get(page or path).text.split('name="form_token" value="')[1].split('"')[0]
    data = {"form_token": token, "request_id": str(uuid.uuid4()), **fields}
    return desk.post(path, data=data, files={"tep": ("quay.xlsx", file)} if file else None)


def signed_in(client: httpx.Client, login: str) -> None:
    """Password, then the code that the page shows in tests where one is asked for."""
    answer = send(client, "/dang-nhap", login=login, password=enrolment.PASSWORD)
    if answer.headers["location"].startswith("/xac-minh"):
        code = re.search(r'name="code"[^>]* value="(\d{6})"', client.get("/xac-minh").text)
        assert code is not None
        answer = send(client, "/xac-minh", code=code[1])
    assert answer.status_code == 303, answer.text


@pytest.fixture
def client(market: Market) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=market.url, headers={"Origin": market.url}, timeout=30) as started:
        yield started


def test_an_owner_s_round_through_her_pages(market: Market, client: httpx.Client, tmp_path: Path) -> None:
    """List, hours, phones, board, new issue, pack, money without a stall, book, another account."""
    signed_in(client, "co.man@xoai.example")
    stall = market.stall
    here = stall_url(stall.id)
    assert "A12, Trái cây Cô Mận" in said(client.get("/quay-hang/chu"))
    assert HOLDER in said(client.get(here))
    answer = send(client, here, open="5:30", close="20h", rule="always")
    assert "Đã ghi giờ mở cửa" in said(client.get(answer.headers["location"]))

    shown = send(client, f"{here}/may", name="Máy của Tâm", role="listener")
    assert "/quay-hang/ghep/" in shown.text
    pairing = re.search(r"/quay-hang/ghep/[\w-]+", shown.text)
    assert pairing is not None
    with httpx.Client(base_url=market.url, headers={"Origin": market.url}) as phone:
        paired = send(phone, pairing[0])
        assert paired.headers.get("location") == "/quay-hang", said(paired)
    assert "Máy của Tâm" in said(client.get(f"{here}/may"))

    board = client.get(f"{here}/bang-ma.pdf?co=a6").content
    assert codes_of(board, tmp_path) == [[stall.payload]]
    assert HOLDER in text_of(board, tmp_path)
    answer = send(client, f"{here}/bang-ma", reason="Bảng bị rách")
    assert "Bảng cũ, phải gỡ đi" in said(client.get(answer.headers["location"]))
    answer = send(client, f"{here}/goi-ma", page=f"{here}/bang-ma", amounts=["20000", "50000"])
    assert "Đã có gói mã" in said(client.get(answer.headers["location"]))
    (codes,) = codes_of(client.get(f"{here}/goi-ma.pdf").content, tmp_path)
    assert len(codes) == 2

    assert "Không còn khoản nào chờ" in said(client.get("/quay-hang/chu/chua-ro"))
    assert "Sổ bán hàng năm" in said(client.get("/quay-hang/chu/so"))
    assert client.get("/quay-hang/chu/so.xlsx").content.startswith(b"PK")

    accounts = client.get("/quay-hang/chu/tai-khoan")
    replaces = re.search(r'name="replaces" value="([^"]+)"', accounts.text)
    assert replaces is not None
    answer = send(
        client,
        "/quay-hang/chu/tai-khoan",
        bin="970499",
        account_number="9021000077777",
        holder_name=HOLDER,
        reason="Mở tài khoản riêng cho quầy",
        replaces=replaces[1],
    )
    assert "Chờ người thứ hai" in said(client.get(answer.headers["location"]))
    assert "Có tài khoản mới đang chờ" in said(client.get(here))
    public = said(client.get(f"/quay/{stall.reference}"))
    assert "Quầy có đăng ký" in public
    assert "số 02, cấp" in public


def test_an_administrator_enrols_a_street(market: Market, client: httpx.Client) -> None:
    """A programme by the form, its list with a wrong cell, corrected in place, gone on."""
    signed_in(client, "quantri@xoai.example")
    answer = send(
        client,
        "/quan-tri/chuong-trinh/moi",
        kind="fair",
        name="Hội chợ chuyển đổi số",
        code="hoi-cho",
        ward="25195",
        start="01/11/2026",
        open="8:00",
        close="21:00",
        cut_off="22:00",
        wait="10",
        **{"doan-0-ma": "A", "doan-0-ten": "Dãy A", "doan-1-ma": "B", "doan-1-ten": "Dãy B"},
    )
    assert answer.status_code == 303, said(answer)
    page = "/quan-tri/chuong-trinh/hoi-cho"
    assert "Đã ghi chương trình" in said(client.get(answer.headers["location"]))
    assert client.get(f"{page}/mau.xlsx").content.startswith(b"PK")
    rows = [
        stall_row(1, stall_number="H1", section_code="A"),
        stall_row(2, stall_number="H2", section_code="A", bank="Ngân hàng Không Có"),
    ]
    answer = send(client, f"{page}/danh-sach", page=page, file=stall_xlsx(rows))
    assert answer.status_code == 303, said(answer)
    here = answer.headers["location"]
    shown = client.get(here)
    assert "2 dòng: 1 dùng được, 1 cần sửa" in said(shown)
    field = re.search(r'name="(v-\d+-bank)"', shown.text)
    assert field is not None
    answer = send(client, f"{here}/sua", page=here, **{field[1]: "Vietcombank"})
    assert "2 dòng, dòng nào cũng dùng được" in said(client.get(answer.headers["location"]))
    answer = send(client, f"{here}/di-tiep", page=here)
    text = said(client.get(answer.headers["location"]))
    assert "Đã đưa vào 2 dòng" in text
    assert "chờ người thứ hai" in text
