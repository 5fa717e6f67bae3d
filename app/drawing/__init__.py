"""Pictures drawn for people. Knows pixels and words; not models, not HTTP."""
