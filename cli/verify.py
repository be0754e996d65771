"""`xoai verify`: the invariants of the databases, each in its own, and those that two services hold together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import chain
from typing import Annotated, Any, Final

import typer

from cli.platform import here
from kit import audit
from kit.db import Database
from kit.invariants import Breach
from kit.settings import Settings

app = typer.Typer(help="Kiểm tra mọi bất biến của sổ sách.")

# Services with invariants of their own: `verify.findings(session)` gives every breach.
_SERVICES: Final = ("invoices", "intake", "pilots", "reconciliation")
_AUDITED: Final = ("directory", "invoices", "intake", "schools", "pilots", "reconciliation")
_MOST_SHOWN: Final = 50


@app.callback(invoke_without_command=True)
def verify(quiet: Annotated[bool, typer.Option(help="Chỉ in khi có sai")] = False) -> None:
    """Check I1, I2, I4–I6, I8, I10 and the audit chain (I11); exit code 1 on a breach."""
    found = breaches(here.settings())
    for breach in found[:_MOST_SHOWN]:
        print(f"{breach.invariant}: {breach.what} [{breach.where}]")
    if len(found) > _MOST_SHOWN:
        print(f"… và {len(found) - _MOST_SHOWN} chỗ sai nữa / and {len(found) - _MOST_SHOWN} more")
    if found:
        raise typer.Exit(1)
    if not quiet:
        print("xoai verify: I1 I2 I4 I5 I6 I8 I10 I11 đều đúng / all hold")


def breaches(settings: Settings) -> list[Breach]:
    """Every breach found in the databases of an installation."""
    databases = {
        name: Database(settings, name, pool_size=1, statement_timeout_ms=600_000) for name in _AUDITED
    }
    try:
        found = [*chain.from_iterable(_own(databases[name], name) for name in _SERVICES)]
        found += chain.from_iterable(_audit(database) for database in databases.values())
        return found + payments_agree(databases["reconciliation"], databases["invoices"], databases["pilots"])
    finally:
        for database in databases.values():
            database.close()


def _own(database: Database, service: str) -> Iterator[Breach]:
    findings: Callable[[Any], list[Any]] = import_module(f"services.{service}.verify").findings
    with database.begin() as session:
        for finding in findings(session):
            yield Breach(finding.invariant, finding.what, f"{service}: {finding.where}")


def _audit(database: Database) -> Iterator[Breach]:
    with database.begin() as session:
        row = audit.broken_link(session)
    if row is not None:
        yield Breach("I11", "the audit chain does not follow", f"{database.service}: audit row {row}")


def payments_agree(reconciliation: Database, invoices: Database, pilots: Database) -> list[Breach]:
    """I6: what invoices, sales and stalls' codes show as paid is what was applied to them, payable by payable."""
    applied = import_module("services.reconciliation.verify").applied_by_payable
    paid_by_invoice = import_module("services.invoices.verify").paid_by_invoice
    paid_at_stalls = import_module("services.pilots.verify").paid_by_payable
    found: list[Breach] = []
    with reconciliation.begin() as left, invoices.begin() as right, pilots.begin() as stalls:
        one, two = dict(applied(left)), dict(paid_by_invoice(right)) | dict(paid_at_stalls(stalls))
        for payable in sorted(one.keys() | two.keys()):
            if one.get(payable, 0) != two.get(payable, 0):
                what = f"applied {one.get(payable, 0)}, recorded as paid {two.get(payable, 0)}"
                found.append(Breach("I6", what, f"payable {payable}"))
    return found
