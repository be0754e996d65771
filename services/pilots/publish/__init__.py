"""Facts of the pilots as events, each topic in a module of its own."""
