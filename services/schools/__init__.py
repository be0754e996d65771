"""Pupils, classes, fee items, collection rounds and exemptions, and from them invoices and notices."""
