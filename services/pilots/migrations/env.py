"""Where Alembic starts for this service."""

from kit import migrate
from services.pilots.store.tables import metadata

migrate.run_environment(metadata)
