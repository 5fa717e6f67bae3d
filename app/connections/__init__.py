"""The server's connections: what is bounded before a request reaches the application."""
