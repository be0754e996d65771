"""Issuing, changing, voiding, listing: over real gRPC and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from kit import audit, auth, errors, migrate, references
from kit.db import Database
from kit.postgres import Server
from kit.testing.service import staff
from kit.testing.service import template as service_template
from services.invoices.flows import issue as issue_flows
from tests.integration.services.invoices.calls import (
    accountant,
    announced,
    assert_books_hold,
    client,
    get,
    issue,
    issue_one,
    rows,
    schools,
    void,
)
from tests.support.invoices import (
    ORGANISATION,
    OTHER_ORGANISATION,
    draft_message,
    issue_request,
    line_message,
)
from xoai.invoices.v1 import invoices_service_pb2 as pb

Outcome = pb.IssueOutcome


def change(channel: grpc.Channel, id: str, **fields: Any) -> pb.Invoice:
    request = pb.ChangeInvoiceRequest(request_id=str(uuid4()), id=id, reason="Tính lại", **fields)
    invoice: pb.Invoice = accountant(channel).ChangeInvoice(request)
    return invoice


def listed(channel: grpc.Channel, **fields: Any) -> pb.ListInvoicesResponse:
    request = pb.ListInvoicesRequest(organisation_id=str(ORGANISATION), **fields)
    response: pb.ListInvoicesResponse = accountant(channel).ListInvoices(request)
    return response


def test_tables_are_what_the_migrations_make(postgres_server: Server) -> None:
    """Nothing is left to migrate."""
    name = service_template(postgres_server, "invoices")
    migrate.check("invoices", postgres_server.dsn(name, user="xoai_invoices_owner"))


def test_drafts_become_invoices_with_references(channel: grpc.Channel, database: Database) -> None:
    """Each has a valid reference of its own and is announced as a payable with its lines."""
    outcomes = issue(channel, *[draft_message() for _ in range(20)])
    assert {outcome.outcome for outcome in outcomes} == {Outcome.OUTCOME_ISSUED}
    found = {outcome.reference for outcome in outcomes}
    assert len(found) == 20
    assert all(references.check(reference) and reference.startswith("XD") for reference in found)
    payables = announced(database, "PayableChanged")
    assert {message.reference for _, message in payables} == found
    row, message = payables[0]
    assert (row.topic, row.key, row.ordering_id) == (
        "invoices.payables",
        message.payable_id,
        message.payable_id,
    )
    assert (message.version, message.amount_due) == (1, 600_000)
    assert [(line.line_id, line.amount) for line in message.lines] == [("1.1", 120_000), ("1.2", 480_000)]
    assert message.search_text.startswith("NGUYEN NGOC BAO HAN HS")
    assert_books_hold(database)


def test_a_wrong_draft_does_not_hold_up_the_rest(channel: grpc.Channel) -> None:
    """It is refused with its reason in its place; the others are issued."""
    outcomes = issue(channel, draft_message(), draft_message(lines=[]), draft_message(account_id=""))
    assert [outcome.outcome for outcome in outcomes] == [
        Outcome.OUTCOME_ISSUED,
        Outcome.OUTCOME_REFUSED,
        Outcome.OUTCOME_REFUSED,
    ]
    assert [outcome.reason for outcome in outcomes] == ["", "NO_LINES", "MISSING_ACCOUNT"]
    assert outcomes[1].detail_vi == "Phiếu không có khoản thu nào."


def test_a_business_key_is_billed_once(channel: grpc.Channel, database: Database) -> None:
    """Asked for again, by another request or twice in one, the present invoice comes back unchanged."""
    draft = draft_message(source_id="round-9:pupil-1")
    first, second = issue(channel, draft, draft)
    (third,) = issue(channel, draft_message(source_id="round-9:pupil-1", title="Tên khác"))
    assert [each.outcome for each in (first, second, third)] == [
        Outcome.OUTCOME_ISSUED,
        Outcome.OUTCOME_EXISTS,
        Outcome.OUTCOME_EXISTS,
    ]
    assert {each.invoice_id for each in (first, second, third)} == {first.invoice_id}
    assert get(channel, first.invoice_id).title == draft.title
    assert len(announced(database, "PayableChanged")) == 1


def test_a_repeated_request_gets_the_first_answer(channel: grpc.Channel, database: Database) -> None:
    """The job that asks again after a lost answer issues nothing twice."""
    request = issue_request(*[draft_message() for _ in range(5)])
    assert schools(channel).IssueInvoices(request) == schools(channel).IssueInvoices(request)
    assert len(announced(database, "PayableChanged")) == 5
    changed = issue_request(draft_message(), request_id=request.request_id)
    with pytest.raises(errors.InvalidArgument) as refused:
        schools(channel).IssueInvoices(changed)
    assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"


def test_two_jobs_at_once_issue_each_invoice_once(channel: grpc.Channel, database: Database) -> None:
    """Two connections with the same drafts in opposite order: one invoice a key, no deadlock."""
    drafts = [draft_message() for _ in range(100)]
    barrier = threading.Barrier(2)

    def run(order: list[pb.InvoiceDraft]) -> list[Outcome]:
        barrier.wait()
        return issue(channel, *order)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(run, (drafts, drafts[::-1]))
    by_key: dict[str, set[str]] = {}
    for outcome in [*one, *two]:
        by_key.setdefault(outcome.source_id, set()).add(outcome.invoice_id)
    assert len(by_key) == 100
    assert all(len(ids) == 1 for ids in by_key.values())
    assert sum(outcome.outcome == Outcome.OUTCOME_ISSUED for outcome in [*one, *two]) == 100
    assert rows(database, "SELECT count(*) FROM invoice")[0][0] == 100


def test_a_taken_reference_is_drawn_again(channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collision with an issued reference costs another try, not the invoice."""
    taken = issue_one(channel).reference
    fresh = references.new_reference(references.Kind.INVOICE)
    draws = iter([taken, fresh])
    monkeypatch.setattr(
        issue_flows, "new_references", lambda kind, count: [next(draws) for _ in range(count)]
    )
    assert issue_one(channel).reference == fresh


