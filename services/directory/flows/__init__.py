"""Use cases of the directory, split by noun. Each takes a session and never ends its transaction."""
