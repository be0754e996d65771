"""A service's database: transactions at the edge, bound to tenants or to the worker role.

Every service has three roles: `xoai_<service>_owner` owns the tables and runs migrations, `xoai_<service>_worker` is
what processes log in as (consumers, jobs), `xoai_<service>_app` is taken inside the transaction of an RPC that acts for
somebody. Row-level security lets `app` see only the organisations named in the transaction; unset means none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from kit import errors
from kit.settings import Settings
from kit.tenants import Tenants

T = TypeVar("T")
# serialization_failure, deadlock_detected, lock_not_available: another transaction was in the way.
_LOST_RACE = {"40001", "40P01", "55P03"}
_TRIES = 3


class Database:
    """Engine and transactions of one service. Use `begin()`, or `run()` where a lost race should be tried again."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        *,
        pool_size: int | None = None,
        statement_timeout_ms: int = 5_000,
    ) -> None:
        self.service = service
        self.name = f"xoai_{service}"
        self.app_role = f"xoai_{service}_app"
        self._url = settings.database(self.name, f"xoai_{service}_worker")
        self._options = (
            f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=1000"
            " -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
        )
        size = pool_size or settings.database_pool_size
        self.engine: Engine = create_engine(
            self._url.replace("postgresql://", "postgresql+psycopg://", 1),
            pool_size=size,
            max_overflow=0,
            pool_timeout=1,
            pool_pre_ping=False,
            connect_args={"options": self._options, **_TCP},
        )
        self._after_commit: list[Callable[[], None]] = []

    def on_outbox_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each commit that wrote outbox rows: it wakes the relay."""
        self._after_commit.append(callback)

    @contextmanager
    def begin(self, tenants: Tenants | None = None) -> Iterator[Session]:
        """One transaction: bound to `tenants` under the app role, or (None) as the worker. Commits on leaving."""
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                if tenants is not None:
                    session.execute(
                        text(
                            "SELECT set_config('role', :role, true), set_config('xoai.organisations', :ids, true)"
                        ),
                        {"role": self.app_role, "ids": tenants.setting()},
                    )
                yield session
        except PoolTimeout as error:
            raise errors.Unavailable(service=self.service) from error
        if session.info.pop("outbox_rows", 0):
            for callback in self._after_commit:
                callback()

    def run(self, function: Callable[[Session], T], tenants: Tenants | None = None) -> T:
        """Run `function` in one transaction; a lost race (lock, deadlock, serialization) is tried again twice."""
        for attempt in range(1, _TRIES + 1):
            try:
                with self.begin(tenants) as session:
                    return function(session)
            except (DBAPIError, psycopg.Error) as error:
                # Hot stores use the driver's cursor, whose errors come unwrapped.
                if _connection_is_gone(error):
                    raise errors.Unavailable(service=self.service) from error
                if sqlstate(error) not in _LOST_RACE and not _is_idempotency_race(error):
                    raise
                if attempt == _TRIES:
                    raise errors.Aborted() from error
                time.sleep(random.uniform(0, 0.05 * 2**attempt))
        raise AssertionError("unreachable")

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of its own as the worker, outside the pool: for the relay's lock and for LISTEN."""
        return psycopg.connect(self._url, autocommit=autocommit, options=self._options, **_TCP)

    def ping(self) -> bool:
        """True if the database answers."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except (DBAPIError, PoolTimeout):
            return False
        return True

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()


_TCP: dict[str, Any] = {
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}


# The planner, who thinks of disks and of the rows that there were when he last looked, would rather read whole tables
# until they have a hundred thousand rows; and he would think about each batch anew, for longer than it takes to read.
_BY_KEYS: Final[LiteralString] = (
    "SELECT set_config(name, value, {}) FROM (VALUES ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'),"
    " ('enable_mergejoin', 'off'), ('plan_cache_mode', 'force_generic_plan')) AS settings(name, value)"
)
_BY_KEYS_HERE: Final[LiteralString] = _BY_KEYS.format("true")
_BY_KEYS_ALWAYS: Final[LiteralString] = _BY_KEYS.format("false")


def by_keys(connection: psycopg.Connection[tuple[Any, ...]], *, always: bool = False) -> None:
    """Look every row up by its keys under plans made once: in this transaction, or `always` on this connection.

    For batches of the hot way, whose statements name some rows each.
    """
    connection.execute(_BY_KEYS_ALWAYS if always else _BY_KEYS_HERE)


def cursor(session: Session) -> psycopg.Cursor[tuple[Any, ...]]:
    """The driver's cursor inside the session's transaction, for hot set-based statements and pipelines."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection.cursor()


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused a row, or empty."""
    diagnostic = getattr(error.orig, "diag", None)
    return str(getattr(diagnostic, "constraint_name", "") or "")


def is_transient(error: BaseException) -> bool:
    """True if the database (not the data) is at fault, so that the same work may succeed later."""
    if isinstance(error, PoolTimeout | errors.Unavailable):
        return True
    if isinstance(error, DBAPIError):
        return _connection_is_gone(error) or sqlstate(error) in _LOST_RACE
    if isinstance(error, psycopg.Error):
        state = error.sqlstate or ""
        if not state:
            # The driver's own: without a connection it may go better later; a value that it cannot send never will.
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return state[:2] in ("08", "57", "53") or state in _LOST_RACE
    return False


def sqlstate(error: DBAPIError | psycopg.Error) -> str:
    """The server's code for what went wrong, or empty."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(original, "sqlstate", "") or "")


def _connection_is_gone(error: DBAPIError | psycopg.Error) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sqlstate(error)
    # 57014 is a statement that ran out of time: the work's own fault, not the connection's.
    is_operational = isinstance(error, OperationalError | psycopg.OperationalError)
    return is_operational and state != "57014" and (state == "" or state[:2] in ("08", "57", "53"))


def _is_idempotency_race(error: DBAPIError | psycopg.Error) -> bool:
    return isinstance(error, IntegrityError) and constraint_of(error) == "idempotency_key_pk"
