"""Where Alembic starts for this service."""

from kit import migrate
from services.directory.store import metadata

migrate.run_environment(metadata)
