"""Rules of school collections; nothing here talks to a network or a database."""
