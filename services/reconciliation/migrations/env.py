"""Alembic's entry: migrates the database of reconciliation."""

from kit.migrate import run_environment
from services.reconciliation.store.tables import metadata

run_environment(metadata)
