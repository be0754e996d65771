"""What a person looks through: pages of credits, search, suggestions."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from kit.errors import InvalidArgument
from kit.testing.service import Client
from services.reconciliation.store import lists
from tests.integration.services.reconciliation.calls import suspense
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb


def test_pages_and_search(recon: Reconciliation, clerk: Client) -> None:
    """Keyset pages in both orders; search by amount, memo, bank reference and bill code; tokens keep their filter."""
    payable = make.payable(make.line(77_000))
    recon.tell(payable)
    recon.tell(make.report(payable.reference, 77_000))
    ids = [suspense(recon, f"dong phuc so {number}", 1_000 + number) for number in range(5)]
    request = pb.ListCreditsRequest(
        organisation_id=make.SCHOOL, view=pb.ListCreditsRequest.VIEW_SUSPENSE, page_size=2, oldest_first=True
    )
    seen: list[str] = []
    while True:
        page = clerk.ListCredits(request)
        assert (page.suspense_count, page.suspense_amount) == (5, 5_010)
        seen += [credit.id for credit in page.credits]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == ids
    request.search = "khác"
    with pytest.raises(InvalidArgument):
        clerk.ListCredits(request)

    def search(text: str) -> list[int]:
        answer = clerk.ListCredits(pb.ListCreditsRequest(organisation_id=make.SCHOOL, search=text))
        return [credit.amount for credit in answer.credits]

    assert search("1.003") == [1_003]
    assert search("đồng phục số 4") == [1_004]
    assert search(payable.reference.lower()) == [77_000]
    assert search("100%") == []


@pytest.mark.parametrize("oldest_first", [False, True])
def test_a_search_looks_through_a_part_at_a_time(
    recon: Reconciliation, clerk: Client, monkeypatch: pytest.MonkeyPatch, oldest_first: bool
) -> None:
    """Each page says how far it came, an empty one too; what paid a bill comes first; everything is shown once."""
    payable = make.payable(make.line(77_000))
    recon.tell(payable)
    paid = make.report(payable.reference, 77_000)
    recon.tell(paid)
    ids = [suspense(recon, "dong phuc" if number in (0, 3, 4, 9) else "an trua") for number in range(10)]
    ids.append(suspense(recon, f"{payable.reference}9 dong phuc"))
    wanted = [ids[number] for number in (0, 3, 4, 9, 10)]
    monkeypatch.setattr(lists, "WINDOW", 3)

    def pages(text: str, size: int) -> Iterator[pb.ListCreditsResponse]:
        request = pb.ListCreditsRequest(search=text, page_size=size, oldest_first=oldest_first)
        while True:
            page = clerk.ListCredits(request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    for size in (1, 2, 50):
        seen = [credit.id for page in pages("đồng phục", size) for credit in page.credits]
        assert seen == (wanted if oldest_first else wanted[::-1])
    nothing = list(pages("khong co gi", 50))
    assert [len(page.credits) for page in nothing] == [0, 0, 0, 0]
    assert [page.HasField("searched_until_time") for page in nothing] == [True, True, True, False]
    until = [page.searched_until_time.ToMilliseconds() for page in nothing[:3]]
    assert until == sorted(until, reverse=not oldest_first)
    for size in (1, 50):
        first, *others = pages(payable.reference, size)
        assert first.credits[0].id == paid.report_id
        assert [credit.id for page in (first, *others) for credit in page.credits] == [
            paid.report_id,
            ids[10],
        ]


def test_suggestions_are_ranked_with_reasons(recon: Reconciliation, clerk: Client) -> None:
    """A damaged reference first, then name with amount, and never another organisation's payable."""
    near = make.payable(make.line(500_000), payer_name="Trần Thị Bích", search_text="TRAN THI BICH HS99001")
    named = make.payable(payer_name="Lê Hoàng Nam", search_text="LE HOANG NAM HS99002", group_name="6A2")
    coded = make.payable(make.line(5_000), payer_name="Phạm Văn Út", search_text="PHAM VAN UT HS99003")
    foreign = make.payable(
        payer_name="Lê Hoàng Nam", search_text="LE HOANG NAM", organisation_id=make.OTHER_SCHOOL
    )
    recon.tell(near, named, coded, foreign, *[make.payable(make.line(1_000)) for _ in range(5)])

    def suggest(memo: str) -> list[pb.Suggestion]:
        request = pb.SuggestPayablesRequest(credit_id=suspense(recon, memo))
        return list(clerk.SuggestPayables(request).suggestions)

    letters = "23456789DFHKMPQRTVX"
    at = 6
    other = next(sign for sign in letters if sign not in near.reference[at - 1 : at + 2])
    damaged = near.reference[:at] + other + near.reference[at + 1 :]
    best = suggest(f"{damaged} nop tien")[0]
    assert (best.payable_id, best.reasons[0].code, best.memo_part) == (
        near.payable_id,
        "reference_near",
        damaged,
    )
    best = suggest("LE HOANG NAM LOP 6A2 nop hoc phi")[0]
    assert best.payable_id == named.payable_id
    fits = {reason.code for reason in best.reasons if reason.fits}
    assert fits == {"amount_equal", "name_in_memo", "class_in_memo"}
    assert suggest("hs99003")[0].payable_id == coded.payable_id
    assert foreign.payable_id not in {each.payable_id for each in suggest("LE HOANG NAM")}


def test_search_payables(recon: Reconciliation, clerk: Client, stranger: Client) -> None:
    """By reference or by words of name, code and class; another organisation finds nothing."""
    payable = make.payable(payer_name="Đỗ Minh Châu", search_text="DO MINH CHAU HS42", group_name="7B1")
    recon.tell(payable)
    for text in (payable.reference, payable.reference.lower(), "chau 7b1", "Đỗ Minh", "hs42"):
        request = pb.SearchPayablesRequest(organisation_id=make.SCHOOL, search=text)
        assert [each.payable_id for each in clerk.SearchPayables(request).payables] == [payable.payable_id]
        assert list(stranger.SearchPayables(request).payables) == []


def test_suggestions_are_quick_among_many_payables(recon: Reconciliation, clerk: Client) -> None:
    """20,000 payables of one school, all of one amount: a person does not wait."""
    surnames, middles, names = (
        ("NGUYEN", "TRAN", "LE", "PHAM"),
        ("VAN", "THI", "HOANG"),
        ("AN", "BINH", "CHI", "DUNG"),
    )
    many = []
    for number in range(20_000):
        name = f"{surnames[number % 4]} {middles[number % 3]} {names[number // 7 % 4]}"
        many.append(make.payable(payer_name=name, search_text=f"{name} HS{number:06d}"))
    for start in range(0, len(many), 1_000):
        recon.tell(*many[start : start + 1_000])
    credit_id = suspense(recon, "NGUYEN VAN AN HS004242 LOP 6A2 nop tien")
    clerk.SuggestPayables(pb.SuggestPayablesRequest(credit_id=credit_id))
    began = time.perf_counter()
    found = clerk.SuggestPayables(pb.SuggestPayablesRequest(credit_id=credit_id)).suggestions
    seconds = time.perf_counter() - began
    assert "HS004242" in [reason.detail for reason in found[0].reasons]
    assert seconds < 0.5, f"{seconds:.3f} s"
