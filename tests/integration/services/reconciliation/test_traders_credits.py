"""Traders' credits: hidden from the city behind every call, held ones decided by the trader, unproven ones by proof."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest
from sqlalchemy import text

from kit import auth
from kit.errors import Aborted, Error, FailedPrecondition, NotFound, PermissionDenied
from kit.testing.service import Client, staff
from services.reconciliation.jobs import Jobs
from services.reconciliation.rpc import ReconciliationServicer
from tests.integration.services.reconciliation.calls import ALL, request_id, suspense
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

UNPROVEN = 25_000_000


@pytest.fixture
def stalls(recon: Reconciliation) -> Reconciliation:
    recon.tell(make.merchant_account())
    return recon


@pytest.fixture
def pilots(channel: grpc.Channel) -> Client:
    """The pilots' service, which hands on what a trader decided."""
    return Client(pb_grpc.ReconciliationServiceStub(channel), auth.service("pilots"))


def unproven(stalls: Reconciliation, memo: str = "MUA HANG", **values: Any) -> str:
    report = make.at_stall(UNPROVEN, memo, needs_confirmation=True, **values)
    stalls.tell(report)
    return report.report_id


def alike(stalls: Reconciliation, **values: Any) -> tuple[str, str, str]:
    """Two equal payments that callbacks told, and the bank's list, which may tell of either."""
    first, second = (make.at_stall(50_000, "MUA HANG") for _ in range(2))
    stalls.tell(first, second)
    third = make.told_again(first, bank_reference="LIST1", **values)
    stalls.tell(third)
    assert stalls.credit(third.report_id).reason == "POSSIBLE_DUPLICATE"
    return first.report_id, second.report_id, third.report_id


def held(pilots: Client) -> list[pb.HeldCredit]:
    return list(pilots.ListHeldCredits(pb.ListHeldCreditsRequest(organisation_id=make.MERCHANT)).held)


def resolve(pilots: Client, credit: str, same: str = "", **values: Any) -> pb.CreditDetail:
    fields = {"request_id": request_id(), "reason": "chủ quầy", "same_as_credit_id": same} | values
    return pilots.ResolveDuplicate(pb.ResolveDuplicateRequest(credit_id=credit, **fields))


def hand_over(pilots: Client, credit: str, key: str = "") -> None:
    pilots.HandOverCredit(
        pb.HandOverCreditRequest(request_id=key or request_id(), credit_id=credit, reason="chủ quầy nhờ")
    )


def by_id(credit: str, payment: str, payable: Any, other: str) -> dict[str, Any]:
    """Every call that names one credit, payment, payable or organisation."""
    key, why = request_id(), "xem thử"
    return {
        "GetCredit": pb.GetCreditRequest(id=credit),
        "SuggestPayables": pb.SuggestPayablesRequest(credit_id=credit),
        "AssignCredit": pb.AssignCreditRequest(
            request_id=key,
            credit_id=credit,
            reason=why,
            allocations=[pb.Allocation(payable_id=payable.payable_id, amount=1)],
        ),
        "UndoPayment": pb.UndoPaymentRequest(request_id=key, payment_id=payment, reason=why),
        "UsePayerCredit": pb.UsePayerCreditRequest(
            request_id=key,
            organisation_id=make.MERCHANT,
            payer_id="x",
            payable_id=payable.payable_id,
            amount=1,
            reason=why,
        ),
        "ParkCredit": pb.ParkCreditRequest(request_id=key, credit_id=credit, reason=why),
        "ResolveDuplicate": pb.ResolveDuplicateRequest(
            request_id=key, credit_id=other, same_as_credit_id=credit, reason=why
        ),
        "ConfirmCredit": pb.ConfirmCreditRequest(request_id=key, credit_id=credit, reason=why),
        "KeepForPayer": pb.KeepForPayerRequest(request_id=key, credit_id=credit, payer_id="x", reason=why),
        "DeclineAsked": pb.DeclineAskedRequest(request_id=key, credit_id=credit, reason=why),
    }


