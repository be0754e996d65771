"""What all tables of this service stand on: their metadata and the columns that recur."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Text

metadata = MetaData()
TIME = DateTime(timezone=True)
# Keys for order are compared byte by byte, whatever the database's own collation.
KEY = Text(collation="C")


def words(name: str) -> Column[str]:
    """A text that may be empty."""
    return Column(name, Text, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    """A count or a sum of đồng that begins at nothing."""
    return Column(name, BigInteger, nullable=False, server_default="0")
