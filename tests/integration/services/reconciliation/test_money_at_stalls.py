"""Money at stalls on a real database: asked about, answered, let go, and never on a desk of the city's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest

from kit import auth, clock
from kit.auth import Subject
from kit.errors import Aborted
from kit.testing.service import Client, staff
from services.reconciliation.domain.credit import Reason
from services.reconciliation.flows import again
from services.reconciliation.jobs import Jobs
from tests.integration.services.reconciliation.calls import ALL, assign, request_id, suspense
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.integration.services.reconciliation.racing import Held, wait_for_a_lock
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

PILOTS = auth.service("pilots")


@pytest.fixture
def stalls(recon: Reconciliation) -> Reconciliation:
    """A trader's account in force."""
    recon.tell(make.merchant_account())
    return recon


@pytest.fixture
def pilots(channel: grpc.Channel, stalls: Reconciliation) -> Client:
    return Client(pb_grpc.ReconciliationServiceStub(channel), PILOTS)


def pay(recon: Reconciliation, *reports: Any) -> list[str]:
    """Ids of the credits of reports that come in one batch."""
    recon.tell(*reports)
    return [report.report_id for report in reports]


def where(recon: Reconciliation, credit_id: str) -> tuple[str, int, str]:
    """Reason, đồng in suspense, and the sale that is asked about."""
    credit = recon.credit(credit_id)
    return credit.reason.value, credit.amount_suspense, credit.asked_payable_id


def decline(client: Client, credit_id: str, **fields: str) -> pb.CreditDetail:
    values = {"request_id": request_id(), "reason": "quầy 12: không phải khách này"} | fields
    return client.DeclineAsked(pb.DeclineAskedRequest(credit_id=credit_id, **values))


def test_money_without_a_code_asks_for_the_one_sale_that_it_equals(stalls: Reconciliation) -> None:
    """It waits as ASKED with the sale, and says so with the account, the time and the last four of the payer's."""
    sale = make.sale()
    stalls.tell(sale, make.sale(70_000), make.stall_code(0, 0))
    report = make.at_stall()
    (id,) = pay(stalls, report)
    assert where(stalls, id) == ("ASKED", 50_000, sale.payable_id)
    event = stalls.announced()[-1]
    assert (event.suspense_reason, event.asked_payable_id) == ("ASKED", sale.payable_id)
    assert (event.bin, event.account_number) == (make.BIN, make.MERCHANT_ACCOUNT)
    assert (event.payer_account_last_four, event.merchant) == ("3456", True)
    assert (event.bank_time, event.arrive_time) == (report.occur_time, report.arrive_time)


def test_a_code_decides_before_any_question(stalls: Reconciliation) -> None:
    """A sale with its own code is paid at once, whatever else waits for the same amount."""
    first, second = make.sale(), make.sale()
    stalls.tell(first, second, make.stall_code(0, 0))
    pay(stalls, make.at_stall(memo=f"{second.reference} mua ca"))
    assert (stalls.applied(first), stalls.applied(second)) == (0, 50_000)
    payment = stalls.announced()[-1]
    assert (payment.rule, payment.bin) == ("reference", make.BIN)


@pytest.mark.parametrize("waiting", [0, 2])
def test_the_default_stall_takes_what_asks_for_nobody(stalls: Reconciliation, waiting: int) -> None:
    """No sale of the amount, or several: the account's default code, by a rule of that name."""
    code = make.stall_code(0, 0)
    stalls.tell(code, *(make.sale() for _ in range(waiting)))
    (id,) = pay(stalls, make.at_stall())
    assert (stalls.applied(code), where(stalls, id)) == (50_000, ("", 0, ""))
    assert (stalls.announced()[-1].rule, stalls.announced()[-1].rule_detail) == (
        "account_default",
        code.reference,
    )