def test_the_city_finds_no_credit_of_a_traders_by_its_id(stalls: Reconciliation, city: Client) -> None:
    """Whoever knows an id gets the same answer as for one that does not exist; lists that name it are empty."""
    sale = make.sale()
    stalls.tell(sale)
    paid = make.at_stall(20_000, sale.reference)
    stalls.tell(paid)
    _, _, waiting = alike(stalls)
    unread = unproven(stalls)
    own = suspense(stalls)
    nobody = "0190a000-0000-7000-8000-0000000000ff"
    for credit in (paid.report_id, waiting, unread):
        foreign = by_id(credit, paid.report_id, sale, own)
        unknown = by_id(nobody, nobody, make.payable(), own)
        for name in foreign:
            answers = []
            for request in (foreign[name], unknown[name]):
                with pytest.raises(NotFound) as refused:
                    getattr(city, name)(request)
                answers.append((refused.value.reason, str(refused.value)))
            assert answers[0] == answers[1], name
    for request in (
        pb.ListPaymentsRequest(ids=[paid.report_id]),
        pb.ListPaymentsRequest(payable_id=sale.payable_id),
    ):
        assert not city.ListPayments(request).payments
    credits = pb.ListPayerCreditsRequest(organisation_id=make.MERCHANT)
    assert not city.ListPayerCredits(credits).payer_credits


def test_every_call_that_names_something_is_tried(stalls: Reconciliation) -> None:
    """A new call of the desk has to say what it hides; those that list and count are tried beside their lists."""
    tried = set(by_id("", "", make.payable(), ""))
    lists = {name for name in ReconciliationServicer.PERMISSIONS if name.startswith(("List", "Summarise"))}
    others = {"SearchPayables", "ReplayDeadLetters", "HandOverCredit"}
    assert set(ReconciliationServicer.PERMISSIONS) == tried | lists | others


def test_two_tellings_are_the_traders_to_tell_apart(stalls: Reconciliation, pilots: Client) -> None:
    """He sees which other money it may be and where that stands; one of them, or money of its own."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    first, second, third = alike(stalls)
    (shown,) = held(pilots)
    assert (shown.credit_id, shown.suspense_reason, shown.amount) == (third, "POSSIBLE_DUPLICATE", 50_000)
    assert [(twin.credit_id, twin.paid) for twin in shown.twins] == [(first, "Quầy 12"), (second, "Quầy 12")]
    resolve(pilots, third, second, credit_version=shown.version)
    assert stalls.credit(third).merged_into == second
    assert stalls.applied(code) == 100_000
    assert held(pilots) == []
    with pytest.raises(Aborted):
        resolve(pilots, third)
    # Now only the first is left for a further line of the list.
    stalls.tell(make.told_again(make.at_stall(50_000, "MUA HANG"), bank_reference="LIST2"))
    assert stalls.credit(first).report_count == 2
    assert stalls.applied(code) == 100_000


def test_money_of_its_own_goes_where_the_rules_say(stalls: Reconciliation, pilots: Client) -> None:
    """To the default stall, as if it came now, once whatever the repeats; what it paid is in the books once."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    _, _, third = alike(stalls)
    key = request_id()
    answers = [resolve(pilots, third, request_id=key).credit.amount_applied for _ in range(3)]
    assert answers == [50_000] * 3
    assert stalls.applied(code) == 150_000
    stalls.tell(make.at_stall(1_000))
    assert [
        row[0] for row in stalls.rows("SELECT action FROM audit WHERE object = :o", o=f"credit:{third}")
    ] == ["credit.own_money"]


