"""Subcommands of `quartet` that the service itself brings."""
