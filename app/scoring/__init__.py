"""Many inputs answered by one model into one table of results, offline: `quartet score`."""
