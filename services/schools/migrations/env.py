"""Where Alembic starts for this service."""

from kit import migrate
from services.schools.store import metadata

migrate.run_environment(metadata)
