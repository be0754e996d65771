"""`xoai receipt verify` on receipts that were really printed: genuine, forged in every way, cancelled, no receipt."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pikepdf
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from typer.testing import CliRunner, Result

from cli.receipt import app
from kit import auth
from kit.db import Database
from kit.errors import PermissionDenied
from kit.inbox import Consumer
from kit.postgres import Server
from kit.testing.service import staff
from services.documents.receipt_file import ATTACHMENT
from services.invoices.domain.payments import Applied
from tests.integration.services.documents.pdf_reading import text_of
from tests.integration.services.invoices.calls import client, issue, rows
from tests.support.invoices import deliveries, draft_message, make_applied, make_reversed
from tests.support.printed_receipts import UNIT, press, print_receipt, signer_of
from xoai.invoices.v1 import invoices_service_pb2 as pb

SIGNER = signer_of(1)


@pytest.fixture(autouse=True)
def _installation(postgres_server: Server, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(database.engine.url.database)
    monkeypatch.setenv("XOAI_DATABASE_URL", postgres_server.dsn(name, user="{role}"))


@pytest.fixture
def printing(database: Database) -> Iterator[grpc.Channel]:
    with press(database, SIGNER) as channel:
        yield channel


def pay(channel: grpc.Channel, consumer: Consumer, count: int = 3) -> list[Applied]:
    """Paid bills; the facts in the order of their receipts' numbers."""
    outcomes = issue(channel, *(draft_message() for _ in range(count)))
    facts = [make_applied(UUID(outcome.invoice_id)) for outcome in outcomes]
    consumer.handle(deliveries(facts))
    return facts


def check(path: Path, content: bytes, *options: str) -> Result:
    file = path / "bien-nhan.pdf"
    file.write_bytes(content)
    return CliRunner().invoke(app, ["verify", str(file), *options])


def answer(path: Path, content: bytes, *options: str) -> tuple[int, Any]:
    result = check(path, content, "--json", *options)
    return result.exit_code, json.loads(result.output)


def reasons(found: Any) -> list[str]:
    return [fault["reason"] for fault in found["faults"]]


def keys_file(path: Path) -> str:
    file = path / "keys.json"
    file.write_text(CliRunner().invoke(app, ["keys"]).output)
    return str(file)


@contextmanager
def opened(pdf: bytes) -> Iterator[tuple[pikepdf.Pdf, Callable[[], bytes]]]:
    """A PDF to be changed, and what saves it."""
    with pikepdf.open(BytesIO(pdf)) as file:

        def save() -> bytes:
            out = BytesIO()
            file.save(out)
            return out.getvalue()

        yield file, save


def attached(pdf: bytes) -> bytes:
    with pikepdf.open(BytesIO(pdf)) as file:
        return file.attachments[ATTACHMENT].get_file().read_bytes()


def with_attachment(pdf: bytes, content: bytes) -> bytes:
    with opened(pdf) as (file, save):
        file.attachments[ATTACHMENT] = pikepdf.AttachedFileSpec(file, content, filename=ATTACHMENT)
        return save()


def test_a_printed_receipt_is_genuine(printing: grpc.Channel, consumer: Consumer, tmp_path: Path) -> None:
    """Exit code 0, one clear answer in two languages, and what was signed to be compared with the paper."""
    facts = pay(printing, consumer)
    pdf = print_receipt(printing, facts[1].payment_id)
    result = check(tmp_path, pdf)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("THẬT: ")
    assert "GENUINE" in result.output
    assert f"{UNIT}, quyển/book BN/" in result.output
    assert "00000002, 600.000 ₫" in result.output
    code, found = answer(tmp_path, pdf)
    assert (code, found["ok"], found["valid"], found["checked"]) == (
        0,
        True,
        True,
        ["signature", "page", "chain"],
    )
    said = text_of(pdf, tmp_path)
    assert f"Dấu {found['receipt']['mark']}, nối sau số 00000001" in said
    assert f"Đã ký số, khoá {SIGNER.key_id[:8]}" in said


