"""The HTTP surface: each module maps one family of calls to one awaited answer."""
