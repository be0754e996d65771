"""Opening, cancelling and settling sales, and reading one. All of it under the stall's lock (`store.sales`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids, references
from kit.auth import Subject
from kit.db import cursor
from kit.references import Kind, new_reference
from services.pilots.domain.errors_sales import AccountChangedMeanwhile, SaleNotFound
from services.pilots.domain.payables import Payable
from services.pilots.domain.sales import Sale, Seller, State, account_to_sell, checked_amount
from services.pilots.domain.stalls import Account
from services.pilots.domain.telling import of_sale
from services.pilots.flows import cash, events
from services.pilots.flows.access import READ, SELL, require_stall
from services.pilots.publish import payables
from services.pilots.store import sales as store


@dataclass(frozen=True, slots=True)
class Wish:
    """A sale as asked for; an amount of 0 with the sale whose rest it asks means all that is missing there."""

    stall_id: UUID
    amount: int
    rest_of_sale_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A sale about to be opened: what its QR has to say."""

    account: Account
    reference: str
    amount: int


def draft_sale(session: Session, subject: Subject, wish: Wish) -> Draft:
    """Look whether the stall may sell this, and draw a reference. Raises all that `open_sale` raises."""
    require_stall(session, subject, wish.stall_id, SELL)
    now = clock.now()
    seller = _seller(session, wish.stall_id)
    account = account_to_sell(seller, clock.business_date(now))
    amount = wish.amount
    if wish.rest_of_sale_id is not None:
        _, amount = _sale_at(session, wish).ask_rest(amount, now)
    return Draft(account, new_reference(Kind.STALL), checked_amount(amount))


def open_sale(session: Session, subject: Subject, wish: Wish, draft: Draft, payload: str) -> Sale:
    """Open the sale of a draft. The sale whose rest it asks is settled: what is missing is asked once.

    Raises StallNotSelling, AmountMissing, AmountOverLimit, SaleNotWaiting, NothingReceived, RestDiffers,
    AccountChangedMeanwhile, ReferenceTaken.
    """
    require_stall(session, subject, wish.stall_id, SELL, lock=True)
    now = clock.now()
    seller = _seller(session, wish.stall_id)
    account = account_to_sell(seller, clock.business_date(now))
    if account != draft.account:
        raise AccountChangedMeanwhile()
    ended = None
    if wish.rest_of_sale_id is not None:
        ended, amount = _sale_at(session, wish).ask_rest(draft.amount, now)
    else:
        amount = checked_amount(draft.amount)
    sale = Sale(
        id=ids.new(),
        organisation_id=seller.organisation_id,
        stall_id=seller.stall_id,
        reference=draft.reference,
        amount=amount,
        amount_paid=0,
        state=State.OPEN,
        account=account,
        payload=payload,
        proof="",
        rest_of_sale_id=wish.rest_of_sale_id,
        subject=subject.label,
        version=1,
        sequence=1,
        applied_version=0,
        payments=0,
        create_time=now,
        expire_time=now + timedelta(seconds=seller.sale_seconds),
        change_time=now,
    )
    store.insert(session, sale)
    if ended is not None:
        _save_ended(session, subject, ended, seller, "sale.rest", {"rest_sale": str(sale.id)})
    payables.changed(session, [payable_of(sale, seller)])
    events.add(session, [of_sale(sale, now)])
    return sale


def cancel_sale(session: Session, subject: Subject, id: UUID) -> Sale:
    """Cancel a sale on which nothing was paid; again is harmless. Raises SaleNotFound, SaleHasMoney, SaleNotWaiting."""
    sale = lock_sale(session, subject, id)
    cancelled = sale.cancel(clock.now())
    if cancelled is not sale:
        _save_ended(session, subject, cancelled, _seller(session, sale.stall_id), "sale.cancel", {})
    return cancelled


def settle_sale(session: Session, subject: Subject, id: UUID, *, rest_in_cash: bool) -> Sale:
    """End a sale at what is there; the rest was taken in cash, or is forgone.

    Raises SaleNotFound, SaleNotWaiting, NothingReceived, DayClosed.
    """
    sale = lock_sale(session, subject, id)
    missing = sale.missing
    settled = sale.settle(clock.now(), rest_in_cash=rest_in_cash)
    if rest_in_cash and missing > 0:
        cash.enter(session, subject, sale.stall_id, missing, sale_id=sale.id)
    detail = {"missing": missing, "in_cash": rest_in_cash}
    _save_ended(session, subject, settled, _seller(session, sale.stall_id), "sale.settle", detail)
    return settled


def get_sale(session: Session, subject: Subject, id: UUID) -> Sale:
    """A sale. Raises SaleNotFound."""
    sale = store.read(session, id)
    if sale is None:
        raise SaleNotFound()
    require_stall(session, subject, sale.stall_id, READ)
    return sale


def get_public_sale(session: Session, reference: str) -> tuple[Sale, Row[Any]]:
    """A sale by its reference for its payer, with the stall's names. Raises BadReference, SaleNotFound."""
    found = store.public(session, references.parse(reference))
    if found is None:
        raise SaleNotFound()
    return found


def lock_sale(session: Session, subject: Subject, id: UUID) -> Sale:
    """A sale with its stall locked, for its seller. Raises SaleNotFound."""
    seen = store.read(session, id)
    if seen is None:
        raise SaleNotFound()
    require_stall(session, subject, seen.stall_id, SELL, lock=True)
    # Read again: what it was before the lock may be old.
    sale = store.read(session, id)
    assert sale is not None
    return sale


def payable_of(sale: Sale, seller: Seller) -> Payable:
    """The sale as a payable: it takes whatever comes, and asks about money without a code while it waits."""
    return Payable(
        id=sale.id,
        version=sale.version,
        reference=sale.reference,
        organisation_id=sale.organisation_id,
        account=sale.account,
        change_time=sale.change_time,
        amount_due=sale.amount,
        ask_until=sale.ask_until,
        title=f"{seller.number} · {seller.name}",
        group_name=seller.programme_name,
    )


def _save_ended(
    session: Session, subject: Subject, sale: Sale, seller: Seller, action: str, detail: Mapping[str, object]
) -> None:
    store.save(cursor(session).connection, [sale])
    payables.changed(session, [payable_of(sale, seller)])
    events.add(session, [of_sale(sale, sale.change_time)])
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"sale:{sale.id}",
        organisation_id=sale.organisation_id,
        detail={"amount": sale.amount, "amount_paid": sale.amount_paid, **detail},
    )


def _sale_at(session: Session, wish: Wish) -> Sale:
    assert wish.rest_of_sale_id is not None
    sale = store.read(session, wish.rest_of_sale_id)
    if sale is None or sale.stall_id != wish.stall_id:
        raise SaleNotFound()
    return sale


def _seller(session: Session, stall_id: UUID) -> Seller:
    seller = store.seller(session, stall_id)
    assert seller is not None
    return seller
