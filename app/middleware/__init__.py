"""Small ASGI classes around the whole application."""
