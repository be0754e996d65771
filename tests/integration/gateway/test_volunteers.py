"""The volunteers' pages over HTTP: code, consent, half an hour, a page of paper; and nothing else in the whole system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit import clock
from kit.references.code import Kind, new_reference
from services.directory.roles import PERMISSIONS, Role
from tests.support.fake_bills import stamp
from tests.support.fake_directory import PASSWORD
from tests.support.fake_market import MOST_VISITS, PDF
from tests.support.fake_platform import FakePlatform
from tests.support.gateway import running_gateway, settings_for
from tests.support.public_sales import change, open_sale
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb

AGREED = {"way": "self", "words": "Bà Sáu", "agreed": "1"}


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text))


@pytest.fixture
def address(platform: FakePlatform, tmp_path: Path) -> Iterator[str]:
    """A gateway of each test's own: it counts misses and keeps the banks' feeds for some seconds."""
    with running_gateway(settings_for(platform, tmp_path)) as url:
        yield url


@pytest.fixture
def volunteer(platform: FakePlatform, address: str) -> Iterator[httpx.Client]:
    """A volunteer who has signed in."""
    kept = platform.permissions
    platform.permissions = PERMISSIONS[Role.HELPER]
    platform.trust.visits, platform.trust.already, platform.trust.feeds = [], 0, []
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        token = hidden(client.get("/dang-nhap").text)["form_token"]
        answer = client.post(
            "/dang-nhap",
            data={"login": "lan.chi@hoamai.example", "password": PASSWORD, "form_token": token},
        )
        assert answer.headers["location"] == "/giup"
        yield client
    platform.permissions = kept


def begin(client: httpx.Client, reference: str, **form: str) -> httpx.Response:
    """From the code on paper to the answer of the consent form."""
    start = hidden(client.get("/giup").text)
    asked = client.post("/giup", data={"form_token": start["form_token"], "code": reference})
    return client.post("/giup/luot", data={**hidden(asked.text), **AGREED, **form})


def test_from_the_code_to_the_bill(volunteer: httpx.Client, platform: FakePlatform) -> None:
    """The bill shows biller, masked name, sum and code; no line, no account, no full name, no receipt."""
    bill = platform.add_bill()
    spoken = f"{bill.reference[:2].lower()} {bill.reference[2:7]}-{bill.reference[7:]}"
    answer = begin(volunteer, spoken)
    page = volunteer.get(answer.headers["location"])
    assert page.status_code == 200
    for words in ("Trường Tiểu học Hoa Mai", "In hướng dẫn một trang", "Xem được đến", "OTP"):
        assert words in page.text
    assert 'data-channel="invoice:' in page.text
    view = platform.bills[bill.reference]
    for line in view.lines:
        assert line.title not in page.text
    assert f'href="/p/{bill.reference}' not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert platform.trust.visits[0].consent == "Chính người ấy đồng ý bằng lời: Bà Sáu"
    assert bill.reference[:4] in volunteer.get("/giup").text


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"agreed": ""}, "chưa đồng ý thì dừng ở đây"),
        ({"way": ""}, "Chọn ai đồng ý"),
        ({"way": "family", "words": ""}, "Ghi người nhà là ai"),
        ({"way": "nobody"}, "Hỏi người được giúp"),
    ],
)
def test_without_consent_nothing_is_seen(
    volunteer: httpx.Client, platform: FakePlatform, form: dict[str, str], says: str
) -> None:
    """The consent step comes back with what is missing, and no visit began."""
    answer = begin(volunteer, platform.add_bill().reference, **form)
    assert says in answer.text
    assert platform.trust.visits == []


def test_a_wrong_code_is_told_before_anybody_is_asked(volunteer: httpx.Client) -> None:
    """Check letters tell a slip at once; a code that nobody has comes back to the field."""
    token = hidden(volunteer.get("/giup").text)["form_token"]
    wrong = volunteer.post("/giup", data={"form_token": token, "code": "XD 123 <b>"})
    assert wrong.status_code == 422
    assert "XD 123 &lt;b&gt;" in wrong.text
    unknown = begin(volunteer, new_reference(Kind.INVOICE))
    assert unknown.status_code == 422
    assert "Chưa mở được phiếu" in unknown.text


def test_trying_codes_one_by_one_is_stopped(volunteer: httpx.Client) -> None:
    """After some codes that nobody has the volunteer has to wait."""
    answers = [begin(volunteer, new_reference(Kind.INVOICE)).status_code for _ in range(6)]
    assert answers[-1] == 429


def test_after_half_an_hour_it_is_over(volunteer: httpx.Client, platform: FakePlatform) -> None:
    """The same address says that it is over; the list keeps the visit without its code; nothing is printed."""
    bill = platform.add_bill()
    address = begin(volunteer, bill.reference).headers["location"]
    form = hidden(volunteer.get(address).text)
    platform.trust.end_visits(clock.now())
    assert "Máy đã quên phiếu này" in volunteer.get(address).text
    today = volunteer.get("/giup").text
    assert bill.reference[:4] not in today
    assert "Đã ẩn mã" in today
    printed = volunteer.post(f"{address}/huong-dan", data=form)
    assert "Máy đã quên phiếu này" in printed.text
    assert platform.documents.guides == []


def test_a_guide_is_printed(volunteer: httpx.Client, platform: FakePlatform) -> None:
    """One page for this bill: what is owed, the code, who helped; that it was printed is noted."""
    bill = platform.add_bill()
    address = begin(volunteer, bill.reference).headers["location"]
    form = hidden(volunteer.get(address).text)
    printed = volunteer.post(f"{address}/huong-dan", data=form)
    assert printed.content == PDF
    assert printed.headers["content-type"] == "application/pdf"
    guide = platform.documents.guides.pop()
    assert (guide.reference, guide.amount, guide.helper_name) == (
        bill.reference,
        bill.amount_due,
        "Đỗ Thị Lan Chi",
    )
    assert guide.payment.payload.startswith("000201")
    assert guide.payer_masked.count(".") >= 1
    assert "Đã in lúc" in volunteer.get(address).text


def test_a_paid_bill_shows_no_code(volunteer: httpx.Client, platform: FakePlatform) -> None:
    """Nobody pays twice: no code, nothing to print."""
    bill = platform.add_bill()
    address = begin(volunteer, bill.reference).headers["location"]
    form = hidden(volunteer.get(address).text)
    platform.pay(bill, bill.amount_due)
    page = volunteer.get(address).text
    assert "Đã nhận đủ tiền" in page
    assert '<svg class="drawn"' not in page
    assert volunteer.post(f"{address}/huong-dan", data=form).status_code == 409


@pytest.mark.parametrize(
    ("facts", "says", "has_code"),
    [
        ({}, "Chưa nộp", True),
        ({"amount_paid": 20_000, "state": sales_pb.Sale.STATE_PART_PAID}, "Còn thiếu", True),
        ({"amount_paid": 50_000, "state": sales_pb.Sale.STATE_PAID}, "Đã nhận đủ tiền", False),
        ({"expired": True}, "Không còn thu", False),
        ({"state": sales_pb.Sale.STATE_CANCELLED}, "Không còn thu", False),
        ({"amount_paid": 20_000, "state": sales_pb.Sale.STATE_SETTLED}, "Không còn thu", False),
    ],
)
def test_a_sale_at_a_stall_can_be_shown(
    volunteer: httpx.Client, platform: FakePlatform, facts: dict[str, Any], says: str, has_code: bool
) -> None:
    """Somebody at a stall is helped as well: stall, sum and code, in each of its states; no paper for it."""
    sale = open_sale(platform)
    change(platform, sale, **facts)
    page = volunteer.get(begin(volunteer, sale.reference).headers["location"]).text
    for words in ("Mua ở quầy A12", "Trái cây Cô Mận", says):
        assert words in page
    assert ('<svg class="drawn"' in page) is has_code
    assert "In hướng dẫn" not in page


def test_the_days_cap_is_said(volunteer: httpx.Client, platform: FakePlatform) -> None:
    """With all visits used up there is no field any more."""
    platform.trust.already = MOST_VISITS
    page = volunteer.get("/giup").text
    assert f"Hôm nay đã đủ {MOST_VISITS} lượt" in page
    assert 'name="code"' not in page


def test_a_late_bank_is_named(volunteer: httpx.Client, platform: FakePlatform) -> None:
    """Who helps is told that this bill's bank is late, so that nobody pays twice."""
    bill = platform.add_bill()
    late = trust_pb.BankFeed(bin=platform.bills[bill.reference].public().bin)
    late.late_since.CopyFrom(stamp(datetime(2026, 11, 22, 3, 42, tzinfo=UTC)))
    platform.trust.feeds = [late]
    address = begin(volunteer, bill.reference).headers["location"]
    assert "đang gửi tin chậm, từ 10:42" in volunteer.get(address).text


def test_other_visits_are_not_found(volunteer: httpx.Client) -> None:
    """A damaged or foreign address says the same."""
    for address in ("/giup/luot/vis_x", "/giup/luot/vis_00000000000000000000000001"):
        assert volunteer.get(address).status_code == 404