def test_without_a_default_it_waits_for_the_merchant(stalls: Reconciliation) -> None:
    """No default, two of them, or outside of its hours by the bank's time: the merchant's own list."""
    here = clock.now().astimezone(clock.CITY_ZONE)
    minute = here.hour * 60 + here.minute
    (none,) = pay(stalls, make.at_stall())
    shut = make.stall_code((minute + 60) % 1440, (minute + 120) % 1440)
    stalls.tell(shut)
    (early,) = pay(stalls, make.at_stall())
    stalls.tell(make.newer(shut), make.stall_code(0, 0))
    (two,) = pay(stalls, make.at_stall())
    assert {where(stalls, id) for id in (none, early, two)} == {("NO_REFERENCE", 50_000, "")}


def test_only_codes_and_sales_of_the_account_in_force_count(stalls: Reconciliation) -> None:
    """What a stall on another account waits for is no business of this money."""
    elsewhere = {"account_id": "0190a000-0000-7000-8000-00000000000c", "account_number": "777"}
    stalls.tell(make.sale(**elsewhere), make.stall_code(0, 0, **elsewhere))
    stalls.tell(make.stall_code(0, 0))
    retired = make.merchant_account(version=2, state=make.AccountChanged.STATE_RETIRED)
    stalls.tell(retired)
    (id,) = pay(stalls, make.at_stall())
    assert where(stalls, id) == ("NO_REFERENCE", 50_000, "")


@pytest.mark.parametrize("memo", ["{0} {1}", "{unknown}"])
def test_ambiguous_or_awaited_codes_do_not_ask(stalls: Reconciliation, memo: str) -> None:
    """A memo that names something is never a question."""
    one, two = make.sale(70_000), make.sale(70_000)
    stalls.tell(one, two, make.sale(50_000), make.stall_code(0, 0))
    text = memo.format(one.reference, two.reference, unknown=make.reference())
    (id,) = pay(stalls, make.at_stall(memo=text))
    assert stalls.credit(id).reason in (Reason.AMBIGUOUS_REFERENCE, Reason.AWAITING_PAYABLE)


@pytest.mark.parametrize("has_default", [True, False])
def test_two_equal_credits_ask_once(stalls: Reconciliation, has_default: bool) -> None:
    """In one batch as in two: the first asks, the second is the default's or waits."""
    sale, code = make.sale(), make.stall_code(*((0, 0) if has_default else ()))
    stalls.tell(sale, code)
    first, second = pay(stalls, make.at_stall(), make.at_stall())
    (third,) = pay(stalls, make.at_stall())
    assert where(stalls, first) == ("ASKED", 50_000, sale.payable_id)
    rest = ("", 0, "") if has_default else ("NO_REFERENCE", 50_000, "")
    assert (where(stalls, second), where(stalls, third)) == (rest, rest)


def test_two_consumers_ask_once(stalls: Reconciliation) -> None:
    """The account's lock makes the second see the first one's question."""
    sale = make.sale()
    stalls.tell(sale)
    first, second = make.at_stall(), make.at_stall()
    with ThreadPoolExecutor(2) as pool:
        held = Held(stalls, pool, lambda session: stalls.handle(session, [make.event(first)]))
        other = pool.submit(stalls.tell, second)
        wait_for_a_lock(stalls)
        held.commit()
        other.result(5)
    assert where(stalls, first.report_id)[0] == "ASKED"
    assert where(stalls, second.report_id)[0] == "NO_REFERENCE"


def test_a_sale_that_is_paid_meanwhile_is_not_asked_about(stalls: Reconciliation) -> None:
    """Money with the code and money without it in two consumers: the second finds nothing that waits."""
    sale = make.sale()
    stalls.tell(sale)
    coded, plain = make.at_stall(memo=sale.reference), make.at_stall()
    with ThreadPoolExecutor(2) as pool:
        held = Held(stalls, pool, lambda session: stalls.handle(session, [make.event(coded)]))
        other = pool.submit(stalls.tell, plain)
        wait_for_a_lock(stalls)
        held.commit()
        other.result(5)
    assert stalls.applied(sale) == 50_000
    assert where(stalls, plain.report_id) == ("NO_REFERENCE", 50_000, "")


