"""Tables and queries of the invoices: the only SQL of this service, split by noun."""
