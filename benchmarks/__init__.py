"""Measurements of the running service that go beyond the tests; each module is a command."""