def test_yes_puts_it_on_the_sale(stalls: Reconciliation, pilots: Client) -> None:
    """The stall's service assigns it, whose reason says who; what ended the wait is announced; a second yes is late."""
    sale = make.sale()
    stalls.tell(sale)
    (id,) = pay(stalls, make.at_stall())
    found = assign(pilots, id, (sale, 50_000), reason="quầy 12, điện thoại của Hoa: phải")
    assert found.credit.amount_suspense == 0
    assert found.events[-1].reason == "quầy 12, điện thoại của Hoa: phải"
    assert stalls.applied(sale) == 50_000
    last = stalls.announced()[-1]
    assert isinstance(last, told.CreditChanged)
    assert (last.amount_suspense, last.asked_payable_id, last.suspense_reason) == (0, "", "")
    with pytest.raises(Aborted):
        decline(pilots, id)


@pytest.mark.parametrize("has_default", [True, False])
def test_no_lets_it_go(stalls: Reconciliation, pilots: Client, has_default: bool) -> None:
    """To the account's default code, else to the merchant; never to another sale; the same request changes nothing."""
    sale, code = make.sale(), make.stall_code(*((0, 0) if has_default else ()))
    stalls.tell(sale, code)
    (id,) = pay(stalls, make.at_stall())
    stalls.tell(make.sale())
    again_id = request_id()
    answer = decline(pilots, id, request_id=again_id)
    assert decline(pilots, id, request_id=again_id) == answer
    assert where(stalls, id) == (("", 0, "") if has_default else ("NO_REFERENCE", 50_000, ""))
    assert (stalls.applied(sale), stalls.applied(code)) == (0, 50_000 if has_default else 0)
    assert stalls.rows("SELECT count(*) FROM audit WHERE action = 'credit.decline'") == [(1,)]


@pytest.mark.parametrize("ending", ["time", "paid", "cancelled"])
def test_the_sweeper_ends_a_question(stalls: Reconciliation, ending: str) -> None:
    """When its time is over, or its sale does not wait any more: to the default code."""
    sale, code = make.sale(), make.stall_code(0, 0)
    stalls.tell(sale, code)
    (id,) = pay(stalls, make.at_stall())
    Jobs(stalls.database).sweep()
    assert where(stalls, id)[0] == "ASKED"
    try:
        if ending == "time":
            clock.set_offset(timedelta(minutes=11))
        elif ending == "paid":
            pay(stalls, make.at_stall(memo=sale.reference))
        else:
            cancelled = make.newer(sale)
            cancelled.ClearField("ask_until")
            stalls.tell(cancelled)
        Jobs(stalls.database).sweep()
    finally:
        clock.set_offset(timedelta())
    assert where(stalls, id) == ("", 0, "")
    assert stalls.applied(code) == 50_000


def test_a_parked_question_is_the_clerks(stalls: Reconciliation, channel: grpc.Channel) -> None:
    """A clerk of the organisation may still decide, and the sweeper leaves what he parked alone."""
    sale = make.sale()
    stalls.tell(sale, make.stall_code(0, 0))
    (id,) = pay(stalls, make.at_stall())
    clerk = Client(pb_grpc.ReconciliationServiceStub(channel), staff(*ALL, organisation=make.MERCHANT))
    clerk.ParkCredit(pb.ParkCreditRequest(request_id=request_id(), credit_id=id, reason="hỏi lại"))
    pay(stalls, make.at_stall(memo=sale.reference))
    Jobs(stalls.database).sweep()
    assert where(stalls, id)[0] == "ASKED"
    assert assign(clerk, id, (sale, 20_000)).credit.suspense_reason == "NO_REFERENCE"
    assert stalls.applied(sale) == 70_000


