"""One simulated run: intake, invoices and reconciliation on real PostgreSQL, in one thread, driven by one seed.

What really runs is the services' own code: flows, stores, relays, inboxes. What is simulated is everything around it:
the log (in memory), the clock, people, banks, and the moments at which a process dies. A seed repeats its run.
"""
