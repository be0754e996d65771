"""Fee notices and receipts as PDF."""
