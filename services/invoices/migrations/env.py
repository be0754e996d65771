"""Where Alembic starts for this service."""

from kit import migrate
from services.invoices.store.tables import metadata

migrate.run_environment(metadata)
