"""What the pilots ask of other services: blocking calls as the service itself, never inside a transaction."""
