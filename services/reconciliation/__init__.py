"""Reconciliation: what money arrived, what it pays, and the ledger that proves it. It alone decides this."""
