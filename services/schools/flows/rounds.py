"""Collection rounds: opened, filled with items and exemptions, looked at before release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.schools.domain import fees
from services.schools.domain.errors import (
    AccountUnusable,
    BadField,
    ItemInUse,
    ItemKnown,
    ItemNotFound,
    PupilNotFound,
    RoundChanged,
    RoundNotFound,
    RoundReleased,
)
from services.schools.domain.imports import heading_key
from services.schools.domain.rounds import (
    Bill,
    Charge,
    Exemption,
    FeeItem,
    ReceivingAccount,
    Round,
    RoundPupil,
    RoundState,
    Scope,
    bills_of,
    charges_of,
    check_exemption,
    check_round,
)
from services.schools.store import issuing, pupils, rounds


@dataclass(frozen=True, slots=True)
class ItemWish:
    """A fee item as asked for."""

    title: str
    fee_kind: str
    unit_price: int
    quantity_milli: int
    unit: str
    priority: int
    account_id: str
    per_pupil: bool
    voluntary: bool


@dataclass(slots=True)
class ClassPreview:
    """One class of a preview."""

    pupils: int = 0
    invoices: int = 0
    amount: int = 0
    exempted: int = 0
    already_issued: int = 0


@dataclass(slots=True)
class Preview:
    """What a release would issue now, by class and by item; amounts in đồng."""

    classes: dict[str, ClassPreview] = field(default_factory=dict)
    items: dict[str, list[int]] = field(default_factory=dict)
    bills: list[Bill] = field(default_factory=list)
    without_birth_date: int = 0
    without_charge: int = 0
    voluntary: list[str] = field(default_factory=list)

    @property
    def pupils(self) -> int:
        return sum(item.pupils for item in self.classes.values())

    @property
    def amount(self) -> int:
        return sum(bill.amount for bill in self.bills)


def create(
    session: Session,
    subject: Subject,
    wish: Round,
    items: Sequence[ItemWish],
    accounts: Mapping[str, ReceivingAccount],
) -> Round:
    """Open a round. Raises BadField, UnknownFeeKind, AccountUnusable, ItemKnown."""
    value = replace(wish, id=ids.new(), state=RoundState.DRAFT, create_time=clock.now(), version=1)
    rounds.add(session, value)
    for item in items:
        _add_item(session, value, item, accounts)
    _record(
        session,
        subject,
        "round.create",
        value,
        {"title": value.title, "items": [item.title for item in items]},
    )
    return get(session, value.id)


def wish(organisation_id: UUID, values: Mapping[str, Any]) -> Round:
    """A round as asked for, checked. Raises BadField."""
    due_date = check_round(values["title"], values["school_year"], values["due_date"])
    return Round(
        id=organisation_id,
        organisation_id=organisation_id,
        title=values["title"].strip(),
        school_year=values["school_year"],
        period=values["period"].strip(),
        due_date=due_date,
        scope=Scope(values["scope"]),
        scope_values=tuple(values["scope_values"]),
        state=RoundState.DRAFT,
        contact=values["contact"].strip(),
        create_time=clock.now(),
        release_time=None,
        version=1,
    )


def get(session: Session, id: UUID, *, lock: bool = False) -> Round:
    """A round with its items. Raises RoundNotFound."""
    found = rounds.get(session, id, lock=lock)
    if found is None:
        raise RoundNotFound()
    return found


def update(session: Session, subject: Subject, id: UUID, wish: Round) -> Round:
    """Change title, period, due date, scope and contact. Raises RoundNotFound, RoundChanged, RoundReleased."""
    value = get(session, id, lock=True)
    if value.version != wish.version:
        raise RoundChanged()
    printed = ("title", "period", "school_year")
    if value.state is RoundState.RELEASED and any(getattr(value, n) != getattr(wish, n) for n in printed):
        raise RoundReleased()
    names = (*printed, "due_date", "scope", "scope_values", "contact")
    changes = {name: getattr(wish, name) for name in names}
    if not rounds.save(session, replace(value, **changes), value.version):
        raise RoundChanged()
    changed = [name for name in names if getattr(value, name) != changes[name]]
    _record(session, subject, "round.update", value, {"changed": changed})
    return get(session, id)


def bills_of_pupil(session: Session, value: Round, pupil_id: UUID) -> tuple[RoundPupil, list[Bill]]:
    """What a release would issue to one pupil now. Raises PupilNotFound."""
    pupil = next(iter(rounds.round_pupils(session, value, [pupil_id])), None)
    if pupil is None:
        raise PupilNotFound()
    return pupil, [bill for bill in preview(session, value).bills if bill.pupil.id == pupil_id]


def add_item(
    session: Session, subject: Subject, id: UUID, item: ItemWish, accounts: Mapping[str, ReceivingAccount]
) -> Round:
    """Add an item, also after release: the next release issues it. Raises as `create`."""
    value = get(session, id, lock=True)
    _add_item(session, value, item, accounts)
    _record(session, subject, "round.add_item", value, {"title": item.title})
    return get(session, id)


def remove_item(session: Session, subject: Subject, id: UUID, fee_item_id: UUID) -> Round:
    """Remove an item that stands on no invoice. Raises ItemNotFound, ItemInUse."""
    value = get(session, id, lock=True)
    item = next((item for item in value.items if item.id == fee_item_id), None)
    if item is None:
        raise ItemNotFound()
    if rounds.is_issued(session, fee_item_id):
        raise ItemInUse(title=item.title)
    rounds.remove_item(session, fee_item_id)
    _record(session, subject, "round.remove_item", value, {"title": item.title})
    return get(session, id)


def set_exemption(session: Session, subject: Subject, id: UUID, pupil_id: UUID, value: Exemption) -> UUID:
    """Set, replace or (with nothing to take off) remove an exemption. Raises PupilNotFound, ItemNotFound."""
    check_exemption(value.percent_hundredths, value.amount, value.reason)
    owner = get(session, id)
    pupil = pupils.get(session, pupil_id)
    if pupil is None or pupil.organisation_id != owner.organisation_id:
        raise PupilNotFound()
    if value.fee_item_id is not None and all(item.id != value.fee_item_id for item in owner.items):
        raise ItemNotFound()
    exemption_id = rounds.set_exemption(session, owner.organisation_id, id, pupil_id, ids.new(), value)
    detail: dict[str, object] = {"pupil": str(pupil_id), "reason": value.reason, "amount": value.amount}
    _record(
        session, subject, "exemption.set", owner, detail | {"percent_hundredths": value.percent_hundredths}
    )
    return exemption_id


def noticed(session: Session, value: Round, pupil_id: UUID | None = None) -> list[RoundPupil]:
    """The pupils (or the one) with an invoice of a round, wherever they sit now, by class and name."""
    found = issuing.issued_pupils(session, value.id)
    if pupil_id is not None:
        found = [id for id in found if id == pupil_id]
    return rounds.round_pupils(session, value, found)


def preview(session: Session, value: Round) -> Preview:
    """What a release would issue now: duties of the pupils in scope that stand on no invoice yet."""
    amounts, exemptions = rounds.pupil_amounts(session, value.id), rounds.exemptions(session, value.id)
    issued = issuing.issued_items(session, value.id)
    result = Preview(voluntary=[item.title for item in value.items if item.voluntary])
    for pupil in rounds.round_pupils(session, value):
        line = result.classes.setdefault(pupil.class_name, ClassPreview())
        charges = charges_of(value.items, amounts.get(pupil.id, {}), exemptions.get(pupil.id, ()))
        fresh: list[Charge] = [charge for charge in charges if (pupil.id, charge.item.id) not in issued]
        bills = bills_of(pupil, fresh)
        line.pupils += 1
        line.invoices += len(bills)
        line.already_issued += len(charges) - len(fresh)
        result.without_birth_date += pupil.birth_date is None
        result.without_charge += not charges
        for bill in bills:
            result.bills.append(bill)
            line.amount += bill.amount
            for charge in bill.charges:
                line.exempted += charge.exempted
                totals = result.items.setdefault(charge.item.title, [0, 0])
                totals[0] += 1
                totals[1] += charge.amount
    return result


def change_item(
    session: Session,
    subject: Subject,
    id: UUID,
    fee_item_id: UUID,
    wish: ItemWish,
    accounts: Mapping[str, ReceivingAccount],
) -> Round:
    """Change an item that stands on no invoice; its kind stays. Raises ItemNotFound, ItemInUse and as `create`."""
    value = get(session, id, lock=True)
    old = next((item for item in value.items if item.id == fee_item_id), None)
    if old is None:
        raise ItemNotFound()
    if rounds.is_issued(session, fee_item_id):
        raise ItemInUse(title=old.title)
    item = replace(_item(replace(wish, fee_kind=old.fee_kind), accounts), id=old.id, priority=old.priority)
    if not rounds.save_item(session, value.id, item, heading_key(item.title)):
        raise ItemKnown(title=item.title)
    if old.per_pupil and not item.per_pupil:
        rounds.drop_amounts(session, old.id)
    _record(session, subject, "round.change_item", value, {"title": item.title, "was": old.title})
    return get(session, id)


def _add_item(
    session: Session, value: Round, wish: ItemWish, accounts: Mapping[str, ReceivingAccount]
) -> None:
    item = _item(wish, accounts)
    if not rounds.add_item(
        session, value.id, value.organisation_id, item, heading_key(item.title), clock.now()
    ):
        raise ItemKnown(title=item.title)


def _item(item: ItemWish, accounts: Mapping[str, ReceivingAccount]) -> FeeItem:
    """An item as asked for, checked. Raises UnknownFeeKind, AccountUnusable, BadField."""
    kind = fees.fee_kind(item.fee_kind)
    account = accounts.get(item.account_id)
    if account is None:
        raise AccountUnusable()
    if not item.title.strip() or item.unit_price < 0 or (not item.per_pupil and item.unit_price == 0):
        raise BadField(
            field="fee_items",
            what_vi="Mỗi khoản cần tên và đơn giá, hoặc lấy số tiền theo danh sách.",
            what_en="Each item needs a title and a price, or takes its amounts from the list.",
        )
    return FeeItem(
        id=ids.new(),
        title=item.title.strip(),
        fee_kind=kind.code,
        legal_kind=kind.legal_kind,
        unit_price=item.unit_price,
        quantity_milli=item.quantity_milli or 1000,
        unit=item.unit,
        priority=item.priority or fees.PRIORITY[kind.legal_kind],
        account=account,
        per_pupil=item.per_pupil,
        voluntary=item.voluntary or kind.is_voluntary,
    )


def _record(session: Session, subject: Subject, action: str, value: Round, detail: dict[str, object]) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"round:{value.id}",
        organisation_id=value.organisation_id,
        detail=detail,
    )
