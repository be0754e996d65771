"""Opening, cancelling, settling and showing sales over gRPC."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import grpc
import pytest

from kit import auth
from kit.db import Database
from kit.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from kit.inbox import Consumer
from kit.references import check
from tests.integration.services.pilot_sales.calls import (
    EventType,
    assert_books_hold,
    audited,
    client,
    enter_cash,
    get_day,
    get_sale,
    open_sale,
    owner,
    pass_time,
    payables,
    phone,
    rows,
    sums,
    told,
)
from tests.support.sales import TEN, FakeCodes, deliveries, paying
from tests.support.stalls import OTHER_ORGANISATION, OpenStall, open_programme, open_stall, waiting_stall
from xoai.payables.v1 import payables_events_pb2 as payables_pb
from xoai.pilots.v1 import sales_service_pb2 as pb


def test_a_sale_is_a_payable_with_a_code_of_its_own(
    channel: grpc.Channel, database: Database, stall: OpenStall, codes: FakeCodes
) -> None:
    """The QR asks the amount with the sale's reference; reconciliation is told until when it may ask about money."""
    sale = open_sale(owner(channel), stall.stall.id)
    assert check(sale.reference)
    assert sale.reference.startswith("XQ")
    (code,) = codes.asked
    account = stall.account.account
    assert (code.bin, code.account_number, code.reference, code.amount) == (
        account.bin,
        account.number,
        sale.reference,
        50_000,
    )
    assert sale.payload == f"VIETQR/{account.bin}/{account.number}/50000/{sale.reference}"
    assert sale.expire_time.seconds - sale.create_time.seconds == 600
    assert (sale.state, sale.amount_paid, sale.proof, sale.sequence) == (pb.Sale.STATE_OPEN, 0, "", 1)
    (payable,) = payables(database, sale.id)
    assert (payable.kind, payable.state) == (
        payables_pb.PayableChanged.KIND_SALE,
        payables_pb.PayableChanged.STATE_OPEN,
    )
    assert (payable.reference, payable.amount_due, payable.version) == (sale.reference, 50_000, 1)
    assert payable.account_id == str(account.id)
    assert payable.ask_until.seconds - sale.create_time.seconds == 600


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (0, "SALE_AMOUNT_MISSING"),
        (-50_000, "SALE_AMOUNT_MISSING"),
        (500_000_000, "SALE_AMOUNT_OVER_LIMIT"),
        (2**63 - 1, "SALE_AMOUNT_OVER_LIMIT"),
    ],
)
def test_amounts_that_no_transfer_carries(
    channel: grpc.Channel, database: Database, stall: OpenStall, amount: int, reason: str
) -> None:
    """Refused in words; nothing is stored and no code is drawn."""
    with pytest.raises(InvalidArgument) as refused:
        open_sale(owner(channel), stall.stall.id, amount)
    assert refused.value.reason == reason
    assert rows(database, "SELECT 1 FROM sale") == []
    assert open_sale(owner(channel), stall.stall.id, 499_999_999).amount == 499_999_999


def test_stalls_that_cannot_sell(channel: grpc.Channel, database: Database) -> None:
    """Without an account in force, withdrawn, before its programme begins and after it ended."""
    waiting = waiting_stall(database, organisation_id=OTHER_ORGANISATION)
    with pytest.raises(FailedPrecondition, match="not in force"):
        open_sale(owner(channel, OTHER_ORGANISATION), waiting.id)
    fair = open_programme(database, start_date=date(2026, 9, 16), end_date=date(2026, 9, 17))
    stall = open_stall(database, fair).stall
    seller = owner(channel)
    with pytest.raises(FailedPrecondition, match="begins on 16/09/2026"):
        open_sale(seller, stall.id)
    pass_time(days=1)
    assert open_sale(seller, stall.id).amount == 50_000
    pass_time(days=2)
    with pytest.raises(FailedPrecondition, match="ended on 17/09/2026"):
        open_sale(seller, stall.id)
    with pytest.raises(NotFound):
        open_sale(seller, uuid4())


