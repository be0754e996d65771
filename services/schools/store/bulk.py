"""Many rows in one statement: they travel as one JSON value and PostgreSQL unpacks them by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session


def execute(
    session: Session, sql: str, columns: str, rows: Sequence[Mapping[str, Any]], **values: Any
) -> Any:
    """Run `sql`, in which {rows} stands for a table of `rows` with these columns, such as "id uuid, name text"."""
    if not rows:
        return None
    unpacked = f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({columns})"
    content = msgspec.json.encode(rows, enc_hook=str).decode()
    return session.execute(text(sql.replace("{rows}", unpacked)), {"rows": content, **values})
