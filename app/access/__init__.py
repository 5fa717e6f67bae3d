"""Who calls, by API key, and how often: knows nothing of HTTP."""
