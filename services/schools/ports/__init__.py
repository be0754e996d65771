"""What schools asks of other services: accounts, invoices, codes, papers."""

from services.schools.ports.neighbours import Neighbours

__all__ = ["Neighbours"]