@pytest.mark.parametrize("round", range(3))
def test_two_who_decide_at_once(stalls: Reconciliation, pilots: Client, round: int) -> None:
    """One says the same money, the other money of its own: the second hears that it was decided."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    first, _, third = alike(stalls)
    start = threading.Barrier(3)
    outcomes: list[str] = []

    def decide(same: str) -> None:
        start.wait()
        try:
            resolve(pilots, third, same)
            outcomes.append("done")
        except Error as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=decide, args=(same,)) for same in (first, "", first)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["CREDIT_MOVED", "CREDIT_MOVED", "done"]
    assert stalls.applied(code) in (100_000, 150_000)
    assert (stalls.applied(code) == 100_000) == (stalls.credit(third).merged_into == first)


def test_a_traders_word_does_not_prove_money(
    stalls: Reconciliation, pilots: Client, channel: grpc.Channel
) -> None:
    """Neither a confirmation nor “money of its own” nor a stall makes unproven money good; the bank's list does."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    id = unproven(stalls)
    confirm = pb.ConfirmCreditRequest(request_id=request_id(), credit_id=id, reason="có thật")
    with pytest.raises(PermissionDenied):
        pilots.ConfirmCredit(confirm)
    with pytest.raises(Aborted):
        resolve(pilots, id)
    with pytest.raises(FailedPrecondition) as refused:
        pilots.AssignCredit(
            pb.AssignCreditRequest(
                request_id=request_id(),
                credit_id=id,
                reason="cho quầy",
                allocations=[pb.Allocation(payable_id=code.payable_id, amount=UNPROVEN)],
            )
        )
    assert refused.value.reason == "CREDIT_MUST_BE_DECIDED_FIRST"
    assert stalls.applied(code) == 0
    (shown,) = held(pilots)
    assert (shown.suspense_reason, list(shown.twins)) == ("AWAITING_CONFIRMATION", [])
    first = make.at_stall(UNPROVEN, "MUA HANG", needs_confirmation=True)
    stalls.tell(first)
    stalls.tell(make.told_again(first, needs_confirmation=False))
    Jobs(stalls.database).sweep()
    assert stalls.applied(code) == UNPROVEN