def test_a_cancelled_sale_and_one_paid_twice_take_their_money(stalls: Reconciliation) -> None:
    """All of it is the trader's: an exception beside the payment, nothing for a payer, nothing in suspense."""
    sale = make.sale()
    stalls.tell(sale)
    ids = [pay(stalls, make.at_stall(amount, memo=sale.reference))[0] for amount in (20_000, 50_000, 50_000)]
    assert [stalls.credit(id).exceptions for id in ids] == [
        ("UNDERPAID",),
        ("OVERPAID",),
        ("DUPLICATE_PAYMENT",),
    ]
    assert stalls.applied(sale) == 120_000
    assert {where(stalls, id) for id in ids} == {("", 0, "")}
    assert not [name for name in stalls.balances(make.MERCHANT) if name.startswith("payer_credit")]


def test_money_that_came_before_its_account_finds_its_stall(stalls: Reconciliation) -> None:
    """Registered afterwards, it is looked at again as if it came now."""
    code = make.stall_code(0, 0, account_id="0190a000-0000-7000-8000-00000000000d", account_number="555")
    stalls.tell(code)
    (id,) = pay(stalls, make.at_stall(account_number="555"))
    assert where(stalls, id)[0] == "UNKNOWN_ACCOUNT"
    stalls.tell(make.merchant_account(account_id=code.account_id, account_number="555"))
    assert stalls.applied(code) == 50_000
    assert stalls.credit(id).is_merchant


def test_the_city_never_sees_what_traders_take(
    stalls: Reconciliation, city: Client, channel: grpc.Channel
) -> None:
    """Neither in lists nor in counts, sums or searches; what no organisation is known for stays the city's."""
    sale = make.sale()
    stalls.tell(sale)
    pay(stalls, make.at_stall(), make.at_stall(30_000, memo=sale.reference))
    own = suspense(stalls)
    unknown = suspense(stalls, account_number="nobody")
    views = pb.ListCreditsRequest
    for view in (views.VIEW_SUSPENSE, views.VIEW_ALL):
        listed = city.ListCredits(pb.ListCreditsRequest(view=view))
        assert {credit.id for credit in listed.credits} == {own, unknown}
        assert (listed.suspense_count, listed.suspense_amount) == (2, 200_000)
    assert not city.ListCredits(pb.ListCreditsRequest(search="50000")).credits
    assert not city.ListCredits(pb.ListCreditsRequest(organisation_id=make.MERCHANT)).credits
    queue = city.SummariseQueue(pb.SummariseQueueRequest())
    assert {row.reason for row in queue.reasons} == {"NO_REFERENCE", "UNKNOWN_ACCOUNT"}
    assert (queue.short_open, queue.today) == (0, 2)
    summary = city.SummariseCredits(pb.SummariseCreditsRequest())
    assert (summary.credits_received, summary.amount_received, summary.amount_applied) == (2, 200_000, 0)
    balances = city.ListLedgerBalances(pb.ListLedgerBalancesRequest()).balances
    assert make.MERCHANT not in {row.organisation_id for row in balances}
    search = pb.SearchPayablesRequest(organisation_id=make.MERCHANT, search=sale.reference)
    assert not city.SearchPayables(search).payables

    stub = pb_grpc.ReconciliationServiceStub(channel)
    merchant: Subject = staff(*ALL, organisation=make.MERCHANT)
    assert len(Client(stub, merchant).ListCredits(pb.ListCreditsRequest()).credits) == 2
    everything = Client(stub, auth.service("cli")).SummariseCredits(pb.SummariseCreditsRequest())
    assert everything.credits_received == 4


def test_payments_of_a_stall_stay_on_their_page(stalls: Reconciliation) -> None:
    """No index holds what a payment changes of a payable (HOT), the new ones included."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    for _ in range(5):
        pay(stalls, make.at_stall())
    columns = {"applied", "applied_version", "lines"}
    definitions = stalls.rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'payable'")
    assert not [
        text for (text,) in definitions for name in columns if f"{name}," in text or f"{name})" in text
    ]
    with stalls.database.begin() as session:
        assert again.sweep(session, "") == ("", 0)
