"""A stall's phone over HTTP: pairing, what its screen is told and what it sends, and how it is locked out again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import PIN, Role, payload_of
from tests.support.stall_phone import form_token_of, pair, press, screen_of, send
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb


@pytest.fixture
def stall(platform: FakePlatform) -> stalls_pb.Stall:
    return platform.stalls.add_stall()


@pytest.fixture
def phone(platform: FakePlatform, client: httpx.Client, stall: stalls_pb.Stall) -> httpx.Client:
    pair(client, platform.stalls.open_pairing(stall))
    return client


@pytest.fixture
def selling(phone: httpx.Client) -> httpx.Client:
    assert send(phone, ":unlock", {"pin": PIN}).status_code == 200
    return phone


@pytest.fixture
def second(platform: FakePlatform, address: str, stall: stalls_pb.Stall) -> Iterator[httpx.Client]:
    """Another phone of the stall, one that only listens."""
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        pair(client, platform.stalls.open_pairing(stall, Role.ROLE_LISTENER))
        yield client


def test_a_code_is_spent_only_when_the_button_is_pressed(
    platform: FakePlatform, client: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The page names the stall and what the phone may, and spends nothing; the button does, once."""
    code = platform.stalls.open_pairing(stall)
    page = client.get(f"/quay-hang/ghep/{code}")
    for text in ("Trái cây Cô Mận", "Quầy A12, Hùng Vương", "Hộ Lê Thị Mận", "Máy của Mận", "khi có mã PIN"):
        assert text in page.text
    listens = client.get(f"/quay-hang/ghep/{platform.stalls.open_pairing(stall, Role.ROLE_LISTENER)}")
    assert "không bán hàng" in listens.text
    assert code in platform.stalls.pairings
    token = form_token_of(page)
    answer = press(client, code, token)
    assert (answer.status_code, answer.headers["location"]) == (303, "/quay-hang")
    cookie = answer.headers["set-cookie"]
    # Out of the reach of scripts.
    assert cookie.startswith("xoai-stall=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    for again in (press(client, code, token), client.get(f"/quay-hang/ghep/{code}")):
        assert again.status_code == 422
        assert "Mã ghép máy không còn dùng được" in again.text
        assert "Trái cây Cô Mận" not in again.text


def test_codes_cannot_be_guessed_one_by_one(
    platform: FakePlatform, client: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """After some wrong codes, opened or sent, a visitor has to wait, also with a right one."""
    code = platform.stalls.open_pairing(stall)
    token = form_token_of(client.get(f"/quay-hang/ghep/{code}"))
    opened = [client.get(f"/quay-hang/ghep/guess{number}").status_code for number in range(3)]
    pressed = [press(client, f"guess{number}", token).status_code for number in range(3)]
    assert (opened, pressed) == ([422] * 3, [422, 422, 429])
    assert client.get(f"/quay-hang/ghep/{code}").status_code == 429
    assert press(client, code, token).status_code == 429
    assert code in platform.stalls.pairings


def test_who_pairs_anew_is_told_what_is_left_behind(
    platform: FakePlatform, phone: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """A phone of one stall that opens the code of another one sees which it leaves."""
    other = platform.stalls.add_stall(name="Nón lá Bà Sáu", number="B03")
    page = phone.get(f"/quay-hang/ghep/{platform.stalls.open_pairing(other)}").text
    assert "Máy đang ghép với Trái cây Cô Mận, quầy A12" in page


def test_the_screen_begins_with_everything_it_shows(
    platform: FakePlatform, phone: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """Stall, stand with its drawn code, phone, day, the waiting sale; and no name of a payer."""
    platform.sales.pay_standing(stall.id, 45_000)
    screen = screen_of(phone)
    assert screen["channel"] == f"stall:{stall.id}"
    assert screen["stall"] == {
        "id": stall.id,
        "name": "Trái cây Cô Mận",
        "number": "A12",
        "programme": "Hùng Vương",
        "holder": "LÊ THỊ MẬN",
        "account_last_four": "8842",
        "state": "active",
    }
    assert screen["stand"]["code"]["paths"][-1]["d"].startswith("M")
    assert screen["phone"]["role"] == "seller"
    assert screen["phone"]["unlock_until"] is None
    assert (screen["day"]["transfer_count"], screen["day"]["transfer_sum"]) == (1, 45_000)
    assert screen["sale"] is None


def test_selling_needs_the_pin(phone: httpx.Client) -> None:
    """A wrong PIN is said with the tries that are left; the right one opens selling; locking closes it again."""
    wrong = send(phone, ":unlock", {"pin": "0000"})
    assert (wrong.status_code, wrong.json()["reason"]) == (403, "PIN_WRONG")
    assert "Còn 4 lần thử" in wrong.json()["detail"]
    letters = send(phone, ":unlock", {"pin": "12a4"})
    assert letters.json()["violations"][0]["field"] == "pin"
    assert send(phone, ":unlock", {"pin": PIN}).json()["unlock_until"] is not None
    assert screen_of(phone)["phone"]["unlock_until"] is not None
    assert send(phone, ":lock").json()["unlock_until"] is None
    assert screen_of(phone)["phone"]["unlock_until"] is None


def test_a_sale_is_asked_for_with_its_own_code(
    platform: FakePlatform, selling: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The answer holds the drawn code; the same key again gives the same sale; cancelled it shows none."""
    sale = send(selling, "/sales", {"amount": 85_000}, key="one").json()
    assert (sale["amount"], sale["state"]) == (85_000, "open")
    assert sale["code"]["view_box"]
    assert send(selling, "/sales", {"amount": 85_000}, key="one").json()["id"] == sale["id"]
    assert len(platform.sales.sales) >= 1
    assert screen_of(selling)["sale"]["id"] == sale["id"]
    cancelled = send(selling, f"/sales/{sale['id']}:cancel").json()
    assert (cancelled["state"], cancelled["code"]) == ("cancelled", None)
    assert screen_of(selling)["sale"] is None


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"amount": 0}, 400, "NAPAS 247"),
        ({"amount": 500_000_000}, 400, "NAPAS 247"),
        ({"amount": "85 nghìn"}, 400, "Cần một số nguyên."),
        ({"amount": 85_000.5}, 400, "Cần một số nguyên."),
        ({}, 400, "Thiếu mục này."),
    ],
)
def test_amounts_that_cannot_be_asked_are_refused_in_words(
    selling: httpx.Client, body: object, status: int, word: str
) -> None:
    """Nothing, half a billion, letters, fractions: the answer says what is wrong."""
    answer = send(selling, "/sales", body)
    assert answer.status_code == status
    assert word in answer.text


def test_a_short_sale_is_settled_or_the_rest_asked(
    platform: FakePlatform, selling: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """Less is taken, the rest goes on a sale of its own, or comes in cash and stands in the day."""
    sale = send(selling, "/sales", {"amount": 85_000}).json()
    platform.sales.pay(platform.sales.sales[sale["id"]], 80_000)
    rest = send(selling, "/sales", {"amount": 5_000, "rest_of_sale_id": sale["id"]}).json()
    assert rest["rest_of_sale_id"] == sale["id"]
    assert send(selling, f"/sales/{rest['id']}:cancel").status_code == 200
    settled = send(selling, f"/sales/{sale['id']}:settle", {"rest_in_cash": True}).json()
    assert settled["state"] == "settled"
    day = selling.get("/v1/stall-phone/day").json()
    assert (day["transfer_sum"], day["cash_sum"]) == (80_000, 5_000)


def test_money_without_a_code_is_asked_about(
    platform: FakePlatform, selling: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The question stands on the screen until it is answered; yes puts the money on the sale."""
    sale = send(selling, "/sales", {"amount": 85_000}).json()
    event = platform.sales.ask(platform.sales.sales[sale["id"]])
    question = screen_of(selling)["questions"][0]
    assert question == {
        **question,
        "credit_id": event.credit_id,
        "amount": 85_000,
        "account_last_four": "2209",
    }
    assert send(selling, f"/questions/{event.credit_id}:answer", {"yes": True}).status_code == 200
    assert screen_of(selling)["questions"] == []
    assert selling.get(f"/v1/stall-phone/sales/{sale['id']}").json()["state"] == "paid"


def test_the_day_keeps_cash_and_private_money_apart(
    platform: FakePlatform, selling: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """Cash is entered and taken back, a transfer is marked as private, the day is closed."""
    platform.sales.pay_standing(stall.id, 60_000)
    cash = send(selling, "/cash", {"amount": 20_000}).json()
    assert cash["kind"] == "cash"
    day = selling.get("/v1/stall-phone/day").json()
    transfer = next(row for row in day["takings"] if row["kind"] == "standing")
    assert send(selling, f"/takings/{transfer['id']}:mark", {"private": True}).json()["private"] is True
    assert send(selling, f"/cash/{cash['id']}:take-back").json()["reversed"] is True
    day = selling.get("/v1/stall-phone/day").json()
    assert (day["transfer_sum"], day["private_sum"], day["cash_sum"]) == (0, 60_000, 0)
    closed = send(selling, "/day:close", {"book_date": day["book_date"]}).json()
    assert closed["close_time"] is not None


def test_the_stand_is_compared_with_what_is_registered(phone: httpx.Client, stall: stalls_pb.Stall) -> None:
    """The own code is the same; a pasted one differs in the account that is named; a text that is no code is said."""
    same = send(phone, "/stand-checks", {"payload": stall.payload}).json()
    assert same["outcome"] == "same"
    pasted = send(
        phone, "/stand-checks", {"payload": payload_of(stall.reference, account="1017738824")}
    ).json()
    assert pasted["outcome"] == "differs"
    assert {"what": "account", "registered": "1017738842", "found": "1017738824"} in pasted["differences"]
    assert send(phone, "/stand-checks", {"payload": "hello"}).json()["outcome"] == "unreadable"


def test_a_removed_phone_is_out_within_seconds(
    platform: FakePlatform, phone: httpx.Client, second: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The owner removes one phone: it is out, the other one stays."""
    assert screen_of(second)["phone"]["role"] == "listener"
    removed = next(device for device in platform.stalls.devices.values() if device.stall_id == stall.id)
    screen_of(phone)
    platform.stalls.revoke(removed.id)
    until = time.monotonic() + 5
    while (answer := phone.get("/v1/stall-phone")).status_code == 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert (answer.status_code, answer.json()["reason"]) == (401, "PHONE_NOT_PAIRED")
    assert screen_of(second)["stall"]["id"] == stall.id


def test_one_phone_never_sees_another_stall(
    platform: FakePlatform, phone: httpx.Client, address: str
) -> None:
    """A phone of another stall gets its own channel, day and sums."""
    other = platform.stalls.add_stall(number="B03")
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        pair(client, platform.stalls.open_pairing(other))
        platform.sales.pay_standing(other.id, 7_000)
        assert screen_of(client)["day"]["transfer_sum"] == 7_000
    assert screen_of(phone)["day"]["transfer_sum"] == 0
