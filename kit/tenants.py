"""The organisations that a transaction may see; what the row-level policies of the databases read."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenants:
    """The organisations whose rows a transaction may see; `everywhere` is for those who act for the whole city."""

    organisation_ids: frozenset[UUID] = frozenset()
    everywhere: bool = False

    def setting(self) -> str:
        """The value that the row-level policies read."""
        return "*" if self.everywhere else ",".join(sorted(str(id) for id in self.organisation_ids))
