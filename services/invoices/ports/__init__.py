"""What invoices asks of other services: a receipt's paper."""

from services.invoices.ports.papers import Papers

__all__ = ["Papers"]