def test_a_repeat_gets_its_answer_whatever_happened_since(
    channel: grpc.Channel, database: Database, stall: OpenStall
) -> None:
    """One sale for one request id, even after the stall stopped selling; another content under it is refused."""
    seller = owner(channel)
    request = pb.CreateSaleRequest(request_id="one", stall_id=str(stall.stall.id), amount=50_000)
    first = seller.CreateSale(request)
    with database.begin() as session:
        session.connection().exec_driver_sql("UPDATE stall SET state = 'withdrawn'")
    again = seller.CreateSale(request)
    assert (again.id, again.reference) == (first.id, first.reference)
    assert rows(database, "SELECT count(*) AS n FROM sale")[0].n == 1
    with pytest.raises(InvalidArgument, match="another content"):
        seller.CreateSale(pb.CreateSaleRequest(request_id="one", stall_id=str(stall.stall.id), amount=60_000))
    with pytest.raises(InvalidArgument, match="is missing"):
        seller.CancelSale(pb.CancelSaleRequest(id=first.id))


def test_cancelling_ends_the_asking_not_the_code(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """The payable stays open in a new version without a time to ask; a paid sale is not cancelled."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    for request_id in ("a", "b"):
        cancelled = seller.CancelSale(pb.CancelSaleRequest(request_id=request_id, id=sale.id))
        assert cancelled.state == pb.Sale.STATE_CANCELLED
    first, second = payables(database, sale.id)
    assert (second.version, second.state) == (2, payables_pb.PayableChanged.STATE_OPEN)
    assert first.HasField("ask_until")
    assert not second.HasField("ask_until")
    assert [event.sale_state for event in told(database, stall.stall.id)[-2:]] == ["open", "cancelled"]
    assert audited(database)[-1] == "sale.cancel"
    other = open_sale(seller, stall.stall.id)
    payments.handle(deliveries(paying(other.id, 10_000)))
    with pytest.raises(FailedPrecondition, match="has received"):
        seller.CancelSale(pb.CancelSaleRequest(request_id="c", id=other.id))
    assert_books_hold(database)


def test_settling_with_the_rest_in_cash(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """The missing part is entered as cash beside the transfer, once."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    payments.handle(deliveries(paying(sale.id, 20_000)))
    request = pb.SettleSaleRequest(request_id="s", id=sale.id, rest_in_cash=True)
    for _ in range(2):
        assert seller.SettleSale(request).state == pb.Sale.STATE_SETTLED
    day = get_day(seller, stall.stall.id)
    assert sums(day) == {"transfer": (1, 20_000), "cash": (1, 30_000)}
    assert [(taking.kind, taking.sale_id) for taking in day.takings] == [
        (pb.Taking.KIND_CASH, sale.id),
        (pb.Taking.KIND_SALE, sale.id),
    ]
    with pytest.raises(FailedPrecondition, match="settled"):
        seller.SettleSale(pb.SettleSaleRequest(request_id="t", id=sale.id, rest_in_cash=True))
    assert payables(database, sale.id)[-1].version == 2
    assert_books_hold(database)


def test_a_sale_for_the_rest_takes_the_place_of_the_short_one(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """What is missing is asked once: the short sale is settled, the repeat of the request changes nothing."""
    seller = owner(channel)
    short = open_sale(seller, stall.stall.id)
    payments.handle(deliveries(paying(short.id, 20_000)))
    assert get_day(seller, stall.stall.id).waiting_sale.id == short.id
    request = pb.CreateSaleRequest(
        request_id="rest", stall_id=str(stall.stall.id), amount=30_000, rest_of_sale_id=short.id
    )
    rest = seller.CreateSale(request)
    assert seller.CreateSale(request).id == rest.id
    assert (rest.amount, rest.rest_of_sale_id) == (30_000, short.id)
    assert get_sale(seller, short.id).state == pb.Sale.STATE_SETTLED
    assert get_day(seller, stall.stall.id).waiting_sale.id == rest.id
    with pytest.raises(FailedPrecondition, match="settled"):
        open_sale(seller, stall.stall.id, 0, rest_of_sale_id=short.id)
    payments.handle(deliveries(paying(rest.id, 30_000)))
    assert not get_day(seller, stall.stall.id).HasField("waiting_sale")
    assert_books_hold(database)


def test_several_phones_have_a_sale_open_each(
    channel: grpc.Channel, database: Database, stall: OpenStall
) -> None:
    """The newest that waits is shown; one that expired is not."""
    one, two = (phone(database, channel, stall.stall.id) for _ in range(2))
    first, second = open_sale(one, stall.stall.id), open_sale(two, stall.stall.id, 70_000)
    assert get_day(one, stall.stall.id).waiting_sale.id == second.id
    two.CancelSale(pb.CancelSaleRequest(request_id="c", id=second.id))
    assert get_day(two, stall.stall.id).waiting_sale.id == first.id
    pass_time(minutes=10)
    assert not get_day(two, stall.stall.id).HasField("waiting_sale")
    assert get_sale(one, first.id).expired


def test_who_may_sell(channel: grpc.Channel, database: Database, stall: OpenStall) -> None:
    """A locked phone, a listener, a phone of another stall and another merchant may not; a listener sees."""
    here = stall.stall.id
    other = open_stall(database, stall.programme, OTHER_ORGANISATION).stall.id
    sale = open_sale(owner(channel), here)
    sibling = waiting_stall(database, stall.programme).id
    for caller in (
        phone(database, channel, here, is_open=False),
        phone(database, channel, here, role="listener"),
        phone(database, channel, sibling),
        phone(database, channel, other),
        owner(channel, OTHER_ORGANISATION),
    ):
        with pytest.raises((PermissionDenied, NotFound)):
            open_sale(caller, here)
        with pytest.raises((PermissionDenied, NotFound)):
            caller.CancelSale(pb.CancelSaleRequest(request_id="x", id=sale.id))
        with pytest.raises((PermissionDenied, NotFound)):
            enter_cash(caller, here, 1_000)
    listener = phone(database, channel, here, role="listener")
    assert get_day(listener, here).waiting_sale.id == sale.id
    assert get_sale(listener, sale.id).id == sale.id
    with pytest.raises((PermissionDenied, NotFound)):
        get_sale(phone(database, channel, other), sale.id)
    with pytest.raises(PermissionDenied):
        get_day(client(channel, auth.public()), here)


def test_the_payers_page_shows_the_proof_once_money_came(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Anybody with the code sees the stall, the amounts and the account to pay to; never the payer's."""
    sale = open_sale(owner(channel), stall.stall.id)
    visitor = client(channel, auth.public())
    spaced = f"{sale.reference[:3]} {sale.reference[3:].lower()}"
    seen = visitor.GetPublicSale(pb.GetPublicSaleRequest(reference=spaced))
    assert (seen.amount, seen.amount_paid, seen.proof, seen.payload) == (50_000, 0, "", sale.payload)
    assert (seen.stall_code, seen.stall_number) == (stall.stall.reference, stall.stall.number)
    assert (seen.programme_name, seen.account_holder) == (stall.programme.name, "TRAN THI HANH")
    assert seen.bank_name == f"Ngân hàng {seen.bin}"
    payments.handle(deliveries(paying(sale.id, 50_000)))
    paid = visitor.GetPublicSale(pb.GetPublicSaleRequest(reference=sale.reference))
    (event,) = [each for each in told(database) if each.type == EventType.TYPE_SALE_PAID]
    assert (paid.proof, paid.sequence, paid.state) == (event.proof, event.sale_sequence, pb.Sale.STATE_PAID)
    assert "4417" not in str(paid)
    with pytest.raises(InvalidArgument, match="payment reference"):
        visitor.GetPublicSale(pb.GetPublicSaleRequest(reference="XQ-NO"))
    with pytest.raises(NotFound):
        visitor.GetPublicSale(pb.GetPublicSaleRequest(reference=stall.stall.reference))


def test_an_account_that_changes_while_the_code_is_made(
    channel: grpc.Channel, database: Database, stall: OpenStall, codes: FakeCodes
) -> None:
    """The sale is never opened with the QR of another account than the one in force."""
    encode = codes.encode

    def change(wanted: list[object]) -> list[str]:
        with database.begin() as session:
            session.connection().exec_driver_sql("UPDATE stall SET account_number = '999'")
        return encode(wanted)  # type: ignore[arg-type]

    codes.encode = change  # type: ignore[method-assign, assignment]
    with pytest.raises(Exception, match="account has just changed"):
        open_sale(owner(channel), stall.stall.id)
    assert rows(database, "SELECT 1 FROM sale") == []


def test_expiry_is_the_programmes(channel: grpc.Channel, database: Database) -> None:
    """A programme may let sales wait longer or shorter."""
    quick = open_stall(database, open_programme(database, sale_seconds=120)).stall
    sale = open_sale(owner(channel), quick.id)
    assert sale.expire_time.ToDatetime(TEN.tzinfo) > TEN
    assert sale.expire_time.seconds - sale.create_time.seconds == 120


def test_bad_ids_are_named(channel: grpc.Channel) -> None:
    """The field and what stood in it."""
    with pytest.raises(InvalidArgument, match=r"stall_id.*nonsense"):
        owner(channel).CreateSale(pb.CreateSaleRequest(request_id="x", stall_id="nonsense", amount=1))
