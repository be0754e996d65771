"""The school's pages under /truong: rounds, lists, notices, who has paid."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.school import (
    exemptions,
    imports,
    invoices,
    items,
    overview,
    papers,
    pupils,
    releases,
    rounds,
    searching,
    tracking,
    uploads,
)

GROUPS: Final[tuple[Routes, ...]] = (
    overview.routes,
    searching.routes,
    pupils.routes,
    rounds.routes,
    items.routes,
    uploads.routes,
    imports.routes,
    exemptions.routes,
    releases.routes,
    tracking.routes,
    papers.routes,
    invoices.routes,
)