def test_a_familys_paper_shows_initials_and_carries_no_name(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path
) -> None:
    """Neither on the page nor in what is attached; the school's own copy names the pupil. Both are genuine."""
    (fact,) = pay(printing, consumer, 1)
    family = print_receipt(printing, fact.payment_id)
    school = print_receipt(printing, fact.payment_id, masked=False)
    assert "N. N. B. Hân, lớp 6A2" in text_of(family, tmp_path)
    assert "Nguyễn" not in text_of(family, tmp_path) + attached(family).decode()
    assert "Nguyễn Ngọc Bảo Hân, lớp 6A2" in text_of(school, tmp_path)
    assert [check(tmp_path, pdf).exit_code for pdf in (family, school)] == [0, 0]


def test_a_file_packed_anew_by_a_mail_program_is_still_genuine(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path
) -> None:
    """Other numbers of objects, other compression, linearised: the page shows the same."""
    (fact,) = pay(printing, consumer, 1)
    out = BytesIO()
    with pikepdf.open(BytesIO(print_receipt(printing, fact.payment_id))) as file:
        file.save(
            out,
            linearize=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=True,
        )
    assert check(tmp_path, out.getvalue()).exit_code == 0


def _other_amount(file: pikepdf.Pdf) -> None:
    """One glyph of the page's text is another."""
    content = file.pages[0].Contents.read_bytes()
    position = content.rindex(b"Tj") if b"Tj" in content else content.rindex(b"TJ")
    digit = max(i for i in range(position) if content[i : i + 1].isdigit())
    changed = b"1" if content[digit : digit + 1] != b"1" else b"2"
    file.pages[0].Contents = file.make_stream(content[:digit] + changed + content[digit + 1 :])


def _covered(file: pikepdf.Pdf) -> None:
    """The text stays to be found by a search; a white box with another amount lies over it."""
    file.pages[0].contents_add(b"q 1 1 1 rg 200 20 200 40 re f Q", prepend=False)


def _other_letter(file: pikepdf.Pdf) -> None:
    """The page's text and its meaning for a search stay; a font draws other shapes."""
    font = next(iter(file.pages[0].Resources.Font.values())).DescendantFonts[0].FontDescriptor
    for name in ("/FontFile2", "/FontFile3"):
        if name in font:
            data = bytearray(font[name].read_bytes())
            data[len(data) // 2] ^= 0xFF
            font[name].write(bytes(data))


def _note(file: pikepdf.Pdf) -> None:
    """A comment drawn over the page by a viewer."""
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[200, 20, 400, 60], Contents="9.360.000"
    )
    file.pages[0].Annots = pikepdf.Array([file.make_indirect(note)])


def _second_page(file: pikepdf.Pdf) -> None:
    file.add_blank_page(page_size=(419, 297))


def _form(file: pikepdf.Pdf) -> None:
    file.Root.AcroForm = pikepdf.Dictionary(NeedAppearances=True, Fields=pikepdf.Array())


def _layers(file: pikepdf.Pdf) -> None:
    file.Root.OCProperties = pikepdf.Dictionary(OCGs=pikepdf.Array())


def _turned(file: pikepdf.Pdf) -> None:
    """Inherited from the folder of pages, not written on the page itself."""
    file.Root.Pages.Rotate = 180


@pytest.mark.parametrize(
    "forge",
    [_other_amount, _covered, _other_letter, _note, _second_page, _form, _layers, _turned],
    ids=lambda forge: forge.__name__.strip("_"),
)
def test_a_page_that_was_changed_is_told(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path, forge: Callable[[pikepdf.Pdf], None]
) -> None:
    """The attachment is left alone and its signature is good; the page is not the one that was signed."""
    (fact,) = pay(printing, consumer, 1)
    with opened(print_receipt(printing, fact.payment_id)) as (file, save):
        forge(file)
        forged = save()
    code, found = answer(tmp_path, forged)
    assert (code, found["valid"], reasons(found)) == (1, False, ["PAGE_CHANGED"])
    assert "KHÔNG CHỨNG MINH ĐƯỢC" in check(tmp_path, forged).output
    # What was signed is shown all the same: the person sees what the paper should say.
    assert found["receipt"]["amount"] == 600_000


def test_an_attachment_that_was_changed_or_put_into_another_paper_is_told(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path
) -> None:
    one, two, _ = [print_receipt(printing, fact.payment_id) for fact in pay(printing, consumer)]
    changed = with_attachment(one, attached(one).replace(b"600000", b"960000"))
    assert reasons(answer(tmp_path, changed)[1]) == ["SIGNATURE_WRONG"]
    assert answer(tmp_path, changed)[1]["receipt"] is None
    swapped = with_attachment(one, attached(two))
    assert reasons(answer(tmp_path, swapped)[1]) == ["PAGE_CHANGED"]


