"""A stall's live line over HTTP: every event once and in order, what was missed, and who may listen."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import PIN
from tests.support.stall_phone import pair, screen_of, send
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb


@pytest.fixture
def stall(platform: FakePlatform) -> stalls_pb.Stall:
    return platform.stalls.add_stall()


@pytest.fixture
def phone(platform: FakePlatform, client: httpx.Client, stall: stalls_pb.Stall) -> httpx.Client:
    pair(client, platform.stalls.open_pairing(stall))
    return client


def told(lines: Iterator[str], count: int) -> list[Any]:
    """The next messages of a stream; beats and comments aside."""
    found: list[Any] = []
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line
        elif line.startswith("data: ") and not name:
            found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
        elif not line:
            name = ""
    return found


def stream(phone: httpx.Client, stall: stalls_pb.Stall, *, last: str = "", **query: Any) -> Any:
    headers = {"Last-Event-ID": last} if last else {}
    params = {"channel": f"stall:{stall.id}", **query}
    return phone.stream("GET", "/v1/events", params=params, headers=headers, timeout=10)


def amounts(messages: list[Any]) -> list[int]:
    return [int(message["data"]["amount"]) for message in messages]


def test_a_phone_hears_what_came_since_its_page_was_made(
    platform: FakePlatform, phone: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """Behind the page's own sequence, then live; in one form, each once; nothing is called missed."""
    platform.sales.pay_standing(stall.id, 10_000)
    after = int(screen_of(phone)["day"]["sequence"])
    platform.sales.pay_standing(stall.id, 20_000, announce=False)
    with stream(phone, stall, after=after) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["content-security-policy"]
        lines = answer.iter_lines()
        (caught,) = told(lines, 1)
        platform.sales.announce(platform.sales.events[stall.id][-1])
        platform.sales.pay_standing(stall.id, 30_000)
        (live,) = told(lines, 1)
    assert amounts([caught, live]) == [20_000, 30_000]
    assert (caught["sequence"], live["sequence"]) == (after + 1, after + 2)
    assert caught["data"].keys() == live["data"].keys()
    assert "name" not in json.dumps(live["data"])


@pytest.mark.parametrize("by", ["header", "resume"])
def test_a_lost_line_sums_up_what_was_missed(
    platform: FakePlatform, phone: httpx.Client, stall: stalls_pb.Stall, by: str
) -> None:
    """How many payments and their sum with its clips, then each of them; a second loss before it goes on behind the same."""
    for amount in (5_000, 45_000, 50_000, 50_000):
        platform.sales.pay_standing(stall.id, amount, announce=False)
    platform.sales.changed(stall.id)
    way: dict[str, Any] = {"last": "1"} if by == "header" else {"after": 1, "resume": 1}
    with stream(phone, stall, **way) as answer:
        summary, *rest = told(answer.iter_lines(), 5)
    assert (summary["type"], summary["sequence"]) == ("stall.missed", 1)
    assert (summary["data"]["count"], summary["data"]["amount"]) == (3, 145_000)
    assert summary["data"]["spoken"] == "Đã lỡ ba khoản, một trăm bốn mươi lăm nghìn đồng"
    assert summary["data"]["clips"][:3] == ["da-lo", "ba", "khoan"]
    assert amounts(rest[:3]) == [45_000, 50_000, 50_000]
    assert [message["sequence"] for message in rest] == [2, 3, 4, 5]


def test_a_lost_event_is_fetched_before_the_next_one(
    platform: FakePlatform, phone: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The log lost one: the owner tells it, in its place."""
    with stream(phone, stall, after=0) as answer:
        lines = answer.iter_lines()
        platform.sales.pay_standing(stall.id, 1_000)
        assert amounts(told(lines, 1)) == [1_000]
        platform.sales.pay_standing(stall.id, 2_000, announce=False)
        platform.sales.pay_standing(stall.id, 3_000)
        assert amounts(told(lines, 2)) == [2_000, 3_000]


def test_a_removed_phone_loses_its_line_at_once(
    platform: FakePlatform, phone: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The event of its removal ends the stream; it cannot open another one."""
    device = next(each for each in platform.stalls.devices.values() if each.stall_id == stall.id)
    with stream(phone, stall, after=0) as answer:
        lines = answer.iter_lines()
        platform.sales.pay_standing(stall.id, 1_000)
        assert amounts(told(lines, 1)) == [1_000]
        platform.stalls.revoke(device.id)
        assert told(lines, 1) == []
    with stream(phone, stall, after=0) as answer:
        assert answer.status_code == 401


def test_nobody_else_listens_to_a_stall(
    platform: FakePlatform, address: str, phone: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """A visitor, a phone of another stall, and a stall that there is not."""
    other = platform.stalls.add_stall(number="B07")
    assert httpx.get(f"{address}/v1/events", params={"channel": f"stall:{stall.id}"}).status_code == 401
    for channel, status in (
        (f"stall:{other.id}", 401),
        ("stall:A12", 400),
        (f"stall:{stall.id}x", 400),
    ):
        assert phone.get("/v1/events", params={"channel": channel}).status_code == status


def test_a_sale_is_heard_by_its_reference(
    platform: FakePlatform, phone: httpx.Client, client: httpx.Client, stall: stalls_pb.Stall
) -> None:
    """The payer's page: state and amounts, no proof and no account; a wrong reference is a miss like a bill's."""
    assert send(phone, ":unlock", {"pin": PIN}).status_code == 200
    reference = send(phone, "/sales", {"amount": 45_000}).json()["reference"]
    with client.stream("GET", "/v1/events", params={"channel": f"sale:{reference}"}, timeout=10) as answer:
        (message,) = told(answer.iter_lines(), 1)
    assert message["data"] == {"state": "open", "amount": 45_000, "amount_paid": 0}
    statuses = [
        client.get("/v1/events", params={"channel": f"sale:XQ{uuid.uuid4().hex[:11].upper()}"}).status_code
        for _ in range(7)
    ]
    assert (statuses[0], statuses[-1]) == (404, 429)
