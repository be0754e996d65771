"""Use cases of schools, split by noun. Each takes a session and never ends its transaction."""
