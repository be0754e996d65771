"""What exists in demo and tests only: the sandbox bank and the made-up city. Production never loads it."""
