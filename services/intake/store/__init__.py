"""Tables and queries of intake: the only SQL of this service."""

from services.intake.store.tables import metadata

__all__ = ["metadata"]