def test_limits_and_names_of_a_call(channel: grpc.Channel) -> None:
    """None and more than 500 drafts are refused; a service issues under its own name alone."""
    for count in (0, 501):
        with pytest.raises(errors.InvalidArgument) as refused:
            schools(channel).IssueInvoices(issue_request(*[draft_message()] * count))
        assert refused.value.reason == "TOO_MANY_DRAFTS"
    with pytest.raises(errors.PermissionDenied):
        issue(channel, source_service="utilities")
    with pytest.raises(errors.InvalidArgument):
        issue(channel, source_service="Trường học")
    with pytest.raises(errors.InvalidArgument):
        issue(channel, organisation_id="school-1")


def test_a_person_issues_for_his_own_organisation_alone(channel: grpc.Channel) -> None:
    """Another organisation in the request is refused before anything is looked at."""
    request = issue_request(draft_message(), source_service="api")
    assert accountant(channel).IssueInvoices(request).outcomes[0].outcome == Outcome.OUTCOME_ISSUED
    with pytest.raises(errors.PermissionDenied):
        accountant(channel).IssueInvoices(
            issue_request(draft_message(), organisation_id=str(OTHER_ORGANISATION), source_service="api")
        )
    with pytest.raises(errors.PermissionDenied):
        client(channel, staff("invoices.read")).IssueInvoices(request)
    with pytest.raises(errors.PermissionDenied):
        client(channel, auth.public()).IssueInvoices(request)


def test_an_invoice_is_found_by_id_and_by_reference_as_typed(channel: grpc.Channel) -> None:
    """Blanks, hyphens and small letters are forgiven; what is not there is not found."""
    outcome = issue_one(channel)
    typed = references.group(outcome.reference).lower().replace(" ", "-")
    found = accountant(channel).GetInvoice(pb.GetInvoiceRequest(reference=typed))
    assert found.id == outcome.invoice_id
    assert [line.title for line in found.lines] == ["Học phí tháng 9", "Tiền ăn bán trú"]
    for request in (pb.GetInvoiceRequest(id=str(uuid4())), pb.GetInvoiceRequest(reference="XD2")):
        with pytest.raises(errors.NotFound):
            accountant(channel).GetInvoice(request)


