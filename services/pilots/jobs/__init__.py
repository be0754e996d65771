"""Work that comes round, by area."""
