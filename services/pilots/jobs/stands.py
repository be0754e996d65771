"""Boards for stalls whose account came into force: their codes are written by another service, outside of transactions."""

from __future__ import annotations

from typing import Final

from kit.db import Database
from services.pilots.flows import stands
from services.pilots.flows.stands import WrittenCode
from services.pilots.ports.codes import Code, Codes

_CHUNK: Final = 200


def issue_wanted(database: Database, codes: Codes) -> int:
    """Issue every board that is wanted, a chunk a transaction; how many."""
    issued = 0
    while done := _issue_chunk(database, codes):
        issued += done
    return issued


def _issue_chunk(database: Database, codes: Codes) -> int:
    """Issue some boards; 0 if none is wanted, or all accounts moved on meanwhile: the next round sees them then."""
    wanted = database.run(lambda session: stands.wanted(session, _CHUNK))
    if not wanted:
        return 0
    payloads = codes.encode([Code(each.bin, each.account_number, each.reference) for each in wanted])
    written = {
        each.stall_id: WrittenCode(each.bin, each.account_number, payload)
        for each, payload in zip(wanted, payloads, strict=True)
    }
    return database.run(lambda session: stands.issue_wanted(session, written))
