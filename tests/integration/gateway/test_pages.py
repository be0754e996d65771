"""Pages over HTTP: what they show to whom, and what every answer carries."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from kit.references.code import Kind, new_reference
from tests.support.fake_directory import PASSWORD
from tests.support.fake_platform import FakePlatform
from tests.support.gateway import running_gateway, settings_for

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE x; --",
    "{{ 7*7 }}",
    "\u202eđảo",
    "javascript:alert(1)",
]


def token_of(html: str) -> str:
    """The hidden token of the first form."""
    return html.split('name="form_token" value="')[1].split('"')[0]


def send(client: httpx.Client, path: str, shown_at: str, **fields: str) -> httpx.Response:
    """Fill in the form of a page and send it."""
    return client.post(path, data={"form_token": token_of(client.get(shown_at).text), **fields})


def sign_in(client: httpx.Client) -> httpx.Response:
    return send(
        client,
        "/dang-nhap",
        "/dang-nhap",
        login="lan.chi@hoamai.example",
        password=PASSWORD,
        next="/tai-khoan",
    )


def test_the_bare_reference_shows_no_more_than_anybody_may_know(
    platform: FakePlatform, client: httpx.Client
) -> None:
    """Biller, masked name, amount, due date, state; no name, lines, class, payer's account or bank reference."""
    bill = platform.add_bill()
    for received in (0, 935_000, 1_000, 5_000):
        if received:
            platform.pay(bill, received)
        html = client.get(f"/p/{bill.reference}").text
        assert "N. N. B. Hân" in html
        assert "Trường Tiểu học Hoa Mai" in html
        for secret in ("Nguyễn", "Bảo Hân", "bán trú", "3A", "4417", "FT26326", "2018"):
            assert secret not in re.sub(r"<[^>]+>", " ", html), secret


def test_a_paid_or_void_bill_shows_no_code(platform: FakePlatform, client: httpx.Client) -> None:
    """Nothing on the page can collect a second time, and neither can the picture."""
    bill = platform.add_bill()
    assert client.get(f"/p/{bill.reference}/qr.png").content.startswith(b"\x89PNG")
    platform.pay(bill, 936_000)
    html = client.get(f"/p/{bill.reference}").text
    assert "9021000011187" not in html
    assert 'class="drawn"' not in html
    assert client.get(f"/p/{bill.reference}/qr.png").status_code == 404


def test_a_reference_is_read_however_it_is_typed(platform: FakePlatform, client: httpx.Client) -> None:
    bill = platform.add_bill()
    spaced = f"{bill.reference[:4]} {bill.reference[4:8]}.{bill.reference[8:].lower()}"
    assert client.get("/p", params={"ma": spaced}).headers["location"] == f"/p/{bill.reference}"
    assert client.get(f"/p/{spaced}").headers["location"] == f"/p/{bill.reference}"
    wrong = client.get("/p", params={"ma": "XD khong phai"})
    assert wrong.status_code == 422
    assert "Không thấy phiếu nào có mã này" in wrong.text


def test_unknown_code_and_wrong_fact_have_one_answer(platform: FakePlatform, address: str) -> None:
    """The two pages differ in nothing but what was typed; the limit counts both."""
    bill = platform.add_bill()
    answers = []
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        for code in (bill.reference, new_reference(Kind.INVOICE), "KHONGPHAIMA"):
            client.cookies.clear()
            answer = send(client, "/tra-cuu", "/tra-cuu", code=code, second_fact="1/1/2011")
            page = re.sub(r'form_token" value="[^"]+"', "", answer.text).replace(code, "")
            answers.append((answer.status_code, page))
    assert answers[0][0] == 422
    assert answers[0] == answers[1] == answers[2]


def test_too_many_misses_have_to_wait_even_with_the_right_fact(
    platform: FakePlatform, client: httpx.Client
) -> None:
    """After five misses in a minute the device waits; the answer says when to come again."""
    bill = platform.add_bill()
    for _ in range(5):
        send(client, f"/p/{bill.reference}/xem", f"/p/{bill.reference}/xem", second_fact="1/1/2011")
    token = token_of(client.get("/dang-nhap").text)
    answer = client.post(
        "/tra-cuu", data={"form_token": token, "code": bill.reference, "second_fact": "27/3/2018"}
    )
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert client.get(f"/p/{bill.reference}").status_code == 429


def test_the_receipt_opens_with_a_fact_or_a_link_and_not_without(
    platform: FakePlatform, client: httpx.Client
) -> None:
    """The address of a receipt is worth nothing without its sealed proof, nor with that of another bill."""
    bill, other = platform.add_bill(link_token="a-link-of-eighty-bits"), platform.add_bill()
    platform.pay(bill, 936_000)
    platform.pay(other, 936_000)
    number = bill.payments[0].receipt_number
    path = f"/p/{bill.reference}/bien-nhan/{number}.pdf"
    assert client.get(path).status_code == 403
    opened = client.get(f"/p/{bill.reference}/a-link-of-eighty-bits")
    assert "Tiền ăn bán trú" in opened.text
    sealed = opened.text.split(".pdf?mo=")[1].split('"')[0]
    paper = client.get(path, params={"mo": sealed})
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    ((_, asked),) = [each for each in platform.requests if each[0] == "PrintReceipt"]
    assert asked.masked
    assert asked.check_address.endswith(f"/p/{bill.reference}")
    stolen = f"/p/{other.reference}/bien-nhan/{other.payments[0].receipt_number}.pdf"
    assert client.get(stolen, params={"mo": sealed}).status_code == 403
    assert client.get(f"/p/{bill.reference}/another-link-token-of-80").status_code == 404


