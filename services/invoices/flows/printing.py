"""A receipt for paper: what stands on it, its seal, and the statement that is signed about both."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from kit import clock
from kit.signing import Signer
from services.invoices.domain import statements
from services.invoices.domain.errors import ReceiptNotFound
from services.invoices.domain.papers import Bill, Biller, Paper, paper
from services.invoices.domain.seals import Place, Seal, canonical
from services.invoices.flows.seals import seal_of
from services.invoices.store import keys
from services.invoices.store import seals as store
from services.invoices.store.receipts import get_receipt


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper to be printed, and the sealed bytes that a statement about it repeats."""

    paper: Paper
    seal: Seal
    content: bytes


def prepare(
    session: Session, receipt_id: UUID, biller: Biller, *, is_masked: bool, signer: Signer | None
) -> Prepared:
    """Seal a receipt, if it is not yet, and say what its paper shows. Raises ReceiptNotFound, ReceiptNotSealed."""
    printed = get_receipt(session, receipt_id)
    if printed is None:
        raise ReceiptNotFound()
    receipt = printed.receipt
    place = Place(receipt.organisation_id, receipt.series, receipt.year)
    seal = seal_of(session, place, receipt.number)
    record = store.find_record(session, place, receipt.number)
    assert record is not None
    bill = Bill(printed.reference, printed.title, printed.payer_name, printed.group_name, printed.lines)
    key_id = signer.key_id if signer is not None and _may_sign(session, signer) else ""
    made = paper(receipt, bill, seal, biller, is_masked=is_masked, key_id=key_id)
    return Prepared(made, seal, canonical(record.sealed, seal.salt))


def signed(prepared: Prepared, signer: Signer, page_digest: bytes) -> Paper:
    """The paper with the statement that this is its page and its place in the chain."""
    attachment = statements.attachment(
        signer,
        prepared.content,
        prepared.seal,
        page=page_digest,
        unit=prepared.paper.biller.unit_name,
        payer=prepared.paper.payer,
        print_time=clock.now().isoformat(timespec="seconds"),
    )
    return prepared.paper.with_attachment(attachment)


def _may_sign(session: Session, signer: Signer) -> bool:
    """True unless the key was revoked; a new one becomes known with the first paper that it signs."""
    known = {key.id: key for key in keys.every(session)}
    if signer.key_id not in known:
        keys.add(session, signer.key_id, signer.public_key, clock.now())
        return True
    return known[signer.key_id].revoke_time is None
