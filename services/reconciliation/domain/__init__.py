"""Facts and rules of reconciliation; no input or output.

`credit` is money that arrived, `payable` what waits for money, `joining` tells when two reports are one credit,
`ladder` decides what a credit pays, `ledger` names accounts, and `book` is the work of one transaction.
Ids are UUIDs as text in canonical form: hot batches pass them through unparsed.
"""