def test_the_keys_that_sign_receipts_are_there_for_everybody(client: httpx.Client) -> None:
    """What `xoai receipt verify --offline --key` reads; nothing secret in it."""
    answer = client.get("/.well-known/xoai-receipt-keys.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "keys": [
            {
                "id": "0123456789abcdef",
                "algorithm": "Ed25519",
                "public_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "create_time": None,
                "revoke_time": None,
            }
        ]
    }


def test_every_answer_is_defended(platform: FakePlatform, client: httpx.Client) -> None:
    """Pages, files, errors, problems: strict policy, no sniffing, no framing, no referrer abroad, nothing stored."""
    bill = platform.add_bill()
    style = client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    paths = [
        "/",
        f"/p/{bill.reference}",
        "/p/XD2",
        "/tra-cuu",
        "/dang-nhap",
        "/docs",
        "/metrics",
        "/healthz",
        "/readyz",
        style,
        "/v1/invoices",
        "/nowhere",
        "/openapi.json",
        "/errors/NOT_FOUND",
        "/tai-khoan",
        f"/p/{bill.reference}/qr.png",
    ]
    for path in paths:
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http:" not in policy
        assert int(headers["strict-transport-security"].split("max-age=")[1].split(";")[0]) >= 31_536_000
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers
        assert len(headers["x-trace-id"]) == 32
        assert "no-store" in headers["cache-control"] or path in (style, "/openapi.json"), path
        assert path == "/" or headers["x-robots-tag"].startswith("noindex")


def test_no_page_holds_inline_code_or_style(platform: FakePlatform, client: httpx.Client) -> None:
    bill = platform.add_bill()
    for path in ("/", f"/p/{bill.reference}", "/tra-cuu", "/dang-nhap", "/docs", f"/p/{bill.reference}/xem"):
        html = client.get(path).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", html), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', html), path


@pytest.mark.parametrize("nasty", NASTY)
def test_what_others_wrote_is_shown_as_text(platform: FakePlatform, client: httpx.Client, nasty: str) -> None:
    """Titles and names with markup are text; what a visitor typed comes back as text too."""
    bill = platform.add_bill(title=nasty, payer_name=nasty)
    assert client.get(f"/p/{bill.reference}").text.count("<script") == 1
    assert "<img" not in client.get(f"/p/{bill.reference}").text
    again = send(client, "/tra-cuu", "/tra-cuu", code=nasty, second_fact=nasty)
    assert "<img" not in again.text
    assert again.text.count("<script") == 1
    # A product that no clock and no example on the page can show.
    assert "5332114" not in client.get("/p", params={"ma": "{{ 1234*4321 }}"}).text