def test_somebody_elses_key_proves_nothing_here(
    printing: grpc.Channel, consumer: Consumer, database: Database, tmp_path: Path
) -> None:
    """A forger's own installation prints a perfect receipt, and signs it with a key that nobody here knows."""
    (fact,) = pay(printing, consumer, 1)
    with press(database, signer_of(2)) as forger:
        pdf = print_receipt(forger, fact.payment_id)
    with database.begin() as session:
        session.connection().exec_driver_sql(f"DELETE FROM receipt_key WHERE id = '{signer_of(2).key_id}'")
    assert reasons(answer(tmp_path, pdf)[1]) == ["KEY_UNKNOWN"]


def test_a_stolen_key_signs_nothing_that_the_chain_does_not_hold(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path
) -> None:
    """With the true key a thief can sign a page, but the book holds another receipt at its place, or none."""
    (fact,) = pay(printing, consumer, 1)
    outer = json.loads(attached(print_receipt(printing, fact.payment_id)))
    for number, expected in ((1, "OTHER_AT_PLACE"), (7, "NOT_ISSUED")):
        forged = _forge(outer, number)
        assert reasons(answer(tmp_path, forged)[1]) == [expected]


def _forge(outer: dict[str, str], number: int) -> bytes:
    from hashlib import sha256

    inner = json.loads(outer["statement"])
    content = json.loads(inner["content"]) | {"amount": 6_000_000, "number": number}
    inner["content"] = json.dumps(content)
    chained = b"xoai receipt chain 1\n" + bytes.fromhex(inner["previous_hash"]) + inner["content"].encode()
    inner["hash"] = sha256(chained).hexdigest()
    text = json.dumps(inner)
    signature = SIGNER.sign(b"xoai receipt signature 1\n" + text.encode())
    return json.dumps({"statement": text, "signature": base64.b64encode(signature).decode()}).encode()


