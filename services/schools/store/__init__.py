"""Tables and queries of the schools service: the only SQL of this service."""

from services.schools.store import imports, issuing, pupils, rounds
from services.schools.store.tables import metadata

__all__ = ["imports", "issuing", "metadata", "pupils", "rounds"]
