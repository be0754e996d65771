"""What a check of a board says: the same, an old one, somebody else's, or pasted over in one of three ways."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from kit.references.code import Kind, new_reference
from services.pilots.domain.checks import (
    Code,
    Difference,
    Named,
    Naming,
    Outcome,
    Place,
    Unreadable,
    Verdict,
    What,
    difference_from,
    judge,
)

BANKS = {"970436": "Vietcombank", "970405": "Agribank"}
OWN = Place(
    stall_id=UUID(int=1),
    organisation_id=UUID(int=11),
    programme_id=UUID(int=21),
    number="A07",
    name="Rau củ cô Hạnh",
    reference=new_reference(Kind.STALL),
    bin="970436",
    account_number="1012345678",
    account_holder="NGUYEN THI HANH",
    issue_number=2,
    old_accounts=frozenset({("970405", "5500200012345")}),
)
OTHER = replace(
    OWN,
    stall_id=UUID(int=2),
    number="A09",
    name="",
    reference=new_reference(Kind.STALL),
    bin="970405",
    account_number="8800112233445",
    account_holder="LE VAN TAM",
    old_accounts=frozenset(),
)


def code(**facts: object) -> Code:
    """The code of the board in use, with other facts where they are given."""
    return replace(Code(OWN.bin, OWN.account_number, OWN.reference), **facts)  # type: ignore[arg-type]


def check(scanned: Code | Unreadable, place: Place | None = OWN) -> Verdict:
    """What a check of a code against a stall says, the two stalls being all that there are."""
    stalls = {each.reference: each for each in (OWN, OTHER)}
    reference = scanned.reference if isinstance(scanned, Code) else ""
    named = Named(Naming.STALL, stalls[reference]) if reference in stalls else None
    return judge(scanned, place, named, BANKS)


def test_the_registered_code_is_the_same() -> None:
    """Bank, account and stall code as registered: nothing differs, whatever words stand behind the code."""
    assert check(code()).outcome is Outcome.SAME
    assert check(code(memo=f"{OWN.reference} RAU CU")).differences == ()


def test_another_account_under_our_code_shows_both_accounts() -> None:
    """The dangerous paste-over: the memo is right, the money goes elsewhere."""
    verdict = check(code(bin="970405", account_number="9704050000001"))
    assert verdict.outcome is Outcome.DIFFERS
    assert verdict.differences == (
        Difference(What.BANK, "Vietcombank", "Agribank"),
        Difference(What.ACCOUNT, "1012345678", "9704050000001"),
    )
    assert "tiền sẽ vào tài khoản khác" in verdict.vi
    assert "another account" in verdict.en


def test_one_digit_is_enough() -> None:
    """An account that differs in one digit is another account."""
    verdict = check(code(account_number="1012345673"))
    assert [each.what for each in verdict.differences] == [What.ACCOUNT]


def test_a_bank_that_the_list_does_not_know_is_shown_by_its_number() -> None:
    """There is always something to compare."""
    assert check(code(bin="999999")).differences[0].found == "999999"


def test_our_account_without_the_stalls_code_is_told_apart() -> None:
    """The money would come, but nobody would hear it."""
    verdict = check(code(memo="MUA RAU"))
    assert verdict.outcome is Outcome.DIFFERS
    assert verdict.differences == (Difference(What.REFERENCE, OWN.reference, "MUA RAU"),)
    assert "không mang mã quầy" in verdict.vi


def test_our_account_with_an_unknown_code() -> None:
    """A well-formed code that no stall has is shown letter by letter."""
    unknown = new_reference(Kind.STALL)
    verdict = check(code(memo=unknown))
    assert verdict.differences == (Difference(What.REFERENCE, OWN.reference, unknown),)


def test_a_neighbours_board_is_a_neighbours_board() -> None:
    """The whole board of another stall: it says whose, and that the money would go there."""
    verdict = check(Code(OTHER.bin, OTHER.account_number, OTHER.reference))
    assert verdict.outcome is Outcome.DIFFERS
    assert Difference(What.OTHER_STALL, "A07 · Rau củ cô Hạnh", "A09") in verdict.differences
    assert "quầy khác" in verdict.vi


def test_a_board_of_another_programme_names_both() -> None:
    """A stall of the fair may have the number of one in the street."""
    own, fair = replace(OWN, programme_name="Hùng Vương"), replace(OTHER, number="A07", name="Nón lá Bà Sáu")
    fair = replace(fair, programme_id=UUID(int=22), programme_name="Hội chợ Xuân")
    verdict = judge(
        Code(fair.bin, fair.account_number, fair.reference), own, Named(Naming.STALL, fair), BANKS
    )
    told = Difference(
        What.OTHER_STALL, "A07 · Rau củ cô Hạnh, Hùng Vương", "A07 · Nón lá Bà Sáu, Hội chợ Xuân"
    )
    assert told in verdict.differences


def test_our_account_on_a_neighbours_board() -> None:
    """Two stalls of one merchant that were mixed up: the account is right, the stall is not."""
    verdict = check(code(memo=OTHER.reference))
    assert [each.what for each in verdict.differences] == [What.OTHER_STALL]
    assert "tiền sẽ ghi cho quầy ấy" in verdict.vi


def test_all_is_foreign() -> None:
    """Another account and no code of ours: a picture of somebody's private code."""
    verdict = check(Code("970405", "9704050000001", "chuyen tien", merchant_name="TRAN VAN LUA"))
    assert [each.what for each in verdict.differences] == [
        What.REFERENCE,
        What.BANK,
        What.ACCOUNT,
        What.HOLDER,
    ]
    assert verdict.differences[-1] == Difference(What.HOLDER, "NGUYEN THI HANH", "TRAN VAN LUA")


