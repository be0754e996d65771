"""What an invoice is and how it may change; facts of payments, receipts, and who may open a bill. No I/O."""
