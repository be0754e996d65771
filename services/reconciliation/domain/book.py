"""The book decides what becomes of money in one transaction.

Decisions change the book at once, so a second credit for the same payable in a batch sees the first one. Nothing here
does input or output; `store` writes what `changes` hold and `publish` announces it.
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.references import Found, Outcome
from services.reconciliation.domain import ledger
from services.reconciliation.domain.credit import (
    DONG,
    UNASSIGNED,
    Arrival,
    Channel,
    Credit,
    FundKind,
    Payment,
    Reason,
    Report,
    ReportRow,
)
from services.reconciliation.domain.joining import bank_moment, hashes, reference_key
from services.reconciliation.domain.ladder import Decision, decide, suspend
from services.reconciliation.domain.ledger import EntryKind
from services.reconciliation.domain.stalls import without_code
from services.reconciliation.domain.work import BY_RULE, Work


class Book(Work):
    """Decides on credits, new ones and those that wait."""

    def arrive(self, arrival: Arrival) -> Credit:
        """A new credit from its reports, decided and posted."""
        first = arrival.reports[0]
        found = self.find(first.memo)
        owner = self.owner((first.bin, first.account_number))
        moment = bank_moment(first)
        credit = Credit(
            id=arrival.credit_id,
            organisation_id=owner.organisation_id if owner else UNASSIGNED,
            account_id=owner.account_id if owner else "",
            bin=first.bin,
            account_number=first.account_number,
            virtual_account=first.virtual_account,
            currency=first.currency,
            amount=first.amount,
            memo=first.memo,
            join_text=arrival.told.text,
            bank_reference=first.bank_reference,
            bank_reference_key=arrival.told.bank_reference_key,
            payer_name=first.payer_name,
            payer_account=first.payer_account,
            payer_bin=first.payer_bin,
            bank_time=moment,
            bank_date=arrival.told.bank_date,
            arrive_time=first.arrive_time,
            post_time=self.now,
            is_confirmed=_is_confirmed(first),
            has_statement=first.channel is Channel.STATEMENT,
            is_merchant=owner.is_merchant if owner else False,
            reference_join=arrival.told.by_reference,
            memo_join=arrival.told.by_memo,
        )
        self.changes.reports.append(ReportRow(first, credit.id, False))
        for report in arrival.reports[1:]:
            self._add_report(credit, report)
        self.changes.new_credits[credit.id] = credit
        if first.is_test or first.currency != DONG:
            credit.is_in_ledger = False
            credit.reason = Reason.TEST if first.is_test else Reason.FOREIGN_CURRENCY
            return credit
        decision = (
            suspend(credit.amount, Reason.POSSIBLE_DUPLICATE)
            if arrival.possible
            else self.decide(credit, found)
        )
        self._post_arrival(credit, decision)
        return credit

    def decide(self, credit: Credit, found: Found) -> Decision:
        """What the rules say about money that waits as this credit."""
        amount = credit.amount_suspense or credit.amount
        organisations = self.organisations((credit.bin, credit.account_number))
        if not organisations:
            return suspend(amount, Reason.UNKNOWN_ACCOUNT)
        if not credit.is_confirmed:
            return suspend(amount, Reason.AWAITING_CONFIRMATION)
        decision = decide(amount, organisations, credit.virtual_account, found, self)
        if decision.reason is Reason.NO_REFERENCE and found.outcome is Outcome.NONE:
            here = self.at_stalls(credit.place)
            return without_code(credit, amount, here, self.asked, self.now) or decision
        return decision

    def join(self, credit: Credit, reports: Sequence[Report]) -> None:
        """Further reports of a credit of the past, which is locked."""
        self.touch(credit, is_news=False)
        for report in reports:
            self._add_report(credit, report)

    def _add_report(self, credit: Credit, report: Report) -> None:
        """Take over what a later report says and the first one did not."""
        self.changes.reports.append(ReportRow(report, credit.id, report.memo != credit.memo))
        credit.report_count += 1
        credit.has_statement = credit.has_statement or report.channel is Channel.STATEMENT
        credit.is_confirmed = credit.is_confirmed or _is_confirmed(report)
        credit.payer_name = credit.payer_name or report.payer_name
        credit.payer_account = credit.payer_account or report.payer_account
        credit.payer_bin = credit.payer_bin or report.payer_bin
        if not credit.bank_reference and report.bank_reference:
            credit.bank_reference = report.bank_reference
            credit.bank_reference_key = reference_key(report.bank_reference)
            place = (credit.bin, credit.account_number, credit.amount)
            credit.reference_join, _ = hashes(place, credit.bank_reference_key, credit.join_text)

    def settle(
        self, credit: Credit, decision: Decision, kind: EntryKind, subject: str = BY_RULE, reason: str = ""
    ) -> list[Payment]:
        """Move what a decision says out of the credit's suspense; what stays waits under the decision's reason."""
        self.touch(credit)
        if credit.reason is Reason.AWAITING_CONFIRMATION:
            # What it was set aside for has come.
            credit.park_reason = ""
        moved = credit.amount_suspense - decision.suspended
        self._suspend(credit, decision)
        if not moved:
            return []
        return self._post(credit, decision, kind, {ledger.SUSPENSE: moved}, self.new_id(), subject, reason)

    def _post_arrival(self, credit: Credit, decision: Decision) -> None:
        if decision.organisation_id and decision.organisation_id != credit.organisation_id:
            # A shared account: the money is of the organisation whose payable it names.
            credit.organisation_id = decision.organisation_id
            for account in self.accounts[credit.place]:
                if account.organisation_id == credit.organisation_id:
                    credit.account_id, credit.is_merchant = account.account_id, account.is_merchant
        amounts = {credit.bank_account: credit.amount}
        if decision.suspended:
            self._suspend(credit, decision)
            amounts[ledger.SUSPENSE] = -decision.suspended
        # One arrival has one entry: it takes the credit's id as its key.
        self._post(credit, decision, EntryKind.CREDIT_ARRIVED, amounts, credit.id, BY_RULE, "")

    def _suspend(self, credit: Credit, decision: Decision) -> None:
        """What stays in suspense, and why; nothing, if all of it found its place."""
        credit.amount_suspense = decision.suspended
        credit.reason = decision.reason if decision.suspended else Reason.NONE
        credit.waiting_key = decision.waiting_key if decision.suspended else ""
        credit.asked_payable_id = decision.asked_payable_id if decision.suspended else ""
        if credit.asked_payable_id:
            self.asked.add(credit.asked_payable_id)

    def _post(
        self,
        credit: Credit,
        decision: Decision,
        kind: EntryKind,
        amounts: dict[str, int],
        entry_id: str,
        subject: str,
        reason: str,
    ) -> list[Payment]:
        payments = []
        for place, (payable, amount) in enumerate(decision.payments):
            kept = decision.kept if place == len(decision.payments) - 1 else 0
            payment = self.apply(
                payable,
                amount,
                kept,
                FundKind.BANK_CREDIT,
                decision.rule,
                decision.rule_detail,
                decision.payer,
                entry_id,
                subject,
                credit,
                # Of an arrival, the first payment has its credit's id, as its entry has.
                credit.id if entry_id == credit.id and not place else "",
            )
            payments.append(payment)
            credit.amount_applied += amount
            for _, ledger_class, part in payment.splits:
                account = ledger.COLLECTED + ledger_class
                amounts[account] = amounts.get(account, 0) - part
        if decision.kept:
            self._keep(credit, decision.payer, decision.kept, amounts)
        for exception in decision.exceptions:
            if exception not in credit.exceptions:
                credit.exceptions = (*credit.exceptions, exception)
        self.enter(credit, kind, amounts, entry_id, subject, reason)
        return payments

    def _keep(self, credit: Credit, payer: str, amount: int, amounts: dict[str, int]) -> None:
        credit.amount_payer_credit += amount
        credit.payer = payer
        account = ledger.PAYER_CREDIT + payer
        amounts[account] = amounts.get(account, 0) - amount


def _is_confirmed(report: Report) -> bool:
    """False for a callback that needs a second opinion."""
    return not report.needs_confirmation or report.channel is not Channel.CALLBACK
