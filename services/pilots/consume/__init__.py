"""What the pilots hear of other services, each consumer in a module of its own."""
