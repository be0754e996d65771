"""The queries of the pilots: the only SQL of this service, split by noun."""