def test_unsafe_requests_need_our_origin_and_our_token(
    platform: FakePlatform, address: str, client: httpx.Client
) -> None:
    """Every form, sent again without its token, with another's, or from another site, is refused."""
    bill = platform.add_bill()
    sign_in(client)
    for path in (
        "/dang-xuat",
        "/dang-nhap",
        "/tra-cuu",
        f"/p/{bill.reference}/xem",
        "/loi-moi/invited",
        "/tai-khoan/mat-khau",
    ):
        assert client.post(path, data={}).status_code == 403, path
        assert client.post(path, data={"form_token": "a.b"}).status_code == 403, path
        token = token_of(client.get("/tai-khoan").text)
        foreign = client.post(path, data={"form_token": token}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403, path
        cross = client.post(path, data={"form_token": token}, headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.status_code == 403, path
    assert client.get("/tai-khoan").status_code == 200


def test_the_session_cookie_is_out_of_reach(
    client: httpx.Client, platform: FakePlatform, tmp_path: Path
) -> None:
    """HttpOnly, Lax, the whole site; over https also Secure and bound to the host by its name."""
    answer = sign_in(client)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/tai-khoan"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("xoai=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    with (
        running_gateway(settings_for(platform, tmp_path, public_url="https://xoai.example")) as url,
        httpx.Client(base_url=url, headers={"Origin": "https://xoai.example"}) as secure,
    ):
        page = secure.get("/dang-nhap")
        device = page.headers["set-cookie"].split(";")[0]
        answer = secure.post(
            "/dang-nhap",
            data={"form_token": token_of(page.text), "login": "lan.chi@hoamai.example", "password": PASSWORD},
            headers={"Cookie": device},
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-xoai=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


def test_login_and_logout(client: httpx.Client, platform: FakePlatform) -> None:
    """A wrong password is said without saying what was wrong; logging out ends the session at its owner too."""
    wrong = send(client, "/dang-nhap", "/dang-nhap", login="lan.chi@hoamai.example", password="khong phai")
    assert wrong.status_code == 422
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in wrong.text
    sign_in(client)
    session = client.cookies["xoai"]
    assert session in platform.sessions
    assert send(client, "/dang-xuat", "/tai-khoan").status_code == 303
    assert session not in platform.sessions
    client.cookies.set("xoai", session)
    assert client.get("/tai-khoan").headers["location"] == "/dang-nhap?next=/tai-khoan"
    # An ended session keeps nobody from a public page.
    assert client.get("/").status_code == 200


def test_an_invitation_is_accepted_and_a_password_changed(
    client: httpx.Client, platform: FakePlatform
) -> None:
    short = send(client, "/loi-moi/invited", "/loi-moi/invited", password="ngan")
    assert short.status_code == 422
    assert "Mật khẩu cần ít nhất 12 ký tự." in short.text
    assert (
        send(client, "/loi-moi/invited", "/loi-moi/invited", password="mot cau that dai").status_code == 303
    )
    assert client.get("/loi-moi/khac").status_code == 404
    wrong = send(
        client, "/tai-khoan/mat-khau", "/tai-khoan", old_password="sai roi", new_password="mot cau khac han"
    )
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in wrong.text
    right = send(
        client, "/tai-khoan/mat-khau", "/tai-khoan", old_password=PASSWORD, new_password="mot cau khac han"
    )
    assert right.status_code == 303
    platform.password = PASSWORD


def test_the_language_switch_is_remembered(platform: FakePlatform, client: httpx.Client) -> None:
    bill = platform.add_bill()
    english = client.get(f"/p/{bill.reference}", params={"lang": "en"})
    assert '<html lang="en">' in english.text
    assert "Waiting for the bank" in english.text
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="vi">' in client.get("/", params={"lang": "vi"}).text


def test_errors_have_pages_without_internals(client: httpx.Client, platform: FakePlatform) -> None:
    """Unknown page, wrong method, too much, a service that is away: plain words, the reason and the trace."""
    assert client.get("/khong-co").status_code == 404
    assert client.put("/tra-cuu").status_code == 405
    large = client.post("/tra-cuu", content=b"x" * (4 * 1024 * 1024 + 1))
    assert large.status_code == 413
    assert client.get("/errors/NOT_FOUND").status_code == 200
    assert "kit" not in client.get("/errors/SOMETHING_REMOTE").text
    assert client.get("/errors/lower").status_code == 404
    bill = platform.add_bill(organisation_id="00000000-0000-0000-0000-0000000000ff")
    broken = client.get(f"/p/{bill.reference}")
    assert broken.status_code == 404
    assert "Traceback" not in broken.text


def test_production_shows_neither_documentation_nor_metrics_nor_the_sandbox(
    platform: FakePlatform, tmp_path: Path
) -> None:
    (tmp_path / "doors.json").write_text(
        '{"logins": [{"door": "/truong", "name": "X", "login": "y", "password": "z"}]}'
    )
    settings = settings_for(
        platform, tmp_path, mode="production", public_url="https://xoai.example", sandbox_url="/thu"
    )
    bill = platform.add_bill()
    with running_gateway(settings) as url, httpx.Client(base_url=url) as client:
        assert client.get("/docs").status_code == 404
        assert client.get("/metrics").status_code == 404
        for path in ("/", f"/p/{bill.reference}", "/dang-nhap?next=/truong"):
            html = client.get(path).text
            assert "Bản thử" not in html
            assert "/thu" not in html
            assert "Tài khoản thử" not in html


def test_services_that_are_away_are_said_so(tmp_path: Path) -> None:
    """No service answers: 503 with Retry-After, and the process stays ready."""
    absent = FakePlatform()
    with running_gateway(settings_for(absent, tmp_path)) as url, httpx.Client(base_url=url) as client:
        answer = client.get(f"/p/{new_reference(Kind.INVOICE)}")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert client.get("/readyz").status_code == 200
    absent.stop()


def test_the_first_page_has_a_door_to_each_desk_of_the_stalls(platform: FakePlatform, tmp_path: Path) -> None:
    """The stall that the demo left is the customer's door; a sample login waits where its door leads."""
    (tmp_path / "doors.json").write_text(
        '{"stall": "XSTALL01", "logins": ['
        '{"door": "/quay-hang/chu", "name": "Chủ Thử", "login": "chu@xoai.example", "password": "z"}]}'
    )
    settings = settings_for(platform, tmp_path, mode="demo")
    with running_gateway(settings) as url, httpx.Client(base_url=url) as client:
        start = client.get("/").text
        for path in ("/quay-hang/chu", "/quay-hang", "/cho", "/giup", "/thanh-pho", "/mo", "/quay/XSTALL01"):
            assert f'class="door" href="{path}"' in start
        assert "chu@xoai.example" in client.get("/dang-nhap", params={"next": "/quay-hang/chu"}).text
