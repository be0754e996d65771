"""The service's RPCs: messages to domain values and back, one transaction a call."""

from services.invoices.rpc.servicer import InvoicesServicer

__all__ = ["InvoicesServicer"]
