"""What the groups of RPCs share."""

from __future__ import annotations

from kit.db import Database
from kit.grpc_server import Edge
from services.directory.one_time_codes import CodeKeeper


class Desk:
    """The database with its edge, the key of tokens, and the keeper of second factors (None: nobody can enrol)."""

    def __init__(
        self, database: Database, subject_key: str, codes: CodeKeeper | None, *, is_trial: bool
    ) -> None:
        self._edge = Edge(database)
        self._database = database
        self._key = subject_key
        self._codes = codes
        self._is_trial = is_trial
