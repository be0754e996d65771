"""Where Alembic starts for this service."""

from kit import migrate
from services.intake.store import metadata

migrate.run_environment(metadata)
