"""The sandbox bank: accounts, transfers, callbacks in each provider's form, and a page to pay at. No real money."""
