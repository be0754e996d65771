"""One code, one thing: what a stall, a pack or a sale carries is never drawn for another one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from kit.db import Database
from kit.errors import Aborted
from kit.references import Kind, new_references
from services.pilots.flows import codes, selling, stands
from tests.integration.services.pilot_sales.calls import assert_books_hold, open_sale, owner, payables, rows
from tests.support.stalls import CITY, OpenStall, open_stall
from xoai.pilots.v1 import sales_service_pb2 as pb

FREE = new_references(Kind.STALL, 10)


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is drawn next, for sales and for lists; after these, by chance."""
    to_come: list[str] = []
    lock = threading.Lock()

    def draw(kind: Kind, count: int = 1) -> list[str]:
        with lock:
            drawn = to_come[:count]
            del to_come[:count]
        return [*drawn, *new_references(kind, count - len(drawn))]

    monkeypatch.setattr(codes, "new_references", draw)
    monkeypatch.setattr(selling, "new_reference", lambda kind: draw(kind)[0])
    return to_come


def test_a_sale_never_takes_the_code_of_a_stall_or_a_pack(
    channel: grpc.Channel, database: Database, stall: OpenStall, draws: list[str]
) -> None:
    """Another one is drawn, and neither the seller nor reconciliation sees anything of it."""
    (pack,) = database.run(lambda session: stands.issue_pack(session, CITY, stall.stall.id, [20_000]))
    other = open_stall(database)
    draws[:] = [other.stall.reference, pack.reference, stall.stall.reference, FREE[3]]
    sale = open_sale(owner(channel), stall.stall.id)
    assert sale.reference == FREE[3]
    assert sale.payload.endswith(FREE[3])
    assert [each.reference for each in payables(database, sale.id)] == [FREE[3]]
    assert [row.reference for row in rows(database, "SELECT reference FROM sale")] == [FREE[3]]
    assert_books_hold(database)


def test_nothing_takes_the_code_of_a_sale(
    channel: grpc.Channel, database: Database, stall: OpenStall, draws: list[str]
) -> None:
    """Neither another sale, nor a stall, nor a pack, however long ago the sale ended."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    seller.CancelSale(pb.CancelSaleRequest(request_id="cancel", id=sale.id))
    draws[:] = [sale.reference, FREE[4]]
    assert open_sale(seller, stall.stall.id).reference == FREE[4]
    draws[:] = [sale.reference, FREE[5]]
    assert open_stall(database).stall.reference == FREE[5]
    draws[:] = [sale.reference, FREE[6], FREE[7]]
    packed = database.run(lambda session: stands.issue_pack(session, CITY, stall.stall.id, [10_000, 20_000]))
    assert {code.reference for code in packed} == {FREE[6], FREE[7]}
    assert_books_hold(database)


def test_two_that_draw_the_same_at_once(
    channel: grpc.Channel, database: Database, stall: OpenStall, draws: list[str]
) -> None:
    """One keeps it, the other gets its next; both sales are opened."""
    stalls = [stall, *(open_stall(database) for _ in range(3))]
    seller = owner(channel)
    draws[:] = [*[FREE[8]] * len(stalls)]
    with ThreadPoolExecutor(len(stalls)) as pool:
        sales = list(pool.map(lambda each: open_sale(seller, each.stall.id), stalls))
    assert len({sale.reference for sale in sales}) == len(stalls)
    assert FREE[8] in {sale.reference for sale in sales}
    assert_books_hold(database)


def test_a_city_without_free_codes_says_so(
    channel: grpc.Channel, database: Database, stall: OpenStall, draws: list[str]
) -> None:
    """After ten draws the seller is asked to try again; no half of a sale is left."""
    draws[:] = [*[stall.stall.reference] * codes.TRIES]
    with pytest.raises(Aborted) as refused:
        open_sale(owner(channel), stall.stall.id)
    assert refused.value.reason == "REFERENCE_TAKEN"
    assert rows(database, "SELECT 1 FROM sale") == []


def test_codes_are_never_given_back(channel: grpc.Channel, database: Database, stall: OpenStall) -> None:
    """The registry only grows: no role of the service can change or delete what it holds."""
    open_sale(owner(channel), stall.stall.id)
    for statement in ("DELETE FROM code", "UPDATE code SET payable_id = gen_random_uuid()"):
        with pytest.raises(Exception, match="permission denied"):
            rows(database, statement)