def test_doubtful_and_unproven_money_stays_unproven_when_it_is_of_its_own(
    stalls: Reconciliation, pilots: Client
) -> None:
    """Said to be money of its own, a weak telling waits for its proof as any other."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    reports = [make.at_stall(UNPROVEN, "MUA HANG") for _ in range(2)]
    stalls.tell(*reports)
    weak = make.at_stall(UNPROVEN, "MUA HANG", needs_confirmation=True, source_id="weak", bank_reference="W1")
    stalls.tell(weak)
    assert stalls.credit(weak.report_id).reason == "POSSIBLE_DUPLICATE"
    resolve(pilots, weak.report_id)
    assert stalls.credit(weak.report_id).reason == "AWAITING_CONFIRMATION"
    assert stalls.applied(code) == 2 * UNPROVEN


def test_the_citys_desk_sees_what_a_trader_hands_over(
    stalls: Reconciliation, pilots: Client, city: Client
) -> None:
    """Amount, account and times, nothing that the payer wrote, no search for it; decided, it is hidden again."""
    code = make.stall_code(0, 0)
    stalls.tell(code)
    id, other = unproven(stalls), unproven(stalls, "KHAC")
    get = pb.GetCreditRequest(id=id)
    assert (
        city.ListCredits(pb.ListCreditsRequest(view=pb.ListCreditsRequest.VIEW_SUSPENSE)).suspense_count == 0
    )
    for key in ("one", "one", "two"):
        hand_over(pilots, id, key)
    listed = city.ListCredits(pb.ListCreditsRequest(view=pb.ListCreditsRequest.VIEW_SUSPENSE))
    assert [credit.id for credit in listed.credits] == [id]
    assert (listed.suspense_count, listed.suspense_amount) == (1, UNPROVEN)
    detail = city.GetCredit(get)
    for shown in (listed.credits[0], detail.credit):
        assert (shown.amount, shown.account_number) == (UNPROVEN, make.MERCHANT_ACCOUNT)
        assert (shown.memo, shown.payer_name, shown.payer_account) == ("", "", "")
        assert shown.handed_over
    assert not detail.reports
    assert [event.action for event in detail.events] == ["credit.hand_over"]
    for search in ("MUA HANG", "NGUYEN VAN BINH", str(UNPROVEN)):
        assert not city.ListCredits(pb.ListCreditsRequest(search=search)).credits
    assert not city.SuggestPayables(pb.SuggestPayablesRequest(credit_id=id)).suggestions
    queue = city.SummariseQueue(pb.SummariseQueueRequest())
    assert [(row.reason, row.count) for row in queue.reasons] == [("AWAITING_CONFIRMATION", 1)]
    assert queue.today == 0
    with pytest.raises(NotFound):
        city.GetCredit(pb.GetCreditRequest(id=other))

    park = pb.ParkCreditRequest(request_id=request_id(), credit_id=id, reason="ngân hàng chưa thấy")
    city.ParkCredit(park)
    assert {each.credit_id: each.answer for each in held(pilots)} == {id: "ngân hàng chưa thấy", other: ""}
    confirm = pb.ConfirmCreditRequest(request_id=request_id(), credit_id=id, reason="ngân hàng có dòng này")
    answer = city.ConfirmCredit(confirm)
    assert (answer.credit.amount_suspense, answer.credit.memo, list(answer.payments)) == (0, "", [])
    assert stalls.applied(code) == UNPROVEN
    assert stalls.credit(id).park_reason == ""
    with pytest.raises(NotFound):
        city.GetCredit(get)
    with pytest.raises(Aborted):
        hand_over(pilots, id)


def test_only_unproven_money_of_traders_is_handed_over(
    stalls: Reconciliation, pilots: Client, clerk: Client
) -> None:
    """What its trader can decide, and what is on a desk anyway, is not; nobody but the pilots' service does it."""
    _, _, doubtful = alike(stalls)
    school = suspense(stalls, needs_confirmation=True)
    for id in (doubtful, school):
        with pytest.raises(Aborted):
            hand_over(pilots, id)
    for call in (lambda: hand_over(clerk, school), lambda: held(clerk)):
        with pytest.raises(PermissionDenied):
            call()
    assert [each.credit_id for each in held(pilots)] == [doubtful]


def test_the_city_hears_how_much_waits_and_how_long(
    stalls: Reconciliation, pilots: Client, channel: grpc.Channel
) -> None:
    """By reason, with the age of the oldest; no amount, no organisation, and nothing of traders' own lists."""
    suspense(stalls)
    old = suspense(stalls)
    parked = suspense(stalls, account_number="nobody")
    stalls.tell(make.at_stall(1_000))
    given = unproven(stalls)
    unproven(stalls, "KHAC")
    with stalls.database.begin() as session:
        session.execute(
            text("UPDATE credit SET arrive_time = arrive_time - interval '3 days' WHERE id = :id"),
            {"id": old},
        )
        session.execute(text("UPDATE credit SET park_reason = 'chờ' WHERE id = :id"), {"id": parked})
    hand_over(pilots, given)
    stub = pb_grpc.ReconciliationServiceStub(channel)
    viewer = Client(stub, staff("city.read"))
    found = viewer.SummariseExceptions(pb.SummariseExceptionsRequest())
    assert [(row.reason, row.count) for row in found.reasons] == [
        ("NO_REFERENCE", 2),
        ("AWAITING_CONFIRMATION", 1),
    ]
    assert (found.count, found.parked) == (3, 1)
    assert found.oldest_time.ToDatetime() == stalls.credit(old).arrive_time.replace(tzinfo=None)
    assert found.reasons[0].oldest_time == found.oldest_time
    fields = {field.name for field in pb.ExceptionsSummary.DESCRIPTOR.fields}
    assert fields == {"as_of", "count", "oldest_time", "reasons", "parked", "old"}
    with pytest.raises(PermissionDenied):
        Client(stub, staff(*ALL)).SummariseExceptions(pb.SummariseExceptionsRequest())