def test_a_cancelled_receipt_says_so_and_why(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path
) -> None:
    """The paper from before is true to what was issued and no longer in force; the new print says it itself."""
    facts = pay(printing, consumer)
    before = print_receipt(printing, facts[1].payment_id)
    consumer.handle(deliveries([make_reversed(facts[1])], start=10))
    code, found = answer(tmp_path, before)
    assert (code, found["valid"], reasons(found)) == (1, False, ["CANCELLED"])
    assert "Gán nhầm phiếu" in found["faults"][0]["vi"]
    assert found["cancel_time"] is not None
    assert check(tmp_path, before).output.startswith("ĐÃ HUỶ")
    after = print_receipt(printing, facts[1].payment_id)
    assert "Đã huỷ: Gán nhầm phiếu" in text_of(after, tmp_path)
    assert reasons(answer(tmp_path, after)[1]) == ["CANCELLED"]
    # Its neighbours stand.
    assert check(tmp_path, print_receipt(printing, facts[2].payment_id)).exit_code == 0


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE receipt SET amount = 1 WHERE number = 2", ["RECORD_CHANGED"]),
        ("UPDATE receipt SET amount = 1 WHERE number = 3", ["NEIGHBOUR_BROKEN"]),
        ("UPDATE receipt_seal SET hash = salt || salt WHERE number = 1", ["NEIGHBOUR_BROKEN"]),
        ("UPDATE receipt_seal SET hash = salt || salt WHERE number = 2", ["OTHER_AT_PLACE"]),
        ("DELETE FROM receipt WHERE number = 2", ["NOT_ISSUED"]),
    ],
)
def test_a_true_paper_shows_that_the_book_was_changed(
    postgres_server: Server,
    printing: grpc.Channel,
    consumer: Consumer,
    database: Database,
    tmp_path: Path,
    statement: str,
    expected: list[str],
) -> None:
    """The signature and the page are good; it is the record or a neighbour that somebody wrote over."""
    facts = pay(printing, consumer)
    pdf = print_receipt(printing, facts[1].payment_id)
    with psycopg.connect(postgres_server.dsn(str(database.engine.url.database)), autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(sql.SQL(statement))  # type: ignore[arg-type]
    assert reasons(answer(tmp_path, pdf)[1]) == expected


def test_offline_with_the_keys_in_hand(
    printing: grpc.Channel, consumer: Consumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signature and page without any installation, and it says that the chain was not asked; without keys: refused."""
    (fact,) = pay(printing, consumer, 1)
    pdf = print_receipt(printing, fact.payment_id)
    keys = keys_file(tmp_path)
    monkeypatch.setenv("XOAI_DATABASE_URL", "postgresql://{role}@127.0.0.1:1/{database}")
    result = check(tmp_path, pdf, "--offline", "--key", keys)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("CHỮ KÝ ĐÚNG. Chưa hỏi hệ thống")
    assert answer(tmp_path, pdf, "--offline", "--key", keys)[1]["checked"] == ["signature", "page"]
    assert answer(tmp_path, attached(pdf), "--offline", "--key", keys)[1]["checked"] == ["signature"]
    assert answer(tmp_path, pdf, "--offline") == (
        1,
        {
            "ok": False,
            "error": {
                "reason": "KEY_MISSING",
                "detail": "--offline needs --key: a file made by `xoai receipt keys`",
            },
        },
    )
    (tmp_path / "keys.json").write_text("[]")
    assert answer(tmp_path, pdf, "--offline", "--key", keys)[1]["error"]["reason"] == "KEYS_UNREADABLE"


def test_keys_are_replaced_and_revoked(
    printing: grpc.Channel, consumer: Consumer, database: Database, tmp_path: Path
) -> None:
    """What the old key signed stays good after a change of keys; what a leaked one signed does not."""
    (fact,) = pay(printing, consumer, 1)
    old = print_receipt(printing, fact.payment_id)
    with press(database, signer_of(3)) as channel:
        new = print_receipt(channel, fact.payment_id)
    assert [check(tmp_path, pdf).exit_code for pdf in (old, new)] == [0, 0]
    listed = client(printing, auth.public()).ListReceiptKeys(pb.ListReceiptKeysRequest()).keys
    assert [key.id for key in listed] == [signer_of(3).key_id, SIGNER.key_id]
    assert CliRunner().invoke(app, ["revoke-key", "unknown"]).exit_code == 1
    assert CliRunner().invoke(app, ["revoke-key", SIGNER.key_id]).exit_code == 0
    with database.begin() as session:
        audited = session.execute(
            text("SELECT subject, object FROM audit WHERE action = 'receipts.revoke_key'")
        )
        assert audited.all() == [("service:cli", f"receipt_key:{SIGNER.key_id}")]
    assert reasons(answer(tmp_path, old)[1]) == ["KEY_REVOKED"]
    assert check(tmp_path, new).exit_code == 0
    # A service that still has the revoked key prints, and says that it does not sign.
    assert "Bản chưa ký" in text_of(print_receipt(printing, fact.payment_id), tmp_path)
    assert reasons(answer(tmp_path, old, "--offline", "--key", keys_file(tmp_path))[1]) == ["KEY_REVOKED"]


def test_without_a_key_receipts_are_printed_and_say_that_nobody_signed(
    channel: grpc.Channel, consumer: Consumer, database: Database, tmp_path: Path
) -> None:
    """Their place in the chain stands on them all the same."""
    (fact,) = pay(channel, consumer, 1)
    with press(database, None) as unsigned:
        pdf = print_receipt(unsigned, fact.payment_id)
    said = text_of(pdf, tmp_path)
    assert "Bản chưa ký" in said
    assert "Dấu " in said
    assert answer(tmp_path, pdf)[1]["error"]["reason"] == "RECEIPT_FILE_FOREIGN"


def test_only_the_gateway_prints(printing: grpc.Channel, consumer: Consumer) -> None:
    """It has proved that the caller may have the paper; nobody else is believed."""
    (fact,) = pay(printing, consumer, 1)
    for subject in (auth.public(), auth.service("schools"), staff("invoices.read")):
        with pytest.raises(PermissionDenied):
            print_receipt(printing, fact.payment_id, subject)


def test_printing_seals_what_waits_first(
    printing: grpc.Channel, consumer: Consumer, database: Database, tmp_path: Path
) -> None:
    """Nobody waits for the job's minute."""
    facts = pay(printing, consumer)
    assert rows(database, "SELECT * FROM receipt_seal") == []
    assert check(tmp_path, print_receipt(printing, facts[2].payment_id)).exit_code == 0
    assert len(rows(database, "SELECT * FROM receipt_seal")) == 3
