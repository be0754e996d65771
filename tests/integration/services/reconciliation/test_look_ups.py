"""What a batch asks of the tables, under the plans that it sets: rows by their keys, never tables whole."""

from __future__ import annotations

import pytest

from kit.db import by_keys, cursor
from services.reconciliation.store import credit, payables
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make

_STALLS = {
    "references": "{}",
    "virtual_accounts": "{}",
    "stall_bins": "{}",
    "stall_numbers": "{}",
    "now": make.MOMENT,
}
_LOOK_UPS = {
    "seen": (credit.SEEN, {"reports": "{}"}),
    "tellings": (
        credit.TELLINGS,
        {"reference_joins": "{}", "reference_dates": "{}", "memo_joins": "{}", "memo_dates": "{}"},
    ),
    "payables": (payables.LOCK_BY_REFERENCE, {"references": "{}", "virtual_accounts": "{}", "ids": "{}"}),
    "stalls": (payables.LOCK_WITH_STALLS, _STALLS),
    "asked": (payables.ASKED, _STALLS),
}


@pytest.mark.parametrize("name", _LOOK_UPS)
def test_rows_are_found_by_keys(recon: Reconciliation, name: str) -> None:
    """Also where the planner has not seen yet that there is anything in the table, as on the first day."""
    statement, parameters = _LOOK_UPS[name]
    with recon.database.begin() as session:
        asking = cursor(session)
        by_keys(asking.connection)
        plan = "\n".join(row[0] for row in asking.execute("EXPLAIN " + statement, parameters))
    assert "Index" in plan
    assert "Seq Scan" not in plan
    # An index read from end to end looks like one asked for a key, but for its condition.
    assert plan.count("Index Cond") == plan.count("Index Scan") + plan.count("Index Only Scan")
