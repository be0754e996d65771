"""What the bare reference shows, what a second fact and a link open, and what guessing brings."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from kit import clock, errors, references
from kit.db import Database
from kit.inbox import Consumer
from kit.testing.service import DATA_KEY
from services.invoices import jobs
from services.invoices.domain.bills import MOST_MISSES, Keeper
from services.invoices.domain.errors import BillNotOpened
from services.invoices.flows.bills import open_by_fact
from tests.integration.services.invoices.calls import accountant, issue, issue_one, rows, visitor, void
from tests.support.invoices import ORGANISATION, deliveries, draft_message, make_applied, make_reversed
from xoai.invoices.v1 import invoices_service_pb2 as pb

BIRTH_DATE = "2015-03-24"


def public(channel: grpc.Channel, reference: str) -> pb.PublicBill:
    bill: pb.PublicBill = visitor(channel).GetPublicBill(pb.GetPublicBillRequest(reference=reference))
    return bill


def opened(channel: grpc.Channel, reference: str, **proof: str) -> pb.OpenedBill:
    bill: pb.OpenedBill = visitor(channel).OpenBill(pb.OpenBillRequest(reference=reference, **proof))
    return bill


def link(channel: grpc.Channel, id: str, request_id: str = "") -> pb.PayLink:
    request = pb.CreatePayLinkRequest(request_id=request_id or str(uuid4()), id=id)
    made: pb.PayLink = accountant(channel).CreatePayLink(request)
    return made


def refusal(call: Callable[[], Any]) -> tuple[str, ...]:
    """Everything by which an answer could be told from another."""
    with pytest.raises(errors.Error) as refused:
        call()
    error = refused.value
    return (
        type(error).__name__,
        error.reason,
        error.text_vi,
        error.text_en,
        str(sorted(error.metadata.items())),
    )


def test_the_bare_reference_shows_what_a_stranger_may_know(channel: grpc.Channel, consumer: Consumer) -> None:
    """Masked name, amounts, account, payments by their last four; no lines, no class, no codes, no payer id."""
    outcome = issue_one(channel)
    consumer.handle(deliveries([make_applied(UUID(outcome.invoice_id), amount=200_000)]))
    bill = public(channel, references.group(outcome.reference).lower())
    assert bill.payer_masked_name == "N. N. B. Hân"
    assert (bill.state, bill.amount_due, bill.amount_paid, bill.sequence) == (2, 600_000, 200_000, 1)
    assert (bill.bin, bill.account_number, bill.due_date) == ("970436", "1012345678", "2026-09-30")
    (payment,) = bill.payments
    assert (payment.amount, payment.payer_account_last_four, payment.receipt_number) == (
        200_000,
        "4417",
        "00000001",
    )
    shown = str(bill)
    for hidden in ("Nguyễn", "Ngọc", "6A2", "pupil-", "HS0", "Học phí", BIRTH_DATE):
        assert hidden not in shown


def test_a_reversed_payment_is_not_shown(channel: grpc.Channel, consumer: Consumer) -> None:
    """The stranger sees what is in force; void shows as void."""
    outcome = issue_one(channel)
    fact = make_applied(UUID(outcome.invoice_id))
    consumer.handle(deliveries([fact, make_reversed(fact)]))
    assert public(channel, outcome.reference).payments == []
    void(channel, outcome.invoice_id)
    assert public(channel, outcome.reference).state == pb.Invoice.STATE_VOID


def test_overpaid_is_said(channel: grpc.Channel, consumer: Consumer) -> None:
    """More applied than due: the page can say so."""
    outcome = issue_one(channel)
    consumer.handle(deliveries([make_applied(UUID(outcome.invoice_id), amount=700_000)]))
    assert public(channel, outcome.reference).overpaid


@pytest.mark.parametrize("reference", ["", "XD", "XD23456789", "'; --", "X" * 500])
def test_an_unknown_reference_is_not_found(channel: grpc.Channel, reference: str) -> None:
    """Whatever was typed."""
    assert refusal(lambda: public(channel, reference))[1] == "BILL_NOT_FOUND"


@pytest.mark.parametrize("spelling", [BIRTH_DATE, "24/3/2015", "24.03.2015"])
def test_the_second_fact_opens_the_lines(channel: grpc.Channel, consumer: Consumer, spelling: str) -> None:
    """Lines, class and receipts; the name still as initials."""
    outcome = issue_one(channel)
    fact = make_applied(UUID(outcome.invoice_id))
    consumer.handle(deliveries([fact]))
    bill = opened(channel, outcome.reference, second_fact=spelling)
    assert [line.amount for line in bill.lines] == [120_000, 480_000]
    assert bill.group_name == "6A2"
    assert [(receipt.number, receipt.payer_name) for receipt in bill.receipts] == [
        ("00000001", "N. N. B. Hân")
    ]
    assert "Nguyễn" not in str(bill)


def test_unknown_bill_and_wrong_fact_get_the_same_answer(channel: grpc.Channel) -> None:
    """So nobody learns by asking which references exist, or which have a fact."""
    known = issue_one(channel).reference
    without_fact = issue_one(channel, second_fact="").reference
    unknown = references.new_reference(references.Kind.INVOICE)
    answers = {
        refusal(lambda r=reference, p=proof: opened(channel, r, **p))  # type: ignore[misc]
        for reference, proof in (
            (known, {"second_fact": "2015-03-25"}),
            (known, {"second_fact": ""}),
            (known, {"link_token": "AAAAAAAAAAAAAAAAAAAAAA"}),
            (known, {}),
            (without_fact, {"second_fact": BIRTH_DATE}),
            (without_fact, {"second_fact": ""}),
            (unknown, {"second_fact": BIRTH_DATE}),
            (unknown, {"link_token": "AAAAAAAAAAAAAAAAAAAAAA"}),
            ("XD23456789", {"second_fact": BIRTH_DATE}),
        )
    }
    assert len(answers) == 1
    assert answers.pop()[1] == "BILL_NOT_OPENED"


def test_unknown_bill_and_wrong_fact_take_the_same_time(channel: grpc.Channel, database: Database) -> None:
    """Mean difference below a millisecond over two thousand pairs, in turn so that the machine's moods hit both."""
    keeper = Keeper(DATA_KEY)
    # Nineteen misses a bill stay below the limit of a day.
    bills = 2_000 // (MOST_MISSES - 1) + 1
    known = [outcome.reference for outcome in issue(channel, *[draft_message() for _ in range(bills)])]
    unknown = [references.new_reference(references.Kind.INVOICE) for _ in known]
    seconds: tuple[list[float], list[float]] = ([], [])
    for round_ in range(MOST_MISSES - 1):
        for pair in zip(known, unknown, strict=True):
            for which in (0, 1) if round_ % 2 else (1, 0):
                began = clock.monotonic()
                with database.begin() as session:
                    answer = open_by_fact(session, keeper, pair[which], "2015-03-25")
                seconds[which].append(clock.monotonic() - began)
                assert isinstance(answer, BillNotOpened)
    assert len(seconds[0]) >= 2_000
    # Trimmed on both sides: a pause of the machine says nothing about us.
    means = []
    for times in seconds:
        times.sort()
        means.append(statistics.fmean(times[len(times) // 20 : -len(times) // 20]))
    assert abs(means[0] - means[1]) < 0.001


def test_twenty_misses_close_a_bill_for_the_day(channel: grpc.Channel) -> None:
    """After them even the right fact waits until tomorrow, known bill or not; a link still opens."""
    outcome = issue_one(channel)
    token = link(channel, outcome.invoice_id).link_token
    unknown = references.new_reference(references.Kind.INVOICE)
    for _ in range(MOST_MISSES):
        for reference in (outcome.reference, unknown):
            assert refusal(lambda r=reference: opened(channel, r, second_fact="x"))[1] == "BILL_NOT_OPENED"  # type: ignore[misc]
    closed = refusal(lambda: opened(channel, outcome.reference, second_fact=BIRTH_DATE))
    assert closed[1] == "BILL_LOOKS_USED_UP"
    assert refusal(lambda: opened(channel, unknown, second_fact=BIRTH_DATE)) == closed
    assert opened(channel, outcome.reference, link_token=token).group_name == "6A2"
    clock.set_offset(timedelta(days=1))
    assert opened(channel, outcome.reference, second_fact=BIRTH_DATE).group_name == "6A2"


def test_guesses_at_once_are_all_counted(channel: grpc.Channel, database: Database) -> None:
    """Forty guesses in parallel: no more than twenty were compared."""
    reference = issue_one(channel).reference

    def guess(day: int) -> str:
        return refusal(lambda: opened(channel, reference, second_fact=f"2014-05-{day % 28 + 1:02d}"))[1]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(guess, range(40)))
    assert answers.count("BILL_NOT_OPENED") == MOST_MISSES
    assert (
        rows(database, "SELECT misses FROM bill_miss WHERE reference = :r", r=reference)[0][0] == MOST_MISSES
    )


def test_right_answers_are_no_misses(channel: grpc.Channel) -> None:
    """A family may look as often as it likes."""
    reference = issue_one(channel).reference
    for _ in range(MOST_MISSES + 2):
        assert opened(channel, reference, second_fact=BIRTH_DATE).group_name == "6A2"


def test_a_link_opens_its_own_bill_until_it_ends_or_is_revoked(
    channel: grpc.Channel, database: Database
) -> None:
    """128 bits, stored hashed; another bill's link, an old and a revoked one open nothing."""
    one, two = issue_one(channel), issue_one(channel)
    made = link(channel, one.invoice_id)
    assert len(made.link_token) == 22
    assert opened(channel, one.reference, link_token=made.link_token).bill.reference == one.reference
    assert refusal(lambda: opened(channel, two.reference, link_token=made.link_token))[1] == "BILL_NOT_OPENED"
    stored = str(rows(database, "SELECT * FROM pay_link")) + str(
        rows(database, "SELECT response FROM idempotency_key")
    )
    assert made.link_token not in stored
    clock.set_offset(timedelta(days=181))
    assert refusal(lambda: opened(channel, one.reference, link_token=made.link_token))[1] == "BILL_NOT_OPENED"
    clock.set_offset(timedelta())
    revoked = accountant(channel).RevokePayLinks(
        pb.RevokePayLinksRequest(request_id=str(uuid4()), id=one.invoice_id)
    )
    assert revoked.revoked == 1
    assert refusal(lambda: opened(channel, one.reference, link_token=made.link_token))[1] == "BILL_NOT_OPENED"
    actions = [row.action for row in rows(database, "SELECT action FROM audit ORDER BY id")]
    assert actions[-2:] == ["invoices.link", "invoices.revoke_links"]


def test_a_repeated_request_for_a_link_gets_the_same_link(channel: grpc.Channel) -> None:
    """Though its token is stored nowhere; another request gets another one."""
    outcome = issue_one(channel)
    one, again = link(channel, outcome.invoice_id, "k1"), link(channel, outcome.invoice_id, "k1")
    assert one == again
    assert link(channel, outcome.invoice_id).link_token != one.link_token
    with pytest.raises(errors.NotFound):
        link(channel, str(uuid4()))


def test_receipts_are_for_staff_in_the_order_of_their_numbers(
    channel: grpc.Channel, consumer: Consumer
) -> None:
    """By number and reference, or page by page; a visitor gets none."""
    outcomes = [issue_one(channel) for _ in range(5)]
    facts = [
        replace(make_applied(UUID(each.invoice_id)), bank_reference=f"FT{n}")
        for n, each in enumerate(outcomes)
    ]
    consumer.handle(deliveries(facts))
    caller = accountant(channel)
    receipt = caller.GetReceipt(pb.GetReceiptRequest(reference=outcomes[2].reference, number="00000003"))
    assert (receipt.series, receipt.number, receipt.amount, receipt.bank_reference) == (
        "BN",
        "00000003",
        600_000,
        "FT2",
    )
    assert receipt.payer_name == "Nguyễn Ngọc Bảo Hân"
    for reference, number in (
        (outcomes[2].reference, "00000004"),
        (outcomes[2].reference, "x"),
        ("XD1", "1"),
    ):
        with pytest.raises(errors.NotFound):
            caller.GetReceipt(pb.GetReceiptRequest(reference=reference, number=number))
    seen, token = [], ""
    while True:
        page = caller.ListReceipts(
            pb.ListReceiptsRequest(organisation_id=str(ORGANISATION), page_size=2, page_token=token)
        )
        seen += [each.number for each in page.receipts]
        token = page.next_page_token
        if not token:
            break
    assert seen == [f"{number:08d}" for number in range(1, 6)]
    with pytest.raises(errors.PermissionDenied):
        visitor(channel).GetReceipt(pb.GetReceiptRequest(reference=outcomes[0].reference, number="1"))


def test_what_is_past_its_time_is_forgotten(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """Counts of misses after a day, stored answers after a week, inbox rows after a month, links after their end."""
    outcome = issue_one(channel)
    link(channel, outcome.invoice_id)
    consumer.handle(deliveries([make_applied(UUID(outcome.invoice_id))]))
    refusal(lambda: opened(channel, outcome.reference, second_fact="x"))
    tables = ("bill_miss", "idempotency_key", "inbox", "pay_link")

    def counts() -> list[bool]:
        return [bool(rows(database, f"SELECT 1 FROM {table} LIMIT 1")) for table in tables]

    jobs.tidy_up(database)
    assert counts() == [True, True, True, True]
    for days, left in (
        (2, [False, True, True, True]),
        (8, [False, False, True, True]),
        (31, [False, False, False, True]),
        (211, [False, False, False, False]),
    ):
        clock.set_offset(timedelta(days=days))
        jobs.tidy_up(database)
        assert counts() == left, days