def test_a_name_alone_raises_nothing() -> None:
    """The account is what counts: a board with the holder's name written otherwise is the same board."""
    assert check(code(merchant_name="CO HANH RAU SACH")).outcome is Outcome.SAME


def test_a_code_of_nobody() -> None:
    """Neither its account nor its code is registered: it says so, and shows both."""
    verdict = check(Code("970405", "9704050000001", ""), place=None)
    assert verdict.outcome is Outcome.DIFFERS
    assert {each.registered for each in verdict.differences} == {""}
    assert "không của quầy nào" in verdict.vi


def test_an_earlier_board_is_old_and_no_alarm() -> None:
    """Our code with the account of a board that was replaced: to be taken away."""
    verdict = check(code(bin="970405", account_number="5500200012345"))
    assert verdict.outcome is Outcome.OLD_ISSUE
    assert "bảng mới nhất" in verdict.vi


def test_the_board_of_a_withdrawn_stall_is_old() -> None:
    """A stall that has gone leaves its board behind, and a new stall stands at its place."""
    gone = replace(OTHER, is_withdrawn=True)
    scanned = Code(gone.bin, gone.account_number, gone.reference)
    for place in (OWN, gone):
        verdict = judge(scanned, place, Named(Naming.STALL, gone), BANKS)
        assert verdict.outcome is Outcome.OLD_ISSUE
    overlaid = judge(replace(scanned, account_number="1"), OWN, Named(Naming.STALL, gone), BANKS)
    assert overlaid.outcome is Outcome.DIFFERS


def test_a_code_of_the_stalls_market_day_pack_is_its_own() -> None:
    """The sheet of round amounts belongs to the stall; with another account it was pasted over as well."""
    pack = new_reference(Kind.STALL)
    scanned = code(memo=pack, amount=20_000)
    assert judge(scanned, OWN, Named(Naming.PACK, OWN), BANKS).outcome is Outcome.SAME
    swapped = replace(scanned, account_number="666")
    assert judge(swapped, OWN, Named(Naming.PACK, OWN), BANKS).outcome is Outcome.DIFFERS


def test_no_payment_code_is_no_alarm() -> None:
    """A text that is no VietQR says what it is; nothing was swapped by that."""
    verdict = check(Unreadable("OTHER_SCHEME", "Đây là mã của MoMo.", "This is a code of MoMo."))
    assert verdict == Verdict(Outcome.UNREADABLE, "Đây là mã của MoMo.", "This is a code of MoMo.")


@pytest.mark.parametrize("place", [OWN, None])
def test_a_code_made_to_deceive_is_an_alarm(place: Place | None) -> None:
    """Two accounts in one code: which one a bank would take, nobody knows; that is no slip."""
    scanned = Unreadable("DUPLICATE_TAG", "Mục 38 có hai lần.", "Object 38 stands twice.", is_tampered=True)
    verdict = check(scanned, place)
    assert verdict.outcome is Outcome.DIFFERS
    assert verdict.differences[0].what is What.UNREADABLE


def test_two_references_in_a_memo_are_none() -> None:
    """A memo that names two stalls names neither."""
    assert code(memo=f"{OWN.reference} {OTHER.reference}").reference == ""


def test_differences_are_kept_as_they_are() -> None:
    """What is stored of a difference gives the same difference again."""
    difference = Difference(What.ACCOUNT, "1012345678", "1012345673")
    assert difference_from(difference.to_json()) == difference
