"""What one transaction has locked and read, and what it has to write: the ground that the book's decisions stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from kit.references import Found
from services.reconciliation.domain.credit import Account, Credit, FundKind, Payment, ReportRow, Reversal
from services.reconciliation.domain.ledger import Entry, EntryKind, Sums
from services.reconciliation.domain.payable import Kind, Payable

# Who acts when a rule does.
BY_RULE: Final = "rule"


# What happened to a payable of a kind; the credit is where the money came from, none for a payer's credit.
Fact = tuple[Payment | Reversal, Credit | None, Kind]


@dataclass(slots=True)
class Changes:
    """What a transaction has to write on a day; the order of the lists is the order of the facts."""

    book_date: date
    new_credits: dict[str, Credit] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)
    # Of these, the ones whose money moved.
    news: set[str] = field(default_factory=set)
    reports: list[ReportRow] = field(default_factory=list)
    payables: dict[str, Payable] = field(default_factory=dict)
    # Payables whose definition is new or newer: written whole.
    defined: dict[str, Payable] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    # Reports that go over to another credit: from, to.
    moved_reports: list[tuple[str, str]] = field(default_factory=list)


class Work:
    """Knowledge and changes of one transaction. `now` is read once; `new_id` makes time-ordered ids."""

    def __init__(
        self, now: datetime, today: date, new_id: Callable[[], str], find: Callable[[str], Found]
    ) -> None:
        self.now = now
        self.today = today
        self.new_id = new_id
        self.find = find
        self.changes = Changes(today)
        self.sums = Sums()
        self.accounts: dict[tuple[str, str], Sequence[Account]] = {}
        self._organisations: dict[tuple[str, str], frozenset[str]] = {}
        self.payables: dict[str, Payable] = {}
        self._references: dict[str, str] = {}
        self._virtual_accounts: dict[str, list[str]] = {}
        # Payables that may take money without a code, by their account; and the sales that are asked about.
        self._at_stalls: dict[str, list[str]] = {}
        self.asked: set[str] = set()

    def take_changes(self) -> Changes:
        """What has to be written so far; from now on changes gather anew."""
        changes, self.changes = self.changes, Changes(self.today)
        return changes

    # What is known

    def learn(self, payables: Iterable[Payable]) -> None:
        """Take in payables that the transaction has locked, or new ones that nobody else can see yet."""
        for payable in payables:
            if payable.id not in self.payables:
                definition = payable.definition
                self._references[definition.reference] = payable.id
                if definition.virtual_account:
                    self._virtual_accounts.setdefault(definition.virtual_account, []).append(payable.id)
                if definition.ask_until is not None or definition.open_minute is not None:
                    self._at_stalls.setdefault(definition.account_id, []).append(payable.id)
            self.payables[payable.id] = payable

    def define(self, payable: Payable) -> None:
        """Take in a payable under a new definition, to be written whole."""
        self.learn([payable])
        self.changes.defined[payable.id] = payable

    def learn_accounts(self, accounts: Iterable[Account]) -> None:
        """Take in the registrations of receiving accounts."""
        places: dict[tuple[str, str], list[Account]] = {}
        for account in accounts:
            places.setdefault((account.bin, account.account_number), []).append(account)
        self.accounts.update(places)

    def payable(self, payable_id: str) -> Payable:
        """A payable as it stands after what was decided so far. Raises KeyError for one that was not locked."""
        return self.payables[payable_id]

    def by_reference(self, reference: str) -> Payable | None:
        """The payable of a reference, if there is one."""
        id = self._references.get(reference)
        return None if id is None else self.payables[id]

    def by_virtual_account(self, virtual_account: str) -> Sequence[Payable]:
        """The payables of a payer's virtual account."""
        return [self.payables[id] for id in self._virtual_accounts.get(virtual_account, ())]

    def at_stalls(self, place: tuple[str, str]) -> Iterable[Payable]:
        """The payables of an account in force to which money without a code may belong, as far as they are locked."""
        for account in self.accounts.get(place, ()):
            if account.is_active:
                for id in self._at_stalls.get(account.account_id, ()):
                    if self.payables[id].organisation_id == account.organisation_id:
                        yield self.payables[id]

    def owner(self, place: tuple[str, str]) -> Account | None:
        """The registration that counts: the active one, else the last one that was."""
        known = self.accounts.get(place)
        if not known:
            return None
        if len(known) == 1:
            return known[0]
        return max(known, key=lambda each: (each.is_active, each.active_time or self.now, each.account_id))

    def organisations(self, place: tuple[str, str]) -> frozenset[str]:
        """The organisations to which a receiving account belongs or belonged."""
        known = self._organisations.get(place)
        if known is None:
            known = frozenset([account.organisation_id for account in self.accounts.get(place, ())])
            self._organisations[place] = known
        return known

    def touch(self, credit: Credit, *, is_news: bool = True) -> None:
        """Remember to write a locked credit of the past; announced under its next version if its money moved.

        A version is what a person looked at: one that nobody is told of would refuse a decision for no reason.
        """
        if credit.id in self.changes.new_credits:
            return
        self.changes.credits[credit.id] = credit
        if is_news and credit.id not in self.changes.news:
            credit.version += 1
            self.changes.news.add(credit.id)

    def apply(
        self,
        payable: Payable,
        amount: int,
        kept: int,
        fund_kind: FundKind,
        rule: str,
        rule_detail: str,
        payer: str,
        entry_id: str,
        subject: str,
        credit: Credit | None,
        payment_id: str = "",
    ) -> Payment:
        """Pay a payable, and remember the fact; its posting is the caller's."""
        after, splits = payable.apply(amount)
        self.save(after)
        payment = Payment(
            id=payment_id or self.new_id(),
            organisation_id=payable.organisation_id,
            payable_id=payable.id,
            credit_id=credit.id if credit else "",
            fund_kind=fund_kind,
            payer=payer,
            amount=amount,
            kept=kept,
            splits=tuple([(part.line_id, part.ledger_class, part.amount) for part in splits]),
            total_applied=after.applied,
            applied_version=after.applied_version,
            payable_version=payable.definition.version,
            rule=rule,
            rule_detail=rule_detail,
            entry_id=entry_id,
            subject=subject,
            post_time=self.now,
        )
        self.changes.facts.append((payment, credit, payable.definition.kind))
        return payment

    def save(self, payable: Payable) -> None:
        self.payables[payable.id] = payable
        if payable.id in self.changes.defined:
            self.changes.defined[payable.id] = payable
        else:
            self.changes.payables[payable.id] = payable

    def enter(
        self,
        credit: Credit,
        kind: EntryKind,
        amounts: Mapping[str, int],
        entry_id: str,
        subject: str,
        reason: str,
        organisation_id: str = "",
    ) -> None:
        self.changes.entries.append(
            Entry(
                entry_id,
                organisation_id or credit.organisation_id,
                credit.id,
                kind,
                self.today,
                credit.bank_date,
                amounts,
                subject,
                reason,
            )
        )