def test_other_lines_are_announced_under_the_same_reference(
    channel: grpc.Channel, database: Database
) -> None:
    """Version up, a payable and a live change told, the old lines kept for payments in flight."""
    outcome = issue_one(channel)
    changed = change(channel, outcome.invoice_id, lines=[line_message(amount=250_000)])
    assert (changed.reference, changed.amount_due, changed.version, changed.sequence) == (
        outcome.reference,
        250_000,
        2,
        1,
    )
    _, payable = announced(database, "PayableChanged")[-1]
    assert (payable.version, payable.amount_due, [line.line_id for line in payable.lines]) == (
        2,
        250_000,
        ["2.1"],
    )
    _, live = announced(database, "InvoiceChanged")[-1]
    assert (live.sequence, live.amount_due, live.payment_id) == (1, 250_000, "")
    later = change(channel, outcome.invoice_id, due_date="2026-12-31")
    assert (later.due_date, later.version, later.amount_due) == ("2026-12-31", 3, 250_000)
    assert [line.id for line in get(channel, outcome.invoice_id).lines] == ["2.1"]
    with pytest.raises(errors.InvalidArgument) as refused:
        change(channel, outcome.invoice_id, lines=[line_message(amount=-1)])
    assert refused.value.reason == "BAD_LINE"
    assert_books_hold(database)


def test_voiding_is_told_at_once_and_audited(channel: grpc.Channel, database: Database) -> None:
    """Reason kept, payable void, screens told; a second voiding says so, and the trail is whole."""
    outcome = issue_one(channel)
    voided = void(channel, outcome.invoice_id)
    assert (voided.state, voided.void_reason) == (pb.Invoice.STATE_VOID, "Học sinh chuyển trường")
    _, payable = announced(database, "PayableChanged")[-1]
    assert (payable.version, payable.state) == (2, 2)
    assert announced(database, "InvoiceChanged")[-1][1].state == pb.Invoice.STATE_VOID
    with pytest.raises(errors.FailedPrecondition) as refused:
        void(channel, outcome.invoice_id)
    assert refused.value.reason == "INVOICE_VOID_ALREADY"
    with pytest.raises(errors.InvalidArgument):
        void(channel, issue_one(channel).invoice_id, reason=" ")
    actions = [row.action for row in rows(database, "SELECT action FROM audit ORDER BY id")]
    assert actions == ["invoices.issue", "invoices.void", "invoices.issue"]
    with database.begin() as session:
        assert audit.broken_link(session) is None


def test_lists_stand_in_class_order_then_by_given_name(channel: grpc.Channel) -> None:
    """6A2 before 6A10; An before Bình; pages of any size give the same order once through."""
    names = ["Trần Văn Bình", "Lê Thị An", "Đỗ Ánh", "Nguyễn Đào"]
    issue(channel, *[draft_message(group_name=g, payer_name=n) for g in ("6A10", "6A2") for n in names])
    whole = [(each.group_name, each.payer_name) for each in listed(channel, page_size=200).invoices]
    assert [group for group, _ in whole] == ["6A2"] * 4 + ["6A10"] * 4
    assert [name for _, name in whole[:4]] == ["Lê Thị An", "Đỗ Ánh", "Trần Văn Bình", "Nguyễn Đào"]
    paged, token = [], ""
    while True:
        page = listed(channel, page_size=3, page_token=token)
        paged += [(each.group_name, each.payer_name) for each in page.invoices]
        token = page.next_page_token
        if not token:
            break
    assert paged == whole
    first = listed(channel, page_size=3)
    with pytest.raises(errors.InvalidArgument) as refused:
        listed(channel, page_size=3, group_name="6A2", page_token=first.next_page_token)
    assert refused.value.reason == "BAD_PAGE_TOKEN"


