"""What the pilots can do: one function per command or query; they take a session and never commit."""