def test_lists_are_filtered_and_searched_without_accents(channel: grpc.Channel) -> None:
    """By batch, class, state, payer, notice; by words of name and code in any order, or by the reference."""
    wanted = draft_message(payer_name="Hoàng Thị Mỹ Linh", payer_codes=["MN0042"], group_name="Lá 1")
    (outcome, *_) = issue(channel, wanted, draft_message(), draft_message(batch_id="round-2"))
    for fields in (
        {"search": "my linh"},
        {"search": "LINH hoang"},
        {"search": "mn0042"},
        {"search": outcome.reference.lower()},
        {"search": outcome.reference[:9]},
        {"group_name": "Lá 1"},
        {"payer_id": wanted.payer_id},
        {"notice_ids": [wanted.notice_id]},
        {"batch_id": "round-1", "search": "Mỹ"},
    ):
        assert [each.id for each in listed(channel, **fields).invoices] == [outcome.invoice_id], fields
    assert len(listed(channel, batch_id="round-2").invoices) == 1
    assert listed(channel, search="%").invoices == []
    assert listed(channel, search="khong co").invoices == []
    void(channel, outcome.invoice_id)
    assert [each.id for each in listed(channel, states=[pb.Invoice.STATE_VOID]).invoices] == [
        outcome.invoice_id
    ]
    assert len(listed(channel, states=[pb.Invoice.STATE_OPEN, pb.Invoice.STATE_PAID]).invoices) == 2
    with_lines = listed(channel, search="mn0042", with_lines=True).invoices[0]
    assert sum(line.amount for line in with_lines.lines) == with_lines.amount_due
    assert listed(channel, search="mn0042").invoices[0].lines == []
    with pytest.raises(errors.InvalidArgument):
        listed(channel, states=[99])


def test_a_batch_is_summed_by_class(channel: grpc.Channel) -> None:
    """Counts and amounts in natural class order with a total; what is due leaves void invoices out."""
    payers = [draft_message(group_name=group) for group in ("6A10", "6A2", "6A2")]
    outcomes = issue(channel, *payers, draft_message(batch_id="round-2"))
    void(channel, outcomes[1].invoice_id)
    request = pb.SummariseBatchRequest(organisation_id=str(ORGANISATION), batch_id="round-1")
    summary = accountant(channel).SummariseBatch(request)
    assert [(group.group_name, group.invoices, group.void) for group in summary.groups] == [
        ("6A2", 2, 1),
        ("6A10", 1, 0),
    ]
    assert (summary.total.invoices, summary.total.open, summary.total.amount_due) == (3, 2, 1_200_000)
    assert summary.total.payers == 3
    nothing = accountant(channel).SummariseBatch(
        pb.SummariseBatchRequest(organisation_id=str(ORGANISATION), batch_id="round-99")
    )
    assert (list(nothing.groups), nothing.total.invoices) == ([], 0)
    with pytest.raises(errors.InvalidArgument):
        accountant(channel).SummariseBatch(pb.SummariseBatchRequest(organisation_id=str(ORGANISATION)))


def test_announcing_again_repeats_ids_page_by_page(channel: grpc.Channel, database: Database) -> None:
    """The same facts under the same event ids, so consumers drop what they know."""
    outcomes = issue(channel, *[draft_message() for _ in range(7)])
    change(channel, outcomes[0].invoice_id, due_date="2026-12-31")
    void(channel, outcomes[1].invoice_id)
    newest: dict[str, dict[str, UUID]] = {"PayableChanged": {}, "InvoiceChanged": {}}
    for kind, known in newest.items():
        for row, _ in announced(database, kind):
            known[row.key] = row.event_id
    with database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM outbox")
    topics = pb.AnnounceAgainRequest
    told = {"PayableChanged": topics.TOPIC_PAYABLES, "InvoiceChanged": topics.TOPIC_INVOICES}
    caller = client(channel, auth.service("cli"))
    for kind, topic in told.items():
        token, pages = "", 0
        while True:
            page = caller.AnnounceAgain(topics(topic=topic, page_size=3, page_token=token))
            token, pages = page.next_page_token, pages + 1
            if not token:
                break
        assert pages == 3
        assert {row.key: row.event_id for row, _ in announced(database, kind)} == newest[kind]
    with pytest.raises(errors.PermissionDenied):
        accountant(channel).AnnounceAgain(topics(topic=topics.TOPIC_PAYABLES))
    with pytest.raises(errors.InvalidArgument):
        caller.AnnounceAgain(topics())
